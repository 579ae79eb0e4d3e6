"""Nodes of tokenisation."""

import pandas as pd
import pyarrow as pa

from ccnlp.conditioning.base import num_added_tokens
from ccnlp.conditioning.parameters import CultureParameters
from ccnlp.examples import with_derived
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.retrieval import mining
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tokenisation import encoding
from ccnlp.tokenisation.noise import add_noise, note_noise
from ccnlp.tokenisation.notes import note_encoder
from ccnlp.tokenisation.parameters import TokenisationParameters
from ccnlp.tokenisation.tagging import check_tag_is_text, note_tag, tag_round_trips


def mine_negatives(
    examples: pd.DataFrame,
    encoder: EncoderCheckpoint,
    tasks: TasksParameters,
    tokenisation: TokenisationParameters,
) -> pd.DataFrame:
    """Hard negatives of train rows, by the encoder as it is."""
    return mining.mine_negatives(
        examples, build_tasks(tasks), encoder, max_length_tokens=tokenisation.max_length_tokens
    )


def encode_examples(
    examples: pd.DataFrame,
    augmented: pd.DataFrame,
    encoder: EncoderCheckpoint,
    tasks: TasksParameters,
    tokenisation: TokenisationParameters,
    culture: CultureParameters,
    mined: pd.DataFrame | None = None,
) -> dict[str, pa.Table]:
    """Token ids of native and augmented examples, a table a task; with mined negatives, if any."""
    tag, tokenizer = tokenisation.round_trip_tag, encoder.load_tokenizer()
    check_tag_is_text(tag, tokenizer, parameter="tokenisation.round_trip_tag")
    built_tasks, noise_share = build_tasks(tasks), tokenisation.character_noise
    native = examples if mined is None else mining.put_first(examples, mined)
    noised = add_noise(with_derived(native, augmented), built_tasks, share=noise_share)
    features = encoding.encode_examples(
        tag_round_trips(noised, tag=tag),
        built_tasks,
        tokenizer,
        max_length_tokens=tokenisation.max_length_tokens,
        num_added_tokens=num_added_tokens(culture),
    )
    noted = note_noise(note_tag(features, tag=tag), share=noise_share)
    return note_encoder(noted, encoder=encoder.identity)


def count_tokens(features: dict[str, pa.Table], encoder: EncoderCheckpoint) -> pd.DataFrame:
    """The token ids that occur, with their counts."""
    special_ids = encoder.load_tokenizer().all_special_ids
    return encoding.count_tokens(features, special_ids=special_ids)


def report_tokens(features: dict[str, pa.Table]) -> pd.DataFrame:
    """Tokens per character and truncation, by language."""
    return encoding.report_tokens(features)
