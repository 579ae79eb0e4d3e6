"""Prediction: `ours` or `plain`, transformers in fp32 with padded batches of 32."""

import sys
from statistics import median
from typing import Any

import pandas as pd
import torch
from tests.benchmarks.corpus import load_encoder_checkpoint, load_rows, load_tasks
from tests.benchmarks.measuring import Stopwatch, report

from ccnlp.models.network import build_network, load_backbone
from ccnlp.models.trained import TrainedModel

NUM_REQUESTS = 30


def build_model() -> TrainedModel:
    """A model with heads as they start: what is measured does not depend on the weights."""
    torch.manual_seed(0)
    checkpoint, tasks = load_encoder_checkpoint(), load_tasks()
    encoder = load_backbone(checkpoint.folder)
    return TrainedModel(
        network=build_network(encoder, tasks, pooling="mean", head_dropout=0.0).eval(),
        tokenizer=checkpoint.load_tokenizer(),
        tasks=tasks,
        encoder=checkpoint,
        pooling="mean",
        max_length_tokens=128,
    )


def plain_predict(model: TrainedModel, texts: list[str]) -> torch.Tensor:
    """Logits in the order of the texts, batch by batch as they come."""
    parts = []
    for start in range(0, len(texts), 32):
        batch = model.tokenizer(
            texts[start : start + 32],
            padding=True,
            truncation=True,
            max_length=128,
            return_tensors="pt",
        )
        with torch.no_grad():
            parts.append(model.network(task="sentiment", batch=dict(batch)))
    return torch.cat(parts)


def run(way: str, limit: int) -> dict[str, Any]:
    """Examples a second over all rows, and the median latency of single texts."""
    rows, model = load_rows(limit), build_model()
    texts = rows["text"].tolist()

    def predict(chosen: list[str]) -> object:
        if way == "plain":
            return plain_predict(model, chosen)
        return model.predict(pd.DataFrame({"text": chosen}), task="sentiment")

    predict(texts[:64])
    watch = Stopwatch()
    with watch.running():
        predict(texts)
    latencies = []
    for text in texts[:NUM_REQUESTS]:
        single = Stopwatch()
        with single.running():
            predict([text])
        latencies.append(single.seconds)
    return {
        "examples": len(texts),
        "examples_per_second": len(texts) / watch.seconds,
        "latency_ms": 1000 * median(latencies),
    }


if __name__ == "__main__":
    report(lambda: run(sys.argv[1], int(sys.argv[2])))
