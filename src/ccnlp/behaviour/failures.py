"""The cases that went wrong, with what the model read and said."""

import pandas as pd

COLUMNS = [
    "kind", "suite", "task", "test", "language", "culture", "domain", "original", "text",
    "change", "expected", "original_prediction", "original_confidence", "prediction", "confidence",
    "distance", "further",
]  # fmt: skip


def list_failures(predictions: pd.DataFrame) -> pd.DataFrame:
    """Every case that went wrong, of each test the surest wrong answer first.

    Columns: `COLUMNS`. Of a swap or perturbation `original` and `text` are the text before and
    after it; the answers to both stand beside, and `distance` says how much probability moved.

    Args:
        predictions: of `predict_cases`.
    """
    failures = predictions.loc[predictions["is_failure"], COLUMNS]
    order = ["kind", "suite", "task", "test", "confidence", "text"]
    return failures.sort_values(
        order, ascending=[name != "confidence" for name in order], ignore_index=True
    )


def examples_of(failures: pd.DataFrame, *, per_test: int) -> pd.DataFrame:
    """The first of each test, one of each language before a second one of any."""
    keys = ["kind", "suite", "task", "test"]
    turn = failures.groupby([*keys, "language"], sort=False).cumcount()
    ordered = failures.assign(turn=turn).sort_values([*keys, "turn"], kind="stable")
    return ordered.groupby(keys, sort=False).head(per_test).drop(columns="turn")
