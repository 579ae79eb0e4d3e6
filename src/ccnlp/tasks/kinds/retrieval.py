"""Passages that are found by queries, in whichever languages both are."""

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from ccnlp.corpora.cleaning import clean_text
from ccnlp.cultures import canonical_language
from ccnlp.errors import ConfigurationError
from ccnlp.tasks.base import TASKS, Batch, Features, Pooling
from ccnlp.tasks.contrastive import nested_info_nce
from ccnlp.tasks.padding import pad_token_ids
from ccnlp.tasks.parameters import KindOptions
from ccnlp.tasks.rank_metrics import MEASURES
from ccnlp.tasks.ranking import Scores, Vectors, normalised
from ccnlp.tasks.retrieval_answers import POOLS, means, only_right, tally
from ccnlp.tasks.retrieval_features import distinct_texts, negatives_of, read_sides, relevance
from ccnlp.tasks.retrieval_options import RetrievalOptions
from ccnlp.tasks.retrieval_pools import rank_pools
from ccnlp.tasks.retrieval_relevance import add_answered_keys, drop_relevant_negatives
from ccnlp.tasks.retrieval_texts import (
    NEGATIVES,
    PASSAGE_GROUPS,
    QUERY_GROUP,
    READ_BESIDE_TEXTS,
    RelatedTexts,
    lists_of,
    passage_id,
    relate,
)
from ccnlp.tasks.served import AnswerForm, RequestForm
from ccnlp.tasks.tallied import Sums, TalliedTask, read_answer, write_answer

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

logger = logging.getLogger(__name__)

QUERIES, PASSAGES = ("input_ids", "attention_mask"), ("passage_input_ids", "passage_mask")
NEGATIVE_TEXTS = ("negative_input_ids", "negative_mask")


@TASKS.register("retrieval")
class Retrieval(TalliedTask):
    """Ranks the passages of a corpus and split for each `query`; a row is a relevant pair.

    One encoder reads both, each with its prefix; a text is the mean of its states, and what
    matters is the cosine. `language` is the query's, `passage_language` the passage's. Optional
    columns: `query_group`, what the query asks, alike for its translations; `passage_groups`, what
    the passage answers; and `negatives`, passages that are not what the query asks for, which are
    in the pool, and the first of which training shows beside the passage.
    """

    is_right_if_equal: ClassVar[bool] = False
    input_columns: ClassVar[tuple[str, ...]] = ("query", "passage")
    target_columns: ClassVar[tuple[str, ...]] = ("passage_language",)
    optional_columns: ClassVar[tuple[str, ...]] = (QUERY_GROUP, PASSAGE_GROUPS, NEGATIVES)
    list_columns: ClassVar[tuple[str, ...]] = (PASSAGE_GROUPS, NEGATIVES)
    key_columns: ClassVar[tuple[str, ...]] = ("query",)
    has_one_answer: ClassVar[bool] = False
    is_settled_together: ClassVar[bool] = True
    can_be_conditioned: ClassVar[bool] = False
    can_be_consistent: ClassVar[bool] = False
    options_type: ClassVar[type[KindOptions]] = RetrievalOptions
    options: RetrievalOptions
    hub_task: ClassVar[str] = "sentence-similarity"
    answer_columns: ClassVar[Mapping[str, AnswerForm]] = {
        "passages": "passages",
        "query_language": "text",
        "query_language_score": "number",
    }
    primary_metric: str = MEASURES[0]

    def check_parameters(self) -> None:
        """No labels."""
        if self.labels:
            raise ConfigurationError(
                f"task {self.name!r}: kind retrieval has no labels; leave them out "
                "(parameters/tasks.yml)"
            )

    def encoding_parameters(self) -> dict[str, Any]:
        """Of the options, the prefixes, and which negatives there are and are counted as read."""
        names = {"query_prefix", "passage_prefix", "negatives", "num_negatives"}
        options = self.options.model_dump(mode="json", include=names)
        return {**super().encoding_parameters(), "options": options}

    @property
    def request_columns(self) -> dict[str, RequestForm]:
        """The query alone: passages are those of an index."""
        return {"query": "text"}

    def columns_read(self, rows: pd.DataFrame) -> list[str]:
        """Both texts, and what says how they belong together, as far as rows have it."""
        return [*self.input_columns, *(name for name in READ_BESIDE_TEXTS if name in rows)]

    def validate(self, rows: pd.DataFrame) -> pd.Series:
        """A language that is none, a passage that is the query, a negative that is the passage.

        Texts that differ in white space or in the normal form are the same, as cleaning makes them.
        """
        languages = rows["passage_language"]
        reason_by_language = {tag: _why_no_language(tag) for tag in languages.unique()}
        reasons = languages.map(reason_by_language).astype("string")
        query_languages = rows.get("language", languages)
        queries, passages = (rows[column].map(_tidy) for column in self.input_columns)
        is_query = (queries == passages) & (query_languages == languages)
        reasons = reasons.mask(reasons.isna() & is_query, "the passage is the query itself")
        pairs = zip(passages, lists_of(rows, NEGATIVES), strict=True)
        is_negative = np.array(
            [passage in map(_tidy, negatives) for passage, negatives in pairs], dtype=bool
        )
        return reasons.mask(reasons.isna() & is_negative, "the passage is one of its negatives")

    def prepare(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Without negatives that answer the row's query as any row says; with `answered_keys`."""
        texts = RelatedTexts.of_rows(rows)
        kept, num_dropped = drop_relevant_negatives(rows, texts)
        if num_dropped:
            logger.info(
                "%s: %s negatives are left out, for other rows say that they answer the query",
                self.name,
                f"{num_dropped:,}",
            )
        return add_answered_keys(kept, texts)

    def encode(
        self,
        rows: pd.DataFrame,
        tokenizer: "PreTrainedTokenizerBase",
        *,
        max_length_tokens: int,
    ) -> dict[str, Sequence[Any]]:
        """Token ids of query, passage and negatives, each cut to `max_length_tokens`; `relate`.

        `negative_input_ids` holds those of all negatives one after the other, and
        `negative_lengths` how many each has. `num_tokens` counts what training reads.
        """
        sides = read_sides(rows, tokenizer, self.options, max_length_tokens=max_length_tokens)
        return {**sides, **relate(rows)}

    def collate(self, features: Sequence[Features], *, pad_token_id: int) -> Batch:
        """Ids and masks of queries (batch, sequence), and where there are passages of these, too.

        Then also `is_relevant` (batch, batch), of a row's query another's passage;
        `has_negative` (batch, negatives); and ids and masks of negatives (negatives, batch,
        sequence), a passage standing for one that a row lacks.
        """
        batch = dict(zip(QUERIES, _pad(features, "input_ids", pad_token_id), strict=True))
        if PASSAGES[0] not in features[0]:
            return batch
        passages = _pad(features, PASSAGES[0], pad_token_id)
        batch |= dict(zip(PASSAGES, passages, strict=True))
        batch["is_relevant"] = relevance(features)
        number = self.options.num_negatives
        return batch | negatives_of(features, number=number, pad_token_id=pad_token_id)

    def head(self, hidden_size: int, *, pooling: Pooling, dropout: float) -> "nn.Module":
        """Pools the states; without weights, so that training starts from the encoder's vectors.

        Raises:
            ConfigurationError: vectors are to be cut to more numbers than they have.
        """
        from ccnlp.tasks.heads import PooledVector

        del dropout
        if any(size >= hidden_size for size in self.options.dimensions):
            raise ConfigurationError(
                f"tasks.{self.name}.options.dimensions are {list(self.options.dimensions)}, and "
                f"the encoder's vectors have {hidden_size} numbers; name smaller sizes "
                "(parameters/tasks.yml)"
            )
        return PooledVector(pooling=pooling)

    def outputs(
        self, backbone: "PreTrainedModel", head: "nn.Module", batch: Batch
    ) -> "torch.Tensor":
        """Vectors of query, passage and negatives (batch, 2 + negatives, hidden), of any length."""
        import torch

        sides = [[batch[name] for name in QUERIES], [batch[name] for name in PASSAGES]]
        if NEGATIVE_TEXTS[0] in batch:
            ids, masks = (batch[name] for name in NEGATIVE_TEXTS)
            sides += [[*side] for side in zip(ids, masks, strict=True)]
        return torch.stack([_embed(backbone, head, *side) for side in sides], dim=1)

    def infer(self, backbone: "PreTrainedModel", head: "nn.Module", batch: Batch) -> "torch.Tensor":
        """Vectors of the texts in `input_ids` (batch, hidden), of any length."""
        return _embed(backbone, head, *(batch[name] for name in QUERIES))

    def losses(
        self, outputs: "torch.Tensor", batch: Batch, *, label_smoothing: float
    ) -> "torch.Tensor":
        """The contrastive loss of each row, summed over the sizes of vectors; see `info_nce`."""
        return nested_info_nce(
            outputs,
            self.options.dimensions,
            is_relevant=batch["is_relevant"],
            has_negative=batch["has_negative"],
            temperature=self.options.temperature,
            is_symmetric=self.options.is_symmetric,
            label_smoothing=label_smoothing,
        )

    def decode(
        self, outputs: "torch.Tensor", batch: Batch, tokenizer: "PreTrainedTokenizerBase"
    ) -> pd.DataFrame:
        """The `vector` of each text; `settle` makes predictions of them."""
        del batch, tokenizer
        vectors = outputs.float().cpu().numpy()
        unsettled = {"prediction": "", "confidence": 0.0, "probabilities": None}
        return pd.DataFrame({"vector": list(vectors), **unsettled})

    def pieces(self, features: Sequence[Features]) -> Sequence[Features]:
        """The distinct queries, then the distinct passages and negatives, as `input_ids`."""
        return distinct_texts(features)

    def settle(
        self,
        decoded: pd.DataFrame,
        features: Sequence[Features],
        window_of: "np.ndarray[Any, Any]",
    ) -> pd.DataFrame:
        """Each row's ranking; see `rank`."""
        del window_of
        vectors = vectors_of(decoded)
        texts = RelatedTexts.of(features)
        return self.rank(texts, *np.split(vectors, [len(texts.query_keys)]))

    def rank(self, texts: RelatedTexts, queries: Vectors, passages: Vectors) -> pd.DataFrame:
        """Predictions for each row of the vectors of its texts; see `rank_pools`."""
        return rank_pools(texts, queries, passages)

    def reference(self, rows: pd.DataFrame) -> pd.Series:
        """The ranking that has the row's own passage, and that alone, in the first place."""
        related = relate(rows[self.columns_read(rows)])
        columns = (related[name] for name in ("passage_key", "query_language", "passage_language"))
        answers = [
            write_answer(
                only_right(passage_id(key), is_same_language=query_language == passage_language)
            )
            for key, query_language, passage_language in zip(*columns, strict=True)
        ]
        return pd.Series(answers, index=rows.index, dtype="object")

    def tallies(self, predictions: pd.DataFrame) -> Sums:
        """Of each row what part of a ranking it is, and that of each measure, by kind of pool."""
        return np.array(
            [tally(read_answer(text)) for text in predictions["prediction"]], dtype=np.float64
        ).reshape(-1, len(POOLS) * (1 + len(MEASURES)))

    def metrics(self, sums: Sums) -> dict[str, Sums]:
        """The means over rankings, by kind of pool; see `POOLS` and `MEASURES`."""
        return means(sums)


def vectors_of(decoded: pd.DataFrame) -> Scores:
    """What `Retrieval.decode` gave, with length 1; shape (texts, hidden)."""
    return normalised(np.stack(decoded["vector"].tolist()))


def _embed(
    backbone: "PreTrainedModel", head: "nn.Module", ids: "torch.Tensor", mask: "torch.Tensor"
) -> "torch.Tensor":
    states = backbone(input_ids=ids, attention_mask=mask).last_hidden_state
    vectors: torch.Tensor = head(states, mask)
    return vectors


def _pad(
    features: Sequence[Features], column: str, pad_token_id: int
) -> "tuple[torch.Tensor, torch.Tensor]":
    return pad_token_ids([feature[column] for feature in features], pad_token_id=pad_token_id)


def _tidy(text: str) -> str:
    """The text as it is compared; to mend its encoding would take long where it is long."""
    return clean_text(text, mends_mojibake=False)


def _why_no_language(tag: str) -> str | None:
    """Why a text is no language, or `None`."""
    try:
        canonical = canonical_language(tag)
    except ValueError as error:
        return f"passage_language {error}"
    return None if canonical == tag else f"passage_language {tag!r} is written {canonical!r}"
