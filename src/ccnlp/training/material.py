"""What a training learns from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from ccnlp.conditioning.base import Conditioning, num_added_tokens
from ccnlp.conditioning.parameters import CultureParameters
from ccnlp.models.trained import ids_as_numbers
from ccnlp.tasks.base import Task
from ccnlp.tokenisation.notes import check_encoded_for
from ccnlp.training.conditions import (
    check_can_be_conditioned,
    fit_conditioning,
    with_conditions,
)
from ccnlp.training.groups import Rows
from ccnlp.training.languages import of_languages
from ccnlp.training.parameters import TrainingParameters
from ccnlp.training.preparation import check_can_be_consistent, rows_and_partners


@dataclass(frozen=True)
class Material:
    """What a training learns from.

    Attributes:
        features: by task, with the condition of each row where the model is told of culture.
        rows: by task, positions of those that are trained on.
        tasks: those that have features, by name, in the order of the configuration.
        conditioning: fitted on the rows; `None` where the model is told nothing.
    """

    features: Mapping[str, pa.Table]
    rows: Mapping[str, Rows]
    tasks: Mapping[str, Task]
    conditioning: Conditioning | None

    @classmethod
    def of(
        cls,
        features: Mapping[str, pa.Table],
        tasks: Mapping[str, Task],
        parameters: TrainingParameters,
        culture: CultureParameters | None,
        *,
        max_length_tokens: int,
    ) -> "Material":
        """That of features which were encoded for these tasks, in the languages to train on.

        Args:
            features: by task.
            tasks: by name.
            parameters: `parameters/training.yml`.
            culture: `parameters/culture.yml`; `None` tells the model nothing.
            max_length_tokens: tokens that texts must have been cut to.

        Raises:
            CorpusError: a task has no train rows.
            ConfigurationError: a task can't be told of culture or agree with itself, or it or the
                length of texts has changed since they were tokenised, or there is no culture or
                round trip to learn of, or there are no train rows of a language that is to be
                trained on.
        """
        features = of_languages(features, parameters.languages)
        features = {name: features[name] for name in tasks if name in features}
        num_added = num_added_tokens(culture) if culture else 0
        if culture:
            check_can_be_conditioned(culture, {name: tasks[name] for name in features})
        check_encoded_for(
            features, tasks, max_length_tokens=max_length_tokens, num_added_tokens=num_added
        )
        check_can_be_consistent(parameters.regularisation, {name: tasks[name] for name in features})
        rows, _ = rows_and_partners(features, parameters)
        conditioning = fit_conditioning(culture, features, rows) if culture else None
        return cls(
            features=with_conditions(features, conditioning),
            rows=rows,
            tasks={name: tasks[name] for name in features},
            conditioning=conditioning,
        )

    @property
    def culture_dropout(self) -> float:
        """The share of training texts of which nothing is told, 0..1."""
        return self.conditioning.parameters.dropout if self.conditioning else 0.0

    @property
    def ids(self) -> "np.ndarray[Any, np.dtype[np.uint64]]":
        """Of the rows that are trained on, sorted."""
        tables = self.features.items()
        ids_by_task = [table["id"].take(self.rows[name]).to_pylist() for name, table in tables]
        return np.unique(ids_as_numbers(key for ids in ids_by_task for key in ids))
