"""What a training begins with: its rows, and the network with its attention."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ccnlp import progress
from ccnlp.conditioning.base import Conditioning
from ccnlp.errors import ConfigurationError
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.tasks.base import Task, shared_backbone
from ccnlp.training.conditions import build_layer
from ccnlp.training.features import rows_of_split
from ccnlp.training.groups import Rows
from ccnlp.training.pairs import pair_up
from ccnlp.training.parameters import RegularisationParameters, TrainingParameters
from ccnlp.training.run_folder import RunFolder

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from ccnlp.models.network import Attention, MultiTaskNetwork


def rows_and_partners(
    features: Mapping[str, pa.Table], parameters: TrainingParameters
) -> tuple[dict[str, Rows], dict[str, Rows] | None]:
    """By task the training rows, and the round trip of each that it is to agree with, if asked.

    Raises:
        CorpusError: a task has no train rows.
        ConfigurationError: texts are to agree with round trips, and there are none.
    """
    rows = {name: rows_of_split(table, "train", name) for name, table in features.items()}
    if not parameters.regularisation.pair_consistency_weight:
        return rows, None
    return pair_up(features, rows)


def check_can_be_consistent(
    regularisation: RegularisationParameters, tasks: Mapping[str, Task]
) -> None:
    """Checks that the answers of every task can be compared, if they are to agree.

    Raises:
        ConfigurationError: names the task whose answers can't be.
    """
    weights = {
        "consistency_weight": regularisation.consistency_weight,
        "pair_consistency_weight": regularisation.pair_consistency_weight,
    }
    for name, task in tasks.items():
        for parameter, weight in weights.items():
            if weight and not task.can_be_consistent:
                raise ConfigurationError(
                    f"training.regularisation.{parameter} is above 0, and task {name!r} of kind "
                    f"{task.parameters.kind!r} has no answer to a row by itself that could agree "
                    "with another; set it to 0 (parameters/training.yml)"
                )


def prepare_network(
    encoder: EncoderCheckpoint,
    tasks: Mapping[str, Task],
    *,
    vocabulary: "np.ndarray[Any, np.dtype[np.int64]]",
    parameters: TrainingParameters,
    conditioning: Conditioning | None = None,
) -> "MultiTaskNetwork":
    """The network as it starts: only the embedding rows that occur, and what is frozen, frozen.

    A backbone that writes text keeps its whole vocabulary: it may write any token.
    """
    from ccnlp.models.network import build_network, load_backbone
    from ccnlp.models.vocabulary import trim_embeddings
    from ccnlp.training.dropout import use_bitwise_dropout
    from ccnlp.training.optimiser import freeze

    regularisation = parameters.regularisation
    backbone = load_backbone(
        encoder.folder,
        kind=shared_backbone(tasks.values()),
        hidden_dropout=regularisation.encoder_dropout,
        attention_dropout=regularisation.attention_dropout,
    )
    # Built before the embeddings are trimmed.
    conditioning_layer = build_layer(conditioning, backbone, encoder)
    writes_text = backbone.get_output_embeddings() is not None
    if parameters.trim_vocabulary and not writes_text:
        trim_embeddings(backbone, vocabulary)
    network = build_network(
        backbone,
        tasks,
        pooling=parameters.pooling,
        head_dropout=regularisation.head_dropout,
        conditioning=conditioning_layer,
    )
    use_bitwise_dropout(network)
    freeze(network, parameters.freeze)
    if parameters.gradient_checkpointing:
        backbone.activation_checkpointing_enable()
    return network


def choose_attention(
    network: "MultiTaskNetwork",
    tokenizer: "PreTrainedTokenizerBase",
    parameters: TrainingParameters,
    features: Mapping[str, pa.Table],
    folder: RunFolder,
) -> "Attention":
    """The configured implementation or the faster one; a resumed training keeps its first.

    Raises:
        ConfigurationError: the encoder does not have the configured one.
    """
    from ccnlp.training.attention import faster_attention, has_attention

    if parameters.attention != "auto":
        if not has_attention(network, parameters.attention):
            raise ConfigurationError(
                f"training.attention is {parameters.attention}, which this encoder does not have; "
                "auto takes what it has (parameters/training.yml)"
            )
        return parameters.attention
    attention = folder.attention()
    if attention is None:
        lengths = np.concatenate([table["num_tokens"].to_numpy() for table in features.values()])
        attention = faster_attention(
            network,
            batch_shape=(min(16, parameters.batches.examples), int(np.median(lengths))),
            token_id=tokenizer.pad_token_id,
            precision=parameters.precision,
        )
        folder.note_attention(attention)
    progress.report(progress.Fact("attention_in_training", attention))
    return attention
