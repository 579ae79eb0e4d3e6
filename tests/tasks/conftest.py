"""Tasks of every shape, each as small as it can be, beside the kinds that are registered.

Tags of words, a span in windows of a long text, pairs of texts, retrieval with negatives in the
batch, and writing text.
"""

import numpy as np
import pandas as pd
import pytest
import torch
from tests.tasks.retrieval_options import OPTIONS
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.tasks.base import TASKS, WINDOW_OF, Task, build_tasks
from ccnlp.tasks.frames import Frame
from ccnlp.tasks.heads import PooledClassifier
from ccnlp.tasks.parameters import TaskParameters, TasksParameters
from ccnlp.tasks.plain_text import text_ids
from ccnlp.tasks.sequences import encode_alone

IGNORED = -100


def pad(features, column, value):
    rows = [torch.tensor(feature[column]) for feature in features]
    padded = pad_sequence(rows, batch_first=True, padding_value=value)
    return padded if padded.dtype == torch.bool else padded.long()


def with_mask(features, pad_token_id, column="input_ids", name="attention_mask"):
    ids = pad(features, column, pad_token_id)
    return {column: ids, name: (ids != pad_token_id).long()}


def cross_entropies(logits, targets):
    """A number a row, of logits (batch, labels) or the mean of those (batch, sequence, labels)."""
    if targets.ndim == 1:
        return functional.cross_entropy(logits, targets, reduction="none")
    losses = functional.cross_entropy(logits.transpose(1, 2), targets, reduction="none")
    return losses.sum(-1) / (targets != IGNORED).sum(-1).clamp(min=1)


class Toy(Task):
    """What all of them share: every row fits, and a score is the share of right answers."""

    primary_metric = "accuracy"

    def validate(self, rows):
        return pd.Series(pd.NA, index=rows.index, dtype="string")

    def reference(self, rows):
        return rows[self.target_columns[0]]

    def score(self, predictions):
        pairs = zip(predictions["prediction"], predictions["reference"], strict=True)
        return {"accuracy": float(np.mean([np.array_equal(a, b) for a, b in pairs]))}


class Tags(Toy):
    input_columns, target_columns, list_columns = ("tokens",), ("tags",), ("tokens", "tags")

    def encode(self, rows, tokenizer, *, max_length_tokens):
        frame = Frame.of_text(tokenizer)
        words = iter(text_ids([word for words in rows["tokens"] for word in words], tokenizer))
        rows_of_word_ids = [[next(words) for _ in words_of_row] for words_of_row in rows["tokens"]]
        ids = [frame.around([i for word in row for i in word]) for row in rows_of_word_ids]
        before, after = [False] * len(frame.before), [False] * len(frame.after)
        starts = [
            [*before, *(i == 0 for word in row for i in range(len(word))), *after]
            for row in rows_of_word_ids
        ]
        columns = {"input_ids": ids, "is_start": starts}
        if "tags" in rows:
            codes = [[self.labels.index(tag) for tag in tags] for tags in rows["tags"]]
            targets = [iter(row_codes) for row_codes in codes]
            columns["target"] = [
                [next(target) if is_start else IGNORED for is_start in row_starts]
                for row_starts, target in zip(starts, targets, strict=True)
            ]
        return columns | {"num_tokens_before_truncation": list(map(len, ids))}

    def collate(self, features, *, pad_token_id):
        batch = with_mask(features, pad_token_id) | {"is_start": pad(features, "is_start", False)}
        if "target" in features[0]:
            batch["target"] = pad(features, "target", IGNORED)
        return batch

    def head(self, hidden_size, *, pooling, dropout):
        return StateClassifier(hidden_size, len(self.labels))

    def losses(self, outputs, batch, *, label_smoothing):
        return cross_entropies(outputs, batch["target"])

    def decode(self, outputs, batch, tokenizer):
        best = outputs.argmax(-1)
        tags = [
            [self.labels[i] for i in b[s]] for b, s in zip(best, batch["is_start"], strict=True)
        ]
        return pd.DataFrame({"prediction": tags, "confidence": 1.0, "probabilities": None})


class StateClassifier(nn.Linear):
    def forward(self, states, attention_mask):
        return super().forward(states)


class Span(Toy):
    """The answer is a word of the text, which is read in windows of a few tokens."""

    input_columns, target_columns = ("text",), ("answer",)

    def encode(self, rows, tokenizer, *, max_length_tokens):
        frame, texts = Frame.of_text(tokenizer), text_ids(rows["text"].tolist(), tokenizer)
        windows = [
            (row, frame.around(ids[first : first + 6]))
            for row, ids in enumerate(texts)
            for first in range(0, max(len(ids) - 2, 1), 4)
        ]
        window_of, sequences = [row for row, _ in windows], [ids for _, ids in windows]
        columns = {"input_ids": sequences, WINDOW_OF: window_of}
        if "answer" in rows:
            answers = text_ids(rows["answer"].tolist(), tokenizer)
            columns["target"] = [
                ids.index(answers[row][0]) if answers[row][0] in ids else 0 for row, ids in windows
            ]
        return columns | {"num_tokens_before_truncation": list(map(len, sequences))}

    def collate(self, features, *, pad_token_id):
        batch = with_mask(features, pad_token_id)
        if "target" in features[0]:
            batch["target"] = torch.tensor([feature["target"] for feature in features])
        return batch

    def head(self, hidden_size, *, pooling, dropout):
        return StateClassifier(hidden_size, 1)

    def losses(self, outputs, batch, *, label_smoothing):
        return cross_entropies(outputs.squeeze(-1), batch["target"])

    def decode(self, outputs, batch, tokenizer):
        probability, position = outputs.squeeze(-1).float().softmax(-1).max(-1)
        tokens = batch["input_ids"].gather(1, position[:, None])
        answers = [
            text.strip() for text in tokenizer.batch_decode(tokens, skip_special_tokens=True)
        ]
        sure = torch.where(position == 0, 0.0, probability)  # a window without the answer is none
        return pd.DataFrame({"prediction": answers, "confidence": sure, "probabilities": None})


class Pair(Toy):
    input_columns, target_columns = ("text", "other"), ("label",)

    def encode(self, rows, tokenizer, *, max_length_tokens):
        frame = Frame.of_both(tokenizer, "text_pair")
        sides = (text_ids(rows[column].tolist(), tokenizer) for column in self.input_columns)
        ids = [frame.around(text, other) for text, other in zip(*sides, strict=True)]
        columns = {"input_ids": ids, "num_tokens_before_truncation": list(map(len, ids))}
        if "label" in rows:
            columns["target"] = [self.labels.index(label) for label in rows["label"]]
        return columns

    collate = Span.collate

    def head(self, hidden_size, *, pooling, dropout):
        return PooledClassifier(hidden_size, len(self.labels), pooling=pooling, dropout=dropout)

    def losses(self, outputs, batch, *, label_smoothing):
        return cross_entropies(outputs, batch["target"])

    def decode(self, outputs, batch, tokenizer):
        probability, best = outputs.float().softmax(-1).max(-1)
        labels = [self.labels[i] for i in best]
        return pd.DataFrame(
            {"prediction": labels, "confidence": probability, "probabilities": None}
        )


class Retrieval(Toy):
    """The others' passages in the batch are the negatives; predicted is the passage's rank."""

    input_columns, target_columns = ("query", "passage"), ("rank",)

    def encode(self, rows, tokenizer, *, max_length_tokens):
        queries, _ = encode_alone(rows["query"].tolist(), tokenizer, max_length_tokens=64)
        passages, _ = encode_alone(rows["passage"].tolist(), tokenizer, max_length_tokens=64)
        lengths = [len(a) + len(b) for a, b in zip(queries, passages, strict=True)]
        columns = {"input_ids": queries, "passage_input_ids": passages}
        return columns | {"num_tokens_before_truncation": lengths}

    def collate(self, features, *, pad_token_id):
        return with_mask(features, pad_token_id) | with_mask(
            features, pad_token_id, "passage_input_ids", "passage_mask"
        )

    def head(self, hidden_size, *, pooling, dropout):
        return PooledClassifier(hidden_size, 16, pooling=pooling, dropout=0.0)

    def outputs(self, backbone, head, batch):
        sides = []
        for ids, mask in (("input_ids", "attention_mask"), ("passage_input_ids", "passage_mask")):
            states = backbone(input_ids=batch[ids], attention_mask=batch[mask]).last_hidden_state
            sides.append(functional.normalize(head(states, batch[mask]), dim=-1))
        return 20 * sides[0] @ sides[1].T

    def losses(self, outputs, batch, *, label_smoothing):
        return cross_entropies(outputs, torch.arange(len(outputs), device=outputs.device))

    def decode(self, outputs, batch, tokenizer):
        own_scores = outputs.diagonal()[:, None]
        ranks = [str(rank) for rank in (outputs > own_scores).sum(-1).tolist()]
        return pd.DataFrame({"prediction": ranks, "confidence": 1.0, "probabilities": None})


class Writing(Toy):
    backbone = "seq2seq"
    input_columns, target_columns = ("text",), ("summary",)

    def encode(self, rows, tokenizer, *, max_length_tokens):
        ids, lengths = encode_alone(rows["text"].tolist(), tokenizer, max_length_tokens=64)
        columns = {"input_ids": ids, "num_tokens_before_truncation": lengths}
        if "summary" in rows:
            columns["target_input_ids"], _ = encode_alone(
                rows["summary"].tolist(), tokenizer, max_length_tokens=64
            )
        return columns

    def collate(self, features, *, pad_token_id):
        batch = with_mask(features, pad_token_id)
        if "target_input_ids" in features[0]:
            batch["target"] = pad(features, "target_input_ids", IGNORED)
        return batch

    def head(self, hidden_size, *, pooling, dropout):
        return nn.Identity()

    def outputs(self, backbone, head, batch):
        inputs = {"input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"]}
        return backbone(**inputs, labels=batch["target"]).logits

    def infer(self, backbone, head, batch):
        inputs = {"input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"]}
        return backbone.generate(**inputs, max_new_tokens=6, do_sample=False, num_beams=1)

    def losses(self, outputs, batch, *, label_smoothing):
        return cross_entropies(outputs, batch["target"])

    def decode(self, outputs, batch, tokenizer):
        texts = [text.strip() for text in tokenizer.batch_decode(outputs, skip_special_tokens=True)]
        return pd.DataFrame({"prediction": texts, "confidence": 1.0, "probabilities": None})


WORDS = ["good", "bad", "great", "boring"]
SUBJECTS = ["film", "service", "it"]
TEXTS = [(subject, word) for subject in SUBJECTS for word in WORDS] * 4

TOYS = {
    "tags": (
        Tags,
        ("O", "JUDGEMENT"),
        {
            "tokens": [["the", subject, "was", word] for subject, word in TEXTS],
            "tags": [["O", "O", "O", "JUDGEMENT"] for _ in TEXTS],
        },
    ),
    "span": (
        Span,
        (),
        {
            "text": [f"the {s} was and is not the {s} and it is {w} and the" for s, w in TEXTS],
            "answer": [word for _, word in TEXTS],
        },
    ),
    "pair": (
        Pair,
        ("no", "yes"),
        {
            "text": [f"the {subject} was {word}" for subject, word in TEXTS],
            "other": [f"I {'loved' if i % 2 else 'hated'} it" for i in range(len(TEXTS))],
            "label": ["yes" if i % 2 else "no" for i in range(len(TEXTS))],
        },
    ),
    "retrieval": (
        Retrieval,
        (),
        {
            "query": [f"{subject} {word}" for subject, word in TEXTS],
            "passage": [f"the {subject} was very {word}" for subject, word in TEXTS],
            "rank": ["0" for _ in TEXTS],
        },
    ),
    "writing": (
        Writing,
        (),
        {
            "text": [f"the {subject} was very {word}" for subject, word in TEXTS],
            "summary": [word for _, word in TEXTS],
        },
    ),
}


@pytest.fixture(scope="session")
def tiny_writer(tiny_encoder, tmp_path_factory) -> EncoderCheckpoint:
    """A sequence-to-sequence model of one layer each, with the tiny encoder's tokenizer."""
    from transformers import BartConfig, BartForConditionalGeneration

    folder = tmp_path_factory.mktemp("tiny_writer")
    tokenizer = tiny_encoder.load_tokenizer()
    tokenizer.save_pretrained(folder)
    config = BartConfig(
        vocab_size=len(tokenizer),
        d_model=32,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        max_position_embeddings=64,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.eos_token_id,
        forced_eos_token_id=None,
        init_std=0.15,  # so small a model learns sooner from larger weights
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BartForConditionalGeneration(config).save_pretrained(folder)
    return EncoderCheckpoint(folder=folder, name="writer", source="path", revision="seed-0")


REGISTERED = {
    "sequence_classification": (
        {"labels": ("bad", "good")},
        {"text": ["the film was good", "bad", "I loved it"], "label": ["good", "bad", "good"]},
    ),
    "label_distribution": (
        {"labels": ("bad", "good"), "options": {"view": "distribution"}},
        {
            "text": ["the film was good", "bad", "I loved it"],
            "label": ["good", "bad", "good"],
            "label_counts": [[1.0, 2.0], [3.0, 0.0], [1.0, 4.0]],
            "pooled_label_counts": [[1.0, 2.0], [3.0, 3.0], [1.0, 4.0]],
            "num_annotations": [3.0, 3.0, 5.0],
        },
    ),
    "multi_label_classification": (
        {"labels": ("joy", "fear", "anger")},
        {
            "text": ["the film was good", "bad", "I loved it"],
            "labels": [["joy", "anger"], [], ["fear", "joy"]],
        },
    ),
    "pair_classification": (
        {"labels": ("no", "yes")},
        {
            "text": ["the film was good", "the film was bad", "I loved it"],
            "other_text": ["I loved it", "it was great", "the film was great"],
            "label": ["yes", "no", "yes"],
        },
    ),
    "pair_similarity": (
        {"options": {"score_range": (0, 5)}},
        {
            "text": ["the film was good", "the film was bad", "I loved it"],
            "other_text": ["I loved it", "it was great", "the film was great"],
            "score": ["3.5", "0", "4"],
        },
    ),
    "relation_classification": (
        {"labels": ("none", "is(e1,e2)", "is(e2,e1)"), "options": {"none_label": "none"}},
        {
            "text": ["the film was good", "good was the film", "I loved the bad film"],
            "first_entity": [["4", "8"], ["0", "4"], ["2", "7"]],
            "second_entity": [["13", "17"], ["13", "17"], ["16", "20"]],
            "label": ["is(e1,e2)", "is(e2,e1)", "none"],
        },
    ),
    "question_answering": (
        {"options": {"max_tokens": 8, "stride_tokens": 4, "may_be_missing": True}},
        {
            "question": ["was it good", "who loved it", "was the service great"],
            "passage": [
                "the film was very good and I loved it",
                "I loved the film",
                "the film was bad and it was boring and I hated it and it was not very good",
            ],
            "answer": [["very good", "good"], ["I"], []],
            "answer_start": [["13", "18"], ["0"], []],
            "language": ["en", "en", "en"],
        },
    ),
    "retrieval": (
        {"options": OPTIONS | {"dimensions": [8]}},
        {
            "query": ["was the film good", "is it bad", "I loved it"],
            "passage": ["the film was good", "it is not bad", "la película es buena"],
            "language": ["en", "en", "en"],
            "passage_language": ["en", "en", "es"],
            "negatives": [["the film was bad"], [], ["la película es mala", "no es buena"]],
        },
    ),
    "token_classification": (
        {"labels": ("PER", "LOC")},
        {
            "tokens": [["it", "is", "\u200b", "good"], ["bad"], ["the", "film"] * 12],
            "tags": [["B-PER", "I-PER", "I-PER", "O"], ["O"], ["O", "B-LOC"] * 12],
        },
    ),
    "intent_slots": (
        {"labels": ("ask", "set"), "options": {"slot_types": ("time",)}},
        {
            "tokens": [["it", "is", "good"], ["bad"], ["the", "film"] * 12],
            "tags": [["B-time", "I-time", "O"], ["O"], ["O", "B-time"] * 12],
            "label": ["ask", "set", "ask"],
        },
    ),
}
"""For each registered kind its entry, and rows that fit it."""


@pytest.fixture(params=[*TASKS, *TOYS])
def kind(request, tiny_encoder, tiny_writer):
    """A task of each kind, rows that fit it, and a checkpoint that it can start from."""
    if request.param in TOYS:
        kind, labels, columns = TOYS[request.param]
        entry = {"labels": labels}
    else:
        kind, (entry, columns) = TASKS.get(request.param), REGISTERED[request.param]
    entry = {"kind": request.param, "loss_weight": 1, **entry}
    task = kind("t", TaskParameters.model_validate(entry))
    checkpoint = tiny_writer if task.backbone == "seq2seq" else tiny_encoder
    return task, pd.DataFrame(columns), checkpoint


@pytest.fixture(params=TOYS)
def toy(request, monkeypatch, tiny_encoder, tiny_writer):
    """The task, its examples, and the checkpoint that it starts from."""
    kind, labels, columns = TOYS[request.param]
    monkeypatch.setitem(TASKS._entries, request.param, kind)
    entry = {"kind": request.param, "loss_weight": 1, "labels": labels}
    tasks = build_tasks(TasksParameters.model_validate({"t": entry}))
    rows = pd.DataFrame(columns).assign(
        corpus="toy", task="t", language="en", culture="GB", domain="reviews", origin="native",
        weight=1.0,
    )  # fmt: skip
    rows["id"] = [f"{i:016x}" for i in range(len(rows))]
    rows["split"] = [("train", "train", "train", "validation")[i // 12] for i in range(len(rows))]
    return tasks, rows, tiny_writer if kind is Writing else tiny_encoder


@pytest.fixture
def tasks_of_both_backbones() -> list[Task]:
    parameters = TaskParameters(kind="x", loss_weight=1, labels=("a", "b"))
    return [Pair("topic", parameters), Writing("summary", parameters)]
