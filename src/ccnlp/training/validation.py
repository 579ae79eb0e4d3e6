"""The score that training is steered by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from ccnlp.models.network import MultiTaskNetwork
from ccnlp.models.precision import PrecisionChoice, autocast, choose_device
from ccnlp.tasks.base import Features, Task
from ccnlp.tokenisation.batching import length_sorted_batches
from ccnlp.training.batches import Rows
from ccnlp.training.callbacks import SELECTION_METRIC

TOKENS_PER_BATCH = 8192


@dataclass(frozen=True)
class Validation:
    """Scores a network on validation rows; `rows` holds each task's features and positions."""

    network: MultiTaskNetwork
    tasks: Mapping[str, Task]
    rows: Mapping[str, tuple[Sequence[Features], Rows]]
    pad_token_id: int
    precision: PrecisionChoice

    def __call__(self) -> dict[str, float]:
        """Each task's metrics under `task/metric`, and the mean of their primary metrics."""
        scores: dict[str, float] = {}
        primary = []
        was_training = self.network.training
        self.network.eval()
        for name, task in self.tasks.items():
            metrics = task.score(self._predict(task))
            primary.append(metrics[task.primary_metric])
            scores |= {f"{name}/{metric}": value for metric, value in metrics.items()}
        self.network.train(was_training)
        return {**scores, SELECTION_METRIC: float(np.mean(primary))}

    def _predict(self, task: Task) -> pd.DataFrame:
        features, positions = self.rows[task.name]
        device = choose_device()
        lengths = np.array([len(features[i]["input_ids"]) for i in positions], dtype=np.int64)
        tables = []
        for chosen in length_sorted_batches(lengths, tokens_per_batch=TOKENS_PER_BATCH):
            rows = [features[i] for i in positions[chosen]]
            batch = task.collate(rows, pad_token_id=self.pad_token_id)
            with torch.inference_mode(), autocast(device, self.precision):
                outputs = self.network(
                    task=task.name,
                    input_ids=batch["input_ids"].to(device),
                    attention_mask=batch["attention_mask"].to(device),
                )
            tables.append(task.decode(outputs).assign(reference=task.decode_targets(batch)))
        return pd.concat(tables, ignore_index=True)
