"""Packed files: gzip and zip, opened as streams and never written out, up to a limit."""

import gzip
import io
import stat
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import cast

from ccnlp.errors import CorpusError

OTHER_PACKINGS = (".gz.gz", ".tar", ".tar.gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar")
SPREADSHEETS = (".xlsx", ".xlsm", ".xls", ".ods")
BROKEN = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError)
"""What gzip and zipfile raise on files that are cut, damaged or encrypted."""


@dataclass
class UnpackLimit:
    """What the packed files of one corpus may unpack to, and have so far; in bytes."""

    max_bytes: int = 8 * 1024**3
    num_bytes: int = 0

    def check(self, num_bytes: int, *, name: str) -> None:
        """Raises CorpusError where so many more bytes are too many."""
        if self.num_bytes + num_bytes > self.max_bytes:
            raise CorpusError(
                f"{name}: the corpus unpacks to more than {self.max_bytes:,} bytes; if it should, "
                "raise max_unpacked_bytes of its entry (parameters/corpora.yml)"
            )

    def count(self, num_bytes: int, *, name: str) -> None:
        """Adds unpacked bytes, and checks them."""
        self.check(num_bytes, name=name)
        self.num_bytes += num_bytes


def is_gzip(name: str) -> bool:
    """Whether a file of that name is packed by gzip."""
    return name.lower().endswith(".gz")


def without_gz(name: str) -> str:
    """The name of what is packed."""
    return name[: -len(".gz")] if is_gzip(name) else name


def check_packing(path: Path) -> None:
    """Raises CorpusError for archives of other kinds than gzip and zip, and for spreadsheets."""
    if path.name.lower().endswith(OTHER_PACKINGS):
        raise CorpusError(f"{path}: plain, .gz and .zip files are read; unpack it first (path)")
    if path.name.lower().endswith(SPREADSHEETS):
        raise CorpusError(f"{path} is a spreadsheet: save it as csv (path)")


def list_members(archive: Path) -> dict[str, int]:
    """The files in a zip archive by name, with the size in bytes that it states.

    Raises:
        CorpusError: damaged, two members have one name, or a member is a link, points outside or
            names no file.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            infos = [info for info in opened.infolist() if not info.is_dir()]
    except BROKEN as error:
        raise CorpusError(f"{archive} is no readable .zip archive: {error}") from error
    repeated = sorted(n for n, num in Counter(i.filename for i in infos).items() if num > 1)
    if repeated:
        raise CorpusError(f"{archive} has more than one member {repeated[0]!r}; refused")
    for info in infos:
        path = PurePosixPath(info.filename.replace("\\", "/"))
        if not path.parts:
            raise CorpusError(f"{archive}: member {info.filename!r} names no file; refused")
        if ".." in path.parts or path.is_absolute() or ":" in path.parts[0]:
            raise CorpusError(f"{archive}: member {info.filename!r} points outside; refused")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise CorpusError(f"{archive}: member {info.filename!r} is a link; refused")
    return {
        info.filename: info.file_size
        for info in infos
        if not info.filename.startswith("__MACOSX/") and "/." not in f"/{info.filename}"
    }


def open_unpacked(
    path: Path, member: str | None, *, name: str, limit: UnpackLimit
) -> io.BufferedReader:
    """The bytes of a file or of an archive's member, unpacked as they are read.

    Raises:
        CorpusError: unreadable, damaged or too large; also from reading the stream.
    """
    try:
        if member is not None:
            unpacked: io.BufferedIOBase
            with zipfile.ZipFile(path) as archive:  # the member keeps the file open
                unpacked = cast(io.BufferedIOBase, archive.open(member))
            if is_gzip(member):
                unpacked = gzip.GzipFile(fileobj=unpacked)
        elif is_gzip(path.name):
            unpacked = gzip.GzipFile(path, "rb")
        else:
            return path.open("rb")
    except BROKEN as error:
        raise CorpusError(f"{name} can't be opened: {error}") from error
    return io.BufferedReader(_Counted(unpacked, name=name, limit=limit), buffer_size=1 << 16)


class _Counted(io.RawIOBase):
    """Unpacked bytes, counted against the limit."""

    def __init__(self, stream: io.BufferedIOBase, *, name: str, limit: UnpackLimit) -> None:
        super().__init__()
        self._stream = stream
        self._name = name
        self._limit = limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # type: ignore[override]
        try:
            data = self._stream.read(len(buffer))
        except BROKEN as error:
            raise CorpusError(f"{self._name} can't be unpacked: {error}") from error
        self._limit.count(len(data), name=self._name)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()
