"""What the kinds share that give a tag to each word: entities, slots."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.corpora.cleaning import clean_text
from ccnlp.corpora.tokens import join_tokens
from ccnlp.errors import ConfigurationError
from ccnlp.tasks.base import WINDOW_OF, Batch, Calibration, Features
from ccnlp.tasks.bio import TagSet, find_entities, mend_seams
from ccnlp.tasks.confidence import CONFIDENCE, choose_scale, rescale
from ccnlp.tasks.entity_tallies import are_hits, least_sure, row_starts
from ccnlp.tasks.label_sets import check_distinct
from ccnlp.tasks.padding import pad_token_ids
from ccnlp.tasks.served import RequestForm
from ccnlp.tasks.tallied import TalliedTask, read_answer, write_answer
from ccnlp.tasks.word_pieces import NO_PIECE, read_words
from ccnlp.tasks.words import Span, spans_in, split_words

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

IGNORED = -100
"""Target of a word that the model does not see, and of what fills a batch."""

SCORES = "scores"
"""The column of predictions that says how sure the tag of each word is."""

MARKED = "marked"
"""The part of the calibration that holds the scale of what is marked."""

Confidences = npt.NDArray[np.float64]


class WordTagging(TalliedTask):
    """Tags the words in `tokens`, which a corpus gives one by one, by type in IOB2.

    A word is read off the state of its first piece. A word that the tokenizer makes nothing of is
    tagged O. No tags are predicted in which an I- goes on with nothing.
    """

    input_columns: ClassVar[tuple[str, ...]] = ("tokens",)
    list_columns: ClassVar[tuple[str, ...]] = ("tokens", "tags")
    is_calibrated: ClassVar[bool] = True

    @property
    def request_columns(self) -> dict[str, RequestForm]:
        """A text, whose characters the answer counts."""
        return {"text": "quoted_text"}

    @property
    def types(self) -> tuple[str, ...]:
        """The types of what is marked in a text."""
        return self.labels

    @cached_property
    def tag_set(self) -> TagSet:
        """The tags of the types."""
        return TagSet(self.types)

    def check_types(self, parameter: str) -> None:
        """Raises ConfigurationError unless there are types, each once, filled, without blanks."""
        where, types = f"task {self.name!r}: {parameter}", self.types
        if not types:
            raise ConfigurationError(
                f"{where} names none of the types that tags are made of, such as PER "
                "(parameters/tasks.yml)"
            )
        for kind in types:
            if not kind or kind != "".join(kind.split()) or kind.startswith(("B-", "I-")):
                raise ConfigurationError(
                    f"{where} has {kind!r}, which is empty, has a blank, or is a tag instead of a "
                    "type, such as PER for B-PER and I-PER (parameters/tasks.yml)"
                )
        check_distinct(types, where)

    def validate(self, rows: pd.DataFrame) -> pd.Series:
        """Tags that are unknown, as many as tokens are not, or go on with nothing."""
        return self.tag_set.why_unusable(rows["tokens"], rows["tags"])

    def encode(
        self,
        rows: pd.DataFrame,
        tokenizer: "PreTrainedTokenizerBase",
        *,
        max_length_tokens: int,
    ) -> dict[str, Sequence[Any]]:
        """Windows: token ids, the `places` of the words that are read in each, and their tags.

        `first_word` is the number of the first of these words in its row.
        """
        windows = read_words(
            rows["tokens"].tolist(), tokenizer, max_length_tokens=max_length_tokens
        )
        features: dict[str, Sequence[Any]] = {
            "input_ids": windows.input_ids,
            "places": windows.places,
            "first_word": windows.first_words,
            "num_tokens_before_truncation": windows.num_tokens,
            WINDOW_OF: windows.window_of,
        }
        if "tags" in rows:
            ends = rows["tags"].map(len).to_numpy().cumsum()
            codes = np.split(self.tag_set.codes(rows["tags"].tolist()), ends[:-1])
            words_read = zip(windows.window_of, windows.first_words, windows.places, strict=True)
            features["target"] = [
                np.where(places == NO_PIECE, IGNORED, codes[row][first : first + len(places)])
                for row, first, places in words_read
            ]
        return features

    def collate(self, features: Sequence[Features], *, pad_token_id: int) -> Batch:
        """`input_ids`, `attention_mask` (batch, sequence), `places`, `target` (batch, words).

        `num_words` and `first_word` are of each entry (batch,). Places are padded with `NO_PIECE`.
        """
        import torch

        sequences = [feature["input_ids"] for feature in features]
        ids, mask = pad_token_ids(sequences, pad_token_id=pad_token_id)
        first_pieces = [feature["places"] for feature in features]
        places, is_word = pad_token_ids(first_pieces, pad_token_id=NO_PIECE)
        batch = {
            "input_ids": ids,
            "attention_mask": mask,
            "places": places,
            "num_words": is_word.sum(dim=1),
            "first_word": torch.tensor([int(feature["first_word"]) for feature in features]),
        }
        if "target" in features[0]:
            targets = [feature["target"] for feature in features]
            batch["target"], _ = pad_token_ids(targets, pad_token_id=IGNORED)
        return batch

    def reference(self, rows: pd.DataFrame) -> pd.Series:
        """The tags as JSON."""
        return rows["tags"].map(self.write_tags).astype("string")

    @staticmethod
    def write_tags(tags: Sequence[str]) -> str:
        """Tags in the form of predictions."""
        return write_answer(list(tags))

    def tag_losses(
        self, logits: "torch.Tensor", batch: Batch, *, label_smoothing: float
    ) -> "torch.Tensor":
        """The mean cross-entropy of the words of each entry, in fp32; 0 where none is seen.

        Args:
            logits: (batch, sequence, tags).
            batch: of `collate`.
            label_smoothing: 0..1.
        """
        from torch.nn.functional import cross_entropy

        losses = cross_entropy(
            at_places(logits, batch).transpose(1, 2),
            batch["target"],
            label_smoothing=label_smoothing,
            reduction="none",
            ignore_index=IGNORED,
        )
        num_seen = (batch["target"] != IGNORED).sum(dim=1)
        return losses.sum(dim=1) / num_seen.clamp(min=1)

    def tag_divergence(
        self, first: "torch.Tensor", second: "torch.Tensor", batch: Batch
    ) -> "torch.Tensor":
        """`divergence` of the logits (batch, sequence, tags) of the words that are seen."""
        is_seen = batch["places"] != NO_PIECE
        if not is_seen.any():
            return first.sum() * 0
        return super().divergence(
            at_places(first, batch)[is_seen], at_places(second, batch)[is_seen], batch
        )

    def read_tags(self, logits: "torch.Tensor", batch: Batch) -> "TagsRead":
        """The most probable tags of the words of each entry, and how sure they are.

        Args:
            logits: (batch, sequence, tags).
            batch: of `collate`.
        """
        log_probabilities = at_places(logits, batch).log_softmax(dim=-1).double().cpu().numpy()
        is_unseen = (batch["places"] == NO_PIECE).cpu().numpy()
        log_probabilities[is_unseen] = -np.inf
        log_probabilities[is_unseen, 0] = 0.0
        is_continued = (batch["first_word"] > 0).cpu().numpy()
        codes = self.tag_set.best_paths(log_probabilities, is_continued)
        scores = np.exp(np.take_along_axis(log_probabilities, codes[..., None], axis=2)[..., 0])
        num_words = batch["num_words"].cpu().tolist()
        return TagsRead(
            [self.tag_set.names(row[:size]) for row, size in zip(codes, num_words, strict=True)],
            [row[:size] for row, size in zip(scores, num_words, strict=True)],
            scores.min(axis=1, initial=1.0),
        )

    def merge(self, decoded: pd.DataFrame, window_of: "np.ndarray[Any, Any]") -> pd.DataFrame:
        """The windows of each row put together, as sure as the least sure of them."""
        order = np.argsort(window_of, kind="stable")
        _, starts, sizes = np.unique(window_of[order], return_index=True, return_counts=True)
        merged = decoded.iloc[order[starts]].reset_index(drop=True)
        for row in np.flatnonzero(sizes > 1):
            windows = decoded.iloc[order[starts[row] : starts[row] + sizes[row]]]
            for column, value in self.merge_windows(windows).items():
                merged.at[row, column] = value
        return merged

    def merge_windows(self, windows: pd.DataFrame) -> dict[str, Any]:
        """`prediction` and `confidence` of a row of its windows, which are several."""
        tags = mend_seams([read_answer(answer) for answer in windows["prediction"]])
        return {
            "prediction": self.write_tags(tags),
            "confidence": float(windows["confidence"].min()),
            SCORES: np.concatenate(windows[SCORES].tolist()),
        }

    def tags_in(self, answer: str) -> list[str]:
        """The tags that a prediction holds."""
        tags: list[str] = read_answer(answer)
        return tags

    def calibrate(self, predictions: pd.DataFrame) -> Calibration:
        """The scales on which confidence and scores are the shares of what is right on validation.

        The confidence is that of a whole row, a score that of one thing that is marked.
        """
        is_right = predictions["prediction"].to_numpy() == predictions["reference"].to_numpy()
        predicted_tags, reference_tags = (
            [self.tags_in(answer) for answer in predictions[column]]
            for column in ("prediction", "reference")
        )
        is_start = row_starts(np.array([len(tags) for tags in predicted_tags], dtype=np.int64))
        predicted, references = (
            find_entities(self.tag_set.codes(tags), is_start, self.tag_set)
            for tags in (predicted_tags, reference_tags)
        )
        scores = least_sure(predicted, np.concatenate([[], *predictions[SCORES]]))
        scales = {
            CONFIDENCE: choose_scale(predictions[CONFIDENCE], is_right),
            MARKED: choose_scale(scores, are_hits(predicted, references, len(is_start))),
        }
        return {name: scale for name, scale in scales.items() if scale}

    def as_request(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The tokens as one text."""
        return pd.DataFrame({"text": rows["tokens"].map(join_tokens)})

    def read_request(self, request: pd.DataFrame) -> pd.DataFrame:
        """The words of each text, clean as those of a corpus are."""
        words = [split_words(text).tokens for text in request["text"]]
        tokens = [[clean_text(word) or word for word in row_words] for row_words in words]
        return pd.DataFrame({"tokens": pd.Series(tokens, index=request.index, dtype="object")})

    def marked_in(self, predicted: pd.DataFrame, request: pd.DataFrame) -> list[list[Span]]:
        """What is marked in each text of a request, with the score of its least sure word."""
        columns = zip(request["text"], predicted["prediction"], predicted[SCORES], strict=True)
        return [
            self._find_spans(text, self.tags_in(answer), scores) for text, answer, scores in columns
        ]

    def _find_spans(self, text: str, tags: list[str], word_scores: Confidences) -> list[Span]:
        is_start = row_starts(np.array([len(tags)], dtype=np.int64))
        entities = find_entities(self.tag_set.codes([tags]), is_start, self.tag_set)
        scores = rescale(least_sure(entities, word_scores), self.calibration.get(MARKED, {}))
        return spans_in(text, tags, self.tag_set, scores=scores)


@dataclass(frozen=True)
class TagsRead:
    """What a network makes of some entries; each attribute has one element for each of them.

    Attributes:
        tags: of the words.
        scores: the probability of each of these, 0..1; shape (words,).
        confidence: that of the least sure word; shape (entries,).
    """

    tags: list[list[str]]
    scores: list[Confidences]
    confidence: Confidences


def at_places(values: "torch.Tensor", batch: Batch) -> "torch.Tensor":
    """What stands at the words' first pieces, (batch, words, width), in fp32.

    Args:
        values: (batch, sequence, width).
        batch: with `places`; a word without a piece gets what stands first.
    """
    positions = batch["places"].clamp(min=0).unsqueeze(-1).expand(-1, -1, values.shape[-1])
    return values.float().gather(1, positions)
