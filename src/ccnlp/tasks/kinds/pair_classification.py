"""One label for two texts: inference, paraphrase, stance towards a claim."""

from typing import TYPE_CHECKING, ClassVar

import pandas as pd

from ccnlp.tasks.base import TASKS
from ccnlp.tasks.kinds.sequence_classification import SequenceClassification
from ccnlp.tasks.pairs import PAIR, encode_pairs
from ccnlp.tasks.plain_text import Ids

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@TASKS.register("pair_classification")
class PairClassification(SequenceClassification):
    """Predicts one of `labels` for `text` and `other_text`, such as a premise and a hypothesis."""

    input_columns: ClassVar[tuple[str, ...]] = PAIR
    can_read_context: ClassVar[bool] = False

    def encode_inputs(
        self,
        rows: pd.DataFrame,
        tokenizer: "PreTrainedTokenizerBase",
        *,
        max_length_tokens: int,
    ) -> tuple[list[Ids], list[int]]:
        """Both texts as one sequence, the longer one cut first."""
        return encode_pairs(rows, tokenizer, max_length_tokens=max_length_tokens)
