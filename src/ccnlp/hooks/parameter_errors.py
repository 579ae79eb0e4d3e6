"""Kedro's report of parameters that break their model, in one line each."""

import re
from collections.abc import Iterator
from itertools import pairwise

GROUP = re.compile(r"^- Parameter '([^']+)': ")
DETAIL = re.compile(
    r"^  (?P<message>.+) \[type=(?P<type>\w+), input_value=(?P<value>.*), input_type="
)


def readable(report: str) -> str:
    """A line for each wrong value: its name, what is wrong, the value, and where to mend it.

    A report of another form is given back as it is.
    """
    lines = list(_lines(report.splitlines()))
    return "\n".join(lines) if lines else report


def _lines(report: list[str]) -> Iterator[str]:
    group = ""
    for previous, line in pairwise(report):
        if found := GROUP.match(previous):
            group = found.group(1)
        if detail := DETAIL.match(line):
            # The line before a detail is where it is: `optimiser.learning_rate`.
            name = f"{group}.{previous.strip().removesuffix('.[key]')}"
            yield f"{name}: {_sentence(detail)} (parameters/{group.split('.')[0]}.yml, or --params)"


def _sentence(detail: re.Match[str]) -> str:
    if detail["type"] == "extra_forbidden":
        return "there is no such parameter"
    if detail["type"] == "missing":
        return "it is missing"
    if detail["type"] == "value_error":
        return detail["message"].removeprefix("Value error, ")
    return f"{detail['message'][0].lower()}{detail['message'][1:]}, and it is {detail['value']}"
