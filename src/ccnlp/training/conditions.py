"""What training tells of its rows: the conditioning fitted on them, and their conditions."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from ccnlp.conditioning.base import Conditioning, fit
from ccnlp.conditioning.batches import CONDITION
from ccnlp.conditioning.keys import COLUMNS
from ccnlp.conditioning.parameters import CultureParameters
from ccnlp.errors import ConfigurationError
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.tasks.base import Task
from ccnlp.training.groups import Rows

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from ccnlp.conditioning.layers import ConditioningLayer


def fit_conditioning(
    culture: CultureParameters, features: Mapping[str, pa.Table], rows: Mapping[str, Rows]
) -> Conditioning | None:
    """The configured conditioning, with the keys of the train rows of all tasks.

    Raises:
        ConfigurationError: it tells of culture alone, and that of no row is known.
    """
    condition_tables = [
        table.select(list(COLUMNS)).take(rows[name]).to_pandas() for name, table in features.items()
    ]
    return fit(culture, pd.concat(condition_tables, ignore_index=True))


def check_can_be_conditioned(culture: CultureParameters, tasks: Mapping[str, Task]) -> None:
    """Checks that every task can be told of culture, if one is.

    Raises:
        ConfigurationError: names the task that can't.
    """
    for name, task in tasks.items():
        if culture.conditioning != "none" and not task.can_be_conditioned:
            raise ConfigurationError(
                f"culture.conditioning is {culture.conditioning}, and task {name!r} of kind "
                f"{task.parameters.kind!r} compares texts of different rows, so that no row's "
                "culture is theirs; set it to none (parameters/culture.yml)"
            )


def with_conditions(
    features: Mapping[str, pa.Table], conditioning: Conditioning | None
) -> dict[str, pa.Table]:
    """The features with the condition of each row; as they are without a conditioning."""
    if conditioning is None:
        return dict(features)
    return {name: _with_condition(table, conditioning) for name, table in features.items()}


def _with_condition(table: pa.Table, conditioning: Conditioning) -> pa.Table:
    indices = conditioning.indices(table.select(list(COLUMNS)).to_pandas())
    offsets = np.arange(len(indices) + 1, dtype=np.int32) * indices.shape[1]
    conditions = pa.ListArray.from_arrays(offsets, indices.astype(np.int32).ravel())
    return table.append_column(CONDITION, conditions)


def build_layer(
    conditioning: Conditioning | None, backbone: "PreTrainedModel", encoder: EncoderCheckpoint
) -> "ConditioningLayer | None":
    """The layer as it starts; the random numbers of the rest stay what they are without one."""
    import torch

    if conditioning is None:
        return None
    with torch.random.fork_rng():
        return conditioning.layer(backbone, encoder.load_tokenizer())
