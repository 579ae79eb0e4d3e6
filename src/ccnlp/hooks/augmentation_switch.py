"""Hands the parameter `augmentation.is_enabled` to the pipeline registry.

Kedro builds pipelines without the parameters. They are built after the context, though, so this
hook can note the value, `--params` and `--env` included, for the registry to read.
"""

from typing import TYPE_CHECKING

from kedro.framework.hooks import hook_impl

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext

_noted = {"is_enabled": True}


def is_augmentation_enabled() -> bool:
    """The value of the present context; true where there is none, as in `kedro registry list`."""
    return _noted["is_enabled"]


class AugmentationSwitchHook:
    """Notes the parameter, and has the pipelines built again when it changed."""

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: "KedroContext") -> None:
        """Reads the raw parameters: asking for the validated ones would build the pipelines."""
        group = context.config_loader["parameters"].get("augmentation")
        # A value of another type is left to the validation of parameters, which says it better.
        is_enabled = group.get("is_enabled") is not False if isinstance(group, dict) else True
        if is_enabled != _noted["is_enabled"]:
            _noted["is_enabled"] = is_enabled
            from kedro.framework.project import PACKAGE_NAME, pipelines

            pipelines.configure(f"{PACKAGE_NAME}.pipeline_registry")
