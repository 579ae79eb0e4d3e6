import torch

from ccnlp.tasks.best_spans import find_best_spans


def brute_force(logits, is_passage, max_tokens):
    starts, ends = logits[:, 0].tolist(), logits[:, 1].tolist()
    spans = {
        (i, j): starts[i] + ends[j]
        for i in range(len(starts))
        for j in range(i, min(i + max_tokens, len(starts)))
        if is_passage[i] and is_passage[j]
    }
    best = max(spans, key=spans.get)
    return *best, spans[best], torch.tensor(list(spans.values())).logsumexp(0).item()


def test_best_span_is_that_of_all_legal_ones():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(20, 15, 2, generator=generator)
    first, size = torch.randint(1, 5, (20, 1)), torch.randint(1, 10, (20, 1))
    position = torch.arange(15)
    is_passage = (position >= first) & (position < first + size)

    for max_tokens in (1, 3, 15, 100):
        best = find_best_spans(logits, is_passage, max_tokens=max_tokens)
        for i in range(20):
            start, end, score, total = brute_force(logits[i], is_passage[i], max_tokens)
            assert (best.start[i].item(), best.end[i].item()) == (start, end)
            torch.testing.assert_close(best.score[i].item(), score, rtol=0, atol=1e-5)
            torch.testing.assert_close(best.log_total[i].item(), total, rtol=0, atol=1e-4)


def test_total_holds_spans_far_below_the_highest_end():
    logits = torch.zeros(1, 4, 2)
    logits[0, 0, 1], logits[0, 3, 0] = 200.0, 200.0  # ends before it begins

    best = find_best_spans(logits, torch.ones(1, 4, dtype=torch.bool), max_tokens=2)

    # From 0 to 0 it is 200, and from 3 to 3; all others are 0.
    assert best.score.item() == 200.0
    torch.testing.assert_close(best.log_total.item(), 200.0 + torch.tensor(2.0).log().item())


def test_span_that_runs_backwards_is_not_legal():
    logits = torch.zeros(1, 4, 2)
    logits[0, 3, 0] = logits[0, 1, 1] = 5.0  # begins at 3 and ends at 1
    is_passage = torch.tensor([[False, True, True, True]])

    best = find_best_spans(logits, is_passage, max_tokens=4)

    assert best.score.tolist() == [5.0]
    assert best.start.item() <= best.end.item()


def test_window_without_a_passage_has_no_span():
    best = find_best_spans(torch.zeros(2, 3, 2), torch.zeros(2, 3, dtype=torch.bool), max_tokens=2)

    assert best.score.tolist() == best.log_total.tolist() == [float("-inf")] * 2


def test_scores_are_added_in_fp32():
    logits = torch.tensor([[[256.0, 0.0], [0.0, 1.0]]], dtype=torch.bfloat16)

    best = find_best_spans(logits, torch.ones(1, 2, dtype=torch.bool), max_tokens=2)

    assert best.score.item() == 257.0  # which bf16 does not have
