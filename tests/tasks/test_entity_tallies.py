import numpy as np
import pytest
from seqeval.metrics import f1_score, precision_score, recall_score

from ccnlp.tasks.bio import TagSet
from ccnlp.tasks.entity_tallies import entity_metrics, entity_supports, tally_entities

TAGS = TagSet(("PER", "LOC"))


def test_tallies_of_a_case_worked_by_hand():
    references = [["B-PER", "I-PER", "O", "B-LOC"], ["O", "O"]]
    predictions = [["B-PER", "I-PER", "O", "B-PER"], ["B-LOC", "O"]]

    sums = tally_entities(references, predictions, TAGS)

    # found PER, LOC; there PER, LOC; predicted PER, LOC; words right; words
    assert sums.tolist() == [[1, 0, 1, 1, 2, 0, 3, 4], [0, 0, 0, 0, 0, 1, 1, 2]]
    metrics = entity_metrics(sums.sum(axis=0), TAGS, name="entity")
    assert {name: float(value) for name, value in metrics.items()} == {
        "entity_f1": pytest.approx(2 / 5),
        "entity_precision": pytest.approx(1 / 3),
        "entity_recall": pytest.approx(1 / 2),
        "token_accuracy": pytest.approx(4 / 6),
        "f1:PER": pytest.approx(2 / 3),
        "f1:LOC": 0.0,
    }
    assert entity_supports(sums, TAGS)["f1:LOC"].tolist() == [1, 0]


def test_entity_with_one_word_too_many_is_not_found():
    sums = tally_entities([["B-PER", "O"]], [["B-PER", "I-PER"]], TAGS)

    assert sums.tolist() == [[0, 0, 1, 0, 1, 0, 1, 2]]


def test_entity_that_begins_at_another_word_is_not_found():
    sums = tally_entities([["O", "B-PER"]], [["B-PER", "I-PER"]], TAGS)

    assert sums.tolist() == [[0, 0, 1, 0, 1, 0, 0, 2]]


@pytest.mark.parametrize("seed", range(5))
def test_scores_are_those_of_seqeval_also_where_an_inside_goes_on_with_nothing(seed):
    generator = np.random.default_rng(seed)
    sizes = generator.integers(1, 9, size=60)
    references, predictions = (
        [generator.choice(TAGS.tags, size=size).tolist() for size in sizes] for _ in range(2)
    )
    predictions = [row_tags if i % 2 else [*row_tags] for i, row_tags in enumerate(predictions)]
    predictions[:20] = references[:20]

    sums = tally_entities(references, predictions, TAGS).sum(axis=0)

    metrics = entity_metrics(sums, TAGS, name="entity")
    assert metrics["entity_f1"] == pytest.approx(f1_score(references, predictions))
    assert metrics["entity_precision"] == pytest.approx(precision_score(references, predictions))
    assert metrics["entity_recall"] == pytest.approx(recall_score(references, predictions))
    by_type = [metrics["f1:LOC"], metrics["f1:PER"]]  # seqeval sorts them
    np.testing.assert_allclose(by_type, f1_score(references, predictions, average=None))


def test_metrics_of_many_groups_come_at_once():
    sums = tally_entities([["B-PER"], ["B-LOC"]], [["B-PER"], ["O"]], TAGS)

    metrics = entity_metrics(sums, TAGS, name="slot")

    np.testing.assert_array_equal(metrics["slot_f1"], [1, 0])
    np.testing.assert_array_equal(metrics["slot_precision"], [1, np.nan])
    np.testing.assert_array_equal(metrics["f1:PER"], [1, np.nan])


def test_no_rows_have_no_scores():
    sums = tally_entities([], [], TAGS)

    assert sums.shape == (0, 8)
    assert np.isnan(entity_metrics(sums.sum(axis=0), TAGS, name="entity")["entity_f1"])


def test_rows_of_another_number_of_words_are_refused():
    with pytest.raises(ValueError, match="row 2: 1 predicted tags for 2 words; were the rows"):
        tally_entities([["O"], ["O", "O"]], [["O"], ["O"]], TAGS)
