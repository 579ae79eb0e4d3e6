import krippendorff
import numpy as np
import pytest

from ccnlp.agreement.alpha import (
    NOT_PAIRABLE,
    ONE_LABEL,
    Bootstrap,
    coincidences,
    estimate_alpha,
    krippendorff_alpha,
)

BOOTSTRAP = Bootstrap(num_draws=400, confidence=0.95, seed=0)

# Krippendorff (2011), section C: 4 observers, 12 units, 5 values; 0 stands for missing.
PUBLISHED = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ]
)
PUBLISHED_COUNTS = np.stack([(value == PUBLISHED).sum(axis=0) for value in range(1, 6)], axis=1)


def counts_of(*observers, num_labels=2):
    return np.stack([(np.array(observers) == v).sum(axis=0) for v in range(num_labels)], axis=1)


def random_counts(seed, num_texts=60, num_labels=4, most=4):
    generator = np.random.default_rng(seed)
    tendency = generator.dirichlet(np.full(num_labels, 0.5), size=num_texts)
    sizes = generator.integers(0, most + 1, size=num_texts)
    rows = zip(sizes, tendency, strict=True)
    return np.array([generator.multinomial(size, shares) for size, shares in rows])


def test_two_observers_of_two_values_worked_by_hand():
    # Section A of the paper: of 10 units 6 agree (5 zeros, 1 one) and 4 do not, so o01 = 4,
    # n0 = 14, n1 = 6 and alpha = 1 - (20 - 1) * 4 / (14 * 6).
    counts = counts_of([0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0])
    matrix = coincidences(counts).sum(axis=0)
    assert matrix.tolist() == [[10, 4], [4, 2]]
    assert krippendorff_alpha(matrix) == pytest.approx(1 - 19 * 4 / (14 * 6))


def test_four_observers_with_missing_values_worked_by_hand():
    # Unit 6 has the values 1, 2, 3, 4: each ordered pair of them adds 1/3. Unit 2 has three twos
    # and a three: 6/3 to (2, 2), 3/3 to (2, 3). Unit 8 is the same of ones and a two. Unit 12 has
    # one value and adds nothing.
    expected = np.array(
        [
            [7, 4 / 3, 1 / 3, 1 / 3, 0],
            [4 / 3, 10, 4 / 3, 1 / 3, 0],
            [1 / 3, 4 / 3, 8, 1 / 3, 0],
            [1 / 3, 1 / 3, 1 / 3, 4, 0],
            [0, 0, 0, 0, 3],
        ]
    )
    matrix = coincidences(PUBLISHED_COUNTS).sum(axis=0)
    np.testing.assert_allclose(matrix, expected)
    # n = 40 values in pairs: 9, 13, 10, 5 and 3 of each; 32 coincidences match.
    by_chance = 9 * 8 + 13 * 12 + 10 * 9 + 5 * 4 + 3 * 2
    alpha = (39 * 32 - by_chance) / (40 * 39 - by_chance)
    assert alpha == pytest.approx(0.743, abs=0.0005)  # as published
    estimate = estimate_alpha(PUBLISHED_COUNTS, level="nominal", bootstrap=BOOTSTRAP)
    assert estimate.value == pytest.approx(alpha)
    assert estimate.n == 11


def test_ordinal_alpha_is_the_published_one():
    estimate = estimate_alpha(PUBLISHED_COUNTS, level="ordinal", bootstrap=BOOTSTRAP)
    assert estimate.value == pytest.approx(0.815, abs=0.0005)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("level", ["nominal", "ordinal"])
def test_alpha_is_that_of_the_krippendorff_package(seed, level):
    counts = random_counts(seed)
    alpha = estimate_alpha(counts, level=level, bootstrap=BOOTSTRAP).value
    expected = krippendorff.alpha(value_counts=counts, level_of_measurement=level)
    assert alpha == pytest.approx(expected, abs=1e-12)


def test_texts_with_one_annotation_do_not_count():
    counts = np.array([[1, 1], [2, 0], [0, 2], [1, 0], [0, 1], [0, 0]])
    estimate = estimate_alpha(counts, level="nominal", bootstrap=BOOTSTRAP)
    assert estimate == estimate_alpha(counts[:3], level="nominal", bootstrap=BOOTSTRAP)
    assert estimate.n == 3


@pytest.mark.parametrize(
    ("counts", "n", "note"),
    [
        ([[1, 0], [0, 1]], 0, NOT_PAIRABLE),
        (np.zeros((0, 2), dtype=int), 0, NOT_PAIRABLE),
        ([[3, 0], [2, 0], [0, 1]], 2, ONE_LABEL),
        ([[3], [2]], 2, ONE_LABEL),
    ],
)
@pytest.mark.parametrize("level", ["nominal", "ordinal"])
def test_alpha_is_undefined_without_two_annotations_or_two_labels(counts, n, note, level):
    estimate = estimate_alpha(np.array(counts), level=level, bootstrap=BOOTSTRAP)
    assert np.isnan([estimate.value, estimate.low, estimate.high]).all()
    assert (estimate.n, estimate.note) == (n, note)


@pytest.mark.parametrize("level", ["nominal", "ordinal"])
def test_resampled_alphas_are_those_of_the_resampled_tables(level):
    counts = random_counts(3)
    kinds, sizes = np.unique(counts[counts.sum(axis=1) >= 2], axis=0, return_counts=True)
    weights = np.concatenate(list(BOOTSTRAP.draw(sizes, "name")))
    direct = [
        krippendorff.alpha(
            value_counts=np.repeat(kinds, draw.astype(int), axis=0), level_of_measurement=level
        )
        for draw in weights
    ]
    low, high = np.quantile(direct, [0.025, 0.975])
    estimate = estimate_alpha(counts, "name", level=level, bootstrap=BOOTSTRAP)
    assert (estimate.low, estimate.high) == (pytest.approx(low), pytest.approx(high))


def test_interval_is_that_of_drawing_texts_one_by_one():
    counts = random_counts(4, num_texts=200)
    pairable = counts[counts.sum(axis=1) >= 2]
    generator = np.random.default_rng(1)
    draws = [
        krippendorff.alpha(
            value_counts=pairable[generator.integers(0, len(pairable), len(pairable))],
            level_of_measurement="nominal",
        )
        for _ in range(2000)
    ]
    many = Bootstrap(num_draws=2000, confidence=0.95, seed=0)
    estimate = estimate_alpha(counts, level="nominal", bootstrap=many)
    low, high = np.quantile(draws, [0.025, 0.975])
    assert estimate.low == pytest.approx(low, abs=0.01)
    assert estimate.high == pytest.approx(high, abs=0.01)


def test_draws_keep_the_number_of_texts_and_come_in_blocks(monkeypatch):
    monkeypatch.setattr("ccnlp.agreement.alpha.NUMBERS_AT_ONCE", 6)
    blocks = list(Bootstrap(5, 0.95, 0).draw(np.array([4, 1, 5])))
    assert [len(block) for block in blocks] == [2, 2, 1]
    assert {total for block in blocks for total in block.sum(axis=1)} == {10}


def test_each_figure_has_its_own_resamples():
    sizes = np.array([40, 60])
    first, again, other = (
        next(BOOTSTRAP.draw(sizes, *names)).tolist() for names in (["a"], ["a"], ["b"])
    )
    assert first == again
    assert first != other


def test_resamples_without_alpha_are_left_out_of_the_interval():
    # Of three texts, resamples of the first two alone have one label only.
    counts = np.array([[2, 0], [2, 0], [1, 1]])
    estimate = estimate_alpha(counts, level="nominal", bootstrap=BOOTSTRAP)
    assert not np.isnan([estimate.low, estimate.high]).any()


def test_interval_of_undefined_draws_is_undefined():
    assert np.isnan(BOOTSTRAP.interval(np.array([np.nan, np.nan]))).all()
