import numpy as np
import pytest
from scipy.special import expit, softmax

from ccnlp.metrics import calibration_bins, calibration_error
from ccnlp.tasks.confidence import (
    calibrate_labels,
    choose_scale,
    choose_temperature,
    rescale,
    temperature_in,
)


@pytest.fixture
def generator():
    return np.random.default_rng(0)


def draw(generator, temperature, size=20_000):
    """Logits of three labels, and labels drawn as a temperature makes them likely."""
    logits = generator.normal(scale=3, size=(size, 3))
    shares = softmax(logits / temperature, axis=1)
    labels = (generator.random(size)[:, None] > shares.cumsum(axis=1)).sum(axis=1)
    return logits, labels


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_temperature_is_the_one_that_labels_were_drawn_with(generator, temperature):
    logits, labels = draw(generator, temperature)

    found = choose_temperature(softmax(logits, axis=1), np.eye(3)[labels])

    assert found == pytest.approx(temperature, rel=0.05)


def test_labels_are_calibrated_in_their_own_order(generator):
    logits, codes = draw(generator, 2.0)
    names = np.array(["c", "a", "b"])

    calibration = calibrate_labels(names.tolist(), names[codes], softmax(logits, axis=1))

    assert temperature_in(calibration) == pytest.approx(2.0, rel=0.05)
    assert temperature_in({}) == 1


def test_few_rows_calibrate_nothing(generator):
    logits, codes = draw(generator, 2.0, size=49)
    shares = softmax(logits, axis=1)

    assert calibrate_labels(range(3), codes, shares) == {}
    assert choose_scale(shares.max(axis=1), shares.argmax(axis=1) == codes) == {}


@pytest.mark.parametrize(("num_wrong", "has_temperature"), [(0, False), (4, False), (5, True)])
def test_labels_that_are_nearly_all_right_do_not_make_for_certainty(num_wrong, has_temperature):
    shares = np.tile([0.7, 0.3], (60, 1))
    references = np.where(np.arange(60) < num_wrong, "b", "a")

    calibration = calibrate_labels(["a", "b"], references, shares)

    assert bool(calibration) == has_temperature
    # Of 60 labels at a temperature T, 55 are right: the odds (7/3)^(1/T) are 11.
    expected = np.log(7 / 3) / np.log(11) if has_temperature else 1
    assert temperature_in(calibration) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("number", [0, 4, 96, 100])
def test_answers_that_are_nearly_all_right_or_wrong_have_no_scale(generator, number):
    is_right = np.arange(100) < number

    assert choose_scale(generator.random(100), is_right) == {}


def test_scale_is_the_one_that_outcomes_were_drawn_with(generator):
    log_odds = generator.normal(loc=1, scale=2, size=20_000)
    is_right = generator.random(20_000) < expit(0.4 * log_odds - 1)

    scale = choose_scale(expit(log_odds), is_right)

    assert scale == {
        "slope": pytest.approx(0.4, abs=0.03), "intercept": pytest.approx(-1, abs=0.05)
    }  # fmt: skip
    scaled = rescale(expit(log_odds), scale)
    hits, sums, sizes = (
        np.bincount(calibration_bins(scaled), weights=weights, minlength=10)
        for weights in (is_right, scaled, np.ones(20_000))
    )
    assert calibration_error(hits, sums, sizes.sum()) < 0.02
    assert (np.argsort(scaled) == np.argsort(log_odds)).all()


def test_answers_that_are_surer_the_wronger_they_are_keep_their_order(generator):
    confidence = generator.random(1000)

    scale = choose_scale(confidence, generator.random(1000) > confidence)

    assert 0 < scale["slope"] < 0.1
    assert (np.diff(rescale(np.sort(confidence), scale)) > 0).all()


def test_certainty_stays_finite_and_what_has_no_scale_stays():
    assert rescale([0.0, 1.0], {"slope": 200.0, "intercept": 0.0}) == pytest.approx([0, 1])
    assert rescale([0.3], {}).tolist() == [0.3]
