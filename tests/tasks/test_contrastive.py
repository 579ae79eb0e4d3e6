import numpy as np
import pytest
import torch

from ccnlp.tasks.contrastive import info_nce, nested_info_nce

E1 = np.exp(1)


def loss(vectors, *, relevant=None, negatives=None, **options):
    vectors = torch.tensor(vectors, dtype=torch.float32)
    batch = len(vectors)
    plain = {"temperature": 1.0, "is_symmetric": False}
    return info_nce(
        vectors,
        is_relevant=torch.eye(batch).bool() if relevant is None else torch.tensor(relevant),
        has_negative=torch.zeros(batch, vectors.shape[1] - 2).bool()
        if negatives is None
        else torch.tensor(negatives),
        **(plain | options),
    ).numpy()


ACROSS = [[[2, 0], [1, 0]], [[0, 1], [0, 3]]]
"""Two rows whose query is its passage by direction, and the other's is at a right angle."""


def test_loss_is_the_cross_entropy_among_the_passages_of_the_batch():
    # Cosines of 1 and 0: -log(e / (e + 1)).
    np.testing.assert_allclose(loss(ACROSS), [np.log(1 + 1 / E1)] * 2, rtol=1e-6)


def test_temperature_divides_the_cosines():
    sharp = loss(ACROSS, temperature=0.5)

    np.testing.assert_allclose(sharp, [np.log(1 + np.exp(-2))] * 2, rtol=1e-6)


def test_passage_that_is_relevant_too_is_no_negative():
    one_way = loss(ACROSS, relevant=[[True, True], [False, True]])

    np.testing.assert_allclose(one_way, [0, np.log(1 + 1 / E1)], atol=1e-6)


def test_symmetric_loss_is_the_mean_with_that_of_queries():
    # Both passages lie with the first query: it finds one of two, the second neither.
    vectors = [[[1, 0], [1, 0]], [[0, 1], [1, 0]]]

    forwards = loss(vectors)
    both = loss(vectors, is_symmetric=True)

    np.testing.assert_allclose(forwards, [np.log(2)] * 2, rtol=1e-6)
    backwards = np.array([np.log(1 + 1 / E1), np.log(1 + E1)])
    np.testing.assert_allclose(both, (forwards + backwards) / 2, rtol=1e-6)


def test_symmetric_loss_leaves_out_queries_that_ask_the_same():
    relevant = [[True, False], [True, True]]  # the second query asks for the first passage, too

    both = loss(ACROSS, relevant=relevant, is_symmetric=True)

    alone = np.log(1 + 1 / E1)
    np.testing.assert_allclose(both, [(alone + 0) / 2, (0 + alone) / 2], atol=1e-6)


def test_negatives_count_for_their_own_row_where_it_has_them():
    vectors = [[*row, [1, 0]] for row in ACROSS]

    losses = loss(vectors, negatives=[[True], [False]])

    expected = [-np.log(E1 / (E1 + 1 + E1)), np.log(1 + 1 / E1)]
    np.testing.assert_allclose(losses, expected, rtol=1e-6)


def test_label_smoothing_takes_the_mean_over_candidates_alone():
    smooth = loss(ACROSS, label_smoothing=0.2)
    masked = loss(ACROSS, relevant=[[True, True], [True, True]], label_smoothing=0.2)

    right, wrong = np.log(1 + 1 / E1), np.log(1 + E1)
    np.testing.assert_allclose(smooth, [0.8 * right + 0.2 * (right + wrong) / 2] * 2, rtol=1e-6)
    np.testing.assert_allclose(masked, [0, 0], atol=1e-6)


def test_nested_loss_is_the_sum_over_sizes():
    vectors = torch.randn(3, 2, 8, generator=torch.Generator().manual_seed(0))
    options = {
        "is_relevant": torch.eye(3).bool(),
        "has_negative": torch.zeros(3, 0).bool(),
        "temperature": 0.1,
        "is_symmetric": True,
    }

    nested = nested_info_nce(vectors, [2, 4], **options)

    parts = [info_nce(vectors[..., :size], **options) for size in (2, 4, 8)]
    torch.testing.assert_close(nested, sum(parts))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_loss_has_a_gradient_in_full_precision(dtype):
    vectors = torch.tensor(ACROSS, dtype=dtype, requires_grad=True)
    losses = info_nce(
        vectors,
        is_relevant=torch.eye(2).bool(),
        has_negative=torch.zeros(2, 0).bool(),
        temperature=0.05,
        is_symmetric=True,
    )
    losses.sum().backward()

    assert losses.dtype == torch.float32
    assert torch.isfinite(vectors.grad).all()
