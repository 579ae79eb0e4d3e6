"""Sentences with two marked entities, each followed by the relation between them."""

import re
from collections.abc import Iterable, Iterator
from typing import ClassVar

from ccnlp.corpora.cleaning import has_visible_text
from ccnlp.corpora.decoding import TextFile, TextOptions, TextReader, broken_row, why_not_text
from ccnlp.corpora.files import SourceFile
from ccnlp.corpora.raw import READERS, BrokenRow, ParsedRow, RawBatch, collect, columns_of_records

ENTITIES = ("e1", "e2")
MARKER = re.compile(r"<(/?)(e[12])>")
MARKED = re.compile(r"<(e[12])>\s*|\s*</(e[12])>")
"""A marker with the white space that parts it from what it marks."""
COMMENT = "Comment:"
"""Start of a third line, as SemEval-2010 Task 8 has it."""


@READERS.register("marked_entities")
class MarkedEntitiesReader(TextReader[TextOptions]):
    """The format of SemEval-2010 Task 8 and KBP-37: a number and a sentence, then a relation.

    A row has the columns `id`, `text` without the markers, `relation`, and for each of `e1` and
    `e2` a list of the first character in `text` and the one behind the last.
    """

    options_type: ClassVar[type[TextOptions]] = TextOptions
    suffixes: ClassVar[tuple[str, ...]] = (".txt",)
    header_hint: ClassVar[str] = "the columns are id, text, e1, e2 and relation"

    def read_text(self, text: TextFile, source: SourceFile) -> Iterator[RawBatch]:
        """Rows without a relation, and those whose markers mark no two entities, are broken."""
        return collect(_rows(text), columns_of_records)


def _rows(lines: Iterable[str]) -> Iterator[ParsedRow[dict[str, object]] | BrokenRow]:
    for number, block in _blocks(lines):
        content = "\n".join(block)
        parsed = why_not_text(content) or _parse(block)
        if isinstance(parsed, str):
            yield broken_row(number, parsed, content)
        else:
            yield number, parsed, len(content)


def _blocks(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """The lines of each row, with the number of the first: up to a blank one, or the next row's."""
    block: list[str] = []
    start = number = 0
    for number, line in enumerate(lines, start=1):
        stripped = line.rstrip("\r\n")
        if block and (not stripped.strip() or "\t" in stripped):
            yield start, block
            block = []
        if stripped.strip():
            start = start if block else number
            block.append(stripped)
    if block:
        yield start, block


def _parse(block: list[str]) -> dict[str, object] | str:
    """The columns of a row, or why it is broken."""
    name, tab, sentence = block[0].partition("\t")
    if not tab:
        return f"no tab parts an id from a sentence: {block[0][:100]!r}"
    relation_lines = [line for line in block[1:] if not line.startswith(COMMENT)]
    if len(relation_lines) != 1:
        return f"{len(relation_lines)} lines in place of the relation follow the sentence"
    sentence = sentence.strip()
    if len(sentence) > 1 and sentence[0] == sentence[-1] == '"':
        sentence = sentence[1:-1]
    reason = _why_not_marked(sentence)
    return reason or {
        "id": name.strip(),
        **_unmark(sentence),
        "relation": relation_lines[0].strip(),
    }


def _why_not_marked(sentence: str) -> str | None:
    """Why the markers do not mark two entities beside each other, or `None`."""
    markers = [match.group() for match in MARKER.finditer(sentence)]
    for marker in (f"<{slash}{name}>" for name in ENTITIES for slash in ("", "/")):
        if markers.count(marker) != 1:
            return f"the marker {marker} stands {markers.count(marker)} times in the sentence"
    first, second = ([f"<{name}>", f"</{name}>"] for name in ENTITIES)
    if markers not in ([*first, *second], [*second, *first]):
        return f"the markers nest or overlap: {' '.join(markers)}"
    for name in ENTITIES:
        if not has_visible_text(sentence.partition(f"<{name}>")[2].partition(f"</{name}>")[0]):
            return f"nothing stands between <{name}> and </{name}>"
    return None


def _unmark(sentence: str) -> dict[str, object]:
    """The text without markers, and where each entity stands in it."""
    spans: dict[str, list[object]] = {name: [] for name in ENTITIES}
    text, end = "", 0
    for match in MARKED.finditer(sentence):
        text += sentence[end : match.start()]
        spans[match[1] or match[2]].append(len(text))
        end = match.end()
    return {"text": text + sentence[end:], **spans}
