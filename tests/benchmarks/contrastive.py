"""Contrastive training: `ours`, or `plain`, sentence-transformers' trainer and loss.

Pairs are the two halves of a text, of the corpora's train rows; what is judged is how often the
second half of a test text is found by its first, among those of all test texts. Both take the same
batches of 32 with the other rows as negatives, a temperature of 0.05 in both directions, and one
epoch at the same learning rate. The plain way has its defaults otherwise: fp32, all embeddings.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tests.benchmarks.corpus import load_encoder_checkpoint, load_parameters, load_rows
from tests.benchmarks.measuring import Stopwatch, report
from tests.benchmarks.sentence_encoder import load_sentence_encoder

from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tokenisation.encoding import count_tokens, encode_examples
from ccnlp.training.fine_tuning import fine_tune
from ccnlp.training.parameters import TrainingParameters

TASK = "halves"
PREFIX = "query: "
MAX_LENGTH_TOKENS = 128
MIN_WORDS = 8
LEARNING_RATE = 5e-5
"""The plain way's default, for all layers."""

RETRIEVAL = {
    "query_prefix": PREFIX,
    "passage_prefix": PREFIX,
    "temperature": 0.05,
    "is_symmetric": True,
    "negatives": "given",
    "num_negatives": 0,
    "dimensions": [],
}


def load_pairs(limit: int) -> pd.DataFrame:
    """Rows of `query`, `passage` and what training needs, of all splits."""
    rows = load_rows(limit)
    words = rows["text"].str.split()
    rows, words = rows[words.map(len) >= MIN_WORDS], words[words.map(len) >= MIN_WORDS]
    pairs = rows[["split", "language", "corpus", "weight"]].assign(
        query=words.map(lambda row_words: " ".join(row_words[: len(row_words) // 2])),
        passage=words.map(lambda row_words: " ".join(row_words[len(row_words) // 2 :])),
        passage_language=rows["language"],
        task=TASK,
        culture="und",
        domain="und",
        origin="native",
    )
    pairs = pairs.drop_duplicates(["query"]).drop_duplicates(["passage"]).reset_index(drop=True)
    return pairs.assign(id=[f"{row:016x}" for row in range(len(pairs))])


def found_first(queries: Any, passages: Any) -> float:
    """The share of queries whose own passage has the highest cosine."""
    best = (np.asarray(queries) @ np.asarray(passages).T).argmax(axis=1)
    return float((best == np.arange(len(best))).mean())


def ours(pairs: pd.DataFrame) -> dict[str, Any]:
    """The project's default, for one epoch."""
    from ccnlp.retrieval.embedding import ModelEmbedder

    entry = {"kind": "retrieval", "loss_weight": 1, "options": RETRIEVAL}
    tasks = build_tasks(TasksParameters.model_validate({TASK: entry}))
    encoder = load_encoder_checkpoint()
    defaults = load_parameters("training")
    recipe = {"learning_rate": LEARNING_RATE, "layer_decay": 1.0}
    changes = {"epochs": 1, "optimiser": {**defaults["optimiser"], **recipe}}
    parameters = TrainingParameters.model_validate({**defaults, **changes})
    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as folder, watch.running():
        tokenizer = encoder.load_tokenizer()
        features = encode_examples(pairs, tasks, tokenizer, max_length_tokens=MAX_LENGTH_TOKENS)
        vocabulary = count_tokens(features, special_ids=tokenizer.all_special_ids)
        model = fine_tune(
            features,
            vocabulary=vocabulary["token_id"].to_numpy(),
            encoder=encoder,
            tasks=tasks,
            max_length_tokens=MAX_LENGTH_TOKENS,
            parameters=parameters,
            checkpoints=Path(folder),
        ).model
    embedder = ModelEmbedder(model, TASK)
    test = pairs[pairs["split"] == "test"]
    return _figures(
        pairs,
        watch,
        found_first(
            embedder.embed(test["query"].tolist(), side="query"),
            embedder.embed(test["passage"].tolist(), side="passage"),
        ),
    )


def plain(pairs: pd.DataFrame) -> dict[str, Any]:
    """sentence-transformers' trainer with its symmetric loss over the batch."""
    from sentence_transformers import (
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    from datasets import Dataset

    train, test = (pairs[pairs["split"] == split] for split in ("train", "test"))
    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as folder, watch.running():
        model = load_sentence_encoder(
            load_encoder_checkpoint(), max_length_tokens=MAX_LENGTH_TOKENS
        )
        columns = {name: (PREFIX + train[name]).tolist() for name in ("query", "passage")}
        trainer = SentenceTransformerTrainer(
            model,
            SentenceTransformerTrainingArguments(
                folder,
                num_train_epochs=1,
                learning_rate=LEARNING_RATE,
                per_device_train_batch_size=32,
                report_to="none",
                save_strategy="no",
                use_cpu=True,
            ),
            train_dataset=Dataset.from_dict(columns),
            loss=MultipleNegativesRankingLoss(
                model,
                scale=20.0,
                directions=("query_to_doc", "doc_to_query"),
                partition_mode="per_direction",
            ),
        )
        trainer.train()
    vectors = [
        model.encode((PREFIX + test[name]).tolist(), normalize_embeddings=True)
        for name in ("query", "passage")
    ]
    return _figures(pairs, watch, found_first(*vectors))


def _figures(pairs: pd.DataFrame, watch: Stopwatch, score: float) -> dict[str, Any]:
    num_rows = int((pairs["split"] == "train").sum())
    return {
        "rows": num_rows,
        "seconds": watch.seconds,
        "examples_per_second": num_rows / watch.seconds,
        "recall_at_1": score,
    }


if __name__ == "__main__":
    ways = {"ours": ours, "plain": plain}
    report(lambda: ways[sys.argv[1]](load_pairs(int(sys.argv[2]))))
