"""The attributes of cultures and languages, and the table of those in the examples."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

import pandas as pd

from ccnlp.atlas.parameters import FIELDS, AtlasParameters
from ccnlp.atlas.subregions import areas_by_region
from ccnlp.cultures import base_language, language_name, regions
from ccnlp.examples import UNKNOWN


class Atlas:
    """Looks up what is known of a culture or a language; `und` where nothing is.

    A field is an attribute of a row: those of `FIELDS`, and the users' own. What a group of regions
    has in common, it has itself.
    """

    def __init__(self, parameters: AtlasParameters) -> None:
        self.parameters = parameters
        self.sources: Mapping[str, str] = FIELDS | dict.fromkeys(parameters.attributes, "culture")
        """By field, the column of examples that it follows from."""

    def value(self, field: str, key: str) -> str:
        """The field's value for a key of its column, such as `013` for `subregion` and `MX`.

        A language is its primary subtag, and its script the stated or the usual one.
        """
        if key == UNKNOWN or field in ("culture", "domain"):
            return key
        if field == "language":
            return base_language(key)
        if field == "script":
            return _script_of(key)
        return self._culture_value(field, key)

    def _culture_value(self, field: str, culture: str) -> str:
        values = self.parameters.attributes.get(field, {})
        if culture in values:
            return values[culture]
        if culture in self.parameters.groups:
            members = self.parameters.groups[culture].regions
            return _common_value(self._culture_value(field, region) for region in members)
        subregion, continent = areas_by_region().get(culture, (UNKNOWN, UNKNOWN))
        region = culture if culture in regions() else UNKNOWN
        built_in = {"region": region, "subregion": subregion, "continent": continent}
        return built_in.get(field, UNKNOWN)

    def name(self, field: str, value: str) -> str:
        """A value's English name; the value where it has none, and `unknown` for `und`.

        >>> Atlas(AtlasParameters(groups={}, attributes={})).name("subregion", "013")
        'Central America'
        """
        if value == UNKNOWN:
            return "unknown"
        if field == "language":
            return language_name(value) or value
        group = self.parameters.groups.get(value) if field == "culture" else None
        if group is not None:
            return group.name or value
        return _english_names(field).get(value, value)


def describe_cultures(row_counts: pd.DataFrame, parameters: AtlasParameters) -> pd.DataFrame:
    """The cultures of the examples with their attributes, a row a culture and language.

    Args:
        row_counts: `culture`, `language` and `rejected_by`, as ingestion counts them.
        parameters: groups and columns of users.

    Returns:
        `culture`, `language` and each attribute of these, with the names of those that have codes.
    """
    atlas = Atlas(parameters)
    kept = row_counts[row_counts["rejected_by"] == ""]
    table = kept[["culture", "language"]].drop_duplicates().sort_values(["culture", "language"])
    columns = {
        "culture": table["culture"],
        "culture_name": [atlas.name("culture", key) for key in table["culture"]],
        "language": table["language"],
        "language_name": [atlas.name("language", tag) for tag in table["language"]],
    }
    for field in ("script", "region", "subregion", "continent", *parameters.attributes):
        values = [atlas.value(field, key) for key in table[atlas.sources[field]]]
        columns[field] = values
        if field in ("script", "subregion", "continent"):
            columns[f"{field}_name"] = [atlas.name(field, value) for value in values]
    return pd.DataFrame(columns).reset_index(drop=True)


def _common_value(values: Iterable[str]) -> str:
    """The one value that all have; `und` where they differ or there are none."""
    distinct_values = set(values)
    return distinct_values.pop() if len(distinct_values) == 1 else UNKNOWN


@lru_cache(maxsize=4096)
def _script_of(tag: str) -> str:
    """The stated script, else the likely one; langcodes takes Latin for a language it lacks."""
    import langcodes
    from babel.core import get_global

    parsed = langcodes.Language.get(tag)
    if parsed.script:
        return str(parsed.script)
    likely_subtags: Mapping[str, str] = get_global("likely_subtags")
    likely_tag = likely_subtags.get(
        f"{parsed.language}_{parsed.territory}", likely_subtags.get(parsed.language, "")
    )
    _, _, subtags = likely_tag.partition("_")
    return subtags.partition("_")[0] or UNKNOWN


@lru_cache(maxsize=16)
def _english_names(field: str) -> dict[str, str]:
    """Names by code, as CLDR has them."""
    from babel import Locale

    locale = Locale("en")
    if field == "script":
        return dict(locale.scripts)
    return dict(locale.territories) if FIELDS.get(field) == "culture" else {}
