"""The fields that a corpus entry gives its rows: language, culture, domain, split and the rest."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ccnlp.corpora.annotations import ANNOTATOR, ATTRIBUTE, Annotations
from ccnlp.corpora.cells import as_whole, canonical_number
from ccnlp.corpora.entry import RATIOS, CorpusEntry
from ccnlp.corpora.values import PARAMETERS_FILE, ColumnField
from ccnlp.cultures import parse_culture, parse_language, parse_region
from ccnlp.errors import ConfigurationError, did_you_mean
from ccnlp.examples import ORIGINS, SPLITS, UNKNOWN

SPLIT_ALIASES: dict[str, str] = {
    **{split: split for split in SPLITS},
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "dev": "validation",
    "development": "validation",
    "testing": "test",
}
"""What corpora call their splits; a field's own map comes first."""


class ValueMap:
    """A map from the source's values to ours; numbers match however they are written."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = {canonical_number(key): value for key, value in values.items()} | dict(
            values
        )

    def get(self, value: str) -> str | None:
        """Ours for the source's value, or `None` where the map lacks it."""
        return self._values.get(value, self._values.get(canonical_number(value)))


@dataclass(frozen=True)
class RowField:
    """One field: a constant, or a column with its map.

    Attributes:
        name: of the field, such as `language`.
        parse: the canonical form of a value; raises ConfigurationError.
        if_empty: the value of an empty cell without default; such a row is bad if `None` and
            `is_needed`.
        column: of the source, else the field is `constant`.
    """

    name: str
    parse: Callable[[str, str], str]
    if_empty: str | None
    is_needed: bool
    column: str | None = None
    constant: str | None = None
    map: ValueMap | None = None
    default: str | None = None

    def resolve(self, cell: str) -> tuple[str | None, str | None]:
        """The value that a cell stands for, and why it is none."""
        cell = cell.strip()
        value = self.map.get(cell) if self.map is not None else None
        if value is None and (not cell or self.map is not None):
            value = self.default
        if value is None:
            value = cell
        value = value or self.if_empty
        if value is None:
            reason = f"{self.name} is empty (column {self.column!r})" if self.is_needed else None
            return None, reason
        try:
            return self.parse(value, f"column {self.column!r}"), None
        except ConfigurationError as error:
            return None, str(error)


def build_fields(
    entry: CorpusEntry, *, has_annotations: bool = False, where: str
) -> list[RowField]:
    """The fields of an entry, its constants checked.

    Args:
        entry: of the corpus.
        has_annotations: whether its rows are annotations, with an annotator and attributes.
        where: such as `corpus 'posts'`.

    Raises:
        ConfigurationError: a constant, a map's value or a default is not allowed in its field.
    """
    parsers: dict[str, tuple[Callable[[str, str], str], str | None]] = {
        "language": (lambda value, at: parse_language(value, where=at), UNKNOWN),
        "region": (lambda value, at: parse_region(value, where=at), UNKNOWN),
        "culture": (
            lambda value, at: parse_culture(value, groups=entry.culture_groups, where=at),
            UNKNOWN,
        ),
        "domain": (lambda value, _: value, UNKNOWN),
        "origin": (_parse_origin, None),
        "group": (lambda value, _: as_whole(value), None),
        "split": (lambda value, at: _parse_split(value, at, entry.ratios is not None), None),
        "licence": (lambda value, _: value, None),
        "weight": (_parse_weight, None),
    }
    fields = [
        _build_field(
            name, getattr(entry, name), parse, if_empty, where=where, is_needed=name != "group"
        )
        for name, (parse, if_empty) in parsers.items()
    ]
    return fields + (_annotation_fields(entry.annotations, where) if has_annotations else [])


def _annotation_fields(annotations: Annotations | None, where: str) -> list[RowField]:
    """Annotator and attributes; an annotator that nobody names is unnamed."""
    if annotations is not None and annotations.distribution:
        return []
    annotator = annotations.annotator if annotations is not None else None
    attributes = annotations.attributes if annotations is not None else {}
    values = {
        ANNOTATOR: annotator,
        **{f"{ATTRIBUTE}{name}": value for name, value in attributes.items()},
    }
    return [
        _build_field(name, value, lambda cell, _: as_whole(cell), None, where=where)
        for name, value in values.items()
    ]


def _build_field(
    name: str,
    value: str | float | ColumnField | None,
    parse: Callable[[str, str], str],
    if_empty: str | None,
    *,
    where: str,
    is_needed: bool = False,
) -> RowField:
    if value is None:
        return RowField(name, parse, if_empty, is_needed=False)
    if not isinstance(value, ColumnField):
        return RowField(name, parse, if_empty, is_needed, constant=parse(str(value), where))
    for mapped in (*value.map.values(), *([value.default] if value.default is not None else [])):
        if mapped or is_needed:
            parse(mapped, f"{where}, {name}")
    field_map = ValueMap(value.map) if value.map else None
    return RowField(
        name, parse, if_empty, is_needed, value.column, map=field_map, default=value.default
    )


def _parse_origin(value: str, where: str) -> str:
    if value not in ORIGINS:
        raise ConfigurationError(
            f"{where}: origin {value!r} is not known; {did_you_mean(value, ORIGINS)} "
            f"({PARAMETERS_FILE})"
        )
    return value


def _parse_split(value: str, where: str, has_ratios: bool) -> str:
    split = SPLIT_ALIASES.get(value.lower())
    if split is None and value == RATIOS and has_ratios:
        return RATIOS
    if split is None:
        raise ConfigurationError(
            f"{where}: split {value!r} is not known; {did_you_mean(value, SPLITS)} "
            f"({PARAMETERS_FILE})"
        )
    return split


def _parse_weight(value: str, where: str) -> str:
    try:
        weight = float(value)
    except ValueError:
        weight = math.nan
    if not 0 < weight < math.inf:
        raise ConfigurationError(
            f"{where}: weight {value!r} is no number above 0 ({PARAMETERS_FILE})"
        )
    return str(weight)
