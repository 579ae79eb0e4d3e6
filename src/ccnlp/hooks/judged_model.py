"""Hands the parameter `behaviour.model` to the pipeline registry.

The graph of the behaviour pipeline reads the model that the parameter names and no other, so that
the champion can be judged where nothing was trained; see `augmentation_switch` for the way.
"""

from typing import TYPE_CHECKING

from kedro.framework.hooks import hook_impl

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext

DEFAULT = "finetuned"
_noted = {"model": DEFAULT}


def judged_model() -> str:
    """The value of the present context; `finetuned` where there is none."""
    return _noted["model"]


class JudgedModelHook:
    """Notes the parameter, and has the pipelines built again when it changed."""

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: "KedroContext") -> None:
        """Reads the raw parameters: asking for the validated ones would build the pipelines."""
        group = context.config_loader["parameters"].get("behaviour")
        # A value of another kind is left to the validation of parameters, which says it better.
        is_champion = isinstance(group, dict) and group.get("model") == "champion"
        model = "champion" if is_champion else DEFAULT
        if model != _noted["model"]:
            _noted["model"] = model
            from kedro.framework.project import PACKAGE_NAME, pipelines

            pipelines.configure(f"{PACKAGE_NAME}.pipeline_registry")
