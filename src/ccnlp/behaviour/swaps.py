"""Counterfactual swaps: the same text about another person or group.

Fairness by counterfactual tokens (Garg et al. 2019): an answer that depends on which of several
names, nationalities or religions stands in a text that is otherwise the same.
"""

from collections.abc import Iterator

import pandas as pd

from ccnlp.behaviour.cases import ARROW, SWAP, Case, case_table, draw_order
from ccnlp.behaviour.parameters import SwapParameters, TermSet
from ccnlp.behaviour.words import find_words, replace_words
from ccnlp.cultures import for_language


def make_swaps(texts: pd.DataFrame, parameters: SwapParameters, *, seed: int) -> pd.DataFrame:
    """The cases of every text in which a term occurs.

    A term is replaced everywhere in its text by one of its set that does not stand there. Of all
    such swaps of a text and a group of terms, `swaps_per_text` are drawn. A text with a word that
    would have to change with the term (`unless`) is left out.

    Args:
        texts: `TEXT_COLUMNS`.
        parameters: the terms.
        seed: of the draw.
    """
    rows = texts.astype(object).itertuples(index=False, name=None)
    return case_table(
        case
        for row in rows
        for group in parameters.terms
        for case in _swaps_of(row, group, parameters, seed)
    )


def _swaps_of(
    row: tuple[str, ...], group: str, parameters: SwapParameters, seed: int
) -> Iterator[Case]:
    task, unit, language, culture, text = row
    sets = for_language(parameters.terms[group], language, ())
    agreeing = for_language(parameters.unless.get(group, {}), language, ())
    if agreeing and find_words(text, agreeing):
        return
    pairs = [pair for terms in sets for pair in _pairs(text, terms)]
    pairs.sort(key=lambda pair: draw_order(seed, unit, group, *pair))
    for term, other in pairs[: parameters.swaps_per_text]:
        yield Case(
            kind=SWAP,
            suite="",
            task=task,
            test=group,
            language=language,
            culture=culture,
            unit=unit,
            text=replace_words(text, {term: other}),
            original=text,
            change=f"{term}{ARROW}{other}",
        )


def _pairs(text: str, terms: TermSet) -> list[tuple[str, str]]:
    """Each term of the set in the text, with each that is not."""
    found = find_words(text, terms)
    return [(term, other) for term in found for other in terms if other not in found]
