"""What scores were made of, so that nothing is decided on those of another model."""

from dataclasses import dataclass

import pandas as pd

from ccnlp.errors import CcnlpError

AGAIN = "evaluate again: kedro run --pipelines evaluation,registration"


@dataclass(frozen=True)
class Origin:
    """What scores were made of.

    Attributes:
        weights: digest of the fine-tuned model's weights; `None` where it predicted nothing.
        champion_version: version that it was compared with; `None` where there was no champion.
        confidence: of the intervals, such as 0.95.
    """

    weights: str | None
    champion_version: str | None
    confidence: float


def origin_of(
    predictions: pd.DataFrame, *, champion_version: str | None, confidence: float
) -> Origin:
    """The origin of the scores of these predictions."""
    weights = predictions.loc[predictions["system"] == "finetuned", "weights"]
    return Origin(str(weights.iloc[0]) if len(weights) else None, champion_version, confidence)


def check_origin(origin: Origin, *, weights: str, champion_version: str | None) -> None:
    """Checks that the scores are of the present model and compare with the present champion.

    Raises:
        CcnlpError: they are of others; says how to evaluate again.
    """
    check_weights(origin.weights, weights=weights, what="scores")
    if origin.champion_version != champion_version:
        raise CcnlpError(
            f"the scores compare with {_describe_champion(origin.champion_version)}, but now there "
            f"is {_describe_champion(champion_version)}; {AGAIN}"
        )


def check_weights(recorded: str | None, *, weights: str, what: str) -> None:
    """Checks that something is of the present model's weights; `None` is of no model.

    Raises:
        CcnlpError: it is of others; says how to evaluate again.
    """
    if recorded is not None and recorded != weights:
        raise CcnlpError(
            f"the {what} are of other weights ({recorded}) than the fine-tuned model now has "
            f"({weights}); {AGAIN}"
        )


def _describe_champion(version: str | None) -> str:
    return "no champion" if version is None else f"version {version} as champion"
