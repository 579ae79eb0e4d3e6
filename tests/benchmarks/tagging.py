"""From words to tags: `ours`, or `plain`, row by row as scripts for transformers do it.

The words are those of the corpora's texts, with names drawn among them. Measured are words to
token ids with the tags aligned, and logits to tags and entity F1; the network between the two is
the same in both ways and left out. The logits have a peak at the right tag, or now and then at
another one, so that both ways must come to the same score. The plain way aligns by `word_ids`,
takes the likeliest tag of each word, whichever stands before it, and asks seqeval.
"""

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from seqeval.metrics import f1_score
from tests.benchmarks.corpus import load_encoder_checkpoint, load_rows
from tests.benchmarks.measuring import Stopwatch, report

from ccnlp.tasks.base import WINDOW_OF, build_tasks
from ccnlp.tasks.kinds.token_classification import TokenClassification
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tasks.words import split_words

MAX_WORDS = 40
"""So that no row is longer than the model reads: the plain way would cut it."""

BATCH = 64
PEAK = 12.0
IGNORED = -100
MAX_LENGTH_TOKENS = 512
TYPES = ("PER", "ORG", "LOC", "DATE")

Rows = list[list[str]]


def make_rows(limit: int) -> tuple[Rows, Rows]:
    """Words and tags; one word in ten begins a name, of one to three words."""
    draw = np.random.default_rng(0)
    words, tags = [], []
    texts = load_rows(10**9)["text"].tolist()
    for text in texts * (limit // len(texts) + 1):
        row_words = split_words(text).tokens[:MAX_WORDS]
        row_tags = ["O"] * len(row_words)
        for position in np.flatnonzero(draw.random(len(row_words)) < 0.1).tolist():
            kind = TYPES[draw.integers(len(TYPES))]
            size = min(int(draw.integers(1, 4)), len(row_words) - position)
            row_tags[position : position + size] = [f"B-{kind}"] + [f"I-{kind}"] * (size - 1)
        words.append(row_words)
        tags.append(_mended(row_tags))
    return words[:limit], tags[:limit]


def _mended(tags: list[str]) -> list[str]:
    """Without an I- behind another type, where a name was cut by the next."""
    for position, tag in enumerate(tags):
        if tag.startswith("I-") and (not position or tags[position - 1][2:] != tag[2:]):
            tags[position] = "B-" + tag[2:]
    return tags


def predicted_tags(tags: Rows) -> Rows:
    """What the network is made to find: names that are right, or missing in one of five rows."""
    draw = np.random.default_rng(1)
    return [row_tags if draw.random() < 0.8 else ["O"] * len(row_tags) for row_tags in tags]


def run_ours(task: TokenClassification, words: Rows, tags: Rows) -> dict[str, Any]:
    """As the project does it."""
    tokenizer = load_encoder_checkpoint().load_tokenizer()
    watch = Stopwatch()
    with watch.running():
        rows = pd.DataFrame({"tokens": words, "tags": tags})
        columns = task.encode(rows, tokenizer, max_length_tokens=MAX_LENGTH_TOKENS)
        window_of = np.asarray(columns.pop(WINDOW_OF))
        names = list(columns)
        features = [
            dict(zip(names, cells, strict=True)) for cells in zip(*columns.values(), strict=True)
        ]
    found, decoded = predicted_tags(tags), []
    for first in range(0, len(features), BATCH):
        part = features[first : first + BATCH]
        with watch.running():
            batch = task.collate(part, pad_token_id=1)
        positions = [row["places"] for row in part]
        logits = _logits(task, found[first : first + BATCH], positions, batch["input_ids"].shape[1])
        with watch.running():
            decoded.append(task.decode(logits, batch, tokenizer))
    with watch.running():
        merged = task.merge(pd.concat(decoded, ignore_index=True), window_of)
        table = merged.assign(reference=task.reference(rows), language="und")
        score = task.score(table)["entity_f1"]
    return _figures(len(words), watch, score)


def run_plain(task: TokenClassification, words: Rows, tags: Rows) -> dict[str, Any]:
    """Row by row, as the examples of transformers do it."""
    tokenizer = load_encoder_checkpoint().load_tokenizer()
    names = task.tag_set.tags
    codes = {tag: code for code, tag in enumerate(names)}
    watch = Stopwatch()
    with watch.running():
        encoded = tokenizer(
            words, is_split_into_words=True, truncation=True, max_length=MAX_LENGTH_TOKENS
        )
        labels = []
        for row, row_tags in enumerate(tags):
            aligned, before = [], None
            for word in encoded.word_ids(batch_index=row):
                is_first = word is not None and word != before
                aligned.append(codes[row_tags[word]] if is_first else IGNORED)
                before = word
            labels.append(aligned)
    found = predicted_tags(tags)
    references: Rows = []
    predictions: Rows = []
    for first in range(0, len(words), BATCH):
        part = labels[first : first + BATCH]
        width = max(map(len, part))
        positions = [np.flatnonzero(np.array(row_labels) != IGNORED) for row_labels in part]
        logits = _logits(task, found[first : first + BATCH], positions, width)
        with watch.running():
            best = logits.numpy().argmax(axis=2)
            for row_labels, likeliest in zip(part, best, strict=True):
                pairs = [
                    (names[label], names[guess])
                    for label, guess in zip(row_labels, likeliest, strict=False)
                    if label != IGNORED
                ]
                references.append([label for label, _ in pairs])
                predictions.append([guess for _, guess in pairs])
    with watch.running():
        score = float(f1_score(references, predictions))
    return _figures(len(words), watch, score)


def _logits(
    task: TokenClassification, tags: Rows, positions: Sequence[Any], width: int
) -> torch.Tensor:
    """Noise (batch, sequence, tags) with a peak at each word's tag."""
    draw = np.random.default_rng(2)
    logits = draw.normal(size=(len(tags), width, len(task.tag_set))).astype(np.float32)
    for row, (row_tags, row_positions) in enumerate(zip(tags, positions, strict=True)):
        kept = np.asarray(row_positions) >= 0
        codes = task.tag_set.codes([row_tags])[: len(row_positions)]
        logits[row, np.asarray(row_positions)[kept], codes[: len(kept)][kept]] += PEAK
    return torch.from_numpy(logits)


def _figures(num_rows: int, watch: Stopwatch, score: float) -> dict[str, Any]:
    return {
        "rows": num_rows,
        "seconds": watch.seconds,
        "rows_per_second": num_rows / watch.seconds,
        "entity_f1": score,
    }


def run(way: str, limit: int) -> dict[str, Any]:
    """Rows a second, and the entity F1, which both ways must agree on."""
    entry = {"kind": "token_classification", "loss_weight": 1, "labels": list(TYPES)}
    task = build_tasks(TasksParameters.model_validate({"names": entry}))["names"]
    assert isinstance(task, TokenClassification)
    words, tags = make_rows(limit)
    return (run_ours if way == "ours" else run_plain)(task, words, tags)


if __name__ == "__main__":
    report(lambda: run(sys.argv[1], int(sys.argv[2])))
