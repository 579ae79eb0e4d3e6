"""What a translator must not touch: URLs, mentions, hashtags, emoji, emoticons and markup.

A text is cut into segments around them; only the segments between are translated, so that what is
protected survives as it is and where it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regex import Pattern

VERSION = 1
"""Raised when the cutting changes, so that stored translations made the old way are not used."""

URL = r"(?:https?://|www\.)\S+|\bhttps?\b"  # corpora put a bare http for a link
EMAIL = r"[\w.+-]+@[\w-]+\.[\w.-]+"
MENTION_OR_HASHTAG = r"(?:(?<!\w)\p{L}{1,5}['’])?(?<!\w)[@\#][\w\p{M}]+(?:[-'’]\w+)*"
PICTOGRAPH = r"\p{Extended_Pictographic}[\uFE0F\p{EMod}\U000E0020-\U000E007F]*"
EMOJI = (
    r"(?:\p{Regional_Indicator}{2}|[\d\#*]\uFE0F?\u20E3"
    rf"|{PICTOGRAPH}(?:\u200D(?:{PICTOGRAPH}|[♀♂]\uFE0F?))*)"
)
EMOTICON = r"(?<![\w:;=])(?:[:;=]['’]?[-o^]?[)(\[\]DPp3/\\|*$sS]+|<[/\\]?3+|[xX]D+)(?!\w)"
ENTITY = r"&\#?\w+;"
STARRED_WORD = r"\w*\*[\w*]*"  # f**k, *sigh*
ENDLESS_WORD = r"\S{60,}"  # no word; engines take time that grows with the square of its length
MARKUP = r"(?:[\[\]{}^$/\\<>*|~_=+&\p{Cc}\p{Co}\p{Cs}]|[@\#](?!\w)|(?<=\w)[@\#])+"


@dataclass(frozen=True)
class Segment:
    """A piece of a text.

    Attributes:
        text: the piece.
        is_translatable: whether a translator should see it.
    """

    text: str
    is_translatable: bool


@lru_cache(maxsize=1)
def _protected_pattern() -> "Pattern[str]":
    import regex

    patterns = (ENDLESS_WORD, URL, EMAIL, MENTION_OR_HASHTAG, ENTITY, STARRED_WORD, EMOTICON, EMOJI)
    return regex.compile("|".join((*patterns, MARKUP)))


@lru_cache(maxsize=1)
def _core_pattern() -> "Pattern[str]":
    import regex

    return regex.compile(r"\S(?:.*\S)?", regex.DOTALL)


@lru_cache(maxsize=1)
def _letter_pattern() -> "Pattern[str]":
    import regex

    return regex.compile(r"\p{L}")


def split(text: str) -> list[Segment]:
    """The segments of a text; joined, they are the text.

    White space at the ends of a translatable segment is a segment of its own, as is anything
    without a letter.
    """
    segments = []
    position = 0
    for match in _protected_pattern().finditer(text):
        segments += _split_unprotected(text[position : match.start()])
        segments.append(Segment(match[0], is_translatable=False))
        position = match.end()
    return segments + _split_unprotected(text[position:])


def _split_unprotected(text: str) -> list[Segment]:
    if not _letter_pattern().search(text):
        return [Segment(text, is_translatable=False)] if text else []
    core = _core_pattern().search(text)
    pieces = (text[: core.start()], core[0], text[core.end() :]) if core else (text,)
    return [
        Segment(piece, is_translatable=index == 1) for index, piece in enumerate(pieces) if piece
    ]


def join(segments: Sequence[Segment], translations: Sequence[str]) -> str:
    """The text with its translatable segments replaced, in their order."""
    remaining = iter(translations)
    return "".join(
        tidy(next(remaining), like=segment.text) if segment.is_translatable else segment.text
        for segment in segments
    )


def tidy(translation: str, *, like: str) -> str:
    """The translation with single spaces, and its first letter in the case of the original's.

    A translator takes each segment for a sentence and starts it with a capital. The pronoun `I`
    and other words of one letter keep theirs.
    """
    words = " ".join(translation.split())
    first_word = words.split(" ", maxsplit=1)[0].split("'", maxsplit=1)[0]
    if like[0].islower() and len(first_word) > 1 and first_word[1:].islower():
        return words[0].lower() + words[1:]
    if like[0].isupper() and words:
        return words[0].upper() + words[1:]
    return words
