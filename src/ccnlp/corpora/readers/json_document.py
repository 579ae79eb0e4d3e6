"""JSON files that are one document: an object of records by key, or an array of records."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from ccnlp.corpora.decoding import TextFile, TextOptions, TextReader
from ccnlp.corpora.files import SourceFile
from ccnlp.corpora.raw import READERS, RawBatch, collect, columns_of_records
from ccnlp.corpora.readers.json_lines import parse_document, records_of


class JsonDocumentOptions(TextOptions):
    """Where the records stand, and what their key is called."""

    records: str = Field(
        default=".", description="where they stand, such as data or data.items; `.` at the top"
    )
    key: str = Field(
        default="key", min_length=1, description="the column with the key of each record"
    )


@READERS.register("json")
class JsonDocumentReader(TextReader[JsonDocumentOptions]):
    """A record a row; nested objects are columns with a dot, such as `annotations.Ann12`.

    The whole file is in memory while it is read; large corpora are better kept as an object a line.
    """

    options_type: ClassVar[type[JsonDocumentOptions]] = JsonDocumentOptions
    suffixes: ClassVar[tuple[str, ...]] = (".json",)
    header_hint: ClassVar[str] = "options.records says where in the document the records stand"

    def read_text(self, text: TextFile, source: SourceFile) -> Iterator[RawBatch]:
        """Records that are no JSON object are broken."""
        document = parse_document(text.read(), source)
        rows = records_of(document, self.options.records, source, key=self.options.key)
        return collect(rows, columns_of_records)
