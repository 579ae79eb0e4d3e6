"""Text files: their encoding, their lines, and the rows whose bytes are no text."""

import codecs
import io
import re
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, TypeVar

from pydantic import Field

from ccnlp.corpora.files import SourceFile
from ccnlp.corpora.raw import (
    MAX_CONTENT_CHARACTERS,
    BrokenRow,
    RawBatch,
    Reader,
    ReaderOptions,
)
from ccnlp.errors import CorpusError

MAX_LINE_CHARACTERS = 50_000_000
MAX_DOCUMENT_CHARACTERS = 500_000_000
NUM_SUSPECT_ROWS = 10
"""So many undecodable rows, when they are most of those beyond ASCII, tell of a wrong encoding."""


OTHER_FORMATS = {
    rb"\x1f\x8b": "packed by gzip: its name must end with .gz",
    rb"PK\x03\x04": "an archive: its name must end with .zip; a spreadsheet: save it as csv",
    rb"BZh\d1AY&SY": "packed by bzip2: unpack it first",
    rb"\x28\xb5\x2f\xfd": "packed by Zstandard: unpack it first",
    rb"\xfd7zXZ\x00": "packed by xz: unpack it first",
    rb"PAR1": "Parquet: use the reader parquet",
    rb"version https://git-lfs": "a pointer of Git LFS: fetch the file with `git lfs pull`",
}
"""How such files start."""

BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",  # starts with that of UTF-16
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8-sig",
}

QUOTED = re.compile(rb'"[^"]*(?:"|\Z)')
INVALID_BYTE = re.compile("[\udc80-\udcff]")
ESCAPE_CODE = "\x1b$"
"""Before Japanese or Korean in the encodings of ISO 2022, all of whose bytes are ASCII."""

SHARE_OF_NULL_BYTES = 0.2


class TextOptions(ReaderOptions):
    """The options of every reader of text files."""

    encoding: str = Field(
        default="utf-8", description="of the file; a byte order mark comes before it"
    )
    on_bad_bytes: Literal["quarantine", "error"] = Field(
        default="quarantine", description="what to do with a row that the encoding can't decode"
    )


class TextFile:
    """Lines of an open text file.

    Only `\\n` ends a line, or `\\r` where there is no `\\n`: else `\\r`, U+0085 and U+2028 stand
    inside real texts. Bytes that the encoding can't decode become surrogates, so that their row is
    known; see `why_not_text`.
    """

    def __init__(self, text: io.TextIOWrapper, source: SourceFile) -> None:
        self._text = text
        self._source = source

    def __iter__(self) -> Iterator[str]:
        number = 0
        while line := self._decoded(self._text.readline, MAX_LINE_CHARACTERS):
            number += 1
            if len(line) == MAX_LINE_CHARACTERS:
                raise CorpusError(
                    f"{self._source.name}: line {number} is longer than {MAX_LINE_CHARACTERS:,} "
                    "characters: no text file of this format"
                )
            yield line

    def read(self) -> str:
        """The rest of the file, which must fit into memory."""
        content = self._decoded(self._text.read, MAX_DOCUMENT_CHARACTERS)
        if len(content) == MAX_DOCUMENT_CHARACTERS:
            raise CorpusError(
                f"{self._source.name} is one document of more than {MAX_DOCUMENT_CHARACTERS:,} "
                "characters; keep it as an object a line"
            )
        return content

    def _decoded(self, read: Callable[[int], str], size: int) -> str:
        try:
            return read(size)
        except UnicodeError as error:
            raise CorpusError(
                f"{self._source.name} is not {self._text.encoding}: {error}; set options.encoding"
            ) from error


@contextmanager
def open_text(source: SourceFile, encoding: str) -> Iterator[TextFile]:
    """The decoded source.

    Raises:
        CorpusError: the file is empty, or the encoding is unknown; also from reading it, where the
            encoding is not that of the file.
    """
    with source.open() as stream:
        start = stream.peek()
        mark = next((mark for mark in BYTE_ORDER_MARKS if start.startswith(mark)), b"")
        if not start.removeprefix(mark).strip():
            raise CorpusError(f"{source.name} is empty")
        encoding = BYTE_ORDER_MARKS.get(mark) or _known_encoding(encoding, source)
        _refuse_other_formats(start, encoding, source)
        # The decoders of UTF-16 and UTF-32 can't keep single bytes.
        errors = "strict" if encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"
        text = io.TextIOWrapper(stream, encoding, errors, newline=_line_end(start))
        yield TextFile(text, source)


def _line_end(start: bytes) -> str:
    unquoted = QUOTED.sub(b"", start)
    return "\r" if b"\r" in unquoted and b"\n" not in unquoted else "\n"


def _refuse_other_formats(start: bytes, encoding: str, source: SourceFile) -> None:
    for mark, description in OTHER_FORMATS.items():
        if re.match(mark, start):
            raise CorpusError(f"{source.name} is no text file but {description}")
    has_wide_characters = encoding.startswith(("utf-16", "utf-32"))
    if not has_wide_characters and start.count(b"\x00") > len(start) * SHARE_OF_NULL_BYTES:
        raise CorpusError(
            f"{source.name} is full of null bytes: no text file, or UTF-16 without a byte order "
            "mark (for that set options.encoding to utf-16-le or utf-16-be)"
        )


def _known_encoding(encoding: str, source: SourceFile) -> str:
    try:
        "".encode(encoding)
        return codecs.lookup(encoding).name
    except (LookupError, ValueError):  # the latter of names with null bytes
        raise CorpusError(
            f"{source.name}: there is no text encoding {encoding!r}; utf-8, cp1252, shift_jis and "
            "gb18030 are some (options.encoding)"
        ) from None


TextOptionsType = TypeVar("TextOptionsType", bound=TextOptions)


class TextReader(Reader[TextOptionsType]):
    """Reads text files: opens and decodes them, and checks that the encoding is theirs."""

    def read(self, source: SourceFile) -> Iterator[RawBatch]:
        """The batches of `read_text`; rows that the encoding can't decode are broken."""
        with open_text(source, self.options.encoding) as text:
            yield from check_decoding(self.read_text(text, source), source, self.options)

    @abstractmethod
    def read_text(self, text: TextFile, source: SourceFile) -> Iterator[RawBatch]:
        """The rows of an open file in batches of bounded size."""


def why_not_text(text: str) -> str | None:
    """Why a decoded row can't be used: bytes that are no text, or null bytes; else `None`."""
    if "\x00" in text:
        return "null bytes in the row"
    if "\x1b" in text and ESCAPE_CODE in text:  # one character is found much faster
        return "escape codes in the row, as in iso2022_jp and iso2022_kr (options.encoding)"
    if text.isascii():
        return None
    try:
        text.encode()
    except UnicodeEncodeError as error:
        code = ord(text[error.start])
        if 0xDC80 <= code <= 0xDCFF:
            return f"invalid byte 0x{code & 0xFF:02x} at character {error.start + 1} of the row"
        return f"half a surrogate pair, U+{code:04X}, at character {error.start + 1} of the row"
    return None


def broken_row(row: int, reason: str, content: str) -> BrokenRow:
    """The row that `content` stands in, marked where its bytes tell of another encoding."""
    is_undecodable = ESCAPE_CODE in content or INVALID_BYTE.search(content) is not None
    return BrokenRow(row, reason, printable(content), is_undecodable)


def printable(text: str) -> str:
    """The start of a broken row, with escapes for what is no text."""
    start = text[:MAX_CONTENT_CHARACTERS].rstrip("\r\n").replace("\x00", "\\x00")
    try:
        return start.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # surrogates that stand for no byte
        return start.encode("utf-8", "backslashreplace").decode()


def check_decoding(
    batches: Iterator[RawBatch], source: SourceFile, options: TextOptions
) -> Iterator[RawBatch]:
    """The batches, unless too many rows are no text: then the encoding, not the row, is wrong.

    Raises:
        CorpusError: names the first such row, and the encoding that the file seems to have.
    """
    for batch in batches:
        undecodable = [row for row in batch.broken if row.is_undecodable]
        if undecodable and (options.on_bad_bytes == "error" or _are_most(undecodable, batch)):
            num_rows = len(batch.rows) + len(batch.broken)
            raise CorpusError(
                f"{source.name}: {len(undecodable)} of {num_rows} rows are not {options.encoding} "
                f"(row {undecodable[0].row}: {undecodable[0].reason}); set options.encoding"
                f"{_guess(source)}"
            )
        yield batch


def _are_most(undecodable: list[BrokenRow], batch: RawBatch) -> bool:
    num_rows = len(batch.rows) + len(batch.broken)
    if len(undecodable) > num_rows / 2:
        return True
    if len(undecodable) < NUM_SUSPECT_ROWS:
        return False
    cells = zip(*batch.columns.values(), strict=True)
    num_beyond_ascii = sum(not "".join(map(str, row)).isascii() for row in cells)
    return len(undecodable) > num_beyond_ascii


def _guess(source: SourceFile) -> str:
    from charset_normalizer import from_bytes

    with source.open() as stream:
        best = from_bytes(stream.read(1 << 16)).best()
    is_telling = best is not None and best.encoding not in ("ascii", "utf_8")
    return f"; the bytes look like {best.encoding}" if best and is_telling else ""
