"""Parquet."""

from collections.abc import Iterator
from typing import ClassVar

from ccnlp.corpora.arrow import columns_of_arrow
from ccnlp.corpora.files import SourceFile
from ccnlp.corpora.packing import is_gzip
from ccnlp.corpora.raw import READERS, RawBatch, Reader, ReaderOptions
from ccnlp.errors import CorpusError

ROWS_PER_BATCH = 10_000
"""Fewer than elsewhere: how long the texts are is known only once they are decoded."""


class ParquetOptions(ReaderOptions):
    """None."""


@READERS.register("parquet")
class ParquetReader(Reader[ParquetOptions]):
    """A record a row; nested ones are columns with a dot."""

    options_type: ClassVar[type[ParquetOptions]] = ParquetOptions
    suffixes: ClassVar[tuple[str, ...]] = (".parquet",)

    def read(self, source: SourceFile) -> Iterator[RawBatch]:
        """The rows of a whole file; a packed one is unpacked into memory first."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        is_packed = source.member is not None or is_gzip(source.path.name)
        first_row = 1
        try:
            file = pq.ParquetFile(
                pa.BufferReader(source.open().read()) if is_packed else source.path
            )
            for batch in file.iter_batches(batch_size=ROWS_PER_BATCH):
                yield RawBatch(
                    columns_of_arrow(batch), list(range(first_row, first_row + len(batch)))
                )
                first_row += len(batch)
        except (pa.ArrowException, OSError) as error:
            raise CorpusError(f"{source.name} is no readable Parquet file: {error}") from error
