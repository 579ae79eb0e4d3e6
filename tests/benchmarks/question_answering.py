"""From logits to answers: `ours`, or `plain`, question by question as scripts on SQuAD do it.

Passages of 700 words are read in windows of 384 tokens. The logits are noise with a peak at the
ends of an answer. The plain way takes the 20 best starts and ends of each window, tries their
pairs one after the other, and gives the 20 best of the legal ones their text and their share of the
20; ours looks at all legal spans. It also says how many of its answers are ours.
"""

import sys
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import torch
from tests.benchmarks.measuring import Stopwatch, report

from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.frames import Frame
from ccnlp.tasks.kinds.question_answering import QuestionAnswering
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tasks.tallied import read_answer
from ccnlp.tasks.windows import NO_PASSAGE, Tokens, Window, cut_windows

NUM_WORDS = 700
MAX_TOKENS = 30
NUM_BEST = 20
WINDOWS_PER_BATCH = 21
"""As many as 8,192 tokens hold."""

Logits = torch.Tensor


def make_windows(num_questions: int) -> tuple[list[str], list[Window], list[Logits]]:
    """Passages, the windows of each with a question of 12 tokens, and the logits of each window."""
    draw = np.random.default_rng(0)
    passages, windows, logits = [], [], []
    question = Tokens(*np.zeros((3, 12), dtype=np.int32))
    frame = Frame([0], [2, 2], [2])
    for row in range(num_questions):
        sizes = draw.integers(2, 9, NUM_WORDS)
        ends = np.cumsum(sizes + 1) - 1
        words = Tokens(*(part.astype(np.int32) for part in (sizes, ends - sizes, ends)))
        passages.append(" ".join("x" * size for size in sizes))
        first = int(draw.integers(NUM_WORDS - 5))
        for window in cut_windows(
            [question], [words], frame, max_length_tokens=384, stride_tokens=128
        ):
            scores = draw.normal(size=(len(window.input_ids), 2)).astype(np.float32)
            positions = window.place_of(first, first + int(draw.integers(5)))
            scores[positions, (0, 1)] += 9
            windows.append(Window(**{**vars(window), "row": row}))
            logits.append(torch.from_numpy(scores))
    return passages, windows, logits


def answer_ours(
    task: QuestionAnswering, passages: list[str], windows: list[Window], logits: list[Logits]
) -> list[str]:
    """The answers as the project finds them, in batches of like length."""
    decoded = []
    for first in range(0, len(windows), WINDOWS_PER_BATCH):
        part = windows[first : first + WINDOWS_PER_BATCH]
        features = [
            {
                "input_ids": window.input_ids,
                "token_starts": window.starts,
                "token_ends": window.ends,
            }
            for window in part
        ]
        batch = task.collate(features, pad_token_id=1)
        outputs = torch.nn.utils.rnn.pad_sequence(
            logits[first : first + WINDOWS_PER_BATCH], batch_first=True
        )
        decoded.append(task.decode(outputs, batch, None))  # type: ignore[arg-type]
    merged = task.merge(
        pd.concat(decoded, ignore_index=True), np.array([window.row for window in windows])
    )
    written = task.write(merged.reset_index(drop=True), pd.Series(passages))
    return [read_answer(answer)[0]["text"] for answer in written["prediction"]]


def answer_plain(passages: list[str], windows: list[Window], logits: list[Logits]) -> list[str]:
    """The answers by the best of the legal pairs of the best starts and ends of each window."""
    found: list[list[dict[str, Any]]] = [[] for _ in passages]
    for window, outputs in zip(windows, logits, strict=True):
        scores, offsets = outputs.numpy(), _offsets(window)
        best = np.argsort(-scores, axis=0)[:NUM_BEST]
        for start, end in product(best[:, 0].tolist(), best[:, 1].tolist()):
            first, last = offsets[start], offsets[end]
            if first is None or last is None or not 0 <= end - start < MAX_TOKENS:
                continue
            score = scores[start, 0] + scores[end, 1]
            found[window.row].append({"offsets": (first[0], last[1]), "score": score})
    answers = []
    for passage, spans in zip(passages, found, strict=True):
        ranked = sorted(spans, key=lambda span: span["score"], reverse=True)[:NUM_BEST]
        exponentials = np.exp([span["score"] - ranked[0]["score"] for span in ranked])
        for span, share in zip(ranked, exponentials / exponentials.sum(), strict=True):
            start, end = span["offsets"]
            span |= {"text": passage[start:end], "probability": share}
        answers.append(ranked[0]["text"] if ranked else "")
    return answers


def _offsets(window: Window) -> list[tuple[int, int] | None]:
    """The characters of each token of the passage, `None` for the others."""
    pairs = zip(window.starts.tolist(), window.ends.tolist(), strict=True)
    return [None if start == NO_PASSAGE else (start, end) for start, end in pairs]


def run(way: str, num_questions: int) -> dict[str, Any]:
    """Questions a second, and of the plain way the share of answers that are ours."""
    options = {"max_tokens": MAX_TOKENS, "stride_tokens": 128, "may_be_missing": False}
    entry = {"kind": "question_answering", "loss_weight": 1, "options": options}
    task = build_tasks(TasksParameters.model_validate({"qa": entry}))["qa"]
    assert isinstance(task, QuestionAnswering)
    passages, windows, logits = make_windows(num_questions)
    watch = Stopwatch()
    if way == "ours":
        with watch.running():
            answer_ours(task, passages, windows, logits)
        return _figures(num_questions, len(windows), watch)
    with watch.running():
        plain = answer_plain(passages, windows, logits)
    ours = answer_ours(task, passages, windows, logits)
    share = float(np.mean([one == other for one, other in zip(ours, plain, strict=True)]))
    return {**_figures(num_questions, len(windows), watch), "share_equal": share}


def _figures(num_questions: int, num_windows: int, watch: Stopwatch) -> dict[str, Any]:
    return {
        "questions": num_questions,
        "windows": num_windows,
        "seconds": watch.seconds,
        "rows_per_second": num_questions / watch.seconds,
    }


if __name__ == "__main__":
    report(lambda: run(sys.argv[1], int(sys.argv[2])))
