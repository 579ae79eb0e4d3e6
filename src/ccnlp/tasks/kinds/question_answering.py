"""An answer to a question, cut out of a passage."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import Field

from ccnlp.errors import ConfigurationError
from ccnlp.tasks.answer_matching import best_match, cut_words, cut_words_as_english
from ccnlp.tasks.base import IS_CUT, TASKS, WINDOW_OF, Batch, Calibration, Features, Pooling
from ccnlp.tasks.best_spans import find_best_spans
from ccnlp.tasks.confidence import CONFIDENCE, choose_scale
from ccnlp.tasks.cut_answers import an_answer, cut_out, first_span, why_not_there
from ccnlp.tasks.frames import Frame
from ccnlp.tasks.padding import pad_token_ids
from ccnlp.tasks.parameters import KindOptions
from ccnlp.tasks.served import AnswerForm
from ccnlp.tasks.tallied import Sums, TalliedTask, read_answer, write_answer
from ccnlp.tasks.windows import FIRST_TOKEN, NO_PASSAGE, cut_windows, read_tokens

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import PreTrainedTokenizerBase

QUESTION, PASSAGE = "question", "passage"
ANSWER, ANSWER_START = "answer", "answer_start"
TARGETS = ("target_start", "target_end")
CHARACTERS = ("token_starts", "token_ends")
NOTHING = -1
"""The character where an answer begins and ends that is none."""


class AnswerOptions(KindOptions):
    """`options` of kind question_answering: what an answer may be."""

    max_tokens: int = Field(ge=1, description="tokens of a predicted answer at most")
    stride_tokens: int = Field(
        ge=0,
        description="tokens that neighbouring windows of a long passage share, at most half of a "
        "window; answers up to this length stand whole in one of them",
    )
    may_be_missing: bool = Field(
        description="whether a question may have no answer in its passage, and a model may say so"
    )


@TASKS.register("question_answering")
class QuestionAnswering(TalliedTask):
    """Finds in `passage` the answer to `question`, or says that there is none (`options`).

    A long passage is read in windows. The target is the first of the accepted answers, given as
    two lists, their texts and the characters of the passage where they begin; an empty list where
    there is none. Predictions and references are lists of answers, each with `text` and `start`,
    as JSON.

    The span with the highest sum of two logits, those of its first and of its last token, is the
    answer; none is where the first token of each window has a higher one (Devlin et al. 2019,
    sections 4.2 and 4.3).
    """

    is_right_if_equal: ClassVar[bool] = False
    input_columns: ClassVar[tuple[str, ...]] = (QUESTION, PASSAGE)
    target_columns: ClassVar[tuple[str, ...]] = (ANSWER, ANSWER_START)
    list_columns: ClassVar[tuple[str, ...]] = target_columns
    emptiable_columns: ClassVar[tuple[str, ...]] = target_columns
    options_type: ClassVar[type[KindOptions]] = AnswerOptions
    options: AnswerOptions
    quoted_column: ClassVar[str | None] = PASSAGE
    is_calibrated: ClassVar[bool] = True
    hub_task: ClassVar[str] = "question-answering"
    answer_columns: ClassVar[Mapping[str, AnswerForm]] = {
        "answer": "text",
        "start": "whole_number",
        "end": "whole_number",
        "confidence": "number",
    }
    optional_answers: ClassVar[tuple[str, ...]] = ("answer", "start", "end")
    primary_metric: str = "f1"

    def encoding_parameters(self) -> dict[str, Any]:
        """Of the options, the stride alone."""
        options = {"stride_tokens": self.options.stride_tokens}
        return {**super().encoding_parameters(), "options": options}

    def check_parameters(self) -> None:
        """No labels."""
        if self.labels:
            raise ConfigurationError(
                f"task {self.name!r}: kind question_answering has no labels; leave them out "
                "(parameters/tasks.yml)"
            )

    def validate(self, rows: pd.DataFrame) -> pd.Series:
        """An answer must stand in the passage where it is said to."""
        cells = (rows[column] for column in (PASSAGE, ANSWER, ANSWER_START))
        reasons = [
            self._why_no_answers(passage, list(texts), list(starts))
            for passage, texts, starts in zip(*cells, strict=True)
        ]
        return pd.Series(reasons, index=rows.index, dtype="string")

    def _why_no_answers(self, passage: str, texts: list[str], starts: list[str]) -> str | None:
        if len(texts) != len(starts):
            return f"answer has {len(texts)} items and answer_start {len(starts)}"
        if not texts and not self.options.may_be_missing:
            return (
                "the question has no answer, which tasks."
                f"{self.name}.options.may_be_missing does not allow (parameters/tasks.yml)"
            )
        reasons = (
            why_not_there(text, start, passage) for text, start in zip(texts, starts, strict=True)
        )
        return next(filter(None, reasons), None)

    def encode(
        self,
        rows: pd.DataFrame,
        tokenizer: "PreTrainedTokenizerBase",
        *,
        max_length_tokens: int,
    ) -> dict[str, Sequence[Any]]:
        """Windows: token ids, the passage's characters that each stands for, and the answer's ends.

        The targets are the positions of the answer's first and last token in the window, or those
        of the window's first token where it does not hold the answer.
        """
        passages = read_tokens(rows[PASSAGE], tokenizer)
        windows = list(
            cut_windows(
                read_tokens(rows[QUESTION], tokenizer),
                passages,
                Frame.of_both(tokenizer, "text_pair"),
                max_length_tokens=max_length_tokens,
                stride_tokens=self.options.stride_tokens,
            )
        )
        features: dict[str, Sequence[Any]] = {
            "input_ids": [window.input_ids for window in windows],
            "num_tokens_before_truncation": [window.num_tokens for window in windows],
            WINDOW_OF: [window.row for window in windows],
            IS_CUT: [window.is_cut for window in windows],
            CHARACTERS[0]: [window.starts for window in windows],
            CHARACTERS[1]: [window.ends for window in windows],
        }
        if ANSWER in rows:
            spans = [
                passage.covering(*first_span(texts, starts))
                for passage, texts, starts in zip(
                    passages, rows[ANSWER], rows[ANSWER_START], strict=True
                )
            ]
            targets = [window.place_of(*spans[window.row]) for window in windows]
            features |= dict(zip(TARGETS, zip(*targets, strict=True), strict=True))
        return features

    def collate(self, features: Sequence[Features], *, pad_token_id: int) -> Batch:
        """`input_ids`, `attention_mask`, `token_starts`, `token_ends` (batch, sequence), targets.

        The targets `target_start` and `target_end` have shape (batch,).
        """
        import torch

        sequences = [feature["input_ids"] for feature in features]
        input_ids, attention_mask = pad_token_ids(sequences, pad_token_id=pad_token_id)
        batch = {"input_ids": input_ids, "attention_mask": attention_mask}
        for name in CHARACTERS:
            characters = [feature[name] for feature in features]
            batch[name], _ = pad_token_ids(characters, pad_token_id=NO_PASSAGE)
        for name in TARGETS:
            if name in features[0]:
                batch[name] = torch.tensor([int(feature[name]) for feature in features])
        return batch

    def head(self, hidden_size: int, *, pooling: Pooling, dropout: float) -> "nn.Module":
        """Maps each state to two logits, those of the answer's first and of its last token."""
        from ccnlp.tasks.heads import TokenClassifier

        del pooling
        return TokenClassifier(hidden_size, len(TARGETS), dropout=dropout)

    def losses(
        self, outputs: "torch.Tensor", batch: Batch, *, label_smoothing: float
    ) -> "torch.Tensor":
        """The mean of both ends' cross-entropies, in fp32, over the passage and the first token."""
        import torch

        log_shares, is_allowed = _log_shares(outputs, batch)
        targets = torch.stack([batch[name] for name in TARGETS], dim=-1)  # (batch, 2)
        losses = -log_shares.gather(1, targets[:, None]).squeeze(1)
        uniform = -log_shares.masked_fill(~is_allowed, 0.0).sum(dim=1) / is_allowed.sum(dim=1)
        return ((1 - label_smoothing) * losses + label_smoothing * uniform).mean(dim=-1)

    def divergence(
        self, first: "torch.Tensor", second: "torch.Tensor", batch: Batch
    ) -> "torch.Tensor":
        """The mean of both Kullback–Leibler divergences, of starts and of ends; a scalar."""
        p, is_allowed = _log_shares(first, batch)
        q, _ = _log_shares(second, batch)
        difference = (p - q).masked_fill(~is_allowed, 0.0)  # of minus infinities
        return ((p.exp() - q.exp()) * difference).sum(dim=1).mean() / 2

    def decode(
        self, outputs: "torch.Tensor", batch: Batch, tokenizer: "PreTrainedTokenizerBase"
    ) -> pd.DataFrame:
        """A row a window: its best span's characters and score, and the score of no answer.

        Columns `start`, `end`, `score`, `null_score`, and `log_total`, the logarithm of the sum of
        the exponentials of all legal spans' scores.
        """
        del tokenizer
        starts, ends = (batch[name] for name in CHARACTERS)
        best = find_best_spans(outputs, starts != NO_PASSAGE, max_tokens=self.options.max_tokens)
        columns = {
            "start": starts.gather(1, best.start[:, None]).squeeze(1),
            "end": ends.gather(1, best.end[:, None]).squeeze(1),
            "score": best.score,
            "null_score": outputs[:, FIRST_TOKEN].float().sum(dim=-1),
            "log_total": best.log_total,
        }
        return pd.DataFrame({name: column.cpu().numpy() for name, column in columns.items()})

    def merge(self, decoded: pd.DataFrame, window_of: "np.ndarray[Any, Any]") -> pd.DataFrame:
        """The best span of all windows of a row against the smallest score of no answer.

        Columns `start` and `end`, both `NOTHING` where there is no answer; `confidence`, its share
        of the legal spans of all windows, and of no answer where there may be none, under the
        softmax of their scores; `probabilities`, missing. A span that two windows share is a span
        in each; those of windows that find the same answer are its share together.
        """
        order = np.lexsort((-decoded["score"].to_numpy(), window_of))
        _, first, num_windows = np.unique(window_of[order], return_index=True, return_counts=True)
        ordered = {name: decoded[name].to_numpy()[order] for name in decoded}
        score = ordered["score"][first].astype(np.float64)
        null_score = np.minimum.reduceat(ordered["null_score"], first).astype(np.float64)
        log_total = np.logaddexp.reduceat(ordered["log_total"].astype(np.float64), first)
        if self.options.may_be_missing:
            is_found = score >= null_score
            log_total = np.logaddexp(log_total, null_score)
        else:
            is_found = np.isfinite(score)
        spans = np.stack([ordered["start"], ordered["end"]])
        is_same = (spans == np.repeat(spans[:, first], num_windows, axis=1)).all(axis=0)
        same_scores = np.where(is_same, ordered["score"], -np.inf).astype(np.float64)
        span_score = np.logaddexp.reduceat(same_scores, first)
        other_score = null_score if self.options.may_be_missing else -np.inf
        answer_score = np.where(is_found, span_score, other_score)
        confidence = np.exp(answer_score - np.where(np.isfinite(log_total), log_total, 0.0))
        return pd.DataFrame(
            {
                "start": np.where(is_found, ordered["start"][first], NOTHING),
                "end": np.where(is_found, ordered["end"][first], NOTHING),
                "confidence": confidence.clip(0.0, 1.0),
                "probabilities": None,
            }
        )

    def write(self, predicted: pd.DataFrame, quoted: pd.Series | None) -> pd.DataFrame:
        """`prediction`, the answers as they stand in the passages, with `confidence`."""
        if quoted is None:
            raise ValueError("answers can't be written without the passages")
        spans = zip(quoted, predicted["start"], predicted["end"], strict=True)
        answers = [
            write_answer([] if start == NOTHING else cut_out(str(passage), start, end))
            for passage, start, end in spans
        ]
        return predicted[["confidence", "probabilities"]].assign(prediction=answers)

    def calibrate(self, predictions: pd.DataFrame) -> Calibration:
        """The scale of the confidence on which it is that of exact matches on validation."""
        is_exact = self.tallies(predictions)[:, 0] > 0
        scale = choose_scale(predictions["confidence"], is_exact)
        return {CONFIDENCE: scale} if scale else {}

    def tell(self, predicted: pd.DataFrame, request: pd.DataFrame) -> pd.DataFrame:
        """The answer with its characters in the passage, all missing where there is none."""
        del request
        answers = [next(iter(read_answer(text)), None) for text in predicted["prediction"]]
        cells = [
            (answer["text"], answer["start"], answer["start"] + len(answer["text"]))
            if answer
            else (None,) * 3
            for answer in answers
        ]
        columns = ["answer", "start", "end"]
        table = pd.DataFrame(cells, columns=columns, index=predicted.index, dtype="object")
        return table.assign(confidence=predicted["confidence"].astype("float64"))

    def reference(self, rows: pd.DataFrame) -> pd.Series:
        """All accepted answers."""
        cells = zip(rows[ANSWER], rows[ANSWER_START], strict=True)
        answers = [
            write_answer([an_answer(*answer) for answer in zip(texts, starts, strict=True)])
            for texts, starts in cells
        ]
        return pd.Series(answers, index=rows.index, dtype="string")

    def tallies(self, predictions: pd.DataFrame) -> Sums:
        """Exact matches and F1 by the row's language, both as if it were English, and 1."""
        columns = (predictions[name] for name in ("prediction", "reference", "language"))
        sums = []
        for predicted, reference, language in zip(*columns, strict=True):
            text = next((answer["text"] for answer in read_answer(predicted)), "")
            accepted = [answer["text"] for answer in read_answer(reference)]
            cut = partial(cut_words, language=language)
            match = best_match(text, accepted, cut)
            match_as_english = best_match(text, accepted, cut_words_as_english)
            sums.append((*match, *match_as_english, 1.0))
        return np.array(sums, dtype=np.float64).reshape(-1, 5)

    def metrics(self, sums: Sums) -> dict[str, Sums]:
        """Means over rows: `f1` and `exact_match` by language, `f1_english`, `exact_match_english`.

        The English ones take the text of every language for English, as numbers on XQuAD are
        published.
        """
        names = ("exact_match", "f1", "exact_match_english", "f1_english")
        num_rows = sums[..., len(names)]
        with np.errstate(invalid="ignore", divide="ignore"):
            return {name: sums[..., i] / num_rows for i, name in enumerate(names)}


def _log_shares(outputs: "torch.Tensor", batch: Batch) -> "tuple[torch.Tensor, torch.Tensor]":
    """Log-probabilities of starts and of ends (batch, sequence, 2), and which tokens they may be.

    These are the first token and those of the passage; shape (batch, sequence, 1).
    """
    is_allowed = batch[CHARACTERS[0]] != NO_PASSAGE
    is_allowed[:, FIRST_TOKEN] = True
    allowed = is_allowed[..., None]
    return outputs.float().masked_fill(~allowed, float("-inf")).log_softmax(dim=1), allowed
