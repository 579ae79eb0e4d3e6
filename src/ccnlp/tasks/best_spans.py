"""The best span of each window of tokens, by the scores of starts and of ends."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class BestSpans:
    """Of each window the legal span with the highest score; all have shape (windows,).

    A legal span begins and ends in the passage, and has at most so many tokens.

    Attributes:
        start: position of its first token.
        end: of its last one.
        score: the logit of its start and that of its end together; minus infinity where a window
            has no legal span.
        log_total: logarithm of the sum of the exponentials of all legal spans' scores.
    """

    start: "torch.Tensor"
    end: "torch.Tensor"
    score: "torch.Tensor"
    log_total: "torch.Tensor"


def find_best_spans(
    logits: "torch.Tensor", is_passage: "torch.Tensor", *, max_tokens: int
) -> BestSpans:
    """The best spans by a maximum over the band of ends that each start may have.

    It takes windows times tokens times `max_tokens` steps, none of them Python's, and exponentials
    of each token once.

    Args:
        logits: of starts and of ends, shape (windows, tokens, 2).
        is_passage: which tokens are those of the passage, shape (windows, tokens).
        max_tokens: of a span, at least 1.
    """
    import torch
    from torch.nn.functional import avg_pool1d, max_pool1d, pad

    starts, ends = logits.float().masked_fill(~is_passage[..., None], float("-inf")).unbind(-1)
    width = min(max_tokens, ends.shape[1])
    # The ends of the spans that begin at a token stand in a pool of its own.
    padded = pad(ends, (0, width - 1), value=float("-inf"))[:, None]
    score, start = (starts + max_pool1d(padded, width, stride=1).squeeze(1)).max(dim=-1)
    pool_positions = start[:, None] + torch.arange(width, device=start.device)
    end = start + padded.squeeze(1).gather(1, pool_positions).argmax(dim=-1)
    # In fp64, as the sums of pools far from the highest end are small.
    highest = ends.amax(dim=1, keepdim=True).clamp(min=torch.finfo(ends.dtype).min)
    means = avg_pool1d((padded - highest[:, None]).double().exp(), width, stride=1)
    log_sums = (width * means.squeeze(1)).log() + highest
    return BestSpans(start, end, score, (starts + log_sums).logsumexp(dim=-1))
