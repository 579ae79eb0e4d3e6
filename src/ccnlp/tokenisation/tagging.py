"""Round trips that a model can tell from the texts that people wrote."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ccnlp.errors import ConfigurationError
from ccnlp.tasks.plain_text import mark_ids
from ccnlp.tokenisation.notes import MEND, with_note

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

BACK_TRANSLATION = "back_translation"
TEXT = "text"
TAGGED_WITH = b"ccnlp.round_trip_tag"
"""Where a table of features says how its round trips are tagged."""


def tag_round_trips(examples: pd.DataFrame, *, tag: str | None) -> pd.DataFrame:
    """The examples with the tag in front of the text of each back-translation.

    What a translator does to a text is learnt with the tag, and a text without one is answered as
    one that a person wrote (Caswell, Chelba and Grangier 2019, "Tagged Back-Translation"). The tag
    is read as text, in as many tokens as its characters make, so that a text which a person begins
    with it is read as a round trip: choose one that no text begins with. Rows to predict have none:
    only train has round trips.

    Args:
        examples: with `origin` and `text`.
        tag: such as `<bt>`; `None` changes nothing.
    """
    is_round_trip = examples["origin"] == BACK_TRANSLATION
    if tag is None or not is_round_trip.any():
        return examples
    tagged = tag + " " + examples[TEXT].astype("string")
    return examples.assign(**{TEXT: examples[TEXT].mask(is_round_trip, tagged)})


def check_tag_is_text(
    tag: str | None, tokenizer: "PreTrainedTokenizerBase", *, parameter: str
) -> None:
    """Checks that a tag is none of the tokenizer's special tokens.

    As it is read as text, it would not be the token that its spelling promises.

    Args:
        tag: such as `<bt>`; `None` is no token.
        tokenizer: what reads it.
        parameter: where it is configured.

    Raises:
        ConfigurationError: it is one.
    """
    special_tokens = tokenizer.convert_ids_to_tokens(sorted(mark_ids(tokenizer)))
    if tag is not None and tag in {*special_tokens, tokenizer.unk_token}:
        raise ConfigurationError(
            f"{parameter} is {tag}, a special token of the encoder's tokenizer, but a tag is read "
            f"as text; name another, such as <bt> (parameters/{parameter.partition('.')[0]}.yml)"
        )


def note_tag(features: Mapping[str, pa.Table], *, tag: str | None) -> dict[str, pa.Table]:
    """The tables of features, which remember the tag of their round trips, where they have one."""
    if tag is None:
        return dict(features)
    return {task: with_note(table, TAGGED_WITH, tag) for task, table in features.items()}


def check_tag(features: Mapping[str, pa.Table], *, tag: str | None) -> None:
    """Checks that round trips were tokenised with the tag that is configured.

    Raises:
        ConfigurationError: there are some, with another one or with none.
    """
    for task, table in features.items():
        note = (table.schema.metadata or {}).get(TAGGED_WITH)
        noted_tag = note.decode() if note is not None else None
        if noted_tag != tag and pc.any(pc.equal(table["origin"], BACK_TRANSLATION)).as_py():
            raise ConfigurationError(
                f"task {task!r}: its round trips were tokenised {_describe_tag(noted_tag)}, and "
                f"tokenisation.round_trip_tag is {tag or 'null'} now "
                f"(parameters/tokenisation.yml); {MEND}"
            )


def _describe_tag(tag: str | None) -> str:
    return f"with the tag {tag}" if tag is not None else "without a tag"
