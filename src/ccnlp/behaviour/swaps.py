"""Counterfactual swaps: the same text about another person or group.

Fairness by counterfactual tokens (Garg et al. 2019): an answer that depends on which of several
names, nationalities or religions stands in a text that is otherwise the same.
"""

from collections.abc import Iterator

import pandas as pd

from ccnlp.behaviour.cases import ARROW, SWAP, Case, TextRow, case_table, changed_case, draw_order
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
    rows = texts.astype(object).to_dict("records")
    return case_table(
        case
        for row in rows
        for group in parameters.terms
        for case in _swaps_of(row, group, parameters, seed)
    )


def _swaps_of(row: TextRow, group: str, parameters: SwapParameters, seed: int) -> Iterator[Case]:
    language, text = row["language"], row["text"]
    term_sets = for_language(parameters.terms[group], language, ())
    agreeing = for_language(parameters.unless.get(group, {}), language, ())
    if agreeing and find_words(text, agreeing):
        return
    pairs = [pair for term_set in term_sets for pair in _pairs(text, term_set)]
    pairs.sort(key=lambda pair: draw_order(seed, row["unit"], group, *pair))
    for term, replacement in pairs[: parameters.swaps_per_text]:
        yield changed_case(
            row,
            kind=SWAP,
            test=group,
            text=replace_words(text, {term: replacement}),
            change=f"{term}{ARROW}{replacement}",
        )


def _pairs(text: str, terms: TermSet) -> list[tuple[str, str]]:
    """Each term of the set in the text, with each that is not."""
    found_terms = find_words(text, terms)
    return [
        (term, replacement)
        for term in found_terms
        for replacement in terms
        if replacement not in found_terms
    ]
