"""A score for two texts: how similar their meanings are, how well one answers the other."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import Field, FiniteFloat, field_validator

from ccnlp.errors import ConfigurationError
from ccnlp.tasks.base import TASKS, Batch, Features, Pooling
from ccnlp.tasks.correlation import correlation, correlation_tallies
from ccnlp.tasks.padding import pad_token_ids
from ccnlp.tasks.pairs import PAIR, encode_pairs
from ccnlp.tasks.parameters import KindOptions
from ccnlp.tasks.served import AnswerForm
from ccnlp.tasks.tallied import Sums, TalliedTask

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import PreTrainedTokenizerBase


class PairSimilarityOptions(KindOptions):
    """`options` of kind pair_similarity."""

    score_range: tuple[FiniteFloat, FiniteFloat] = Field(
        description="the lowest and the highest score, such as [0, 5]"
    )

    @field_validator("score_range")
    @classmethod
    def _rise(cls, bounds: tuple[float, float]) -> tuple[float, float]:
        if bounds[0] >= bounds[1]:
            raise ValueError(f"{list(bounds)} is no range from the lowest to the highest score")
        return bounds


@TASKS.register("pair_similarity")
class PairSimilarity(TalliedTask):
    """Predicts a score within `score_range` for `text` and `other_text`, by regression.

    Scores are text in rows and predictions, as those of a table are, and numbers in features, where
    the range is 0..1.
    """

    is_right_if_equal: ClassVar[bool] = False
    input_columns: ClassVar[tuple[str, ...]] = PAIR
    target_columns: ClassVar[tuple[str, ...]] = ("score",)
    options_type: ClassVar[type[KindOptions]] = PairSimilarityOptions
    options: PairSimilarityOptions
    hub_task: ClassVar[str] = "sentence-similarity"
    answer_columns: ClassVar[Mapping[str, AnswerForm]] = {"score": "number"}
    primary_metric: str = "spearman"

    def check_parameters(self) -> None:
        """No labels."""
        if self.labels:
            raise ConfigurationError(
                f"task {self.name!r}: kind pair_similarity predicts a score, and no labels such as "
                f"{self.labels[0]!r}; leave labels out (parameters/tasks.yml)"
            )
        self._low, self._high = self.options.score_range

    @property
    def answer_space(self) -> dict[str, Any]:
        """The range of scores."""
        return {"score_range": list(self.options.score_range)}

    def validate(self, rows: pd.DataFrame) -> pd.Series:
        """A score that is no number, or outside the range, cannot be used."""
        low, high = self._low, self._high
        scores = pd.to_numeric(rows["score"], errors="coerce").astype("float64")
        reasons = pd.Series(pd.NA, index=rows.index, dtype="string")
        is_number = np.isfinite(scores.to_numpy())
        is_outside = is_number & ~scores.between(low, high).to_numpy()
        reasons[~is_number] = [f"score {cell!r} is no number" for cell in rows["score"][~is_number]]
        reasons[is_outside] = [
            f"score {cell!r} is not within {low:g} to {high:g}"
            for cell in rows["score"][is_outside]
        ]
        return reasons

    def encode(
        self,
        rows: pd.DataFrame,
        tokenizer: "PreTrainedTokenizerBase",
        *,
        max_length_tokens: int,
    ) -> dict[str, Sequence[Any]]:
        """Both texts as one sequence, the longer one cut first, and the score as 0..1."""
        sequences, lengths = encode_pairs(rows, tokenizer, max_length_tokens=max_length_tokens)
        features: dict[str, Sequence[Any]] = {
            "input_ids": sequences,
            "num_tokens_before_truncation": lengths,
        }
        if "score" in rows:
            low, high = self._low, self._high
            features["target"] = ((rows["score"].astype("float64") - low) / (high - low)).tolist()
        return features

    def collate(self, features: Sequence[Features], *, pad_token_id: int) -> Batch:
        """`input_ids`, `attention_mask` (batch, sequence) and `target` (batch,), 0..1."""
        import torch

        sequences = [feature["input_ids"] for feature in features]
        input_ids, attention_mask = pad_token_ids(sequences, pad_token_id=pad_token_id)
        batch = {"input_ids": input_ids, "attention_mask": attention_mask}
        if "target" in features[0]:
            scores = [float(feature["target"]) for feature in features]
            batch["target"] = torch.tensor(scores, dtype=torch.float32)
        return batch

    def head(self, hidden_size: int, *, pooling: Pooling, dropout: float) -> "nn.Module":
        """Pools the states and maps them to one number (batch, 1)."""
        from ccnlp.tasks.heads import PooledClassifier

        return PooledClassifier(hidden_size, 1, pooling=pooling, dropout=dropout)

    def losses(
        self, outputs: "torch.Tensor", batch: Batch, *, label_smoothing: float
    ) -> "torch.Tensor":
        """The squared error of each score, of a range of 0..1; labels to smooth there are none."""
        del label_smoothing
        return (outputs.float().squeeze(-1) - batch["target"]) ** 2

    def divergence(
        self, first: "torch.Tensor", second: "torch.Tensor", batch: Batch
    ) -> "torch.Tensor":
        """The mean squared difference of the scores of two passes."""
        del batch
        return ((first.float() - second.float()) ** 2).mean()

    def decode(
        self, outputs: "torch.Tensor", batch: Batch, tokenizer: "PreTrainedTokenizerBase"
    ) -> pd.DataFrame:
        """The score within the range; of how sure it is, regression says nothing."""
        del batch, tokenizer
        low, high = self._low, self._high
        shares = outputs.float().squeeze(-1).clamp(0, 1).cpu().numpy()
        scores = [f"{low + (high - low) * float(share):.6g}" for share in shares]
        return pd.DataFrame({"prediction": scores, "confidence": 1.0, "probabilities": None})

    def tell(self, predicted: pd.DataFrame, request: pd.DataFrame) -> pd.DataFrame:
        """The score."""
        del request
        return pd.DataFrame({"score": predicted["prediction"].astype("float64")})

    def reference(self, rows: pd.DataFrame) -> pd.Series:
        """The score, as text."""
        return rows["score"]

    def tallies(self, predictions: pd.DataFrame) -> Sums:
        """The sums of correlations of scores, as 0..1, and of their ranks, shape (rows, 11).

        Ranks are those among all rows that are tallied together, so that Spearman's correlation of
        a part of them, or of a resample, is Pearson's of their ranks in the whole.
        """
        low, high = self._low, self._high
        columns = [predictions[name].astype("float64") for name in ("reference", "prediction")]
        scores = [np.asarray((column - low) / (high - low), np.float64) for column in columns]
        ranks = [np.asarray(column.rank() / max(len(column), 1), np.float64) for column in columns]
        return np.hstack([correlation_tallies(*scores), correlation_tallies(*ranks)[:, 1:]])

    def metrics(self, sums: Sums) -> dict[str, Sums]:
        """Pearson's and Spearman's correlation, −1..1.

        0 where all predictions are alike, which says nothing of the order of the references, and
        NaN where the references are.
        """
        num_rows = sums[..., :1]
        return {
            "pearson": correlation(sums[..., :6]),
            "spearman": correlation(np.concatenate([num_rows, sums[..., 6:]], axis=-1)),
        }
