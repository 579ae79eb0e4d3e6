"""What Kedro says of configuration files, names and missing data, in words for who mends them."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from ccnlp.errors import did_you_mean

MISSING_FOLDER = re.compile(r"is not a valid directory: (?P<path>[^\n]+)$")
CHECKING_MODULES = (
    *("kedro.pipeline.pipeline", "kedro.framework.session.session", "kedro.runner.runner"),
    "kedro.config.omegaconf_config",
)
"""Kedro's own modules whose ValueErrors tell a wrong name on the command line or in a file."""


def describe(error: BaseException) -> str | None:
    """What the user reads of an error of Kedro or its configuration loader, with the file where it
    is known; `None` for errors that may be a defect.
    """
    from kedro.config import MissingConfigException
    from kedro.io import DatasetError
    from omegaconf.errors import OmegaConfBaseException
    from yaml import MarkedYAMLError

    if isinstance(error, MarkedYAMLError):
        return _describe_syntax_error(error)
    if file := _file_without_names(error):
        return f"{file} holds no names with values; write `name: value`, with what belongs indented"
    if isinstance(error, OmegaConfBaseException):
        return _describe_interpolation_error(error)
    if isinstance(error, MissingConfigException):
        return _describe_missing_environment(str(error))
    if isinstance(error, DatasetError) and (description := _describe_damaged_dataset(error)):
        return description
    has_reason = isinstance(error, DatasetError) and _has_reason(error)
    is_check = type(error) is ValueError and _raised_in(error) in CHECKING_MODULES
    return str(error).strip() if has_reason or is_check else None


def _describe_syntax_error(error: Any) -> str | None:
    """Kedro names the file of a syntax error, but neither what is wrong nor that of a key that
    stands twice; a file that is not of the configuration is not the matter of this.
    """
    file = next((frame.f_locals["config_filepath"] for frame in _reading_frames(error)), None)
    detail = error if error.problem_mark else error.__cause__
    mark = getattr(detail, "problem_mark", None)
    if file is None or mark is None:
        return None
    return f"{file}, line {mark.line + 1}, column {mark.column + 1}: {detail.problem}"


def _file_without_names(error: BaseException) -> Path | None:
    """The file of the configuration at which Kedro failed because it is a list or a number."""
    from omegaconf import ListConfig

    if isinstance(error, OSError) and "Invalid loaded object type" in str(error):
        return next((frame.f_locals["config_filepath"] for frame in _reading_frames(error)), None)
    loaded_files = (frame.f_locals.get("config_per_file") for frame in _frames(error))
    contents = (item for files in loaded_files if files for item in files.items())
    return next((file for file, content in contents if isinstance(content, ListConfig)), None)


def _describe_interpolation_error(error: Any) -> str:
    from omegaconf import OmegaConf

    message = str(error).splitlines()[0].strip().removesuffix(".")
    if "oc.env" in message:
        message += "; environment variables can be used in credentials.yml alone"
    key = str(error.full_key or "")
    group = key.split(".", maxsplit=1)[0]
    files = [
        file
        for frame in _frames(error)
        if frame.f_code.co_name == "_merge_and_resolve"
        for file in frame.f_locals["config_per_file"]  # merged into each other by now
        if group in set(OmegaConf.load(file).keys())
    ]
    files = files or [frame.f_locals["config_filepath"] for frame in _reading_frames(error)]
    sentence = f"{key}: {message}" if key else message
    return f"{sentence} ({', '.join(map(str, files))})" if files else sentence


def _describe_damaged_dataset(error: BaseException) -> str | None:
    """Of a dataset that a pipeline writes and that can't be read, how to make it again."""
    from kedro.framework import project

    from ccnlp.hooks.run_guard import bare_name, writers_of

    nodes = [frame for frame in _frames(error) if frame.f_code.co_name == "_run_node_sequential"]
    name = bare_name(str(nodes[-1].f_locals.get("name"))) if nodes else ""
    if project.PACKAGE_NAME is None or "Failed while loading" not in str(error):
        return None
    writer = writers_of(project.pipelines).get(name)
    if writer is None:
        return None
    root = error
    while root.__cause__ is not None:
        root = root.__cause__
    reason = str(root).strip().splitlines()[0]
    return (
        f"{name} can't be read ({reason}); if its file is damaged, make it again: kedro run "
        f"--pipelines {writer} (CCNLP_TRACEBACKS=1 shows where it failed)"
    )


def _describe_missing_environment(message: str) -> str:
    match = MISSING_FOLDER.search(message)
    folder = Path(match["path"]) if match else None
    if folder is None or not folder.parent.is_dir():
        return message
    environments = [path.name for path in folder.parent.iterdir() if path.is_dir()]
    return (
        f"there is no environment {folder.name!r} in {folder.parent}; "
        f"{did_you_mean(folder.name, environments)} (--env)"
    )


def _has_reason(error: BaseException) -> bool:
    """Whether a dataset's error holds its reason; reading and writing also wrap errors of code."""
    from kedro.io import DatasetError

    cause = error.__cause__
    if "Failed while " not in str(error) or isinstance(cause, OSError | None):
        return True
    return isinstance(cause, DatasetError) and _has_reason(cause)


def _raised_in(error: BaseException) -> str:
    """The module that raised the error; empty where it was not raised."""
    names = [str(frame.f_globals.get("__name__")) for frame in _frames(error)]
    return names[-1] if names else ""


def _reading_frames(error: BaseException) -> Iterator[FrameType]:
    """The calls in which Kedro's loader read a file."""
    return (frame for frame in _frames(error) if "config_filepath" in frame.f_locals)


def _frames(error: BaseException) -> Iterator[FrameType]:
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next
