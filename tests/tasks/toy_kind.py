"""A kind of task in forty lines of code: which of three words sum a text up, none or several."""

import numpy as np
import pandas as pd
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from ccnlp.tasks.base import TASKS
from ccnlp.tasks.heads import PooledClassifier
from ccnlp.tasks.padding import pad_token_ids
from ccnlp.tasks.tallied import TalliedTask, f1, read_answer, write_answer

WORDS = ("negative", "neutral", "positive")


@TASKS.register("toy_words")
class ToyWords(TalliedTask):
    input_columns, target_columns, primary_metric = ("text",), ("word",), "f1"

    def validate(self, rows):
        return pd.Series(pd.NA, index=rows.index, dtype="string")

    def encode(self, rows, tokenizer, *, max_length_tokens):
        ids = tokenizer(rows["text"].tolist(), truncation=True, max_length=max_length_tokens)
        columns = {"input_ids": ids["input_ids"]}
        if "word" in rows:
            columns["target"] = [[float(word == name) for word in WORDS] for name in rows["word"]]
        return columns | {"num_tokens_before_truncation": list(map(len, ids["input_ids"]))}

    def collate(self, features, *, pad_token_id):
        columns = {name: [feature[name] for feature in features] for name in features[0]}
        ids, mask = pad_token_ids(columns["input_ids"], pad_token_id=pad_token_id)
        batch = {"input_ids": ids, "attention_mask": mask}
        return batch | ({"target": torch.tensor(columns["target"])} if "target" in columns else {})

    def head(self, hidden_size, *, pooling, dropout):
        return PooledClassifier(hidden_size, len(WORDS), pooling=pooling, dropout=dropout)

    def losses(self, outputs, batch, *, label_smoothing):
        target = batch["target"]
        return binary_cross_entropy_with_logits(outputs, target, reduction="none").mean(-1)

    def decode(self, outputs, batch, tokenizer):
        shares = outputs.float().sigmoid().cpu().numpy()
        answers = [write_answer([WORDS[i] for i in np.flatnonzero(row > 0.5)]) for row in shares]
        sure = np.maximum(shares, 1 - shares).min(axis=1)
        return pd.DataFrame({"prediction": answers, "confidence": sure, "probabilities": None})

    def reference(self, rows):
        return rows["word"].map(lambda word: write_answer([word]), na_action="ignore")

    def tallies(self, predictions):
        pairs = zip(predictions["prediction"], predictions["reference"], strict=True)
        sets = [(set(read_answer(found)), set(read_answer(expected))) for found, expected in pairs]
        numbers = [(len(found & expected), len(expected), len(found)) for found, expected in sets]
        return np.array(numbers, dtype=np.float64).reshape(-1, 3)

    def metrics(self, sums):
        return {"f1": f1(sums[..., 0], sums[..., 1], sums[..., 2])}
