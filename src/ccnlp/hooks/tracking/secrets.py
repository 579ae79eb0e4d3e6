"""Keeps credentials out of everything that is written down about a run."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

MASK = "***"
SECRET_WORDS = frozenset(
    {"token", "password", "passwd", "passphrase", "pwd", "secret", "credential", "credentials"}
    | {"apikey", "auth", "authorization"}
)
SECRET_PAIRS = frozenset({("api", "key"), ("access", "key"), ("private", "key"), ("secret", "key")})
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
URL_CREDENTIALS = re.compile(r"(?<=://)[^/@\s'\"]+@")
NAME = re.compile(
    r"""
    (?: \\(?P<escape>[nrt]) | (?<![\w.-]) ) (?P<name>[\w.-]++)  # the letter may be the name's own
    \\*['"]? \]? [ \t]* [=:]{1,2} [ \t]*
    """,
    re.VERBOSE,
)
"""A name up to its value: `token=`, `"token": `, `['token'] = `, and these inside quoted text."""

VALUE = re.compile(
    r"""
    (?! (?:null|None|""|'') (?:[\s,;)\]}'"]|\Z) )            # nothing is no secret
    (?: (?:Bearer|Basic|Digest|Negotiate|Token)[ ] [^\r\n'"]+  # the rest of a header
      | (?P<open>[bru]?(?P<quote>\\*['"])) (?:\\.|[^\\])*? (?P<close>(?P=quote))
      | \{[^{}]*\} | \[[^\[\]]*\] | \([^()]*\)
      | (?P<torn>\\*['"])? [^\s,;'"]+
    )
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
KNOWN_SHAPES = re.compile(
    r"\b(?:hf_[A-Za-z0-9]{16,}|gh[pousr]_\w{16,}|sk-[\w-]{16,}|AKIA[A-Z0-9]{16})"
)
WORKING_DIRECTORIES = {"PWD", "OLDPWD"}
"""The shell's variables, which are no passwords."""

MIN_LENGTH = 6
"""Shorter values of secret variables would blacken ordinary words."""


def is_secret_name(name: str) -> bool:
    """Whether a parameter or variable of this name holds a credential.

    >>> is_secret_name("hub.access_token"), is_secret_name("max_length_tokens")
    (True, False)
    """
    words = [word.lower() for word in WORD.findall(name)]
    return bool(SECRET_WORDS.intersection(words)) or not SECRET_PAIRS.isdisjoint(pairwise(words))


def mask_url(text: str) -> str:
    """The text without the user and password of any URL in it.

    >>> mask_url("postgresql://me:pass@host/db")
    'postgresql://***@host/db'
    """
    return URL_CREDENTIALS.sub(f"{MASK}@", text)


@dataclass(frozen=True)
class Masker:
    """Replaces credentials in text.

    Attributes:
        secrets: values to replace wherever they stand, the longest first.
    """

    secrets: tuple[str, ...] = ()

    @classmethod
    def of(cls, credentials: object) -> "Masker":
        """Knows the values of credentials.yml and of this process's secret variables."""
        secret_names = {name for name in os.environ if is_secret_name(name)} - WORKING_DIRECTORIES
        values = {os.environ[name] for name in secret_names}
        values.update(_strings(credentials))
        long_values = (value for value in values if len(value) >= MIN_LENGTH)
        return cls(tuple(sorted(long_values, key=len, reverse=True)))

    def text(self, text: str) -> str:
        """The text with every credential masked."""
        for secret in self.secrets:
            text = text.replace(secret, MASK)
        return KNOWN_SHAPES.sub(MASK, _mask_values(mask_url(text)))

    def value(self, name: str, value: str) -> str:
        """The value of a parameter, masked whole where its name says that it is a credential."""
        return MASK if is_secret_name(name) and value not in ("null", "") else self.text(value)


def _mask_values(text: str) -> str:
    """The text without the values that stand behind names of credentials.

    Other values are searched in their turn: `--params=token=abc` is one, too.
    """
    pieces, start = [], 0
    for name in NAME.finditer(text):
        names = {name["name"], (name["escape"] or "") + name["name"]}
        is_wanted = name.start() >= start and any(map(is_secret_name, names))
        value = VALUE.match(text, name.end()) if is_wanted else None
        if value:
            opening = value["open"] or value["torn"] or ""
            pieces += [text[start : value.start()], opening, MASK, value["close"] or ""]
            start = value.end()
    return "".join([*pieces, text[start:]])


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, Iterable):
        for item in value:
            yield from _strings(item)
