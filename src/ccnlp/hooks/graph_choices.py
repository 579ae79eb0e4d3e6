"""What parameters say of the graph itself, for the pipeline registry to read.

Kedro builds pipelines without the parameters. They are built after the context, though, so this
hook can note what it says, `--params` and `--env` included.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from kedro.framework.hooks import hook_impl

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext


@dataclass(frozen=True)
class GraphChoices:
    """Which nodes there are, and what they read.

    Attributes:
        is_augmentation_enabled: `augmentation.is_enabled`.
        has_annotations: a corpus has single annotations, whose agreement can be measured.
        judged_model: `behaviour.model`; the graph reads that one and no other, so that the champion
            can be judged where nothing was trained.
        is_conditioned: `culture.conditioning` is not none, so that cultures can be set apart.
        indexing_model: `retrieval.model`; an index can be had of the encoder without training.
        serves_passages: a corpus has a task of kind retrieval, whose passages are indexed with the
            fine-tuned model's vectors, so that the registered model can find them.
        mines_negatives: such a task has `negatives: mined`, which the encoder finds among passages.
    """

    is_augmentation_enabled: bool = True
    has_annotations: bool = False
    judged_model: Literal["finetuned", "champion"] = "finetuned"
    is_conditioned: bool = False
    indexing_model: Literal["finetuned", "encoder"] = "finetuned"
    serves_passages: bool = False
    mines_negatives: bool = False

    @classmethod
    def of(cls, parameters: dict[str, Any]) -> "GraphChoices":
        """Of the raw parameters; what is malformed is left to their validation.

        That says better what is wrong.
        """
        is_encoder = _group(parameters, "retrieval").get("model") == "encoder"
        is_champion = _group(parameters, "behaviour").get("model") == "champion"
        return cls(
            is_augmentation_enabled=_group(parameters, "augmentation").get("is_enabled")
            is not False,
            has_annotations=_has_annotations(parameters),
            judged_model="champion" if is_champion else "finetuned",
            is_conditioned=_group(parameters, "culture").get("conditioning") not in (None, "none"),
            indexing_model="encoder" if is_encoder else "finetuned",
            serves_passages=not is_encoder and bool(_retrieval_tasks(parameters)),
            mines_negatives=any(
                _group(task, "options").get("negatives") == "mined"
                for task in _retrieval_tasks(parameters)
            ),
        )


_current_choices = [GraphChoices()]


def graph_choices() -> GraphChoices:
    """The choices of the present context; the defaults without one, as for `registry list`."""
    return _current_choices[-1]


class GraphChoicesHook:
    """Notes the choices, and has the pipelines built again when they changed."""

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: "KedroContext") -> None:
        """Reads the raw parameters: asking for the validated ones would build the pipelines."""
        choices = GraphChoices.of(context.config_loader["parameters"])
        if choices != graph_choices():
            _current_choices[-1] = choices
            from kedro.framework.project import PACKAGE_NAME, pipelines

            pipelines.configure(f"{PACKAGE_NAME}.pipeline_registry")


def _group(parameters: dict[str, Any], name: str) -> dict[str, Any]:
    group = parameters.get(name)
    return group if isinstance(group, dict) else {}


def _retrieval_tasks(parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """The tasks of kind retrieval that corpora have."""
    tasks = _group(parameters, "tasks")
    used_tasks = (
        tasks.get(str(entry.get("task")))
        for entry in _group(parameters, "corpora").values()
        if isinstance(entry, dict)
    )
    return [
        task for task in used_tasks if isinstance(task, dict) and task.get("kind") == "retrieval"
    ]


def _has_annotations(parameters: dict[str, Any]) -> bool:
    """Whether a corpus' task counts annotations, and the corpus gives no distribution."""
    tasks = _group(parameters, "tasks")
    return any(
        isinstance(entry, dict)
        and _counts_annotations(tasks.get(str(entry.get("task"))))
        and not _gives_distribution(entry.get("annotations"))
        for entry in _group(parameters, "corpora").values()
    )


def _counts_annotations(task: object) -> bool:
    from ccnlp.errors import ConfigurationError
    from ccnlp.tasks.base import TASKS

    try:
        return isinstance(task, dict) and bool(TASKS.get(str(task.get("kind"))).annotation_columns)
    except ConfigurationError:  # an unknown kind
        return False


def _gives_distribution(annotations: object) -> bool:
    return isinstance(annotations, dict) and bool(annotations.get("distribution"))
