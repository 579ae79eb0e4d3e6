"""Names of cultures, as sentences and pictures of agreement have them."""

from collections.abc import Sequence

from ccnlp.cultures import regions

WITH_ARTICLE = ("United ", "Netherlands", "Philippines", "Bahamas", "Maldives")
"""Beginnings of the names of common countries that stand with an article."""

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def culture_name(culture: str) -> str:
    """The English name of a region, such as `Singapore`; a declared group keeps its key."""
    return regions().get(culture, culture)


def name_in_sentence(culture: str) -> str:
    """As `culture_name`, with the article that the name has in a sentence."""
    name = culture_name(culture)
    return f"the {name}" if name.startswith(WITH_ARTICLE) else name


def noun_for(cultures: Sequence[str]) -> str:
    """`country` where every culture is a region, else `culture`."""
    return "country" if all(culture in regions() for culture in cultures) else "culture"


def plural(noun: str) -> str:
    """Of the nouns that `noun_for` gives."""
    return "countries" if noun == "country" else f"{noun}s"


def number_word(number: int) -> str:
    """Up to ten in letters."""
    return NUMBERS[number] if number < len(NUMBERS) else f"{number:,}"
