from itertools import product

import numpy as np
import pytest

from ccnlp.evaluation.bootstrap import Seed, percentile_interval, units_of

SEED = Seed(0, ("task", "test"))


def draw_counts(cells, groups, num_draws=4000):
    units = units_of(np.array(cells), np.array(groups))
    return units, np.concatenate(list(units.draw(num_draws, SEED)))


def test_ungrouped_rows_are_units_of_one_cell():
    units = units_of(np.array([7, 3, 7, 7]), np.arange(4))
    assert units.cells.tolist() == [3, 7]
    assert units.sizes.tolist() == [1, 3]
    assert units.counts.tolist() == [1, 3]


def test_groups_with_the_same_bag_of_cells_are_one_unit():
    # Groups 0 and 2 hold {3, 7}, group 1 holds {3, 3}.
    units = units_of(np.array([3, 7, 3, 3, 7, 3]), np.array([0, 0, 1, 1, 2, 2]))
    assert sorted(units.sizes.tolist()) == [1, 2]
    assert units.counts.tolist() == [4, 2]
    by_size = {
        size: row.tolist() for size, row in zip(units.sizes, units.contents.toarray(), strict=True)
    }
    assert by_size == {2: [1, 1], 1: [2, 0]}


def test_draws_of_rows_keep_the_number_of_rows():
    _, counts = draw_counts([0] * 60 + [1] * 40, np.arange(100))
    assert set(counts.sum(axis=1)) == {100}
    # Binomial of 100 rows with share 0.6: variance 24.
    assert counts[:, 0].mean() == pytest.approx(60, abs=0.4)
    assert counts[:, 0].var() == pytest.approx(24, rel=0.1)


def test_draws_one_by_one_have_the_same_distribution():
    # Few rows of each cell: the units are drawn one by one.
    _, counts = draw_counts(list(range(8)), np.arange(8), num_draws=20_000)
    assert set(counts.sum(axis=1)) == {8}
    assert counts.mean(axis=0) == pytest.approx(np.ones(8), abs=0.04)
    assert counts.var(axis=0) == pytest.approx(np.full(8, 7 / 8), rel=0.05)


def test_clusters_are_drawn_whole_as_in_the_case_by_hand():
    # Groups A = {hit, hit}, B = {miss}, C = {hit}: 27 equally likely draws of three groups.
    _, counts = draw_counts([1, 1, 0, 1], [0, 0, 1, 2], num_draws=30_000)
    content = {"A": (0, 2), "B": (1, 0), "C": (0, 1)}
    expected = {}
    for groups in product("ABC", repeat=3):
        cell_counts = tuple(np.sum([content[group] for group in groups], axis=0).tolist())
        expected[cell_counts] = expected.get(cell_counts, 0) + 1 / 27
    rows, sizes = np.unique(counts.astype(int), axis=0, return_counts=True)
    observed = {
        tuple(row.tolist()): size / len(counts) for row, size in zip(rows, sizes, strict=True)
    }
    assert set(observed) == set(expected)
    for cell_counts, share in expected.items():
        assert observed[cell_counts] == pytest.approx(share, abs=0.012)


def test_draws_in_blocks_are_as_many_as_asked(monkeypatch):
    monkeypatch.setattr("ccnlp.evaluation.bootstrap.NUMBERS_AT_ONCE", 50)
    units = units_of(np.array([0, 1] * 10), np.arange(20))
    blocks = list(units.draw(7, SEED, width=20))
    assert [len(block) for block in blocks] == [2, 2, 2, 1]


def test_same_seed_draws_the_same_and_another_name_does_not():
    units = units_of(np.array([0, 1] * 50), np.arange(100))
    first, again = (next(units.draw(20, SEED)) for _ in range(2))
    other = next(units.draw(20, Seed(0, ("task", "validation"))))
    assert (first == again).all()
    assert not (first == other).all()


def test_percentile_interval_worked_by_hand():
    draws = np.arange(101.0)[:, None]
    low, high = percentile_interval(draws, 0.9)
    assert (low[0], high[0]) == (pytest.approx(5), pytest.approx(95))


def test_percentile_interval_ignores_draws_without_a_score():
    draws = np.array([[np.nan, np.nan], [1.0, np.nan], [3.0, np.nan]])
    low, high = percentile_interval(draws, 0.95)
    assert low[0] == pytest.approx(1.05)
    assert high[0] == pytest.approx(2.95)
    assert np.isnan([low[1], high[1]]).all()


def test_prior_adds_two_rows_of_the_larger_set_to_the_draws():
    units = units_of(np.array([3] * 10), np.arange(10)).with_prior(np.array([1, 3, 3, 7]))
    (draws,) = units.draw(20_000, Seed(0, ("x",)))
    assert units.cells.tolist() == [1, 3, 7]
    assert units.counts.tolist() == [0, 10, 0]
    np.testing.assert_allclose(draws.mean(axis=0), [0.5, 11.0, 0.5], rtol=0.05)


@pytest.mark.parametrize("accuracy", [0.6, 0.85, 0.95])
def test_interval_of_twelve_rows_with_a_prior_holds_the_truth_about_as_often_as_it_says(accuracy):
    generator = np.random.default_rng(0)
    larger = (np.arange(100) < 80).astype(np.int64)  # 80 of 100 right
    held = 0
    for trial in range(300):
        hits = (generator.random(12) < accuracy).astype(np.int64)
        units = units_of(hits, np.arange(12)).with_prior(larger)
        (draws,) = units.draw(200, Seed(0, (str(trial),)))
        share = draws[:, units.cells == 1] / draws.sum(axis=1, keepdims=True)
        low, high = percentile_interval(share, 0.95)
        held += bool(low[0] <= accuracy <= high[0])
    assert held / 300 > 0.85
