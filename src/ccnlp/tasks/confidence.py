"""How sure an answer is, in numbers that hold on validation rows.

A network is often surer than it is right (Guo et al. 2017, "On Calibration of Modern Neural
Networks"). One number, the temperature, mends probabilities of labels; two, a slope and an
intercept of log-odds, the confidence of an answer that is made of many of them (Platt 1999).
Neither changes which answer is given. The scale also keeps which of two is the surer one; the
temperature of three labels or more may turn two rows round.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

TEMPERATURE, LOGITS = "temperature", "logits"
"""The part of a calibration by which logits are divided, and its only number."""

CONFIDENCE = "confidence"
"""The part that holds the scale of the confidence."""

MIN_ROWS = 50
"""Validation rows; fewer leave the numbers as they are."""

MIN_OUTCOMES = 5
"""Right answers, and wrong ones, that a scale is fitted to; wrong ones of a temperature."""

LARGEST_TEMPERATURE = 20.0
SMALLEST_SLOPE = 0.05

SLOPE, INTERCEPT = "slope", "intercept"


def choose_temperature(probabilities: npt.ArrayLike, targets: npt.ArrayLike) -> float:
    """The temperature under which the targets are likeliest.

    Args:
        probabilities: of each row and label, under a temperature of 1; shape (rows, labels).
        targets: the share of each label, 1 for a row's only one; of the same shape.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    shares = np.asarray(probabilities, dtype=np.float64)
    target_shares = np.asarray(targets, dtype=np.float64)
    logits = log_of(shares)

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return -float((target_shares * scaled).sum(axis=1).mean())

    bound = float(np.log(LARGEST_TEMPERATURE))
    return float(np.exp(minimize_scalar(loss, bounds=(-bound, bound), method="bounded").x))


def calibrate_labels(
    labels: Sequence[str], references: Iterable[str], probabilities: Iterable[npt.ArrayLike]
) -> dict[str, dict[str, float]]:
    """The part of a calibration with the temperature under which labels are likeliest.

    Nothing where there are too few rows, or too few whose likeliest label is wrong: without any,
    the labels are the likelier the nearer the temperature is to 0, and all answers were certain.

    Args:
        labels: in the order of the probabilities.
        references: the label of each row, which is one of them.
        probabilities: of each row, under a temperature of 1; each of shape (labels,).
    """
    code_by_label = {label: code for code, label in enumerate(labels)}
    codes = np.array([code_by_label[label] for label in references], dtype=np.int64)
    shares = list(probabilities)
    num_wrong = sum(
        np.argmax(row_shares) != code for row_shares, code in zip(shares, codes, strict=True)
    )
    if num_wrong < MIN_OUTCOMES:
        return {}
    return calibrate_shares(np.eye(len(labels))[codes], shares)


def calibrate_shares(
    targets: Iterable[npt.ArrayLike], probabilities: Iterable[npt.ArrayLike]
) -> dict[str, dict[str, float]]:
    """As `calibrate_labels`, of the share of each label in each row."""
    shares = np.array(list(probabilities), dtype=np.float64)
    if len(shares) < MIN_ROWS:
        return {}
    target_shares = np.array(list(targets), dtype=np.float64)
    return {TEMPERATURE: {LOGITS: choose_temperature(shares, target_shares)}}


def temperature_in(calibration: Mapping[str, Mapping[str, float]]) -> float:
    """What logits are divided by; 1 where nothing was chosen."""
    return calibration.get(TEMPERATURE, {}).get(LOGITS, 1.0)


def at_temperature(probabilities: npt.ArrayLike, temperature: float) -> Floats:
    """The probabilities as they are where logits are divided by the temperature.

    Args:
        probabilities: under a temperature of 1; shape (rows, labels).
        temperature: above 0.
    """
    powers = np.exp(log_of(np.asarray(probabilities, dtype=np.float64)) / temperature)
    scaled: Floats = powers / powers.sum(axis=1, keepdims=True)
    return scaled


def choose_scale(confidence: npt.ArrayLike, is_right: npt.ArrayLike) -> dict[str, float]:
    """`slope` and `intercept` of log-odds under which right and wrong answers are likeliest.

    Nothing where there are too few of either. Right and wrong count as Platt's targets, which are
    a little less than certain, so that a few rows do not make for certainty.

    Args:
        confidence: of each answer, 0..1; shape (answers,).
        is_right: whether it was; shape (answers,).
    """
    from scipy.optimize import minimize

    answer_log_odds, right = log_odds(confidence), np.asarray(is_right, dtype=bool)
    num_right, num_wrong = int(right.sum()), int((~right).sum())
    if len(right) < MIN_ROWS or min(num_right, num_wrong) < MIN_OUTCOMES:
        return {}
    targets = np.where(right, (num_right + 1) / (num_right + 2), 1 / (num_wrong + 2))

    def loss(coefficients: Floats) -> float:
        scaled = coefficients[0] * answer_log_odds + coefficients[1]
        return float((np.logaddexp(0, scaled) - targets * scaled).mean())

    bounds = [(SMALLEST_SLOPE, None), (None, None)]
    slope, intercept = minimize(loss, np.array([1.0, 0.0]), bounds=bounds).x
    return {SLOPE: float(slope), INTERCEPT: float(intercept)}


def rescale(confidence: npt.ArrayLike, scale: Mapping[str, float]) -> Floats:
    """The confidence on the scale that was chosen; as it is where none was."""
    if not scale:
        return np.asarray(confidence, dtype=np.float64)
    answer_log_odds = scale[SLOPE] * log_odds(confidence) + scale[INTERCEPT]
    scaled: Floats = 1 / (1 + np.exp(-np.clip(answer_log_odds, -500, 500)))
    return scaled


def log_odds(probabilities: npt.ArrayLike) -> Floats:
    """The logarithm of the odds, finite where a probability is 0 or 1."""
    shares = np.asarray(probabilities, dtype=np.float64)
    answer_log_odds: Floats = log_of(shares) - log_of(1 - shares)
    return answer_log_odds


def log_of(probabilities: Floats) -> Floats:
    """The logarithm, finite where a probability is 0."""
    logarithm: Floats = np.log(np.clip(probabilities, 1e-9, 1.0))
    return logarithm
