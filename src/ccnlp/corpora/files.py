"""The files of a corpus: found by path, glob or placeholders."""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from ccnlp.corpora.packing import (
    UnpackLimit,
    check_packing,
    list_members,
    open_unpacked,
    without_gz,
)
from ccnlp.corpora.values import FilledText, Name, StrictModel, Text, as_list, not_truth_value
from ccnlp.errors import CorpusError

PLACEHOLDER = re.compile(r"\{(\w+)\}")
SPECIAL = re.compile(r"\{\w+\}|\*\*/|\*|\?|\[[^\]]+\]")


class FileSelection(StrictModel):
    """Which files are read."""

    path: Annotated[list[FilledText], BeforeValidator(as_list)] = Field(
        min_length=1,
        description="files, folders or globs, relative to data/01_raw; `{name}` captures a part of "
        "the path as a column; `archive.zip!*.csv` reads members of an archive; for the reader "
        "hugging_face a folder, or a dataset's name on the hub",
    )
    path_values: dict[str, list[Text]] = Field(
        default={}, description="by placeholder of the path, the values that are read, else all"
    )
    row_number: Name | None = Field(
        default=None,
        description="a column to make that holds the number of each row in its file, by which rows "
        "of files that are parallel belong together",
    )
    max_unpacked_bytes: Annotated[int, BeforeValidator(not_truth_value)] = Field(
        default=8 * 1024**3, gt=0, description="what its packed files may unpack to, together"
    )


@dataclass(frozen=True)
class SourceFile:
    """One file, or one member of an archive.

    Attributes:
        path: of the file or of the archive.
        name: what messages and tables call it: relative to the raw folder where it lies there.
        member: of the archive, else `None`.
        captures: by placeholder, the part of the path that stands in its place.
        raw_folder: where relative paths start.
        limit: counts what the corpus's packed files unpack to.
    """

    path: Path
    name: str
    member: str | None = None
    captures: Mapping[str, str] = field(default_factory=dict)
    raw_folder: Path = Path()
    limit: UnpackLimit = field(default_factory=UnpackLimit, compare=False)

    @property
    def unpacked_name(self) -> str:
        """The file's name without `.gz`, whose ending tells the format."""
        return without_gz(self.member or self.path.name)

    def open(self) -> BufferedReader:
        """The unpacked bytes.

        Raises:
            CorpusError: unreadable, not what its name says, or unpacks to too much.
        """
        return open_unpacked(self.path, self.member, name=self.name, limit=self.limit)

    def beside(self, pattern: str) -> "SourceFile":
        """The one file that `pattern` names with this one's captures in its placeholders.

        Raises:
            CorpusError: there is none, or a placeholder is not in the path.
        """
        for name in PLACEHOLDER.findall(pattern):
            if name not in self.captures:
                raise CorpusError(
                    f"{self.name}: {pattern!r} has the placeholder {{{name}}}, which path lacks"
                )
        filled = PLACEHOLDER.sub(lambda match: self.captures[match[1]], pattern)
        sources = list(_find(filled, self.captures, self.raw_folder, self.limit, lambda _: True))
        if len(sources) != 1:
            raise CorpusError(f"{self.name}: {filled} names {len(sources)} files instead of one")
        return sources[0]


def find_sources(
    path: Sequence[str],
    *,
    raw_folder: Path,
    path_values: Mapping[str, Sequence[str]],
    accepts: Callable[[str], bool],
    max_unpacked_bytes: int,
) -> list[SourceFile]:
    """The files that `path` names, each once, sorted by name.

    Args:
        path: files, folders, globs, or patterns with `{name}` placeholders.
        raw_folder: where relative paths start.
        path_values: by placeholder, the values that are read; each must be there.
        accepts: whether the reader takes a file of that name out of a folder or archive.
        max_unpacked_bytes: what packed files may unpack to, together.

    Raises:
        CorpusError: nothing is there; names what was looked for and what is near.
    """
    limit = UnpackLimit(max_unpacked_bytes)
    unknown = set(path_values) - {name for pattern in path for name in PLACEHOLDER.findall(pattern)}
    if unknown:
        raise CorpusError(f"path has no placeholder {sorted(unknown)} (path_values)")
    for name, values in path_values.items():
        if not values:
            raise CorpusError(f"no value of the placeholder {{{name}}} is listed (path_values)")
    sources = {
        source.name: source
        for pattern in path
        for filled, captures in _fill(pattern, path_values)
        for source in _find(filled, captures, raw_folder, limit, accepts)
    }
    return [sources[name] for name in sorted(sources)]


def _fill(
    pattern: str, path_values: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, dict[str, str]]]:
    """The pattern with each combination of the listed values in it."""
    name = next((n for n in PLACEHOLDER.findall(pattern) if n in path_values), None)
    if name is None:
        yield pattern, {}
        return
    for value in path_values[name]:
        for filled, captures in _fill(pattern.replace(f"{{{name}}}", value), path_values):
            yield filled, {name: value, **captures}


def _find(
    pattern: str,
    captures: Mapping[str, str],
    raw_folder: Path,
    limit: UnpackLimit,
    accepts: Callable[[str], bool],
) -> Iterator[SourceFile]:
    outer, _, inner = (pattern, "", "") if (raw_folder / pattern).exists() else _split(pattern)
    for file, captured in _files(raw_folder, outer, accepts):
        name = _display_name(file, raw_folder)
        all_captures = {**captures, **captured}
        if file.suffix.lower() != ".zip":
            if inner:
                raise CorpusError(f"{file} is no .zip archive, but path asks for {inner!r} in it")
            check_packing(file)
            yield SourceFile(file, name, None, all_captures, raw_folder, limit)
            continue
        for member, inner_captured in _members(file, inner, limit, accepts):
            yield SourceFile(
                file,
                f"{name}!{member}",
                member,
                {**all_captures, **inner_captured},
                raw_folder,
                limit,
            )


def _split(pattern: str) -> tuple[str, str, str]:
    return pattern.partition("!")


def _files(
    raw_folder: Path, pattern: str, accepts: Callable[[str], bool]
) -> Iterator[tuple[Path, dict[str, str]]]:
    """The files outside archives that the pattern names, with what its placeholders capture."""
    path = raw_folder / pattern
    if path.is_file():
        yield path, {}
    elif path.is_dir():
        yield from ((file, {}) for file in _files_of_format(path, accepts))
    elif not SPECIAL.search(pattern):
        raise CorpusError(f"{path} does not exist{_nearby(path)} (path)")
    else:
        parts = Path(pattern).parts
        first = next(i for i, part in enumerate(parts) if SPECIAL.search(part))
        anchor = raw_folder.joinpath(*parts[:first])
        matches = list(_matches(anchor, parts[first:]))
        if not matches:
            raise CorpusError(f"no file matches {path}{_nearby(anchor / parts[first])} (path)")
        yield from matches


def _matches(anchor: Path, parts: Sequence[str]) -> Iterator[tuple[Path, dict[str, str]]]:
    """The files below `anchor` that the pattern of these parts names, with their captures."""
    regex = _to_regex("/".join(parts))
    takes_hidden = any(part.startswith(".") for part in parts)
    inner = parts[:-1]
    num_fixed = next((i for i, part in enumerate(inner) if "**" in part), len(inner))
    starts = [_to_regex("/".join(inner[: i + 1])) for i in range(num_fixed)]

    def leads_on(folder: Path) -> bool:
        relative = folder.relative_to(anchor)
        if len(relative.parts) > num_fixed:
            return num_fixed < len(inner)
        return starts[len(relative.parts) - 1].fullmatch(relative.as_posix()) is not None

    for file in _walk(anchor, leads_on, takes_hidden=takes_hidden):
        if match := regex.fullmatch(file.relative_to(anchor).as_posix()):
            yield file, match.groupdict()


def _walk(
    folder: Path,
    leads_on: Callable[[Path], bool],
    *,
    takes_hidden: bool = False,
    above: frozenset[Path] = frozenset(),
) -> Iterator[Path]:
    """The files below a folder in the order of their names.

    Links are followed, but for those to a folder that they stand in. What is hidden, such as the
    `._name` that macOS puts beside a file, is left out unless it is asked for.

    Args:
        folder: nothing is below it where it does not exist.
        leads_on: whether a folder is looked into.
        takes_hidden: whether names may start with a dot.
        above: the folders that are being looked into, without links.

    Raises:
        CorpusError: a folder can't be read.
    """
    resolved = folder.resolve()
    if resolved in above:
        return
    try:
        with os.scandir(folder) as entries:
            children = sorted((entry.name, entry.is_dir()) for entry in entries)
    except FileNotFoundError:
        return
    except OSError as error:
        raise CorpusError(f"{error.filename} can't be read: {error.strerror} (path)") from error
    for name, is_folder in children:
        path = folder / name
        if name.startswith(".") and not takes_hidden:
            continue
        if not is_folder:
            yield path
        elif leads_on(path):
            yield from _walk(path, leads_on, takes_hidden=takes_hidden, above=above | {resolved})


def _files_of_format(folder: Path, accepts: Callable[[str], bool]) -> list[Path]:
    files = _walk(folder, lambda _: True)
    accepted = [f for f in files if f.suffix.lower() == ".zip" or accepts(without_gz(f.name))]
    if not accepted:
        raise CorpusError(
            f"the folder {folder} has no file of the reader's format{_nearby(folder / 'x')} (path)"
        )
    return accepted


def _members(
    archive: Path, pattern: str, limit: UnpackLimit, accepts: Callable[[str], bool]
) -> Iterator[tuple[str, dict[str, str]]]:
    sizes = list_members(archive)
    if pattern:
        regex = _to_regex(pattern)
        matches = {name: match.groupdict() for name in sizes if (match := regex.fullmatch(name))}
    else:
        matches = {name: {} for name in sizes if accepts(without_gz(name))}
    if not matches:
        wanted = f"matches {pattern!r}" if pattern else "is of the reader's format"
        raise CorpusError(f"{archive}: no member {wanted}; it has {_listed(sorted(sizes))} (path)")
    limit.check(sum(sizes[name] for name in matches), name=str(archive))
    yield from matches.items()


def _to_regex(pattern: str) -> re.Pattern[str]:
    """Glob and placeholders as a regular expression; only `**` crosses folders.

    Raises:
        CorpusError: brackets hold a range that is none, or a placeholder has no proper name.
    """
    for name in PLACEHOLDER.findall(pattern):
        if not name.isidentifier():
            raise CorpusError(
                f"{pattern}: the placeholder {{{name}}} must have a name such as {{language}} "
                "(path)"
            )
    pieces = re.split(f"({SPECIAL.pattern})", pattern)
    regexes = []
    seen: set[str] = set()
    for piece in pieces:
        placeholder = PLACEHOLDER.fullmatch(piece)
        if placeholder and placeholder[1] in seen:
            regexes.append(f"(?P={placeholder[1]})")
        elif placeholder:
            seen.add(placeholder[1])
            regexes.append(f"(?P<{placeholder[1]}>[^/]+?)")
        elif piece == "**/":
            regexes.append("(?:.*/)?")
        elif piece == "*":
            regexes.append("[^/]*")
        elif piece == "?":
            regexes.append("[^/]")
        elif SPECIAL.fullmatch(piece):
            regexes.append(piece.replace("[!", "[^").replace("\\", r"\\"))
        else:
            regexes.append(re.escape(piece))
    try:
        return re.compile("".join(regexes))
    except re.error as error:
        raise CorpusError(f"{pattern} is no pattern of paths: {error.msg} (path)") from error


def _display_name(file: Path, raw_folder: Path) -> str:
    return str(file.relative_to(raw_folder) if file.is_relative_to(raw_folder) else file)


def _nearby(path: Path) -> str:
    folder = path.parent
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    names = sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))
    return f"; {folder} has {_listed(names)}" if names else f"; {folder} is empty"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
