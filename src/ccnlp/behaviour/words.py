"""Whole words in a text: where they stand, and the text with another in their place."""

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from ccnlp.cultures import base_language

if TYPE_CHECKING:
    import regex

WITHOUT_SPACES = frozenset({"zh", "yue", "wuu", "lzh", "ja", "th", "lo", "km", "my", "bo", "dz"})
"""Languages that are written without spaces between words, whose whole words can't be found so."""

BEFORE = r"(?<![\p{L}\p{M}\p{N}_@#])(?<!\p{L}-)"
AFTER = r"(?![\p{L}\p{M}\p{N}_]|-\p{L}|['’](?!s\b)\p{L})"
"""A name with a suffix behind an apostrophe, as in Turkish, is another form; English 's is none."""

SENTENCE_START = r"(?:^|[.!?…:؟।][\"”»'’)]*\s+|\n)[\s\"“”«»'‘’¡¿(]*$"


def has_spaces(language: str) -> bool:
    """Whether the language's writers put spaces between words."""
    return base_language(language) not in WITHOUT_SPACES


def find_words(text: str, words: Collection[str]) -> list[str]:
    """Those of the words that stand in the text, in their order there, each once.

    Case counts, but for the capital that begins a sentence.

    >>> find_words("Une Française a ri. Chinoise ou française ?", ["française", "chinoise"])
    ['chinoise', 'française']
    """
    found_words: dict[str, None] = {}
    for match in _pattern(tuple(words)).finditer(text):
        word = _word_of(match, words)
        if word is not None:
            found_words[word] = None
    return list(found_words)


def replace_words(text: str, replacements: Mapping[str, str]) -> str:
    """The text with each word replaced wherever it stands; a sentence keeps its capital.

    >>> replace_words("Polish food. The Polish-born cook", {"Polish": "Thai"})
    'Thai food. The Polish-born cook'
    """

    def replace(match: "regex.Match[str]") -> str:
        word = _word_of(match, replacements)
        if word is None:
            return str(match.group())
        return replacements[word] if match.group() == word else _capitalised(replacements[word])

    return str(_pattern(tuple(replacements)).sub(replace, text))


def _word_of(match: "regex.Match[str]", words: Collection[str]) -> str | None:
    """The word that was matched: as it is, or with a capital at the beginning of a sentence."""
    import regex

    matched = match.group()
    if matched in words:
        return str(matched)
    if regex.search(SENTENCE_START, match.string[: match.start()]) is None:
        return None
    return next(word for word in words if _capitalised(word) == matched)


@lru_cache(maxsize=1024)
def _pattern(words: tuple[str, ...]) -> "regex.Pattern[str]":
    import regex

    forms = {*words, *map(_capitalised, words)}
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    return regex.compile(f"{BEFORE}(?:{'|'.join(map(regex.escape, longest_first))}){AFTER}")


def _capitalised(word: str) -> str:
    return word[:1].upper() + word[1:]
