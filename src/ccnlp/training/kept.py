"""Tasks that a trained model has, and that a model which is trained on from it keeps."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ccnlp.conditioning.parameters import NONE, CultureParameters
from ccnlp.errors import ConfigurationError
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.models.trained import DESCRIPTION_FILE, TrainedModel
from ccnlp.tasks.base import Task
from ccnlp.training.parameters import TrainingParameters

if TYPE_CHECKING:
    from torch import nn

    from ccnlp.models.network import MultiTaskNetwork

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class KeptTasks:
    """The tasks that are kept, with what belongs to them.

    Attributes:
        tasks: by name, as the trained model has them.
        heads: by name; not trained.
        train_ids: of the examples that the trained model had learnt from, sorted.
    """

    tasks: Mapping[str, Task] = field(default_factory=dict)
    heads: "Mapping[str, nn.Module]" = field(default_factory=dict)
    train_ids: npt.NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64))

    @classmethod
    def of(
        cls,
        encoder: EncoderCheckpoint,
        parameters: TrainingParameters,
        *,
        max_length_tokens: int,
        culture: CultureParameters | None,
    ) -> "KeptTasks":
        """Those that `training.kept_tasks` names.

        Args:
            encoder: the trained model.
            parameters: `parameters/training.yml`.
            max_length_tokens: tokens that a text is cut to.
            culture: `parameters/culture.yml`; `None` tells a model nothing.

        Raises:
            ConfigurationError: the encoder is no trained model, or reads texts in another way than
                is configured, by which the heads would answer otherwise.
            ModelSourceError: it has no task of a name, or can't be read.
        """
        names = parameters.kept_tasks
        if not names:
            return cls()
        if not (encoder.folder / DESCRIPTION_FILE).exists():
            raise ConfigurationError(
                f"training.kept_tasks names {', '.join(names)}, but the encoder {encoder.name} is "
                "no model of this project; name a trained one by encoder.path, or by encoder."
                "source registry (parameters/encoder.yml), or keep none (parameters/training.yml)"
            )
        model = TrainedModel.load(encoder.folder, tasks=names)
        _check_same_reading(model, parameters, max_length_tokens, culture)
        return cls(model.tasks, dict(model.network.heads.items()), model.train_ids)

    def without(self, features: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
        """The features of the tasks that are trained.

        Raises:
            ConfigurationError: there are none.
        """
        trained = {name: table for name, table in features.items() if name not in self.tasks}
        if not trained:
            raise ConfigurationError(
                f"training.kept_tasks keeps {', '.join(self.tasks)}, and no other task has "
                "examples to train on; leave out what is to be trained (parameters/training.yml)"
            )
        return trained

    def tell(self, network: "MultiTaskNetwork") -> None:
        """Says what is kept, and where answers change all the same."""
        if not self.tasks:
            return
        names = ", ".join(self.tasks)
        logger.info(f"training: {names} of the trained model stay as they are, and are not trained")
        if any(weight.requires_grad for weight in network.backbone.parameters()):
            logger.warning(
                f"training: the heads of {names} stay, but their answers change with the encoder, "
                "which is trained; training.freeze.all_but_top_layers 0 leaves it as it is"
            )

    def put_back(self, network: "MultiTaskNetwork", *, order: Iterable[str]) -> "MultiTaskNetwork":
        """The network with the heads that were kept, and its own.

        Args:
            network: trained, without them.
            order: names of tasks; those that are none of these stand behind.
        """
        from ccnlp.models.network import MultiTaskNetwork

        heads = {**self.heads, **dict(network.heads.items())}
        tasks = {**self.tasks, **network.tasks}
        names = dict.fromkeys(name for name in (*order, *tasks) if name in tasks)
        return MultiTaskNetwork(
            network.backbone,
            {name: heads[name] for name in names},
            {name: tasks[name] for name in names},
            network.conditioning,
        )


def _check_same_reading(
    model: TrainedModel,
    parameters: TrainingParameters,
    max_length_tokens: int,
    culture: CultureParameters | None,
) -> None:
    """Raises ConfigurationError where kept heads would see other states of the same text."""
    new_conditioning = culture.conditioning if culture else NONE
    old_conditioning = model.conditioning.parameters.conditioning if model.conditioning else NONE
    settings = {
        "training.pooling": (model.pooling, parameters.pooling),
        "tokenisation.max_length_tokens": (model.max_length_tokens, max_length_tokens),
    }
    for name, (old, new) in settings.items():
        if old != new:
            raise ConfigurationError(
                f"training.kept_tasks keeps tasks of a model that was trained with {name} {old}, "
                f"and it is {new} now; set it to {old}, or keep none (parameters/training.yml)"
            )
    if (old_conditioning, new_conditioning) != (NONE, NONE):
        raise ConfigurationError(
            "training.kept_tasks keeps tasks of a model whose culture.conditioning is "
            f"{old_conditioning}, and that of the training is {new_conditioning}; heads can be "
            f"kept where both are {NONE} (parameters/culture.yml)"
        )
