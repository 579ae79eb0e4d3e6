"""Kedro's settings: hooks, and where configuration and its values come from."""

import os
from pathlib import Path
from typing import Any

from ccnlp.errors import ConfigurationError
from ccnlp.hooks import (
    AugmentationSwitchHook,
    RunGuardHook,
    TerminalHook,
    TrackingHook,
    plain_errors,
)

PROJECT_PATH = Path(__file__).resolve().parents[2]

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


def corpora_dir() -> str:
    """The folder named by the environment variable CCNLP_CORPORA_DIR; relative to the project.

    Raises:
        ConfigurationError: it is not set.
    """
    folder = os.environ.get("CCNLP_CORPORA_DIR")
    if not folder:
        raise ConfigurationError(
            "the environment reads corpora from the folder that the variable CCNLP_CORPORA_DIR "
            "names, and it is not set: CCNLP_CORPORA_DIR=/path/to/corpora kedro run --env umsab; "
            "to read them from the hub instead, kedro run --env umsab_hub"
        )
    return str((PROJECT_PATH / Path(folder).expanduser()).resolve())


HOOKS = (AugmentationSwitchHook(), RunGuardHook(), TrackingHook(), TerminalHook())

CONFIG_LOADER_ARGS: dict[str, Any] = {
    "base_env": "base",
    "default_run_env": "local",
    "merge_strategy": {"parameters": "soft", "catalog": "soft", "globals": "soft"},
    "config_patterns": {"mlflow": ["mlflow*", "mlflow*/**", "**/mlflow*"]},
    "custom_resolvers": {"corpora_dir": corpora_dir},
}
