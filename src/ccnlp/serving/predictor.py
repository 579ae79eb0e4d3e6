"""A trained model behind requests: limits, checks and answers."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ccnlp.models.trained import TrainedModel
from ccnlp.serving.by_culture import answer_by_culture, parse_cultures
from ccnlp.serving.errors import RequestError
from ccnlp.serving.request import ServingParameters, read_request
from ccnlp.serving.thresholds import ServingThresholds
from ccnlp.tasks.answers import labels_one_text
from ccnlp.tasks.base import WINDOW_OF, Task

__all__ = ["Predictor", "RequestError", "ServingParameters", "served_tasks"]


class Predictor:
    """Answers requests with a model.

    Args:
        model: the trained model.
        parameters: limits of a request.
        thresholds: from where on it answers, and calls a text contested.
    """

    def __init__(
        self,
        model: TrainedModel,
        *,
        parameters: ServingParameters,
        thresholds: ServingThresholds | None = None,
    ) -> None:
        self.model = model
        self.parameters = parameters
        self.thresholds = thresholds or ServingThresholds()

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        parameters: ServingParameters,
        thresholds: ServingThresholds | None = None,
    ) -> "Predictor":
        """The predictor of a folder that `TrainedModel.save` wrote.

        Raises:
            ModelSourceError: the folder holds no readable model.
        """
        return cls(TrainedModel.load(folder), parameters=parameters, thresholds=thresholds)

    def predict(
        self,
        request: pd.DataFrame,
        *,
        task: str | None = None,
        cultures: Sequence[str] = (),
        abstains: bool = True,
    ) -> pd.DataFrame:
        """A row a text: `label`, `confidence` (0..1), `probabilities` (a dict by label).

        A model with a threshold for the task also tells in `abstains` where its confidence is below
        it: there is no label then, unless `abstains` is false. The threshold is the same for texts
        of every culture and of none.

        Texts and contexts are cleaned as in ingestion. `is_truncated` tells where the model did not
        read all of a text and its context, as they have more tokens than the model reads; of the
        context the beginning goes first. A model that is told of culture tells in `is_culture_seen`
        whether it was trained on the culture that a row names; a region that it was not trained on
        is answered as far as its other attributes go.

        Args:
            request: `text`, and optionally `language` (BCP-47), `culture` (ISO 3166 region or a
                group that the model knows), `domain` and `context`, a line for each field or turn;
                they may be missing in a row. A model that is told nothing of them does not look at
                them.
            task: which task to answer; the first that can be served where it is not given.
            cultures: whose answers are set beside each other in `by_culture`, `disagreement` and
                `contested`, see `answer_by_culture`; `all` alone takes those of the training.
            abstains: whether texts that the model is too unsure of have no label.

        Raises:
            RequestError: a task that the model does not serve, too many or too long texts, a
                missing column or text, a context or a language that is none, a culture that is none
                or that the model knows nothing of, or `abstains` that is no truth value.
        """
        definition = self._find_task(task)
        if not isinstance(abstains, bool):
            raise RequestError(f"'abstain' is {abstains!r}; give true or false")
        asked = parse_cultures(self.model, cultures) if len(cultures) else ()
        keys = self.model.conditioning.keys if self.model.conditioning else None
        rows = read_request(
            request, definition, keys, parameters=self.parameters, num_cultures=len(asked)
        )
        answer = self._answer(rows, definition)
        if keys is not None:
            answer["is_culture_seen"] = rows["culture"].isin(keys.cultures)
        if asked:
            answer = answer.join(self._answer_by_culture(rows, definition, asked))
        return self._abstain(answer, definition, is_silent=abstains)

    def _answer(self, rows: pd.DataFrame, task: Task) -> pd.DataFrame:
        predicted = self.model.predict(
            rows, task=task.name, tokens_per_batch=self.parameters.tokens_per_batch
        )
        probabilities = [
            dict(zip(task.labels, map(float, row), strict=True))
            for row in predicted["probabilities"]
        ]
        return pd.DataFrame(
            {
                "label": predicted["prediction"].astype("object"),
                "confidence": predicted["confidence"].astype("float64"),
                "probabilities": probabilities,
                "is_truncated": self._is_truncated(rows, task),
            }
        ).reset_index(drop=True)

    def _answer_by_culture(
        self, rows: pd.DataFrame, task: Task, cultures: Sequence[str]
    ) -> pd.DataFrame:
        return answer_by_culture(
            self.model,
            rows,
            task=task.name,
            cultures=cultures,
            tokens_per_batch=self.parameters.tokens_per_batch,
            min_disagreement=self.thresholds.min_disagreement,
        )

    def _abstain(self, answer: pd.DataFrame, task: Task, *, is_silent: bool) -> pd.DataFrame:
        """With `abstains`, and where it holds without a label that could be taken for an answer."""
        threshold = self.thresholds.abstention.get(task.name)
        if threshold is None:
            return answer
        is_unsure = answer["confidence"] < threshold
        if is_silent:
            labels = [
                None if unsure else label
                for label, unsure in zip(answer["label"], is_unsure, strict=True)
            ]
            answer = answer.assign(label=pd.Series(labels, dtype="object"))
        return answer.assign(abstains=is_unsure)

    def _find_task(self, name: str | None) -> Task:
        served = served_tasks(self.model)
        if not served:
            raise RequestError("the model has no task that answers one text with one label")
        if name is not None and name not in served:
            known = ", ".join(map(repr, served))
            raise RequestError(f"the model serves no task {name!r}, only {known}")
        return self.model.tasks[name or served[0]]

    def _is_truncated(self, rows: pd.DataFrame, task: Task) -> list[bool]:
        """A text that is read in windows is read to its end."""
        limit = self.model.max_text_tokens
        if not len(rows):
            return []
        encoded = task.encode(rows, self.model.tokenizer, max_length_tokens=limit)
        if WINDOW_OF in encoded:
            return [False] * len(rows)
        return [length > limit for length in encoded["num_tokens_before_truncation"]]


def served_tasks(model: TrainedModel) -> list[str]:
    """The tasks that a request can be answered for: one text in, one label out."""
    return [name for name, task in model.tasks.items() if labels_one_text(task)]


def reads_contexts(model: TrainedModel) -> bool:
    """Whether some task that is served reads the context of texts."""
    return any(model.tasks[name].reads_context for name in served_tasks(model))
