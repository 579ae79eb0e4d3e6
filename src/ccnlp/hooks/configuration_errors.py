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
        return _syntax(error)
    if file := _file_without_names(error):
        return f"{file} holds no names with values; write `name: value`, with what belongs indented"
    if isinstance(error, OmegaConfBaseException):
        return _interpolation(error)
    if isinstance(error, MissingConfigException):
        return _environment(str(error))
    if isinstance(error, DatasetError) and (damaged := _damaged(error)):
        return damaged
    is_told = isinstance(error, DatasetError) and _says_why(error)
    is_check = type(error) is ValueError and _raised_in(error) in CHECKING_MODULES
    return str(error).strip() if is_told or is_check else None


def _syntax(error: Any) -> str | None:
    """Kedro names the file of a syntax error, but neither what is wrong nor that of a key that
    stands twice; a file that is not of the configuration is not the matter of this.
    """
    file = next((frame.f_locals["config_filepath"] for frame in _reading(error)), None)
    detail = error if error.problem_mark else error.__cause__
    mark = getattr(detail, "problem_mark", None)
    if file is None or mark is None:
        return None
    return f"{file}, line {mark.line + 1}, column {mark.column + 1}: {detail.problem}"


def _file_without_names(error: BaseException) -> Path | None:
    """The file of the configuration at which Kedro failed because it is a list or a number."""
    from omegaconf import ListConfig

    if isinstance(error, OSError) and "Invalid loaded object type" in str(error):
        return next((frame.f_locals["config_filepath"] for frame in _reading(error)), None)
    read = (frame.f_locals.get("config_per_file") for frame in _frames(error))
    contents = (item for files in read if files for item in files.items())
    return next((file for file, content in contents if isinstance(content, ListConfig)), None)


def _interpolation(error: Any) -> str:
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
    files = files or [frame.f_locals["config_filepath"] for frame in _reading(error)]
    sentence = f"{key}: {message}" if key else message
    return f"{sentence} ({', '.join(map(str, files))})" if files else sentence


def _damaged(error: BaseException) -> str | None:
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


def _environment(message: str) -> str:
    found = MISSING_FOLDER.search(message)
    folder = Path(found["path"]) if found else None
    if folder is None or not folder.parent.is_dir():
        return message
    known = [path.name for path in folder.parent.iterdir() if path.is_dir()]
    return (
        f"there is no environment {folder.name!r} in {folder.parent}; "
        f"{did_you_mean(folder.name, known)} (--env)"
    )


def _says_why(error: BaseException) -> bool:
    """Whether a dataset's error holds its reason; reading and writing also wrap errors of code."""
    from kedro.io import DatasetError

    cause = error.__cause__
    if "Failed while " not in str(error) or isinstance(cause, OSError | None):
        return True
    return isinstance(cause, DatasetError) and _says_why(cause)


def _raised_in(error: BaseException) -> str:
    """The module that raised the error; empty where it was not raised."""
    names = [str(frame.f_globals.get("__name__")) for frame in _frames(error)]
    return names[-1] if names else ""


def _reading(error: BaseException) -> Iterator[FrameType]:
    """The calls in which Kedro's loader read a file."""
    return (frame for frame in _frames(error) if "config_filepath" in frame.f_locals)


def _frames(error: BaseException) -> Iterator[FrameType]:
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next
