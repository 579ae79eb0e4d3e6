"""Kedro's report of parameters that break their model, in one line each."""

import re
from collections.abc import Iterator

SECTION = re.compile(
    r"^- Parameter '(?P<name>[^']+)': (?P<text>.*?)(?=^- Parameter '|\Z)", re.M | re.S
)
LEAD = re.compile(r"Failed to instantiate \w+ for parameter '[^']+': ")
COUNT = re.compile(r"\d+ validation errors? for .*\n")
LINK = re.compile(r"^    For further information visit .*\n?", re.M)
DETAIL = re.compile(
    r"^(?:(?P<location>\S.*)\n)?  (?P<message>(?:.|\n)+?) "
    r"\[type=(?P<type>\w+), input_value=(?P<value>.*), input_type=\w+\]$",
    re.M,
)
NO_VALUE = "value is None but type is not Optional"
WITHOUT_VALUE = {"extra_forbidden": "there is no such parameter", "missing": "it is missing"}
NO_LIST = ("list_type", "tuple_type")
QUOTES = "'\""
VALUE_ERROR_PREFIX = "Value error, "
"""What pydantic puts before the sentence of a check of our own."""


def readable(report: str) -> str:
    """A line for each wrong value: its name, what is wrong, the value, and where to mend it.

    Checks that say where to mend it are told in their own words. A report of another form is given
    back as it is.
    """
    lines = [
        line
        for section in SECTION.finditer(report)
        for line in _lines(section["name"], section["text"].strip())
    ]
    return "\n".join(dict.fromkeys(lines)) if lines else report


def _lines(name: str, text: str) -> Iterator[str]:
    text = LEAD.sub("", text, count=1)
    if not COUNT.match(text):
        yield _line(name, "it has no value" if text == NO_VALUE else text)
        return
    details = list(DETAIL.finditer(LINK.sub("", COUNT.sub("", text, count=1))))
    locations = [detail["location"] or "" for detail in details]
    for detail, location in zip(details, locations, strict=True):
        if detail["type"] == "too_short" and any(
            other.startswith(f"{location}.") for other in locations
        ):
            continue  # it counts the right items alone, and the wrong ones are told
        where = f"{name}.{location.strip().removesuffix('.[key]')}" if location else name
        yield _line(where, _sentence(detail))


def _line(where: str, sentence: str) -> str:
    if sentence.endswith(".yml)"):
        return sentence
    group = where.split(".", maxsplit=1)[0]
    return f"{where}: {sentence} (parameters/{group}.yml, or --params)"


def _sentence(detail: re.Match[str]) -> str:
    message, value = detail["message"], detail["value"]
    if detail["type"] in WITHOUT_VALUE:
        return WITHOUT_VALUE[detail["type"]]
    if detail["type"] == "model_type":
        return f"it must hold parameters by name, and it is {value}"
    if detail["type"] == "too_short" and value in ("[]", "()"):
        return "it is empty, and must have something in it"
    if detail["type"] in NO_LIST:
        return f"it must be a list, such as {_as_list(value)}, and it is {value}"
    if message.startswith(VALUE_ERROR_PREFIX):
        return message.removeprefix(VALUE_ERROR_PREFIX)
    return f"{message[0].lower()}{message[1:]}, and it is {value}"


def _as_list(value: str) -> str:
    """How a list of the value is written; of one that holds others, how any list is."""
    is_one = not value.startswith(("{", "[", "("))
    return f"[{value.strip(QUOTES)}]" if is_one else "[first, second]"
