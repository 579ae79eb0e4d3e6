"""Raw batches of a corpus as rows in the shape of examples, the bad ones with the reason."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ccnlp.corpora.cells import as_text, kind_of, list_reasons, text_reasons
from ccnlp.corpora.context import read_context
from ccnlp.corpora.decoding import printable
from ccnlp.corpora.distributions import read_distributions, read_num_annotations
from ccnlp.corpora.entry import RATIOS, CorpusEntry
from ccnlp.corpora.fields import RowField, ValueMap
from ccnlp.corpora.files import SourceFile
from ccnlp.corpora.raw import MAX_CONTENT_CHARACTERS, RawBatch
from ccnlp.corpora.readable_task import ReadableTask
from ccnlp.corpora.task_columns import FlagColumns, SourceColumn, columns_of, read_cells
from ccnlp.errors import CorpusError
from ccnlp.examples import CONTEXT, LABEL_COUNTS, NUM_ANNOTATIONS

STAGE = "reading"
"""What `rejected_by` holds for rows that can't be read."""

MISSING = pd.NA


class RowShaper:
    """Turns raw batches of one corpus into rows in the shape of examples.

    Attributes:
        source_columns: that every file must have.
        flags: patterns of columns, of which every file must have one for each.

    Args:
        name: of the corpus.
        entry: of the corpus.
        task: that the entry names.
        fields: of the rows beside the task's columns.
    """

    def __init__(
        self, name: str, entry: CorpusEntry, *, task: ReadableTask, fields: list[RowField]
    ) -> None:
        self._name = name
        self._entry = entry
        self._task = task
        self._fields = fields
        self._labels = ValueMap(entry.label_map)
        self._distribution = entry.annotations.distribution if entry.annotations is not None else {}
        self._num_annotations_column = (
            entry.annotations.num_annotations if entry.annotations is not None else None
        )
        self._context = entry.context or []
        self.flags = [
            source_column
            for source_column in entry.columns.values()
            if isinstance(source_column, FlagColumns)
        ]
        self.source_columns = {
            *(
                column
                for source_column in entry.columns.values()
                for column in columns_of(source_column)
            ),
            *(field.column for field in fields if field.column is not None),
            *(field.column for field in self._context),
            *self._distribution.values(),
            *([self._num_annotations_column] if self._num_annotations_column is not None else []),
        }

    def shape(self, batch: RawBatch, source: SourceFile) -> pd.DataFrame:
        """The rows of a batch, broken ones among them, in the order of the source."""
        rows = self._read_rows(batch)
        rows["row"] = pd.Series(batch.rows, dtype="int64")
        rejected = rows.index[rows["rejection_reason"].notna()]
        rows["content"] = _string_series(
            {i: _content(batch.columns, i) for i in rejected}, rows.index
        )
        if batch.broken:
            rows = pd.concat([rows, self._broken_rows(batch, source)], ignore_index=True)
            rows = rows.sort_values("row", kind="stable", ignore_index=True)
        rejected_by = rows["rejection_reason"].where(rows["rejection_reason"].isna(), STAGE)
        constants = {
            "corpus": self._name,
            "task": self._entry.task,
            "source": source.name,
            "engine": MISSING,
            "pivot": MISSING,
        }
        rows = rows.assign(
            rejected_by=rejected_by,
            weight=rows["weight"].astype("Float64").astype("float64"),
            **{
                name: pd.Series(value, index=rows.index, dtype="string")
                for name, value in constants.items()
            },
        )
        return rows

    def _read_rows(self, batch: RawBatch) -> pd.DataFrame:
        index = pd.RangeIndex(len(batch.rows))
        rows = pd.DataFrame(index=index)
        reasons = _string_series(batch.reasons, index)
        for column, source_column in self._entry.columns.items():
            rows[column], why = self._task_column(column, batch, source_column)
            reasons = reasons.fillna(why)
        if self._context:
            rows[CONTEXT], why = read_context(self._context, batch)
            reasons = reasons.fillna(why)
        for field in self._fields:
            rows[field.name], why = _field_values(field, batch, index)
            reasons = reasons.fillna(why)
        if self._distribution:
            reasons = reasons.fillna(self._add_distribution(rows, batch))
        readable = rows[reasons.isna()]
        if len(readable):
            if self._distribution:  # the label comes of the counts, which are of labels of the task
                readable = readable.assign(**{self._task.target_columns[0]: self._task.labels[0]})
            why = self._task.validate(readable).astype("string")
            reasons = reasons.fillna(why.reindex(index))
        rows["split"] = rows["split"].replace(RATIOS, MISSING)
        rows["rejection_reason"] = reasons
        return rows

    def _add_distribution(self, rows: pd.DataFrame, batch: RawBatch) -> "pd.Series[str]":
        """Adds the numbers by label in the task's order; the reasons of those that are none."""
        labels, num_rows = self._task.labels, len(rows)
        cells = [_cells(batch, self._distribution[label]) for label in labels]
        rows[LABEL_COUNTS], reasons = read_distributions(cells, labels, num_rows)
        rows[NUM_ANNOTATIONS] = pd.Series(float("nan"), index=rows.index)
        if self._num_annotations_column is not None:
            rows[NUM_ANNOTATIONS], why = read_num_annotations(
                _cells(batch, self._num_annotations_column), num_rows
            )
            reasons = reasons.fillna(why)
        rows[self._task.target_columns[0]] = pd.Series(MISSING, index=rows.index, dtype="string")
        return reasons

    def _task_column(
        self, column: str, batch: RawBatch, source_column: SourceColumn
    ) -> tuple["pd.Series[Any]", "pd.Series[str]"]:
        """A column of the task and what is wrong with its cells."""
        is_target = column in self._task.target_columns
        is_list = column in self._task.list_columns
        cells, reasons = read_cells(batch, source_column, is_list=is_list)
        unmade_reasons = _string_series(reasons, pd.RangeIndex(len(batch.rows)))
        if is_list:
            is_optional = column in self._task.optional_columns
            may_be_empty = is_optional or column in self._task.emptiable_columns
            lists, why = list_reasons(cells, column, may_be_empty=may_be_empty)
            if is_optional:  # an empty list says no more than none
                lists = [cell or None for cell in lists]
            if is_target:
                lists = [
                    cell and [self._labels.get(label) or label for label in cell] for cell in lists
                ]
            return pd.Series(lists, dtype="object"), unmade_reasons.fillna(
                self._without_optional(column, cells, why)
            )
        texts, why = text_reasons(cells, column)
        if is_target:
            texts = texts.str.strip()
            label_of = {text: self._labels.get(text) or text for text in texts.dropna().unique()}
            texts = texts.map(label_of, na_action="ignore").astype("string")
        return texts, unmade_reasons.fillna(self._without_optional(column, cells, why))

    def _without_optional(
        self, column: str, cells: Sequence[object], why: "pd.Series[str]"
    ) -> "pd.Series[str]":
        """The reasons, without those of cells that a row may miss."""
        if column not in self._task.optional_columns:
            return why
        return why.mask(pd.Series([_is_blank(cell) for cell in cells], dtype=bool))

    def _broken_rows(self, batch: RawBatch, source: SourceFile) -> pd.DataFrame:
        rows = pd.DataFrame(
            {
                "row": [broken.row for broken in batch.broken],
                "rejection_reason": [broken.reason for broken in batch.broken],
                "content": [
                    json.dumps({"line": broken.content}, ensure_ascii=False)
                    for broken in batch.broken
                ],
            }
        ).astype({"row": "int64", "rejection_reason": "string", "content": "string"})
        for field in self._fields:
            value = field.constant
            if field.column is not None and field.column in source.captures:
                value, _ = field.resolve(source.captures[field.column])
            value = None if value == RATIOS else value
            rows[field.name] = pd.Series(value, index=rows.index, dtype="string")
        context_columns = [CONTEXT] if self._context else []
        optional_columns = [
            name for name in self._task.optional_columns if name in self._entry.columns
        ]
        for column in (
            *self._task.input_columns,
            *self._task.target_columns,
            *optional_columns,
            *context_columns,
        ):
            dtype = "object" if column in self._task.list_columns else "string"
            rows[column] = pd.Series(None, index=rows.index, dtype=dtype)
        if self._distribution:
            rows[LABEL_COUNTS] = pd.Series(None, index=rows.index, dtype="object")
            rows[NUM_ANNOTATIONS] = pd.Series(float("nan"), index=rows.index)
        return rows


def _is_blank(cell: object) -> bool:
    """Whether a cell holds nothing: it is missing, blank or an empty list."""
    return cell is None or cell == [] or (isinstance(cell, str) and not cell.strip())


def _cells(batch: RawBatch, column: str) -> Sequence[object]:
    return batch.columns.get(column, [None] * len(batch.rows))


def _field_values(
    field: RowField, batch: RawBatch, index: pd.RangeIndex
) -> tuple["pd.Series[str]", "pd.Series[str]"]:
    no_reasons = pd.Series(MISSING, index=index, dtype="string")
    if field.column is None:
        return pd.Series(field.constant, index=index, dtype="string"), no_reasons
    raw_cells = _cells(batch, field.column)
    cells = [as_text(cell) or "" for cell in raw_cells]
    resolved = {cell: field.resolve(printable(cell)) for cell in dict.fromkeys(cells)}
    values = pd.Series([resolved[cell][0] for cell in cells], index=index, dtype="string")
    object_reasons: dict[int, str] = {}
    if dict in set(map(type, raw_cells)):
        object_reasons = {
            i: f"{field.name} is {kind_of(cell)} instead of text (column {field.column!r})"
            for i, cell in enumerate(raw_cells)
            if isinstance(cell, dict)
        }
    if not object_reasons and all(reason is None for _, reason in resolved.values()):
        return values, no_reasons
    reasons = [object_reasons.get(i, resolved[cell][1]) for i, cell in enumerate(cells)]
    return values, pd.Series(reasons, index=index, dtype="string")


def _content(columns: Mapping[str, Sequence[object]], position: int) -> str:
    cells = {}
    for name in columns:
        try:
            cell = columns[name][position]
            if isinstance(cell, dict) and cell:  # its parts have columns of their own
                continue
            text = as_text(cell)
        except CorpusError as error:  # one that no field needs
            text = f"({error})"
        shown = None if text is None else printable(text[:MAX_CONTENT_CHARACTERS])
        cells[printable(name)] = shown
    return json.dumps(cells, ensure_ascii=False)


def _string_series(values: Mapping[int, str], index: pd.Index) -> "pd.Series[str]":
    if not values:
        return pd.Series(MISSING, index=index, dtype="string")
    return pd.Series([values.get(i) for i in index], index=index, dtype="string")
