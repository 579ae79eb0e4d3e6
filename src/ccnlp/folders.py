"""Folders that are there whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psutil

CLOCK_TOLERANCE_SECONDS = 2.0
"""The start of a process is read off a clock that is set now and then."""


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """An empty folder beside `folder`, which is removed when the block ends.

    What a killed process left of an earlier one is removed, too.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    for left_over in folder.parent.glob(f".{folder.name}.partial-*"):
        if not _is_alive(left_over):
            shutil.rmtree(left_over, ignore_errors=True)
    partial = folder.with_name(f".{folder.name}.partial-{os.getpid()}-{uuid4().hex[:8]}")
    partial.mkdir()
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """An empty folder, which takes the place of `folder` when the block ends without error.

    Of two processes at once, the second one replaces what the first wrote.
    """
    with scratch(folder) as partial, scratch(folder) as place_of_old:
        yield partial
        if folder.exists():  # moved at once and deleted later: there is nearly always one of both
            folder.rename(place_of_old / folder.name)
        partial.rename(folder)


def _is_alive(partial: Path) -> bool:
    """Whether the process that writes the folder still runs, and is no later one of its number."""
    pid = partial.name.rsplit("-", maxsplit=2)[-2]
    try:
        start_time: float = psutil.Process(int(pid)).create_time()
        return start_time < partial.stat().st_mtime + CLOCK_TOLERANCE_SECONDS
    except (ValueError, psutil.NoSuchProcess, FileNotFoundError):
        return False
    except psutil.AccessDenied:
        return True
