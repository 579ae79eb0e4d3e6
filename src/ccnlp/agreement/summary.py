"""What the agreement says, in sentences for people and as an object for JSON."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ccnlp.agreement.naming import (
    culture_name,
    name_in_sentence,
    noun_for,
    number_word,
    plural,
)
from ccnlp.agreement.tables import AgreementTables
from ccnlp.examples import UNKNOWN

FIGURES = (
    *("value", "low", "high", "n", "num_tied", "is_small"),
    *("shuffled", "shuffled_low", "shuffled_high", "note"),
)


def summarise_agreement(tables: AgreementTables) -> dict[str, object]:
    """The main figures and what they mean, ready for JSON.

    Keys: `sentences`, in plain English; `num_texts`, `num_annotations` and, of these,
    `num_unknown_culture`; `cultures`; and the figures, each an object with the columns of the
    table `agreement` from `value` on: `alpha_all`, `alpha_within` by culture, `alpha_between`,
    `consensus`, and `most_different` and `least_different`, the pairs that are not small, with
    their `cultures`. What is undefined or not there is null.

    Args:
        tables: of `agreement_tables`.
    """
    findings = _Findings.of(tables)
    votes = tables.votes
    return {
        "sentences": list(findings.sentences()),
        "num_texts": int(votes["group_id"].nunique()),
        "num_annotations": int(votes["n"].sum()),
        "num_unknown_culture": findings.num_unknown,
        "cultures": list(findings.cultures),
        "alpha_all": _figures(findings.rows("all", "alpha")[0]),
        "alpha_within": {
            str(row["culture_a"]): _figures(row) for row in findings.rows("within", "alpha")
        },
        "alpha_between": _figures(findings.rows("between", "alpha")[0]),
        "consensus": _figures(findings.rows("between", "consensus")[0]),
        "most_different": _pair(findings.ranked[0]) if findings.ranked else None,
        "least_different": _pair(findings.ranked[-1]) if findings.ranked else None,
    }


Row = Mapping[str, Any]


@dataclass(frozen=True)
class _Findings:
    """Puts the figures into words."""

    agreement: pd.DataFrame
    cultures: tuple[str, ...]
    num_unknown: int
    is_judged_by_all: bool
    has_several_annotators: bool
    """Whether a known culture has two annotations of a text."""

    @classmethod
    def of(cls, tables: AgreementTables) -> "_Findings":
        votes = tables.votes
        is_known = votes["culture"] != UNKNOWN
        cultures = tuple(sorted(map(str, votes.loc[is_known, "culture"].unique())))
        num_cultures = votes[is_known].groupby("group_id").size()
        is_judged_by_all = bool((num_cultures[num_cultures >= 2] == len(cultures)).all())
        num_unknown = int(votes.loc[~is_known, "n"].sum())
        has_several = bool((votes.loc[is_known, "n"] > 1).any())
        return cls(tables.agreement, cultures, num_unknown, is_judged_by_all, has_several)

    def rows(self, kind: str, measure: str) -> list[Row]:
        is_chosen = (self.agreement["kind"] == kind) & (self.agreement["measure"] == measure)
        return [
            {str(name): value for name, value in row.items()}
            for row in self.agreement[is_chosen].to_dict("records")
        ]

    @property
    def ranked(self) -> list[Row]:
        """The pairs that are not small, the most different first."""
        pairs = [row for row in self.rows("pair", "disagreement") if not row["is_small"]]
        return sorted(pairs, key=lambda row: -float(row["value"]))

    @property
    def noun(self) -> str:
        return noun_for(self.cultures)

    def sentences(self) -> Iterator[str]:
        if len(self.cultures) >= 2:
            yield from self._consensus()
            yield from self._pairs()
        else:
            yield f"There is {number_word(len(self.cultures))} known culture: nothing to compare."
        yield from self._annotators()
        if len(self.cultures) >= 2:
            yield from self._majorities()
        if self.num_unknown:
            yield (
                f"Annotations by people of an unknown culture: {self.num_unknown:,}; they count "
                "only in the agreement of all annotators."
            )

    def _consensus(self) -> Iterator[str]:
        row = self.rows("between", "consensus")[0]
        if row["note"]:
            yield f"How often the {plural(self.noun)} agree is unknown: {row['note']}."
            return
        subject = f"the {number_word(len(self.cultures))} {plural(self.noun)}"
        if not self.is_judged_by_all:
            subject = f"the {plural(self.noun)} that judged a text"
        do_not = "do not agree" if len(self.cultures) == 2 else "do not all agree"
        yield (
            f"On {_percent(1 - row['value'])} of texts {subject} {do_not} "
            f"({_percents(1 - row['high'], 1 - row['low'])}; {row['n']:,} texts compared)."
        )
        yield from self._shuffled(row)
        if row["num_tied"]:
            yield (
                f"{_texts(row['num_tied'])} left out of this because "
                f"the vote within a {self.noun} was tied."
            )

    def _shuffled(self, row: Row) -> Iterator[str]:
        """How much of the disagreement would be there without cultures."""
        if math.isnan(row["shuffled"]):
            return
        observed, chance = 1 - row["value"], 1 - row["shuffled"]
        sentence = (
            f"With the same annotations dealt to the {plural(self.noun)} at random it would be "
            f"{_percent(chance)}"
        )
        if observed > 1 - row["shuffled_low"]:
            sentence += (
                f": so much is between persons; the {plural(self.noun)} add "
                f"{100 * (observed - chance):.1f} points."
            )
        elif observed < 1 - row["shuffled_high"]:
            sentence += f": the {plural(self.noun)} agree more than that."
        else:
            sentence += f": no sign that the {self.noun} matters as a whole."
        yield sentence

    def _pairs(self) -> Iterator[str]:
        ranked, pairs = self.ranked, self.rows("pair", "disagreement")
        if len(ranked) > 1:
            most, least = ranked[0], ranked[-1]
            if most["value"] == least["value"]:
                yield f"All pairs differ alike, on {_percent(most['value'])} of texts."
            else:
                yield (
                    f"Of all pairs, {_pair_name(most)} differ most, on {_percent(most['value'])} "
                    f"of texts; {_pair_name(least)} least, on {_percent(least['value'])}."
                )
        num_small = len(pairs) - len(ranked)
        if num_small:
            yield f"{num_small:,} of {len(pairs):,} pairs share too few texts to be ranked."

    def _annotators(self) -> Iterator[str]:
        if not self.has_several_annotators:
            yield (
                f"No {self.noun} has two annotations of a text, so how much its annotators agree "
                "with each other is unknown."
            )
            return
        all_annotators = self.rows("all", "alpha")[0]
        if all_annotators["note"]:
            yield f"The agreement of single annotators is unknown: {all_annotators['note']}."
            return
        sentence = (
            "Among single annotators Krippendorff's alpha, where 1 is full agreement and 0 is "
            f"chance, is {_number(all_annotators)}"
        )
        within = [row for row in self.rows("within", "alpha") if not row["is_small"]]
        defined = sorted((row for row in within if not row["note"]), key=lambda row: row["value"])
        if len(defined) > 1:
            low, high = defined[0], defined[-1]
            sentence += (
                f"; within one {self.noun} it runs from {_decimal(low['value'])} "
                f"({culture_name(low['culture_a'])}) to {_decimal(high['value'])} "
                f"({culture_name(high['culture_a'])})"
            )
        yield f"{sentence}."

    def _majorities(self) -> Iterator[str]:
        between = self.rows("between", "alpha")[0]
        if between["note"]:
            return
        majorities = f"the majorities of the {plural(self.noun)}"
        if self.has_several_annotators:
            yield (
                f"Between {majorities} alpha is {_number(between)}. A majority evens out single "
                "opinions, so this is not comparable with the agreement of single annotators."
            )
        else:
            yield (
                f"Between {majorities} Krippendorff's alpha is {_number(between)}, where 1 is full "
                "agreement and 0 is chance."
            )


def _figures(row: Row) -> dict[str, object]:
    return {
        name: None if isinstance(row[name], float) and math.isnan(row[name]) else row[name]
        for name in FIGURES
    }


def _pair(row: Row) -> dict[str, object]:
    return {"cultures": [row["culture_a"], row["culture_b"]], **_figures(row)}


def _pair_name(row: Row) -> str:
    return f"{name_in_sentence(row['culture_a'])} and {name_in_sentence(row['culture_b'])}"


def _number(row: Row) -> str:
    return f"{_decimal(row['value'])} ({_decimal(row['low'])} to {_decimal(row['high'])})"


def _decimal(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}"  # no -0.00


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _percents(low: float, high: float) -> str:
    return f"{100 * low:.1f} to {100 * high:.1f} %"


def _texts(number: int) -> str:
    return "One text is" if number == 1 else f"{number_word(number).capitalize()} texts are"
