"""Writes the table of docs/back_translation.md: how well the filters tell kept from broken.

Reads the round trips that were judged by reading (tests/augmentation/data/round_trips). A threshold
is chosen on the tuning half and judged on the reporting half. With `--check` it writes nothing and
fails where the table is not what it would write.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from ccnlp.agreement.disagreement import share_of
from ccnlp.augmentation.filtering import FILTERS, FilterContext
from ccnlp.augmentation.parameters import AugmentationParameters

PROJECT = Path(__file__).parents[1]
PAGE = PROJECT / "docs" / "back_translation.md"
JUDGED = PROJECT / "tests" / "augmentation" / "data" / "round_trips"
PARAMETERS = PROJECT / "conf" / "base" / "parameters" / "augmentation.yml"
BEGIN, END = "<!-- made by scripts/measure_filters.py -->\n", "<!-- end -->\n"
HEAD = (
    "| filter | threshold | pairs, broken | rejected | precision | recall |",
    "|---|---|---|---|---|---|",
)


def read_parameters() -> AugmentationParameters:
    """Those of the base environment."""
    values = yaml.safe_load(PARAMETERS.read_text(encoding="utf-8"))
    return AugmentationParameters.model_validate(values["augmentation"])


def read_scored(name: str, parameters: AugmentationParameters) -> pd.DataFrame:
    """The judged round trips of one filter with its scores; pairs without a verdict pass."""
    judged = pd.read_csv(JUDGED / f"{name}.csv", keep_default_na=False)
    judged["is_kept"] = judged["is_kept"].astype(str) == "True"
    context = FilterContext(lambda texts: np.empty((len(texts), 0)), judged, parameters)
    return judged.assign(score=FILTERS.get(name)().score(judged, context))


def choose_threshold(tuning: pd.DataFrame) -> float:
    """The `at_least`, in tenths, with the highest F1; of equal ones the highest."""
    tenths = [tenth / 10 for tenth in range(10, 0, -1)]
    return max(tenths, key=lambda at_least: f1(tuning, at_least))


def f1(scored: pd.DataFrame, at_least: float) -> float:
    """Of rejections that are broken pairs."""
    is_rejected = scored["score"] < at_least
    together = is_rejected.sum() + (~scored["is_kept"]).sum()
    return float(2 * (is_rejected & ~scored["is_kept"]).sum() / together)


def row(name: str, scored: pd.DataFrame) -> str:
    """The table's row for one filter: its threshold, and how it does on the reporting half."""
    at_least = choose_threshold(scored[scored["half"] == "tuning"])
    reporting = scored[scored["half"] == "reporting"]
    is_broken = ~reporting["is_kept"]
    is_rejected = reporting["score"] < at_least
    num_right = int((is_rejected & is_broken).sum())
    return (
        f"| `{name}` | {at_least:g} | {len(reporting)}, {is_broken.sum()} | {is_rejected.sum()} "
        f"| {share(num_right, int(is_rejected.sum()))} | {share(num_right, int(is_broken.sum()))} |"
    )


def share(count: int, n: int) -> str:
    """A share with its interval."""
    estimate = share_of(count, n, confidence=0.95, note="nothing to count")
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"


def render() -> str:
    """The table."""
    parameters = read_parameters()
    names = sorted(path.stem for path in JUDGED.glob("*.csv"))
    return "\n".join([*HEAD, *(row(name, read_scored(name, parameters)) for name in names)]) + "\n"


def main() -> None:
    """Writes the table into its page, or checks it."""
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    new = f"{before}{BEGIN}\n{render()}\n{END}{after}"
    if "--check" not in sys.argv:
        PAGE.write_text(new, encoding="utf-8")
    elif new != page:
        sys.exit("docs/back_translation.md is out of date; run scripts/measure_filters.py")


if __name__ == "__main__":
    main()
