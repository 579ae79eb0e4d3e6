"""Invariance: texts changed in ways that leave their meaning, and so their label, as it is.

Invariance tests of CheckList (Ribeiro et al. 2020, section 2.2).
"""

from collections.abc import Iterator

import pandas as pd

from ccnlp.behaviour.cases import INVARIANCE, Case, TextRow, case_table, changed_case, draw_order
from ccnlp.behaviour.parameters import (
    CODE_SWITCHING,
    CodeSwitchingParameters,
    InvarianceParameters,
    Languages,
)
from ccnlp.behaviour.typography import PERTURBATIONS
from ccnlp.behaviour.words import find_words, replace_words
from ccnlp.cultures import base_language, for_language

Change = tuple[str, str, str | None]
"""Name of the perturbation, the changed text, and what was changed where that says more."""


def perturb_texts(
    texts: pd.DataFrame, parameters: InvarianceParameters, *, seed: int
) -> pd.DataFrame:
    """The cases of every text that a perturbation changes; one that it leaves is no case.

    Args:
        texts: `TEXT_COLUMNS`.
        parameters: the perturbations, and in which languages they are tried.
        seed: of the languages whose words are taken.
    """
    rows = texts.astype(object).to_dict("records")
    return case_table(case for row in rows for case in _cases_of(row, parameters, seed))


def is_tried_in(languages: Languages, language: str) -> bool:
    """Whether a perturbation of these languages is tried on texts of the language."""
    return languages == "all" or language in languages or base_language(language) in languages


def _cases_of(row: TextRow, parameters: InvarianceParameters, seed: int) -> Iterator[Case]:
    key = f"{seed}-{row['unit']}"
    for test, changed, change in _changes(row["text"], row["language"], parameters, key):
        if changed != row["text"]:
            yield changed_case(row, kind=INVARIANCE, test=test, text=changed, change=change)


def _changes(
    text: str, language: str, parameters: InvarianceParameters, key: str
) -> Iterator[Change]:
    for name, perturb in PERTURBATIONS.items():
        languages = parameters.typography.get(name)
        if languages is not None and is_tried_in(languages, language):
            yield name, perturb(text, language), None
    if parameters.code_switching is not None:
        yield from _code_switched(text, language, parameters.code_switching, key)


def _code_switched(
    text: str, language: str, parameters: CodeSwitchingParameters, key: str
) -> Iterator[Change]:
    """The text with every listed word in one of the partners' languages that has any for it."""
    meanings = {
        word: meaning
        for meaning, words in parameters.words.items()
        if (word := for_language(words, language, None)) is not None
    }
    words_in_text = find_words(text, list(meanings)) if meanings else []
    partners: tuple[str, ...] = for_language(parameters.partners, language, ())
    for partner in sorted(partners, key=lambda partner: draw_order(0, key, partner)):
        replacements = {
            word: replacement
            for word in words_in_text
            if (replacement := for_language(parameters.words[meanings[word]], partner, None))
            is not None
        }
        if replacements:
            change = ", ".join(f"{word} → {other}" for word, other in replacements.items())
            yield CODE_SWITCHING, replace_words(text, replacements), f"{change} ({partner})"
            return
