"""Kedro's settings: hooks, and where configuration and its values come from."""

import os
from pathlib import Path
from typing import Any

from ccnlp.errors import ConfigurationError
from ccnlp.hooks import (
    GraphChoicesHook,
    OlderFilesHook,
    RunGuardHook,
    TerminalHook,
    TrackingHook,
    plain_errors,
)

PROJECT_PATH = Path(__file__).resolve().parents[2]
CORPORA_DIR = "CCNLP_CORPORA_DIR"

for _variable, _value in {
    "KEDRO_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "TOKENIZERS_PARALLELISM": "true",  # no warning when a process forks after tokenising
}.items():
    os.environ.setdefault(_variable, _value)

plain_errors.install()


def corpora_dir(otherwise: str | None = None) -> str:
    """The folder named by the environment variable CCNLP_CORPORA_DIR; relative to the project.

    Args:
        otherwise: what to give where it is not set, in an entry that is not read then.

    Raises:
        ConfigurationError: it is not set, or names no folder.
    """
    folder_name = os.environ.get(CORPORA_DIR)
    if not folder_name and otherwise is not None:
        return otherwise
    if not folder_name:
        raise ConfigurationError(
            f"the environment reads corpora from the folder that the variable {CORPORA_DIR} names, "
            f"and it is not set: {CORPORA_DIR}=/path/to/corpora kedro run --env NAME"
        )
    folder = (PROJECT_PATH / Path(folder_name).expanduser()).resolve()
    if not folder.is_dir():
        raise ConfigurationError(
            f"{CORPORA_DIR} is {folder_name!r}, and {folder} is no folder; set it to the folder "
            "that holds the corpora"
        )
    return str(folder)


def if_set(variable: str, then: object, otherwise: object) -> object:
    """`then` where the environment variable has a value, else `otherwise`."""
    return then if os.environ.get(variable) else otherwise


HOOKS = (
    GraphChoicesHook(),
    RunGuardHook(),
    OlderFilesHook(),
    TrackingHook(),
    TerminalHook(),
)

CONFIG_LOADER_ARGS: dict[str, Any] = {
    "base_env": "base",
    "default_run_env": "local",
    "merge_strategy": {"parameters": "soft", "catalog": "soft", "globals": "soft"},
    "config_patterns": {"mlflow": ["mlflow*", "mlflow*/**", "**/mlflow*"]},
    "custom_resolvers": {"corpora_dir": corpora_dir, "if_set": if_set},
}
