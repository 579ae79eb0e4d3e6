"""Fine-tuning: `ours` or `plain`, a competent user's Trainer on the same checkpoint and rows."""

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tests.benchmarks.corpus import (
    load_encoder_checkpoint,
    load_parameters,
    load_rows,
    load_tasks,
)
from tests.benchmarks.measuring import Stopwatch, report

from ccnlp.metrics import classification_metrics


def language_average(rows: pd.DataFrame, predicted: pd.DataFrame, labels: tuple[str, ...]) -> float:
    """Macro-F1 on test, averaged over the languages."""
    table = predicted.assign(reference=rows["label"], language=rows["language"].astype(str))
    scores = [
        classification_metrics(
            group["reference"], group["prediction"], group["confidence"], labels=labels
        )["macro_f1"]
        for _, group in table[rows["split"] == "test"].groupby("language")
    ]
    return float(np.mean(scores))


def ours(limit: int, epochs: int, seed: int) -> dict[str, Any]:
    """The project's default."""
    from ccnlp.tokenisation.encoding import count_tokens, encode_examples
    from ccnlp.training.fine_tuning import fine_tune
    from ccnlp.training.parameters import TrainingParameters

    rows, tasks, encoder = load_rows(limit), load_tasks(), load_encoder_checkpoint()
    defaults = {**load_parameters("training"), "epochs": epochs, "seed": seed}
    parameters = TrainingParameters.model_validate(defaults)
    watch = Stopwatch()
    examples = rows.assign(culture=rows["culture"].fillna("und"))
    with tempfile.TemporaryDirectory() as folder, watch.running():
        tokenizer = encoder.load_tokenizer()
        features = encode_examples(examples, tasks, tokenizer, max_length_tokens=128)
        vocabulary = count_tokens(features, special_ids=tokenizer.all_special_ids)
        tuned = fine_tune(
            features,
            vocabulary=vocabulary["token_id"].to_numpy(),
            encoder=encoder,
            tasks=tasks,
            max_length_tokens=128,
            parameters=parameters,
            checkpoints=Path(folder),
        )
    predicted = tuned.model.predict(rows, task="sentiment")
    return _result(
        rows, epochs, watch, language_average(rows, predicted, tasks["sentiment"].labels)
    )


def plain(limit: int, epochs: int, seed: int) -> dict[str, Any]:
    """Trainer with its defaults: fp32, padding per batch, batches of 32, the whole vocabulary."""
    import torch
    from transformers import (
        AutoModelForSequenceClassification,
        DataCollatorWithPadding,
        Trainer,
        TrainingArguments,
    )

    rows, labels = load_rows(limit), load_tasks()["sentiment"].labels
    encoder = load_encoder_checkpoint()
    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as folder, watch.running():
        tokenizer = encoder.load_tokenizer()
        model = AutoModelForSequenceClassification.from_pretrained(
            encoder.folder, num_labels=len(labels)
        )
        encoded = tokenizer(rows["text"].tolist(), truncation=True, max_length=128)
        items = [
            {"input_ids": ids, "labels": labels.index(label)}
            for ids, label in zip(encoded["input_ids"], rows["label"], strict=True)
        ]
        is_train = (rows["split"] == "train").to_numpy()
        trainer = Trainer(
            model,
            TrainingArguments(
                folder,
                num_train_epochs=epochs,
                per_device_train_batch_size=32,
                per_device_eval_batch_size=32,
                learning_rate=5e-5,
                seed=seed,
                report_to="none",
                save_strategy="no",
                use_cpu=not torch.cuda.is_available(),
            ),
            train_dataset=[item for item, chosen in zip(items, is_train, strict=True) if chosen],
            data_collator=DataCollatorWithPadding(tokenizer),
        )
        trainer.train()
    logits = torch.tensor(trainer.predict(items).predictions)
    best = logits.softmax(-1).max(-1)
    predicted = pd.DataFrame(
        {
            "prediction": [labels[i] for i in best.indices.tolist()],
            "confidence": best.values.tolist(),
        }
    )
    return _result(rows, epochs, watch, language_average(rows, predicted, labels))


def _result(rows: pd.DataFrame, epochs: int, watch: Stopwatch, score: float) -> dict[str, Any]:
    num_examples = int((rows["split"] == "train").sum()) * epochs
    return {
        "examples": num_examples,
        "seconds": watch.seconds,
        "examples_per_second": num_examples / watch.seconds,
        "macro_f1": score,
    }


if __name__ == "__main__":
    ways = {"ours": ours, "plain": plain}
    way, limit, epochs, seed = sys.argv[1], *map(int, sys.argv[2:5])
    report(lambda: ways[way](limit, epochs, seed))
