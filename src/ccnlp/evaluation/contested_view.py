"""Which texts a model answers differently for the cultures: in words for people."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ContestedText:
    """One text; `answers` spells the most probable label of each culture."""

    text: str
    disagreement: float
    answers: str


@dataclass(frozen=True)
class ContestedView:
    """The section of one task."""

    sentences: tuple[str, ...]
    texts: tuple[ContestedText, ...]


def view_contested(summary: Mapping[str, Any], *, max_characters: int) -> ContestedView:
    """What `contested.summarise_disagreement` found for a task.

    Args:
        summary: of the task.
        max_characters: of a text that are shown.
    """
    return ContestedView(
        sentences=tuple(_sentences(summary)),
        texts=tuple(
            ContestedText(
                _cut(row["text"], max_characters), row["disagreement"], _spell(row["answers"])
            )
            for row in summary["texts"]
        ),
    )


def _sentences(summary: Mapping[str, Any]) -> Iterator[str]:
    num_texts, num_contested = summary["num_texts"], summary["num_contested"]
    yield (
        f"Asked for each culture that it was trained on, the model's answers lie "
        f"{summary['min_disagreement']:g} or more apart on {num_contested:,} of {num_texts:,} test "
        f"texts: these are contested. The median disagreement is {summary['median']:.2f}."
    )
    if not summary["num_judged"]:
        return
    judged_texts = f"{summary['num_judged']:,} texts that people of two cultures or more judged"
    correlation = summary["correlation"]
    if correlation is None:
        yield (
            f"Whether it disagrees where people do is unknown: the {judged_texts} are too few, or "
            "all divide the model or the people alike."
        )
        return
    interval = f"{correlation:.2f} ({summary['low']:.2f} to {summary['high']:.2f})"
    finding = (
        "it disagrees where people do"
        if summary["low"] > 0
        else "it agrees where people don't"
        if summary["high"] < 0
        else "it is not shown to disagree where people do"
    )
    yield (
        f"On the {judged_texts}, {finding}: Spearman's rank correlation of the two disagreements "
        f"is {interval}. With few annotators a culture, those of people are partly chance, which "
        "keeps it low; texts that divide everybody raise both."
    )


def _spell(answers: Mapping[str, str]) -> str:
    """Such as `negative: AU, GB; neutral: SG`."""
    cultures_by_label: dict[str, list[str]] = {}
    for culture, label in answers.items():
        cultures_by_label.setdefault(label, []).append(culture)
    if len(cultures_by_label) == 1:
        return f"{next(iter(cultures_by_label))} in all"
    commonest_first = sorted(cultures_by_label.items(), key=lambda item: -len(item[1]))
    return "; ".join(
        f"{label}: {', '.join(label_cultures)}" for label, label_cultures in commonest_first
    )


def _cut(text: str, max_characters: int) -> str:
    return text if len(text) <= max_characters else text[:max_characters].rstrip() + " …"
