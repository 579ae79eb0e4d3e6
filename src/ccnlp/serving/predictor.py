"""A trained model behind requests: limits, checks and answers."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ccnlp.models.trained import TrainedModel
from ccnlp.retrieval.asking import DEFAULT_PASSAGES
from ccnlp.retrieval.embedding import ModelEmbedder
from ccnlp.retrieval.index import PassageIndex
from ccnlp.serving.by_culture import answer_by_culture, parse_cultures
from ccnlp.serving.errors import RequestError
from ccnlp.serving.passages import answer_with_passages
from ccnlp.serving.request import (
    ServingParameters,
    check_list,
    check_tokens,
    read_inputs,
    read_request,
)
from ccnlp.serving.thresholds import ServingThresholds
from ccnlp.tasks.answers import has_one_label
from ccnlp.tasks.base import Task
from ccnlp.tasks.kinds.retrieval import Retrieval
from ccnlp.tasks.sequences import encode_alone

__all__ = ["Predictor", "RequestError", "ServingParameters", "served_tasks"]

IS_TRUNCATED = "is_truncated"


class Predictor:
    """Answers requests with a model.

    Args:
        model: the trained model.
        parameters: limits of a request.
        thresholds: from where on it answers, and calls a text contested.
        passages: what tasks of kind retrieval find; they are not served without.

    Raises:
        CcnlpError: the passages were embedded with other weights, or are of no task of the model.
    """

    def __init__(
        self,
        model: TrainedModel,
        *,
        parameters: ServingParameters,
        thresholds: ServingThresholds | None = None,
        passages: PassageIndex | None = None,
    ) -> None:
        self.model = model
        self.parameters = parameters
        self.thresholds = thresholds or ServingThresholds()
        self.passages = passages
        if passages is not None:
            passages.check_origin(ModelEmbedder(model, passages.task).origin)

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        parameters: ServingParameters,
        thresholds: ServingThresholds | None = None,
        passages: PassageIndex | None = None,
    ) -> "Predictor":
        """The predictor of a folder that `TrainedModel.save` wrote.

        Raises:
            ModelSourceError: the folder holds no readable model.
        """
        model = TrainedModel.load(folder)
        return cls(model, parameters=parameters, thresholds=thresholds, passages=passages)

    def predict(
        self,
        request: pd.DataFrame,
        *,
        task: str | None = None,
        cultures: Sequence[str] = (),
        abstains: bool = True,
        languages: Sequence[str] = (),
        number: int = DEFAULT_PASSAGES,
    ) -> pd.DataFrame:
        """A row a row of the request: the `answer_columns` of the task, and `is_truncated`.

        Of one label a text these are `label`, `confidence` (0..1) and `probabilities` (a dict by
        label); places count characters of the text as it was given.

        A model with a threshold for the task also tells in `abstains` where its confidence is below
        it: there is no answer then, unless `abstains` is false. The threshold is the same for texts
        of every culture and of none.

        Texts are cleaned as in ingestion, but for those in which places are counted. `is_truncated`
        tells where the model did not read all of a text and its context, as they have more tokens
        than the model reads; of the context the beginning goes first. A model that is told of
        culture tells in `is_culture_seen` whether it was trained on the culture that a row names; a
        region that it was not trained on is answered as far as its other attributes go.

        Args:
            request: the task's `request_columns`, and optionally `language` (BCP-47), `culture`
                (ISO 3166 region or a group that the model knows), `domain` and `context`, a line
                for each field or turn; they may be missing in a row. A model that is told nothing
                of them does not look at them.
            task: which task to answer; the first that can be served where it is not given.
            cultures: whose answers are set beside each other in `by_culture`, `disagreement` and
                `contested`, see `answer_by_culture`; `all` alone takes those of the training.
            abstains: whether texts that the model is too unsure of have no answer.
            languages: of the passages that a query finds; any if there are none.
            number: of passages a query finds.

        Raises:
            RequestError: a task that the model does not serve, too many or too long texts, a
                missing column or text, a place that is none, a context or a language that is none,
                a culture that is none or that the model knows nothing of, languages of passages
                for a task that finds none, lists that are none, or `abstains` that is no truth
                value.
        """
        definition = self._find_task(task)
        if not isinstance(abstains, bool):
            raise RequestError(f"'abstain' is {abstains!r}; give true or false")
        check_list(cultures, "cultures")
        check_list(languages, "languages")
        requested_cultures = self._parse_cultures(cultures, definition) if len(cultures) else ()
        keys = self.model.conditioning.keys if self.model.conditioning else None
        request_rows = read_request(
            request,
            definition,
            keys,
            parameters=self.parameters,
            num_cultures=len(requested_cultures),
        )
        if isinstance(definition, Retrieval):
            return self._find_passages(request_rows, definition, languages=languages, number=number)
        if len(languages):
            raise RequestError(
                f"task {definition.name!r} finds no passages, whose languages 'languages' names; "
                "leave it out"
            )
        inputs = read_inputs(request_rows, definition)
        answer = self._answer(
            request_rows, inputs, definition, num_passes=1 + len(requested_cultures)
        )
        if keys is not None:
            answer["is_culture_seen"] = inputs["culture"].isin(keys.cultures)
        if requested_cultures:
            answer = answer.join(self._answer_by_culture(inputs, definition, requested_cultures))
        return self._abstain(answer, definition, is_silent=abstains)

    def _answer(
        self, request_rows: pd.DataFrame, inputs: pd.DataFrame, task: Task, *, num_passes: int
    ) -> pd.DataFrame:
        """The answers to rows of a request, whose inputs the model reads so many times in all."""
        if not len(inputs):
            return pd.DataFrame(columns=[*task.answer_columns, IS_TRUNCATED])
        encoded = self.model.encode(inputs, task=task.name)
        check_tokens(encoded.num_tokens * num_passes, max_tokens=self.parameters.max_tokens)
        predictions = self.model.predict_encoded(
            encoded, task=task.name, tokens_per_batch=self.parameters.tokens_per_batch
        )
        return task.tell(predictions, request_rows).assign(**{IS_TRUNCATED: encoded.is_truncated})

    def _find_passages(
        self, request_rows: pd.DataFrame, task: Retrieval, *, languages: Sequence[str], number: int
    ) -> pd.DataFrame:
        if self.passages is None:
            raise ValueError("a task without passages is not served")
        answer = answer_with_passages(
            self.passages,
            request_rows["query"],
            embedder=ModelEmbedder(self.model, task.name, self.parameters.tokens_per_batch),
            number=number,
            languages=languages,
        )
        limit = self.model.max_text_tokens
        prefixed = [task.options.query_prefix + query for query in request_rows["query"]]
        _, lengths = encode_alone(prefixed, self.model.tokenizer, max_length_tokens=limit)
        return answer.assign(**{IS_TRUNCATED: [length > limit for length in lengths]})

    def _parse_cultures(self, cultures: Sequence[str], task: Task) -> tuple[str, ...]:
        if not has_one_label(task):
            raise RequestError(
                f"task {task.name!r} does not answer with one label, so that cultures can't be set "
                "beside each other; leave 'cultures' out"
            )
        return parse_cultures(self.model, cultures)

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
        """With `abstains`, and where it holds without anything that could pass for an answer."""
        threshold = self.thresholds.abstention.get(task.name)
        if threshold is None:
            return answer
        is_unsure = answer["confidence"] < threshold
        if is_silent:
            for column in silenced_columns(task):
                cells = [
                    None if unsure else cell
                    for cell, unsure in zip(answer[column], is_unsure, strict=True)
                ]
                answer[column] = pd.Series(cells, dtype="object")
        return answer.assign(abstains=is_unsure)

    def _find_task(self, name: str | None) -> Task:
        served = served_tasks(self.model, self.passages)
        if not served:
            raise RequestError(
                "the model has no task that can be served: one of kind retrieval needs passages "
                "beside it"
            )
        if name is not None and name not in served:
            served_names = ", ".join(map(repr, served))
            raise RequestError(f"the model serves no task {name!r}, only {served_names}")
        return self.model.tasks[name or served[0]]


def silenced_columns(task: Task) -> list[str]:
    """The columns of an answer that are empty where the model abstains: all but how sure it is."""
    return [name for name in task.answer_columns if name not in ("confidence", "probabilities")]


def served_tasks(model: TrainedModel, passages: PassageIndex | None = None) -> list[str]:
    """The tasks that a request can be answered for.

    Args:
        model: trained on them.
        passages: those of kind retrieval find these, and none is found without.
    """
    return [
        name
        for name, task in model.tasks.items()
        if not isinstance(task, Retrieval) or (passages is not None and name == passages.task)
    ]


def reads_contexts(model: TrainedModel) -> bool:
    """Whether some task reads the context of texts."""
    return any(task.reads_context for task in model.tasks.values())
