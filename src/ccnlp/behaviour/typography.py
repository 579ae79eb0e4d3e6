"""The same text as another keyboard, program or hurry would have written it.

Each perturbation takes a text and its language, and gives the text as it is where it has nothing to
change.
"""

import unicodedata
from collections.abc import Callable

from ccnlp.cultures import base_language

SELECTOR = "\ufe0f"

DOTTED = str.maketrans({"i": "İ", "ı": "I"})
UNDOTTED = str.maketrans({"I": "ı", "İ": "i"})
DOTTED_LANGUAGES = frozenset({"tr", "az"})

FULL_WIDTH = str.maketrans({code: code + 0xFEE0 for code in range(0x21, 0x7F)})

WRITTEN_WITHOUT: dict[str, dict[str, str]] = {
    "ar": dict.fromkeys("أإآٱ", "ا"),
    "de": {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"},
    "pl": {"ł": "l", "Ł": "L"},
    "tr": {"ı": "i", "İ": "I"},
    "vi": {"đ": "d", "Đ": "D"},
}
"""By language, what its writers put for letters that are no base letter with a mark."""

KEPT: dict[str, str] = {"es": "ñÑ"}
"""By language, letters whose mark its writers keep: Spanish año would become another word."""

TONOS = "\u0301"
LEFT_OUT: dict[str, str] = {
    "ar": "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652",  # vowels, doubling
    "el": TONOS,
    "hi": "\u093c",  # the dot below; the other marks are vowels
}
"""By language, the marks that its writers leave out, where that is not all of them."""


def upper_case(text: str, language: str) -> str:
    """All in capitals; Turkish keeps its dots apart, Greek drops its accents."""
    if base_language(language) in DOTTED_LANGUAGES:
        text = text.translate(DOTTED)
    if base_language(language) == "el":
        text = _without_marks(text, marks=TONOS)
    return text.upper()


def lower_case(text: str, language: str) -> str:
    """All in small letters."""
    if base_language(language) in DOTTED_LANGUAGES:
        text = text.translate(UNDOTTED)
    return text.lower()


def repeated_punctuation(text: str, language: str) -> str:
    """Each single ! and ? three times; a full stop would become another sign by that."""
    import regex

    del language
    return str(regex.sub(r"(?<![!?！？؟])([!?！？؟])(?![!?！？؟])", r"\1\1\1", text))


def full_width(text: str, language: str) -> str:
    """Letters, digits and signs of ASCII in the width of Chinese characters."""
    del language
    return text.translate(FULL_WIDTH)


def curly_quotes(text: str, language: str) -> str:
    """Straight quotes and apostrophes curled; curly ones straightened where none is straight."""
    import regex

    del language
    if "'" not in text and '"' not in text:
        return text.translate(str.maketrans("‘’“”", "''\"\""))
    text = regex.sub(r"(?<=^|[\s(\[])'", "‘", text).replace("'", "’")
    return str(regex.sub(r"(?<=^|[\s(\[])\"", "“", text).replace('"', "”"))


def missing_diacritics(text: str, language: str) -> str:
    """Without the marks on letters, as hurried writers of the language leave them out."""
    base = base_language(language)
    written = WRITTEN_WITHOUT.get(base, {})
    text = "".join(written.get(letter, letter) for letter in text)
    return _without_marks(text, marks=LEFT_OUT.get(base), kept_letters=KEPT.get(base, ""))


def emoji_variation_selectors(text: str, language: str) -> str:
    """Without the selectors that ask for an emoji in colour; with them where there is none."""
    import regex

    del language
    if SELECTOR in text:
        return text.replace(SELECTOR, "")
    # Signs that are text by default; ©, ® and ™ are no emoji to their writers.
    return str(
        regex.sub(
            r"(?V1)([\p{Extended_Pictographic}--\p{Emoji_Presentation}--[©®™]])",
            r"\1" + SELECTOR,
            text,
        )
    )


def _without_marks(text: str, *, marks: str | None = None, kept_letters: str = "") -> str:
    """The text without these marks, or without all non-spacing ones, but for the kept letters'."""

    def is_retained(code_point: str) -> bool:
        if marks is not None:
            return code_point not in marks
        return unicodedata.category(code_point) != "Mn"

    def bare(character: str) -> str:
        if character in kept_letters or character == SELECTOR:
            return character
        code_points = filter(is_retained, unicodedata.normalize("NFD", character))
        return unicodedata.normalize("NFC", "".join(code_points))

    return "".join(map(bare, text))


Perturbation = Callable[[str, str], str]

PERTURBATIONS: dict[str, Perturbation] = {
    function.__name__: function
    for function in (
        upper_case,
        lower_case,
        repeated_punctuation,
        full_width,
        curly_quotes,
        missing_diacritics,
        emoji_variation_selectors,
    )
}
"""By name, in the order of tables."""
