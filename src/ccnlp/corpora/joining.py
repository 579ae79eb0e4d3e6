"""Columns of other files that join the rows of a corpus by a key, such as the id of a text."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from ccnlp.corpora.cells import as_text, as_whole
from ccnlp.corpora.files import PLACEHOLDER, FileSelection, SourceFile
from ccnlp.corpora.raw import Picked, RawBatch, Reader, build_reader, number_rows
from ccnlp.corpora.values import PARAMETERS_FILE, TextMap
from ccnlp.errors import CorpusError, did_you_mean, listed

logger = logging.getLogger(__name__)

Key = tuple[str, ...]


def _as_map(value: object) -> object:
    """Names that are the same on both sides."""
    names = [value] if isinstance(value, str) else value
    return {name: name for name in names} if isinstance(names, list) else names


class JoinedFile(FileSelection):
    """One file, or several as one, whose columns join the rows of a corpus."""

    by: Annotated[TextMap, BeforeValidator(_as_map)] = Field(
        min_length=1,
        description="the key: a column that both have, or `{ours: theirs}`; a placeholder of "
        "either path is a column too",
    )
    columns: Annotated[TextMap, BeforeValidator(_as_map)] = Field(
        default={},
        description="columns of the file to take, or `{our name: theirs}`; placeholders of its "
        "path are taken without being named",
    )
    reader: str | None = Field(
        default=None, description="the format; the corpus's, with its options, if not given"
    )
    options: dict[str, Any] | None = Field(default=None, description="the reader's own options")

    @property
    def name(self) -> str:
        """What messages call it."""
        return ", ".join(self.path)

    def describe(self, key: Key) -> str:
        """The key with the names that it has in the file."""
        pairs = zip(self.by.values(), key, strict=True)
        return " and ".join(f"{name} {value!r}" for name, value in pairs)

    def taken_columns(self) -> dict[str, str]:
        """By our name, the file's column that is taken."""
        placeholders = (name for path in self.path for name in PLACEHOLDER.findall(path))
        named_columns = {*self.by.values(), *self.columns.values()}
        return {name: name for name in placeholders if name not in named_columns} | self.columns


@dataclass
class Join:
    """A joined file that was found, and is read when the first rows ask for it.

    Attributes:
        file: what joins.
        reader: of its sources.
        sources: the files.
    """

    file: JoinedFile
    reader: Reader[Any]
    sources: list[SourceFile]
    _table: "_Table | None" = None

    @classmethod
    def find(
        cls,
        file: JoinedFile,
        *,
        reader: str,
        options: Mapping[str, Any],
        raw_folder: Path,
        where: str,
    ) -> "Join":
        """The join, its files found and none of them read.

        Args:
            file: what joins.
            reader: of the corpus, for a file that names none.
            options: its options.
            raw_folder: where relative paths start.
            where: such as `corpus 'posts'`.

        Raises:
            ConfigurationError: no such reader or option.
            CorpusError: there is no such file.
        """
        reader_options = (
            file.options if file.options is not None else {} if file.reader else dict(options)
        )
        built_reader = build_reader(
            file.reader or reader, reader_options, where=f"{where}, joined {file.name}"
        )
        return cls(file, built_reader, built_reader.find(file, raw_folder))

    def join(self, batch: RawBatch, source: SourceFile) -> RawBatch:
        """The batch with the file's columns; rows whose key the file lacks have the reason.

        Raises:
            CorpusError: the file can't be read, lacks a column, or has two rows of one key that
                differ; or the batch lacks the key, or has a column of the same name.
        """
        taken_columns = self.file.taken_columns()
        for name in self.file.by:
            if name not in batch.columns:
                raise CorpusError(
                    f"{source.name} has no column {name!r} by which {self.file.name} is joined; "
                    f"{did_you_mean(name, batch.columns)} (joined, {PARAMETERS_FILE})"
                )
        for name in taken_columns:
            if name in batch.columns:
                raise CorpusError(
                    f"{source.name} has a column {name!r}, and {self.file.name} gives another: "
                    f"take it by another name, columns: {{other_name: {taken_columns[name]}}}, "
                    f"or give the placeholder another one (joined, {PARAMETERS_FILE})"
                )
        if self._table is None:
            self._table = _Table.read(self)
        table = self._table
        keys = list(_keys(batch.columns, list(self.file.by)))
        positions = [-1 if key is None else table.positions.get(key, -1) for key in keys]
        reasons = {
            i: self._why_unknown(keys[i]) for i, position in enumerate(positions) if position < 0
        }
        joined = {name: Picked(table.columns[name], positions) for name in taken_columns}
        return RawBatch(
            {**batch.columns, **joined}, batch.rows, batch.broken, {**reasons, **batch.reasons}
        )

    def _why_unknown(self, key: Key | None) -> str:
        names = " and ".join(map(repr, self.file.by))
        if key is None:
            return f"{names} is empty, by which {self.file.name} is joined"
        return f"{self.file.name} has no row with {self.file.describe(key)}"


@dataclass(frozen=True)
class _Table:
    """The rows of a joined file.

    Attributes:
        positions: by key, its row.
        columns: by our name; the last cell is `None`, of rows that are not there.
    """

    positions: dict[Key, int]
    columns: dict[str, list[object]]

    @classmethod
    def read(cls, join: Join) -> "_Table":
        taken_columns = join.file.taken_columns()
        table = cls({}, {name: [] for name in taken_columns})
        unused: list[str] = []
        for source in join.sources:
            for raw_batch in join.reader.read(source):
                batch = number_rows(raw_batch, join.file.row_number, source)
                columns = {
                    **batch.columns,
                    **{name: [value] * len(batch.rows) for name, value in source.captures.items()},
                }
                unused += [f"row {row.row} of {source.name}: {row.reason}" for row in batch.broken]
                if batch.rows:
                    _check_columns(join, columns, source)
                    unused += table._add(columns, batch.rows, join.file, source)
        for cells in table.columns.values():
            cells.append(None)
        if unused:
            logger.warning(
                "joined %s: %s rows are left out; %s", join.file.name, f"{len(unused):,}", unused[0]
            )
        return table

    def _add(
        self,
        columns: Mapping[str, Sequence[object]],
        rows: Sequence[int],
        file: JoinedFile,
        source: SourceFile,
    ) -> Iterator[str]:
        """Adds rows; yields what is wrong with those that have no key."""
        taken_columns = {
            name: list(columns[theirs]) for name, theirs in file.taken_columns().items()
        }
        for i, key in enumerate(_keys(columns, list(file.by.values()))):
            if key is None:
                yield f"row {rows[i]} of {source.name} has no {' and '.join(file.by.values())}"
                continue
            row_cells = {name: cells[i] for name, cells in taken_columns.items()}
            if key in self.positions:
                self._check_same(key, row_cells, file)
                continue
            self.positions[key] = len(self.positions)
            for name, cell in row_cells.items():
                self.columns[name].append(cell)

    def _check_same(self, key: Key, row_cells: Mapping[str, object], file: JoinedFile) -> None:
        for name, cell in row_cells.items():
            earlier_cell = self.columns[name][self.positions[key]]
            if as_text(cell) != as_text(earlier_cell):
                raise CorpusError(
                    f"joined {file.name} has two rows with {file.describe(key)} that differ in "
                    f"{file.taken_columns()[name]!r}: {as_text(earlier_cell)!r} and "
                    f"{as_text(cell)!r}; keep one of them, or join by a further column that tells "
                    f"them apart (joined, {PARAMETERS_FILE})"
                )


def _check_columns(join: Join, columns: Mapping[str, object], source: SourceFile) -> None:
    for name in (*join.file.by.values(), *join.file.taken_columns().values()):
        if name not in columns:
            raise CorpusError(
                f"joined {source.name} has no column {name!r}; it has {listed(columns)} "
                f"(joined, {PARAMETERS_FILE})"
            )


def _keys(columns: Mapping[str, Sequence[object]], names: Sequence[str]) -> Iterator[Key | None]:
    """The key of each row, numbers alike however they are written; `None` where a part is empty."""
    for cells in zip(*(columns[name] for name in names), strict=True):
        key = tuple(as_whole((as_text(cell) or "").strip()) for cell in cells)
        yield key if all(key) else None
