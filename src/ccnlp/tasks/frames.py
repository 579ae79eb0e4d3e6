"""The special tokens that a tokenizer puts around a text, or around a text and its context."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ccnlp.tasks.plain_text import Ids

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

ContextReading = Literal["none", "text_pair", "prefix"]
"""How a model reads the context of a text: not at all, behind the text as the second of a pair, or
in front of it."""


@dataclass(frozen=True)
class Frame:
    """The special tokens around a text, and where it stands with a context those between the two.

    Attributes:
        before: in front of what stands first.
        between: of the two.
        after: behind what stands last.
        is_context_first: whether the context stands in front of the text.
    """

    before: Ids
    between: Ids
    after: Ids
    is_context_first: bool = False

    @classmethod
    def of_text(cls, tokenizer: "PreTrainedTokenizerBase") -> "Frame":
        """As the tokenizer frames a text."""
        ids, sequence_of = _framed(tokenizer, "a")
        end = len(sequence_of) - sequence_of[::-1].index(0)
        return cls(ids[: sequence_of.index(0)], [], ids[end:])

    @classmethod
    def of_both(cls, tokenizer: "PreTrainedTokenizerBase", reading: ContextReading) -> "Frame":
        """As the tokenizer frames a pair; or the frame of a text around both."""
        if reading == "prefix":
            text_frame, separator_id = cls.of_text(tokenizer), tokenizer.sep_token_id
            between = [] if separator_id is None else [separator_id]
            return cls(text_frame.before, between, text_frame.after, is_context_first=True)
        ids, sequence_of = _framed(tokenizer, "a", "a")
        first, second = sequence_of.index(0), sequence_of.index(1)
        end_of_first = len(sequence_of) - sequence_of[::-1].index(0)
        end_of_second = len(sequence_of) - sequence_of[::-1].index(1)
        return cls(ids[:first], ids[end_of_first:second], ids[end_of_second:])

    @property
    def size(self) -> int:
        """How many they are."""
        return len(self.before) + len(self.between) + len(self.after)

    def around(self, text: Ids, context: Sequence[int] = ()) -> Ids:
        """The ids with the special tokens in their places."""
        first, second = (context, text) if self.is_context_first else (text, context)
        return [*self.before, *first, *self.between, *second, *self.after]


def _framed(tokenizer: "PreTrainedTokenizerBase", *texts: str) -> tuple[Ids, list[int | None]]:
    """The ids, and the number of the sequence that each belongs to, `None` for special tokens."""
    # The switch is one of the tokenizer, which threads share: always set as `text_ids` sets it.
    encoded = tokenizer(*texts, split_special_tokens=True)
    return encoded["input_ids"], encoded.sequence_ids()
