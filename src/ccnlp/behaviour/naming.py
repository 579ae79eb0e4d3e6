"""Names that people read, of kinds of tests, tests and rates."""

import math

from ccnlp.behaviour.cases import FUNCTIONAL, INVARIANCE, SWAP, Kind
from ccnlp.behaviour.parameters import CODE_SWITCHING

KIND_NAMES: dict[Kind, str] = {
    FUNCTIONAL: "functional tests",
    SWAP: "swaps",
    INVARIANCE: "spelling and mixing",
}
KIND_COLOURS: dict[Kind, str] = {FUNCTIONAL: "#14507d", SWAP: "#e0913f", INVARIANCE: "#67a6c6"}

PERTURBATION_NAMES = {
    "upper_case": "all in capitals",
    "lower_case": "no capitals",
    "repeated_punctuation": "!!! for !",
    "full_width": "full-width letters",
    "curly_quotes": "curly or straight quotes",
    "missing_diacritics": "accents left out",
    "emoji_variation_selectors": "emoji without or with selectors",
    CODE_SWITCHING: "a few words of another language",
}


def test_name(test: str) -> str:
    """The name of a test in tables and pictures."""
    return PERTURBATION_NAMES.get(test, test)


def percent(share: float) -> str:
    """A share in percent, with a digit behind the point below ten.

    >>> percent(0.0312), percent(0.5), percent(0.0)
    ('3.1 %', '50 %', '0 %')
    """
    if math.isnan(share):
        return "–"
    value = 100 * share
    return f"{value:.1f} %" if 0 < value < 9.95 else f"{value:.0f} %"
