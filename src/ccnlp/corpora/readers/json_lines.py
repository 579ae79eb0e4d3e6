"""JSON: an object a line, or one document that holds the objects."""

import json
from collections.abc import Iterable, Iterator
from typing import ClassVar

from pydantic import Field

from ccnlp.corpora.decoding import TextFile, TextOptions, TextReader, broken_row, why_not_text
from ccnlp.corpora.files import SourceFile
from ccnlp.corpora.raw import (
    READERS,
    BrokenRow,
    ParsedRow,
    RawBatch,
    collect,
    columns_of_records,
    flatten_record,
)
from ccnlp.errors import CorpusError


class _Repeated(dict[str, object]):
    """An object that has two values of one name: its items are both."""

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        super().__init__(pairs)
        self._pairs = pairs

    def items(self) -> list[tuple[str, object]]:  # type: ignore[override]
        return self._pairs


def _as_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    return values if len(values) == len(pairs) else _Repeated(pairs)


DECODER = json.JSONDecoder(object_pairs_hook=_as_object)

Rows = Iterator[ParsedRow[dict[str, object]] | BrokenRow]


class JsonOptions(TextOptions):
    """Where the records stand."""

    records: str | None = Field(
        default=None,
        description="where a document holds them, such as data or data.items; `.` for the document "
        "itself; if null, an array or an object a line",
    )


@READERS.register("json_lines")
class JsonLinesReader(TextReader[JsonOptions]):
    """Nested objects are columns with a dot, such as `annotation.label`.

    Of an object of records by key, the key is the column `key`. A document is read as a whole;
    large corpora are better kept as an object a line.
    """

    options_type: ClassVar[type[JsonOptions]] = JsonOptions
    suffixes: ClassVar[tuple[str, ...]] = (".jsonl", ".json", ".ndjson")
    header_hint: ClassVar[str] = "a document that holds the records needs options.records"

    def read_text(self, text: TextFile, source: SourceFile) -> Iterator[RawBatch]:
        """Lines that are no JSON object are broken."""
        return collect(self._rows(text, source), columns_of_records)

    def _rows(self, text: TextFile, source: SourceFile) -> Rows:
        if self.options.records is not None:
            yield from records_of(parse_document(text.read(), source), self.options.records, source)
            return
        lines = enumerate(text, start=1)
        number, first_line = next(
            ((number, line) for number, line in lines if line.strip()), (1, "")
        )
        if first_line.lstrip().startswith("["):
            yield from records_of(parse_document(first_line + text.read(), source), ".", source)
            return
        if first_line.strip() == "{":
            raise CorpusError(
                f"{source.name} is one JSON document, not an object a line; say where it holds the "
                "records in options.records (`.` for the document itself)"
            )
        yield from _parse_lines([(number, first_line)])
        yield from _parse_lines(lines)


def _parse_lines(lines: Iterable[tuple[int, str]]) -> Rows:
    for number, line in lines:
        if not line.strip():
            continue
        reason = why_not_text(line)
        item: object = None
        if reason is None:
            try:
                item = DECODER.decode(line)
            except (ValueError, RecursionError) as error:
                reason = f"no JSON: {error}"
        yield _row(number, item, reason, line)


def _row(
    number: int, item: object, reason: str | None, content: str
) -> ParsedRow[dict[str, object]] | BrokenRow:
    if reason is None and isinstance(item, dict):
        try:
            return number, flatten_record(item), len(content)
        except ValueError as error:
            reason = str(error)
        except RecursionError:
            reason = "objects stand in each other too deep"
    reason = reason or f"a JSON {type(item).__name__} instead of an object"
    return broken_row(number, reason, content)


def parse_document(content: str, source: SourceFile) -> object:
    """The one document that a file holds.

    Raises:
        CorpusError: it is none.
    """
    try:
        document: object = DECODER.decode(content)
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"{source.name} is no JSON document: {error}") from error
    return document


def records_of(document: object, path: str, source: SourceFile, *, key: str | None = None) -> Rows:
    """The records that stand at a place of a document, an object's with their key.

    Args:
        document: decoded JSON.
        path: keys with dots between; `.` for the document itself.
        source: to name in a message.
        key: the column of the key, which no record may have; where it is not given, `key` of the
            records that have no such column.

    Raises:
        CorpusError: nothing stands there, or no records do.
    """
    for step in filter(None, path.split(".")):
        if not isinstance(document, dict) or step not in document:
            raise CorpusError(f"{source.name}: the document has no {path!r} (options.records)")
        if (
            isinstance(document, _Repeated)
            and sum(step == name for name, _ in document.items()) > 1
        ):
            raise CorpusError(f"{source.name}: the document has {step!r} twice (options.records)")
        document = document[step]
    if isinstance(document, dict):
        document = [
            _with_key(name, item, key, source) if isinstance(item, dict) else item
            for name, item in document.items()
        ]
    if not isinstance(document, list):
        raise CorpusError(
            f"{source.name}: {path!r} holds a {type(document).__name__} instead of records "
            "(options.records)"
        )
    for number, item in enumerate(document, start=1):
        yield _row(number, item, None, _as_content(item))


def _with_key(
    name: str, record: dict[str, object], key: str | None, source: SourceFile
) -> dict[str, object]:
    """The record with its key in the column."""
    column = key or "key"
    if column not in record:
        return _as_object([(column, name), *record.items()])
    if key is not None:
        raise CorpusError(
            f"{source.name}: the record {name!r} has a column {key!r} itself; give the column of "
            "its key another name (options.key)"
        )
    return record


def _as_content(item: object) -> str:
    try:
        return str(item)
    except RecursionError:
        return f"a JSON {type(item).__name__}, too deep to show"
