"""Tells the pipeline registry whether a corpus has annotations, whose agreement can be measured.

As in `augmentation_switch`, pipelines are built after the context and without the parameters.
"""

from typing import TYPE_CHECKING, Any

from kedro.framework.hooks import hook_impl

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext

_noted = {"has_annotations": False}


def has_annotations() -> bool:
    """Of the present context; false where there is none, as in `kedro registry list`."""
    return _noted["has_annotations"]


class AnnotationSwitchHook:
    """Looks at the corpora, and has the pipelines built again when that changes the answer."""

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: "KedroContext") -> None:
        """Reads the raw parameters: asking for the validated ones would build the pipelines."""
        found = are_annotations_configured(context.config_loader["parameters"])
        if found != _noted["has_annotations"]:
            _noted["has_annotations"] = found
            from kedro.framework.project import PACKAGE_NAME, pipelines

            pipelines.configure(f"{PACKAGE_NAME}.pipeline_registry")


def are_annotations_configured(parameters: dict[str, Any]) -> bool:
    """Whether a corpus has single annotations: its task counts them, and it gives no distribution.

    What is malformed is left to the validation of parameters, which says it better.
    """
    corpora, tasks = parameters.get("corpora"), parameters.get("tasks")
    if not isinstance(corpora, dict) or not isinstance(tasks, dict):
        return False
    return any(
        isinstance(entry, dict)
        and _counts_annotations(tasks.get(str(entry.get("task"))))
        and not _gives_distribution(entry.get("annotations"))
        for entry in corpora.values()
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
