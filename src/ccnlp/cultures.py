"""Languages, regions and cultures: validated tags, and what CLDR knows of them."""

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Annotated, TypeVar

from pydantic import BeforeValidator

from ccnlp.errors import ConfigurationError, did_you_mean
from ccnlp.examples import UNKNOWN

T = TypeVar("T")
D = TypeVar("D")


@lru_cache(maxsize=4096)
def parse_language(tag: str, *, where: str) -> str:
    """The BCP-47 tag in its canonical form, such as `zh-Hant` or `pt-BR`; `und` if unknown.

    Args:
        tag: the tag as the user wrote it; case and underscores don't matter.
        where: the place to name in a message, such as `corpus 'afro'`.

    Raises:
        ConfigurationError: not a valid tag; suggests the near one, `sw` for `swa` and `en-GB` for
            `en_UK`.
    """
    try:
        return canonical_language(tag)
    except ValueError as error:
        raise ConfigurationError(f"{where}: language {error} (parameters/corpora.yml)") from None


def canonical_language(tag: object) -> str:
    """As `parse_language`, for a parameter.

    Raises:
        ValueError: not a valid tag; suggests the near one.
    """
    import langcodes

    if isinstance(tag, bool):  # YAML's reading of Norwegian
        raise ValueError("YAML reads no as a truth value; put the tag in quotes")
    if not isinstance(tag, str):
        raise ValueError(f"{tag!r} is not a BCP-47 tag")
    if tag in {UNKNOWN, "tl"}:  # CLDR folds Tagalog into Filipino; BCP-47 keeps both
        return tag
    try:
        language = langcodes.Language.get(tag, normalize=True)
    except langcodes.LanguageTagError:
        language = None
    canonical = str(language.to_tag()) if language is not None and language.is_valid() else None
    if canonical is not None and canonical.lower() == tag.replace("_", "-").lower():
        return canonical
    hint = f"did you mean {canonical!r}?" if canonical else _near_language(tag)
    raise ValueError(f"{tag!r} is not a BCP-47 tag; {hint}")


def check_is_list(value: object, name: str) -> None:
    """Checks that tags, or other keys, are given in a list, a tuple, an array or a set.

    Args:
        value: what stands in place of the list.
        name: of the parameter.

    Raises:
        ValueError: it is something else, such as one text; shows how to write it.
    """
    if isinstance(value, str):
        raise ValueError(f"{name!r} is the text {value!r}; name them in a list, [{value!r}]")
    if not isinstance(value, Collection) or isinstance(value, Mapping | bytes):
        raise ValueError(f"{name!r} is {value!r}, which is no list; leave it out, or give one")


LanguageTag = Annotated[str, BeforeValidator(canonical_language)]
"""A parameter that names a language; in its canonical form, and refused with the near tag."""


def _near_language(tag: str) -> str:
    import langcodes

    try:
        return f"did you mean {langcodes.find(tag).to_tag()!r}?"
    except LookupError:
        return did_you_mean(tag.lower(), _cldr_languages())


@lru_cache(maxsize=1)
def _cldr_languages() -> tuple[str, ...]:
    from babel import Locale

    return tuple(sorted(Locale("en").languages))


@lru_cache(maxsize=1)
def regions() -> dict[str, str]:
    """Every ISO 3166-1 region code, and XK for Kosovo, with the English name that CLDR gives."""
    from babel import Locale

    names = Locale("en").territories
    pseudo = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}
    reserved = {"AC", "CP", "CQ", "DG", "EA", "IC", "TA"}  # by ISO, for parts of other regions
    return {
        code: name
        for code, name in sorted(names.items())
        if len(code) == 2 and code.isalpha() and code not in pseudo | reserved
    }


@lru_cache(maxsize=4096)
def parse_region(code: str, *, where: str) -> str:
    """The ISO 3166 region in upper case; `und` if unknown.

    Raises:
        ConfigurationError: no such region; suggests the near one.
    """
    return _parse_region_or_group(code, frozenset(), where=where, field="region")


def parse_culture(code: str, *, groups: Collection[str], where: str) -> str:
    """The culture key: an ISO 3166 region, one of the entry's declared groups, or `und`.

    Args:
        code: the key as the user wrote it.
        groups: keys that the corpus entry declares beside the regions.
        where: the place to name in a message.

    Raises:
        ConfigurationError: neither a region nor a declared group; suggests the near key.
    """
    return _parse_region_or_group(code, frozenset(groups), where=where, field="culture")


@lru_cache(maxsize=4096)
def _parse_region_or_group(code: str, groups: frozenset[str], *, where: str, field: str) -> str:
    if code == UNKNOWN or code in groups:
        return code
    if code.upper() in regions():
        return code.upper()
    allowed = "no ISO 3166 region such as 'GB'"
    if field == "culture":
        allowed += " and not in the entry's culture_groups"
    near = _near_region(code) or did_you_mean(code, {*regions(), *groups})
    hint = near if near.startswith("did") else "map it to one, or to 'und'"
    raise ConfigurationError(
        f"{where}: {field} {code!r} is {allowed}; {hint} (parameters/corpora.yml)"
    )


def canonical_culture(code: object, *, groups: Collection[str] = ()) -> str:
    """As `parse_culture`, for a parameter or a request; `und` is none.

    Raises:
        ValueError: neither a region nor one of the groups; suggests the near key.
    """
    if isinstance(code, bool):  # YAML's reading of Norway
        raise ValueError("YAML reads NO as a truth value; put the region in quotes")
    if isinstance(code, str) and code in groups:
        return code
    if isinstance(code, str) and code.upper() in regions():
        return code.upper()
    near = _near_region(str(code)) or did_you_mean(str(code), {*regions(), *groups})
    group_clause = " and no declared group" if groups else ""
    raise ValueError(f"{code!r} is no ISO 3166 region such as 'GB'{group_clause}; {near}")


def _near_region(code: str) -> str | None:
    """The hint for a region's English name, such as `Kenya`, and for the UK."""
    by_name = {name.lower(): key for key, name in regions().items()} | {"uk": "GB"}
    near = by_name.get(code.lower())
    return f"did you mean {near!r}?" if near else None


@lru_cache(maxsize=4096)
def language_name(tag: str) -> str:
    """The English name with script and region; empty for `und` and where CLDR has none.

    >>> language_name("zh-Hant"), language_name("es-419"), language_name("qaa")
    ('Chinese (Traditional)', 'Spanish (Latin America)', '')
    """
    from babel import Locale

    english = Locale("en")
    language, *subtags = tag.split("-")
    name = "" if language == UNKNOWN else str(english.languages.get(language, ""))
    subtag_names = {**english.scripts, **english.territories}
    details = ", ".join(str(subtag_names.get(subtag, subtag)) for subtag in subtags)
    return f"{name} ({details})" if name and details else name


def base_language(language: str) -> str:
    """The primary subtag: `zh` of `zh-Hant`."""
    return language.split("-", maxsplit=1)[0]


def for_language(values: Mapping[str, T], language: str, default: D) -> T | D:
    """The value of a language, else that of its primary subtag, else the default.

    >>> for_language({"es": 1, "es-MX": 2}, "es-AR", 0)
    1
    """
    return values.get(language, values.get(base_language(language), default))
