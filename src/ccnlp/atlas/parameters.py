"""What users say of cultures: groups beside the regions, and columns of their own."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ccnlp.cultures import canonical_culture, regions
from ccnlp.examples import COLUMNS, UNKNOWN
from ccnlp.parameter_types import Removable

FILE = "parameters/culture.yml"

FIELDS = {
    "culture": "culture",
    "region": "culture",
    "subregion": "culture",
    "continent": "culture",
    "language": "language",
    "script": "language",
    "domain": "domain",
}
"""What is known of every row, and the column of examples that it follows from."""


class CultureGroup(BaseModel):
    """A culture that is no region, as corpora declare it in `culture_groups`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str | None = Field(default=None, description="in English; its key where it is not given")
    regions: tuple[str, ...] = Field(
        default=(), description="ISO 3166 regions that its people live in or come from"
    )

    @field_validator("regions", mode="before")
    @classmethod
    def _check_regions(cls, regions: object) -> object:
        if not isinstance(regions, list | tuple):
            return regions
        try:
            return tuple(canonical_culture(region) for region in regions)
        except ValueError as error:
            raise ValueError(f"culture.groups: region {error} ({FILE})") from None


class AtlasParameters(BaseModel):
    """The part of `parameters/culture.yml` that says what cultures are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    groups: Removable[CultureGroup] = Field(
        description="cultures beside the regions, by key: name and regions of each"
    )
    attributes: Removable[dict[str, str]] = Field(
        description="columns of your own by name, and the value of each culture in them"
    )

    @field_validator("groups")
    @classmethod
    def _check_groups(cls, groups: dict[str, CultureGroup]) -> dict[str, CultureGroup]:
        for key in groups:
            if key.upper() in regions() or key == UNKNOWN:
                raise ValueError(
                    f"culture.groups: {key!r} is a region's code, or und, and no key of a group; "
                    f"name it otherwise ({FILE})"
                )
        return groups

    @field_validator("attributes", mode="before")
    @classmethod
    def _name_no_as_region(cls, attributes: object) -> object:
        """YAML reads the key NO as a truth value."""
        for values in attributes.values() if isinstance(attributes, dict) else ():
            if isinstance(values, dict) and False in values:
                raise ValueError(
                    f"culture.attributes: YAML reads NO as a truth value; put it in quotes ({FILE})"
                )
        return attributes

    @model_validator(mode="after")
    def _check_attributes(self) -> Self:
        taken_names = {*FIELDS, *COLUMNS}
        for name, values in self.attributes.items():
            if name in taken_names or not name.isidentifier() or name.endswith("_name"):
                raise ValueError(
                    f"culture.attributes: {name!r} can't be the name of a column: it is taken, or "
                    f"has other than letters, digits and _ ({FILE})"
                )
            for culture in values:
                try:
                    canonical_culture(culture, groups=self.groups)
                except ValueError as error:
                    raise ValueError(
                        f"culture.attributes.{name}: culture {error} ({FILE})"
                    ) from None
        return self
