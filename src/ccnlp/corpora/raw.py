"""What readers give: batches of raw columns, and rows that could not be read with the reason."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, TypeVar, overload

from pydantic import AfterValidator, ValidationError

from ccnlp.corpora.files import FileSelection, SourceFile, find_sources
from ccnlp.corpora.values import PARAMETERS_FILE, StrictModel, problems_of
from ccnlp.errors import ConfigurationError, CorpusError
from ccnlp.registry import Registry

ROWS_PER_BATCH = 50_000
CHARACTERS_PER_BATCH = 64_000_000
"""Long texts make batches of fewer rows."""

MAX_CONTENT_CHARACTERS = 10_000
"""What the quarantine keeps of a row."""


@dataclass(frozen=True)
class BrokenRow:
    """A row that is no row: its number in the source, why, and what stood there.

    Attributes:
        is_undecodable: whether it has bytes that the file's encoding does not have.
    """

    row: int
    reason: str
    content: str
    is_undecodable: bool = False


@dataclass(frozen=True)
class RawBatch:
    """Some rows of a source.

    Attributes:
        columns: by name, all as long as `rows`; cells are text, numbers, lists or `None`.
        rows: number of each row from 1: the line it starts at in a text file, else the record.
        broken: the rows among them that could not be read.
        reasons: by position, why a row that was read can't be used.
    """

    columns: Mapping[str, Sequence[object]]
    rows: list[int]
    broken: list[BrokenRow] = field(default_factory=list)
    reasons: Mapping[int, str] = field(default_factory=dict)


def number_rows(batch: RawBatch, column: str | None, source: SourceFile) -> RawBatch:
    """The batch with the number of each row in a column of its own, where one is named.

    Raises:
        CorpusError: the source has a column of that name.
    """
    if column is None:
        return batch
    if column in batch.columns:
        raise CorpusError(
            f"{source.name} has a column {column!r} itself; give that of the rows' numbers another "
            f"name (row_number, {PARAMETERS_FILE})"
        )
    return replace(batch, columns={**batch.columns, column: list(map(str, batch.rows))})


class Picked(Sequence[object]):
    """The cells of a column at some positions, none of them copied before one is asked for."""

    def __init__(self, cells: Sequence[object], positions: Sequence[int]) -> None:
        self._cells = cells
        self._positions = positions

    def __len__(self) -> int:
        return len(self._positions)

    def __iter__(self) -> Iterator[object]:
        cells = self._cells if isinstance(self._cells, list) else list(self._cells)
        return (cells[position] for position in self._positions)

    @overload
    def __getitem__(self, index: int) -> object: ...
    @overload
    def __getitem__(self, index: slice) -> list[object]: ...
    def __getitem__(self, index: int | slice) -> object:
        if isinstance(index, slice):
            return [self._cells[position] for position in self._positions[index]]
        return self._cells[self._positions[index]]


class ReaderOptions(StrictModel):
    """The options of a reader; each has its own."""


def distinct_names(names: Sequence[str]) -> list[str]:
    """The names, with their position where there is none or it stands twice.

    Which of two columns of one name is meant would be a guess.

    >>> distinct_names(["text", "", "text"])
    ['text (1)', 'column (2)', 'text (3)']
    """
    counts = Counter(names)
    return [
        name if name and counts[name] == 1 else f"{name or 'column'} ({position})"
        for position, name in enumerate(names, start=1)
    ]


def _refuse_repeated(names: list[str]) -> list[str]:
    repeated = sorted(name for name, count in Counter(names).items() if count > 1)
    if repeated:
        raise ValueError(f"{names} has {', '.join(map(repr, repeated))} more than once")
    return names


ColumnNames = Annotated[list[str], AfterValidator(_refuse_repeated)]
"""Names for the columns of files that have none."""

Options = TypeVar("Options", bound=ReaderOptions)


class Reader(ABC, Generic[Options]):
    """Reads sources of one format."""

    options_type: ClassVar[type[ReaderOptions]]
    suffixes: ClassVar[tuple[str, ...]] = ()
    """Endings of the files that are taken out of a folder or archive; any file's if empty."""
    header_hint: ClassVar[str] = ""
    """What else may be wrong where a column is not found."""

    def __init__(self, options: Options) -> None:
        self.options = options

    @classmethod
    def accepts(cls, name: str) -> bool:
        """Whether a file of that name, without `.gz`, is of the format."""
        return not cls.suffixes or name.lower().endswith(cls.suffixes)

    def find(self, selection: FileSelection, raw_folder: Path) -> list[SourceFile]:
        """The sources that the path names, sorted by name.

        Raises:
            CorpusError: there is none.
        """
        return find_sources(
            selection.path,
            raw_folder=raw_folder,
            path_values=selection.path_values,
            accepts=self.accepts,
            max_unpacked_bytes=selection.max_unpacked_bytes,
        )

    @abstractmethod
    def read(self, source: SourceFile) -> Iterator[RawBatch]:
        """The source's rows in batches of bounded size.

        Raises:
            CorpusError: the source as a whole is not of the format.
        """


READERS: Registry[type[Reader[Any]]] = Registry(
    "reader", package="ccnlp.corpora.readers", parameter=PARAMETERS_FILE
)


def build_reader(name: str, options: dict[str, Any], *, where: str) -> Reader[Any]:
    """The reader with its options.

    Raises:
        ConfigurationError: no such reader, or options that it does not have.
    """
    reader = READERS.get(name)
    try:
        return reader(reader.options_type.model_validate(options))
    except ValidationError as error:
        raise ConfigurationError(
            f"{where}: options of the reader {name!r}: {problems_of(error)} ({PARAMETERS_FILE})"
        ) from None


Cells = TypeVar("Cells")
ParsedRow = tuple[int, Cells, int]
"""Number of a row, what is in it, and its size in characters."""


def collect(
    rows: Iterable[ParsedRow[Cells] | BrokenRow],
    to_columns: Callable[[list[Cells]], Mapping[str, Sequence[object]]],
) -> Iterator[RawBatch]:
    """Batches of the rows, bounded by rows and by characters."""
    cells: list[Cells] = []
    row_numbers: list[int] = []
    broken: list[BrokenRow] = []
    num_characters = 0
    for row in rows:
        if isinstance(row, BrokenRow):
            broken.append(row)
            num_characters += len(row.content)
        else:
            row_number, row_cells, size = row
            row_numbers.append(row_number)
            cells.append(row_cells)
            num_characters += size
        if len(cells) + len(broken) >= ROWS_PER_BATCH or num_characters >= CHARACTERS_PER_BATCH:
            yield RawBatch(to_columns(cells), row_numbers, broken)
            cells, row_numbers, broken, num_characters = [], [], [], 0
    if cells or broken:
        yield RawBatch(to_columns(cells), row_numbers, broken)


def columns_of_lists(
    names: Sequence[str], rows: Sequence[Sequence[object]]
) -> dict[str, list[object]]:
    """Rows of equal length, turned into columns."""
    if not rows:
        return {name: [] for name in names}
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def columns_of_records(rows: list[dict[str, object]]) -> dict[str, list[object]]:
    """Records, turned into columns; `None` where a record lacks one."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def flatten_record(record: dict[str, object], prefix: str = "") -> dict[str, object]:
    """Nested objects, and their values by names with a dot, such as `annotation.label`.

    Raises:
        ValueError: two values have the same name.
    """
    flat: dict[str, object] = {}
    for key, value in record.items():
        name = f"{prefix}{key}"
        nested = {name: value}
        if isinstance(value, dict):
            nested |= flatten_record(value, f"{name}.")
        if repeated := flat.keys() & nested.keys():
            raise ValueError(f"two values of {min(repeated)!r}")
        flat |= nested
    return flat
