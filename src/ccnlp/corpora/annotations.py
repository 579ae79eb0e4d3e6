"""Single annotations: what an entry says of them, and how they travel with their example."""

import json
from collections.abc import Sequence
from typing import Literal

import pandas as pd
from pydantic import Field, model_validator

from ccnlp.corpora.quarantine import is_kept
from ccnlp.corpora.values import FieldValue, Name, StrictModel, Text

ANNOTATOR = "annotator"
ATTRIBUTE = "attribute."
"""Before the name of an annotator's attribute, in rows that are read."""

ANNOTATIONS = "annotations"
"""The single annotations of an example as JSON: a list of objects with annotator, label and
attributes, as far as they are known. Rows of text pass through all stages as they are."""

NUM_SOURCE_ROWS = "num_source_rows"
"""Rows of the source that a row stands for."""

IS_EXAMPLE = "is_example"
"""Whether a row is a text and culture; else it is an annotation that was rejected by itself."""

EXAMPLES_PER_CHUNK = 5_000
"""Listed at once: as Python's objects annotations take ten times the memory of the table."""

COLUMNS: dict[str, str] = {
    "example_id": "id of the example: a text and culture",
    "group_id": "the text",
    "annotator": "who annotated it, or missing",
    "culture": "of the annotator",
    "label": "one of the task's labels",
}
"""The columns of the table of annotations; those of the annotators' attributes follow."""

Unit = Literal["counts", "shares", "percent"]
"""What the numbers of a distribution are."""


class Annotations(StrictModel):
    """Whose judgements the rows are; or how many gave each label, where that is all one knows."""

    annotator: FieldValue | None = Field(
        default=None, description="who judged the text; unnamed if missing"
    )
    attributes: dict[Name, FieldValue] = Field(
        default={}, description="what is known of the annotator, such as age, by name"
    )
    distribution: dict[Text, Text] = Field(
        default={},
        description="in place of these: by label of the task, the column with the number of "
        "annotations or with their share; a row is then a text and culture",
    )
    unit: Unit | None = Field(
        default=None,
        description="of the distribution's numbers: counts, shares or percent; without it counts "
        "and shares are told apart by what they sum to",
    )
    num_annotations: Text | None = Field(
        default=None, description="beside distribution, the column with their number"
    )

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> "Annotations":
        if self.distribution and (self.annotator is not None or self.attributes):
            raise ValueError("a distribution has no annotator and no attributes; give one of both")
        for name, value in (("num_annotations", self.num_annotations), ("unit", self.unit)):
            if value is not None and not self.distribution:
                raise ValueError(f"{name} belongs to a distribution, and there is none")
        columns = [
            *self.distribution.values(),
            *([self.num_annotations] if self.num_annotations else []),
        ]
        repeated = sorted({column for column in columns if columns.count(column) > 1})
        if repeated:
            raise ValueError(
                f"distribution: {', '.join(map(repr, repeated))} is named twice, and a column "
                "counts one label"
            )
        taken_names = sorted(COLUMNS.keys() & self.attributes.keys())
        if taken_names:
            raise ValueError(
                f"attributes: {', '.join(map(repr, taken_names))} is a column of every table of "
                "annotations; give the attribute another name"
            )
        return self


def with_annotations(rows: pd.DataFrame, target: str) -> pd.DataFrame:
    """The rows with their own annotation in `ANNOTATIONS`, in place of its parts.

    Args:
        rows: annotations as they are read.
        target: the column of the label.
    """
    attributes = [str(name) for name in rows.columns if str(name).startswith(ATTRIBUTE)]
    names = [ANNOTATOR, "label", *(name.removeprefix(ATTRIBUTE) for name in attributes)]
    cells = (_cells(rows[column]) for column in (ANNOTATOR, target, *attributes))
    json_lists = [
        _as_json(
            {name: cell for name, cell in zip(names, row_cells, strict=True) if cell is not None}
        )
        for row_cells in zip(*cells, strict=True)
    ]
    annotations = pd.Series(json_lists, index=rows.index, dtype="string")
    return rows.drop(columns=[ANNOTATOR, *attributes]).assign(**{ANNOTATIONS: annotations})


def _cells(column: "pd.Series[str]") -> list[str | None]:
    text = column.astype("string")
    return [None if missing else cell for cell, missing in zip(text, text.isna(), strict=True)]


def _as_json(annotation: dict[str, str]) -> str:
    return f"[{json.dumps(annotation, ensure_ascii=False)}]"


def join_annotations(json_lists: Sequence[str]) -> str:
    """The annotations of several rows as those of one."""
    return f"[{', '.join(json_list[1:-1] for json_list in json_lists)}]"


def list_annotations(rows: pd.DataFrame) -> pd.DataFrame:
    """A row for each annotation of the kept examples, with `COLUMNS` and the attributes.

    Args:
        rows: a curated corpus; one without single annotations gives none.
    """
    kept = rows.loc[is_kept(rows), ["id", "group_id", "culture", ANNOTATIONS]].dropna(
        subset=ANNOTATIONS
    )
    tables = [
        _list_chunk(kept.iloc[start : start + EXAMPLES_PER_CHUNK])
        for start in range(0, len(kept), EXAMPLES_PER_CHUNK)
    ]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    attributes = [str(name) for name in table.columns if name not in COLUMNS]
    return table.reindex(columns=[*COLUMNS, *attributes]).astype("string")


def _list_chunk(kept: pd.DataFrame) -> pd.DataFrame:
    records = [
        {"example_id": example, "group_id": group, "culture": culture, **annotation}
        for example, group, culture, json_list in kept.astype("string").itertuples(index=False)
        for annotation in json.loads(json_list)
    ]
    return pd.DataFrame(records, dtype="string")
