"""Lists of words that mark something of a text, by language and group, and where they occur."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator

from ccnlp.cultures import LanguageTag
from ccnlp.parameter_types import WITHOUT_REMOVED

if TYPE_CHECKING:
    from regex import Pattern

IGNORED = "ignored"
"""The group of what looks like a marker and is none, such as `chez` beside the ending `-ez`."""

INSIDE_WORD = r"[\p{L}\p{M}\p{N}\u200c\u200d]"
UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
"""Scripts that put no space between words: a marker may stand anywhere."""
SENTENCE_START = (
    r"(?:^|[.!?…:;¿¡|\"«“(\n]|\p{Extended_Pictographic}\uFE0F?|[@\#]\w+|\bhttps?(?::\S+)?)\s*"
)
"""What stands before a word that has a capital whatever it is."""

Groups = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Marker:
    """One occurrence.

    Attributes:
        form: as the list has it.
        group: that the form stands in.
    """

    form: str
    group: str


def _check(groups: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Refuses lists that can mark nothing, and forms that would mark two things."""
    if not set(groups) - {IGNORED}:
        raise ValueError(f"no group has markers; name one beside {IGNORED!r}, or leave it out")
    group_of: dict[str, str] = {}
    for group, forms in groups.items():
        if not forms:
            raise ValueError(f"group {group!r} is empty; list its markers, or leave it out")
        for form in forms:
            if not form.removeprefix("-") or form != form.strip():
                raise ValueError(
                    f"group {group!r}: marker {form!r} is empty, or begins or ends with a space"
                )
            if form in group_of:
                group_names = (
                    f"{group_of[form]!r} and {group!r}" if group_of[form] != group else f"{group!r}"
                )
                raise ValueError(
                    f"marker {form!r} stands twice, in {group_names}; keep it in one group, once"
                )
            group_of[form] = group
    return groups


MarkersByLanguage = Annotated[
    dict[
        LanguageTag,
        Annotated[dict[str, tuple[str, ...]], WITHOUT_REMOVED, AfterValidator(_check)],
    ],
    WITHOUT_REMOVED,
]
"""By language, groups of markers; an environment removes either by setting it to null.

A marker may have several words. In lower case it is found in any case; one with a capital only as
it is written, and not where a sentence begins, as the German `Sie`. `-x` is the end of a word.
"""


def find_markers(text: str, groups: Groups) -> list[Marker]:
    """The markers of a text in their order.

    Where two begin at one place, whole words go before endings, and the longer before the shorter.

    >>> groups = {"vous": ("vous", "-ez"), "ignored": ("rendez-vous",)}
    >>> find_markers("Vous avez rendez-vous", groups)
    [Marker(form='vous', group='vous'), Marker(form='-ez', group='vous')]
    """
    if not groups:
        return []
    pattern, grouped_pattern, markers = _compiled(tuple(groups.items()))
    text = text.replace("’", "'")
    matches = (grouped_pattern.match(text, match.start()) for match in pattern.finditer(text))
    occurring = (markers[match.lastindex - 1] for match in matches)
    return [marker for marker in occurring if marker.group != IGNORED]


@lru_cache(maxsize=256)
def _compiled(
    groups: tuple[tuple[str, tuple[str, ...]], ...],
) -> tuple["Pattern[str]", "Pattern[str]", list[Marker]]:
    """A pattern of all markers, the same with a group for each of them, and they in their order.

    Looking for a marker is ten times as fast without groups, and most words are none.
    """
    import regex

    markers = [Marker(form, group) for group, forms in groups for form in forms]
    markers.sort(key=lambda marker: (marker.form.startswith("-"), -len(marker.form)))
    patterns = [_pattern(marker.form) for marker in markers]
    grouped_pattern = "|".join(f"({pattern})" for pattern in patterns)
    return regex.compile("|".join(patterns)), regex.compile(grouped_pattern), markers


def _pattern(form: str) -> str:
    import regex

    if form.startswith("-"):
        ending = regex.escape(form[1:])
        return f"(?i:(?<!{INSIDE_WORD}){INSIDE_WORD}+{ending}(?!{INSIDE_WORD}))"
    escaped = regex.escape(form)
    if regex.match(UNSPACED, form):
        return str(escaped)
    word_end = f"(?!{INSIDE_WORD})" if regex.match(INSIDE_WORD, form[-1]) else ""
    if form == form.lower():
        return f"(?i:(?<!{INSIDE_WORD}){escaped}{word_end})"
    return f"(?<!{INSIDE_WORD})(?<!{SENTENCE_START}){escaped}{word_end}"
