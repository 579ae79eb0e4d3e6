"""The score that training is steered by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ccnlp.errors import CorpusError
from ccnlp.models.network import MultiTaskNetwork
from ccnlp.models.precision import PrecisionChoice
from ccnlp.models.prediction import predict_features
from ccnlp.tasks.base import Features, Task
from ccnlp.tokenisation.encoding import QUOTED, REFERENCE, REFERENCE_PROBABILITIES
from ccnlp.training.features import rows_of_split
from ccnlp.training.groups import TrainedGroups
from ccnlp.training.parameters import TrainingParameters
from ccnlp.training.selection import WORST_GROUP
from ccnlp.training.worst_group import JudgedGroups

if TYPE_CHECKING:
    import pyarrow as pa
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class ValidationRows:
    """A task's features of the validation split.

    Attributes:
        features: windows of the rows.
        window_of: position of the row that each belongs to; shape (windows,).
        references: of the rows, in the form of predictions; `reference` and `language`, and where
            the task has them `reference_probabilities` and `quoted`.
        judged_groups: those of which the worst gives the score; `None` where all rows give it.
    """

    features: Sequence[Features]
    window_of: "np.ndarray"
    references: pd.DataFrame
    judged_groups: JudgedGroups | None = None

    @classmethod
    def of(
        cls,
        table: "pa.Table",
        features: Sequence[Features],
        task: Task,
        *,
        trained: TrainedGroups,
        parameters: TrainingParameters,
    ) -> "ValidationRows":
        """What a task is judged on.

        Args:
            table: features of all splits.
            features: the same, row by row.
            task: theirs.
            trained: groups that are trained on.
            parameters: `parameters/training.yml`.

        Raises:
            CorpusError: there are no rows, or none that the task's primary metric looks at.
            ConfigurationError: the worst group is to be judged, and none has enough rows.
        """
        validation_rows = cls.of_split(table, features, task)
        if parameters.validation.select_by != "worst_group":
            return validation_rows
        rows = rows_of_split(table, "validation", task.name)
        _, first_windows = np.unique(validation_rows.window_of, return_index=True)
        groups = trained.row_groups[rows][first_windows].copy()
        groups[~task.counts_in_score(validation_rows.references).to_numpy(dtype=bool)] = None
        judged_groups = JudgedGroups.of(
            groups, trained=trained.names, task=task.name, parameters=parameters
        )
        return replace(validation_rows, judged_groups=judged_groups)

    @classmethod
    def of_split(
        cls, table: "pa.Table", features: Sequence[Features], task: Task
    ) -> "ValidationRows":
        """The rows of the validation split, whatever groups they are of.

        Raises:
            CorpusError: there are none, or none that the task's primary metric looks at.
        """
        rows = rows_of_split(table, "validation", task.name)
        ids = table["id"].to_pandas().iloc[rows]
        is_first_window = (~ids.duplicated()).to_numpy()
        window_of, _ = pd.factorize(ids)
        wanted = (REFERENCE, REFERENCE_PROBABILITIES, QUOTED, "language")
        columns = [column for column in wanted if column in table.column_names]
        references = table.select(columns).to_pandas().iloc[rows][is_first_window]
        if not task.counts_in_score(references).to_numpy(dtype=bool).any():
            raise CorpusError(
                f"task {task.name!r}: none of {len(references):,} validation rows has a label, "
                "because their annotators are tied, so that no training can be judged; choose a "
                "view that compares distributions (options.view, parameters/tasks.yml), or give "
                "the corpora more validation rows (parameters/corpora.yml)"
            )
        return cls([features[row] for row in rows], window_of, references.reset_index(drop=True))

    def predict(
        self,
        network: MultiTaskNetwork,
        task: Task,
        *,
        tokenizer: "PreTrainedTokenizerBase",
        precision: PrecisionChoice,
    ) -> pd.DataFrame:
        """The network's predictions of the rows beside their references."""
        predictions = predict_features(
            network,
            task,
            self.features,
            window_of=self.window_of,
            tokenizer=tokenizer,
            quoted=self.references.get(QUOTED),
            precision=precision,
        )
        return pd.concat([predictions, self.references], axis=1)


@dataclass(frozen=True)
class Validation:
    """Scores a network on each task's validation rows."""

    network: MultiTaskNetwork
    tasks: Mapping[str, Task]
    rows: Mapping[str, ValidationRows]
    tokenizer: "PreTrainedTokenizerBase"
    precision: PrecisionChoice

    def __call__(self) -> dict[str, float]:
        """Each task's metrics under `task/metric`.

        Where groups are judged, each group's primary metric stands under `task/group/metric`, and
        the worst one's under `task/worst_group/metric`.
        """
        scores: dict[str, float] = {}
        was_training = self.network.training
        self.network.eval()
        for name, task in self.tasks.items():
            rows = self.rows[name]
            predictions = rows.predict(
                self.network, task, tokenizer=self.tokenizer, precision=self.precision
            )
            scores |= {
                f"{name}/{metric}": value for metric, value in task.score(predictions).items()
            }
            if rows.judged_groups:
                group_scores = rows.judged_groups.score(predictions, task)
                group_scores[WORST_GROUP] = min(group_scores.values(), default=np.nan)
                scores |= {
                    f"{name}/{group}/{task.primary_metric}": score
                    for group, score in group_scores.items()
                }
        self.network.train(was_training)
        return scores
