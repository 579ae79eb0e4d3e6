"""Whether a model fits the tasks and the conditioning as they are configured now."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ccnlp.atlas.parameters import FILE as CULTURE_FILE
from ccnlp.conditioning.base import describe_conditioning
from ccnlp.conditioning.parameters import CultureParameters
from ccnlp.errors import CcnlpError, listed
from ccnlp.models.trained import TrainedModel
from ccnlp.tasks.base import Task

TRAIN_AGAIN = "train again: kedro run --pipelines augmentation,tokenisation,training"
TASKS_FILE = "parameters/tasks.yml"


@dataclass(frozen=True)
class Difference:
    """Something in which a model was made otherwise than is asked for.

    Attributes:
        trained: what is said of the model, such as `reads no context`.
        configured: what is said of one that is made as asked.
        file: with the parameter.
    """

    trained: str
    configured: str
    file: str

    def describe(self, name: str) -> str:
        """The sentence that sets a model of this name beside the one that is as asked."""
        return f"{name} {self.trained}, and this model {self.configured}"


def differences(
    model: TrainedModel, task: Task, *, culture: CultureParameters | None
) -> tuple[Difference, ...]:
    """In what a model reads and was trained on otherwise than is asked for.

    Args:
        model: trained on the task.
        task: as it is asked for.
        culture: how a model is asked to be told of culture; `None` tells it nothing.
    """
    trained_culture = model.conditioning.parameters if model.conditioning else None
    pairs = zip(
        _describe(model.tasks[task.name], trained_culture), _describe(task, culture), strict=True
    )
    return tuple(
        Difference(trained, configured, file)
        for (trained, file), (configured, _) in pairs
        if trained != configured
    )


def _describe(task: Task, culture: CultureParameters | None) -> Iterator[tuple[str, str]]:
    """What is said of a model for this task, an aspect each, with the file of its parameter."""
    yield f"reads {listed(task.input_columns)}", TASKS_FILE
    yield f"was trained on {task.target_description}", TASKS_FILE
    context = f"the context as {task.parameters.context}" if task.reads_context else "no context"
    yield f"reads {context}", TASKS_FILE
    options = [f"{name} {value}" for name, value in task.reading_options.items()]
    yield f"has the options {', '.join(options)}" if options else "has no options", TASKS_FILE
    yield describe_conditioning(culture), CULTURE_FILE


def why_not_comparable(
    model: TrainedModel | None, task: Task, *, name: str = "the champion"
) -> str | None:
    """Why a model can't be judged on a task, or `None` where it can; `name` is the model's."""
    if model is None:
        return "there is no champion to compare with"
    if task.name not in model.tasks:
        return f"{name} was not trained on the task {task.name!r}"
    trained = model.tasks[task.name]
    why_not = _why_other_answers(trained, task, name)
    missing = [column for column in trained.input_columns if column not in task.input_columns]
    if why_not is None and missing:
        return f"{name} reads {listed(missing)}, which the rows of the task don't have"
    return why_not


def _why_other_answers(trained: Task, task: Task, name: str) -> str | None:
    """Why what a model may answer is something else than what the task asks for."""
    if trained.target_columns != task.target_columns:
        wanted = listed(task.target_columns)
        return f"{name} answers {listed(trained.target_columns)}, and the task asks for {wanted}"
    trained_space, task_space = trained.answer_space, task.answer_space
    for parameter in {**task_space, **trained_space}:
        if trained_space.get(parameter) != task_space.get(parameter):
            actual, wanted = (_spell(space.get(parameter)) for space in (trained_space, task_space))
            return f"{name} answers with the {parameter} {actual}, and the task asks for {wanted}"
    return None


def _spell(value: object) -> str:
    """A part of an answer space, sets in order."""
    return listed(sorted(value)) if isinstance(value, set) else repr(value)


def check_model(
    model: TrainedModel, tasks: Mapping[str, Task], *, culture: CultureParameters | None
) -> None:
    """`check_fitness` on all tasks that the model was trained on and that are still configured.

    Raises:
        CcnlpError: there are none, such as where the model is another environment's; or one of
            them is another than it was.
    """
    if not set(model.tasks) & set(tasks):
        raise CcnlpError(
            f"the fine-tuned model was trained on {listed(model.tasks)}, and the tasks are "
            f"{listed(tasks)} (parameters/tasks.yml); name the environment that it was trained in "
            f"(--env), or {TRAIN_AGAIN}"
        )
    for name, task in tasks.items():
        if name in model.tasks:
            check_fitness(model, task, culture=culture)


def check_fitness(model: TrainedModel, task: Task, *, culture: CultureParameters | None) -> None:
    """Checks that the fine-tuned model is what the configuration asks for now.

    Args:
        model: the fine-tuned one.
        task: as it is configured now.
        culture: `parameters/culture.yml`; `None` tells a model nothing.

    Raises:
        CcnlpError: it has other labels, reads other columns, was trained on another view of
            annotations, or is told of context or of culture in another way.
    """
    name = "the fine-tuned model"
    why_not = why_not_comparable(model, task, name=name) or "; ".join(
        f"{name} {difference.trained}, and one is asked for now that {difference.configured} "
        f"({difference.file})"
        for difference in differences(model, task, culture=culture)
    )
    if why_not:
        raise CcnlpError(f"task {task.name!r}: {why_not}; {TRAIN_AGAIN}")
