"""Whether a round trip keeps the names of its original, without a model that knows names."""

import re
import unicodedata
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ccnlp.augmentation.filtering import FILTERS, Filter, FilterContext, Scores
from ccnlp.augmentation.markers import INSIDE_WORD, SENTENCE_START, UNSPACED, Groups
from ccnlp.cultures import base_language, for_language

if TYPE_CHECKING:
    from regex import Pattern

CAPITALISE_NOUNS = frozenset({"de", "gsw", "lb", "nds"})
"""Languages in which a capital within a sentence says noun, not name."""

CONNECTORS = "de|del|della|dei|di|da|do|das|dos|du|des|la|le|el|of|the|van|von|al|bin"
"""Small words that hold a name together between two capitals, such as `Mar del Plata`."""

MAX_SHARE_OF_CAPITALS = 0.5
"""Above this a text shouts, and its capitals say nothing."""

MAX_LETTERS_OF_ACRONYM = 5
"""Longer words in capitals are mostly stressed words."""

LATIN_MARKS = re.compile("[\u0300-\u036f]")


@FILTERS.register("names")
class Names(Filter):
    """Looks for the names of the original in the candidate.

    A name is a run of words with a capital inside a sentence, a word with a second capital
    anywhere, or a region or city that CLDR lists in the text's language. In scripts without case,
    and where every noun has a capital, only CLDR's and words with a second capital are seen. Words
    are compared without case and accents; a name in another script or spelling is lost.
    """

    name = "names"

    def score(self, round_trips: pd.DataFrame, context: FilterContext) -> Scores:
        """The share of the original's names that the candidate has, 0..1; NaN where it has none."""
        address_forms = context.parameters.address_forms
        rows = zip(
            round_trips["language"], round_trips["original"], round_trips["candidate"], strict=True
        )
        return np.array(
            [
                _share_found(
                    find_names(original, language, for_language(address_forms, language, {})),
                    candidate,
                )
                for language, original, candidate in rows
            ]
        )


def find_names(text: str, language: str, address_forms: Groups) -> set[str]:
    """The names of a text as `fold` gives them, without titles and pronouns.

    >>> sorted(find_names("Salimos, Señor Paz, de la TAPO", "es", {"señor": ("señor",)}))
    ['paz', 'tapo']
    """
    base = base_language(language)
    matches = set(_place_pattern(base).findall(text))
    if not _shouts(text):
        unshouted = _shouted_pattern().sub(" , ", text)
        matches |= set(_second_capital_pattern().findall(unshouted))
        if base not in CAPITALISE_NOUNS:
            matches |= set(_capitals_pattern().findall(unshouted))
    titles = {fold(form) for forms in address_forms.values() for form in forms}
    names = {
        " ".join(words)
        for name in matches
        for is_title, words in groupby(fold(name).split(), key=titles.__contains__)
        if not is_title
    }
    return {name for name in names if not any(name in other for other in names - {name})}


def fold(text: str) -> str:
    """Lower case without accents and possessive, hyphens as spaces; marks of other scripts stay."""
    lower = LATIN_MARKS.sub("", unicodedata.normalize("NFKD", text.lower().replace("’", "'")))
    return unicodedata.normalize("NFC", re.sub(r"'s\b", "", lower).replace("-", " "))


def _share_found(names: set[str], candidate: str) -> float:
    if not names:
        return float("nan")
    text = fold(candidate)
    return float(np.mean([_occurs(name, text) for name in names]))


def _occurs(name: str, text: str) -> bool:
    import regex

    if regex.match(UNSPACED, name):
        return name in text
    pattern = rf"(?<!{INSIDE_WORD}){regex.escape(name)}(?!{INSIDE_WORD})"
    return regex.search(pattern, text) is not None


def _shouts(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    capitals = sum(letter.isupper() for letter in letters)
    return capitals > MAX_SHARE_OF_CAPITALS * len(letters)


REST_OF_WORD = r"(?:[\p{L}\p{M}\p{N}]|[-'’&](?=[\p{L}\p{N}]))"
CAPITALISED = rf"(?!I['’])\p{{Lu}}{REST_OF_WORD}+"


@lru_cache(maxsize=1)
def _capitals_pattern() -> "Pattern[str]":
    """A capitalised word within a sentence and those that follow it; a last one may be a letter."""
    import regex

    following = rf"(?:[ -](?:(?:{CONNECTORS})[ -])?{CAPITALISED})*(?: (?!I\b)\p{{Lu}}\b)?"
    return regex.compile(rf"(?<!{INSIDE_WORD}|[@\#])(?<!{SENTENCE_START}){CAPITALISED}{following}")


@lru_cache(maxsize=1)
def _shouted_pattern() -> "Pattern[str]":
    """Words in capitals that are longer than an acronym, or stand beside another such word."""
    import regex

    word = r"\p{Lu}[\p{Lu}\p{M}]+"
    end = f"(?!{INSIDE_WORD})"
    longer = rf"\p{{Lu}}[\p{{Lu}}\p{{M}}]{{{MAX_LETTERS_OF_ACRONYM},}}{end}"
    return regex.compile(rf"(?<!{INSIDE_WORD})(?:{word}{end}(?:\s+{word}{end})+|{longer})")


@lru_cache(maxsize=1)
def _second_capital_pattern() -> "Pattern[str]":
    import regex

    rest = r"(?:[\p{L}\p{M}\p{N}]|[-&](?=[\p{L}\p{N}]))*"
    return regex.compile(rf"(?<!{INSIDE_WORD}|[@\#]|\bI['’])\p{{L}}{rest}\p{{Lu}}{rest}")


@lru_cache(maxsize=64)
def _place_pattern(language: str) -> "Pattern[str]":
    """Regions and cities as CLDR names them in the language; matches nothing for one it lacks."""
    import regex
    from babel import Locale, UnknownLocaleError

    try:
        locale = Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return regex.compile(r"(?!)")
    cities = (zone["city"] for zone in locale.time_zones.values() if "city" in zone)
    names = sorted({*locale.territories.values(), *cities}, key=len, reverse=True)
    return regex.compile("|".join(_bounded(name) for name in names if len(name) > 1))


def _bounded(name: str) -> str:
    import regex

    escaped = regex.escape(name)
    if regex.match(UNSPACED, name):
        return str(escaped)
    return rf"(?<!{INSIDE_WORD}|[@\#]){escaped}(?!{INSIDE_WORD})"
