"""The contrastive loss of queries and passages, with negatives in the batch."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def info_nce(
    vectors: "Tensor",
    *,
    is_relevant: "Tensor",
    has_negative: "Tensor",
    temperature: float,
    is_symmetric: bool,
    label_smoothing: float = 0.0,
) -> "Tensor":
    """The loss of each row (batch,): how surely its query finds its passage among others.

    The cross-entropy of cosines over the temperature (van den Oord, Li and Vinyals 2018, equation
    4). The other candidates are the passages of the other rows (Karpukhin et al. 2020, section
    3.2), but those that are relevant too, and the row's own negatives. Symmetric is the mean of
    that and of the passage's among the queries of the batch (Radford et al. 2021, figure 3). In
    fp32.

    Args:
        vectors: of queries, passages and negatives, shape (batch, 2 + negatives, size), any length.
        is_relevant: of the query of a row the passage of another (batch, batch).
        has_negative: which negatives there are (batch, negatives).
        temperature: above 0.
        is_symmetric: whether passages find queries as well.
        label_smoothing: weight of the mean over all candidates, 0..1.
    """
    import torch
    from torch.nn.functional import normalize

    with torch.autocast(vectors.device.type, enabled=False):
        unit = normalize(vectors.float(), dim=-1)
        queries, passages, negatives = unit[:, 0], unit[:, 1], unit[:, 2:]
        passage_scores = queries @ passages.T / temperature
        negative_scores = torch.einsum("bh,bnh->bn", queries, negatives) / temperature
    is_own_passage = torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
    scores = torch.cat([passage_scores, negative_scores], dim=1)
    is_candidate = torch.cat([is_own_passage | ~is_relevant, has_negative], dim=1)
    losses = _cross_entropies(scores, is_candidate, label_smoothing)
    if is_symmetric:
        is_candidate = is_own_passage | ~is_relevant.T
        passage_losses = _cross_entropies(passage_scores.T, is_candidate, label_smoothing)
        losses = (losses + passage_losses) / 2
    return losses


def nested_info_nce(vectors: "Tensor", sizes: Sequence[int], **options: object) -> "Tensor":
    """The sum of the losses of the vectors' first numbers, for each size and for all of them.

    So that a vector that is cut is of use (Kusupati et al. 2022, "Matryoshka Representation
    Learning", equation 1, with weights of 1).

    Args:
        vectors: as of `info_nce`.
        sizes: further sizes, each below the whole.
        options: the other arguments of `info_nce`.
    """
    losses = info_nce(vectors, **options)  # type: ignore[arg-type]
    for size in sizes:
        losses = losses + info_nce(vectors[..., :size], **options)  # type: ignore[arg-type]
    return losses


def _cross_entropies(scores: "Tensor", is_candidate: "Tensor", smoothing: float) -> "Tensor":
    """Of each row's own candidate, that on the diagonal, over all candidates; shape (batch,)."""
    log_shares = scores.masked_fill(~is_candidate, float("-inf")).log_softmax(dim=-1)
    losses = -log_shares.diagonal()
    if smoothing:
        mean = log_shares.masked_fill(~is_candidate, 0.0).sum(dim=-1) / is_candidate.sum(dim=-1)
        losses = (1 - smoothing) * losses - smoothing * mean
    return losses
