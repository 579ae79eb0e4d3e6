"""Whether a model fits the tasks and the conditioning as they are configured now."""

from collections.abc import Mapping

from ccnlp.conditioning.base import describe_conditioning
from ccnlp.conditioning.parameters import CultureParameters
from ccnlp.errors import CcnlpError
from ccnlp.models.trained import TrainedModel
from ccnlp.tasks.base import Task

TRAIN_AGAIN = "train again: kedro run --pipelines augmentation,tokenisation,training"

NO_VIEW = "one label a row"
"""What a task is trained on whose rows nobody judged more than once."""


def why_not_comparable(
    model: TrainedModel | None, task: Task, *, name: str = "the champion"
) -> str | None:
    """Why a model can't be judged on a task, or `None` where it can; `name` is the model's."""
    if model is None:
        return "there is no champion to compare with"
    if task.name not in model.tasks:
        return f"{name} was not trained on the task {task.name!r}"
    known = model.tasks[task.name].labels
    if set(known) != set(task.labels):
        return f"the labels of {name} are {list(known)}, not {list(task.labels)}"
    return None


def other_view(model: TrainedModel, task: Task) -> str | None:
    """The view of annotations that the model was trained on, where the task's is another one."""
    trained, asked = _view(model.tasks[task.name]), _view(task)
    return trained if trained != asked else None


def check_model(
    model: TrainedModel, tasks: Mapping[str, Task], *, culture: CultureParameters | None
) -> None:
    """`check_fitness` on all tasks that the model was trained on and that are still configured."""
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
        CcnlpError: it has other labels, was trained on another view of annotations, or is told of
            context or of culture in another way.
    """
    why_not = (
        why_not_comparable(model, task, name="the fine-tuned model")
        or _why_other_view(model, task)
        or _why_other_context(model, task)
        or _why_other_conditioning(model, culture)
    )
    if why_not is not None:
        raise CcnlpError(f"task {task.name!r}: {why_not}; {TRAIN_AGAIN}")


def _why_other_view(model: TrainedModel, task: Task) -> str | None:
    trained = other_view(model, task)
    if trained is None:
        return None
    return (
        f"the fine-tuned model was trained on {trained}, and the task's view is {_view(task)} now"
    )


def _why_other_context(model: TrainedModel, task: Task) -> str | None:
    trained, asked = model.tasks[task.name].parameters.context, task.parameters.context
    if trained == asked:
        return None
    return f"the fine-tuned model was trained with context {trained}, and the task's is {asked} now"


def _why_other_conditioning(model: TrainedModel, culture: CultureParameters | None) -> str | None:
    trained = describe_conditioning(model.conditioning.parameters if model.conditioning else None)
    asked = describe_conditioning(culture)
    if trained == asked:
        return None
    return (
        f"the fine-tuned model was trained with the conditioning {trained}, and it is {asked} now "
        "(parameters/culture.yml)"
    )


def _view(task: Task) -> str:
    return task.parameters.view or NO_VIEW
