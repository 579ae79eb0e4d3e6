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
        start: place of its first token.
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

    It takes windows times tokens times `max_tokens` steps, none of them Python's.

    Args:
        logits: of starts and of ends, shape (windows, tokens, 2).
        is_passage: which tokens are those of the passage, shape (windows, tokens).
        max_tokens: of a span, at least 1.
    """
    from torch.nn.functional import pad

    starts, ends = logits.float().masked_fill(~is_passage[..., None], float("-inf")).unbind(-1)
    width = min(max_tokens, ends.shape[1])
    # The ends of the spans that begin at each token; a view, of which nothing is copied.
    band = pad(ends, (0, width - 1), value=float("-inf")).unfold(1, width, 1)
    best_end, length = band.max(dim=-1)
    score, start = (starts + best_end).max(dim=-1)
    end = start + length.gather(1, start[:, None]).squeeze(1)
    log_total = (starts + band.logsumexp(dim=-1)).logsumexp(dim=-1)
    return BestSpans(start, end, score, log_total)
