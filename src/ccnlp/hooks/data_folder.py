"""Whether the data folder can take what a run writes."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ccnlp.errors import ConfigurationError

GIB = 1 << 30
RAW_LAYER = "01_raw"
"""The layer that runs only read, and that may lie on a disk that can't be written to."""


def check_folder(folder: Path) -> None:
    """Checks that a run can write to the folder; makes it when it is missing.

    After a run as root the layers, or what stands in them, may belong to root.

    Raises:
        ConfigurationError: the folder, a layer, or what an earlier run left in one can't be
            written to.
    """
    _check_writable(folder, data_folder=folder)
    for layer in _layers(folder):
        _check_writable(layer, data_folder=folder)
        for path in _left_by_earlier_runs(layer):
            if not os.access(path, os.W_OK):
                raise cannot_write(path, os.strerror(errno.EACCES), data_folder=folder)


def check_free_space(folder: Path, *, min_free_gib: float) -> None:
    """Checks that the folder's disk has room for a run.

    Raises:
        ConfigurationError: it has not.
    """
    free_gib = shutil.disk_usage(folder).free / GIB
    if free_gib < min_free_gib:
        raise ConfigurationError(
            f"the disk of {folder} has {free_gib:.1f} GiB free, and a run needs {min_free_gib:g}; "
            "make room (`make clean` removes what runs have written), or lower "
            "run.min_free_disk_gib (parameters/run.yml)"
        )


def cannot_write(path: Path, reason: str | None, *, data_folder: Path) -> ConfigurationError:
    """The error that tells what can't be written to, and how to mend it."""
    return ConfigurationError(
        f"{path} can't be written to ({reason}); make the data folder yours with "
        f"`sudo chown -R $USER {data_folder}`, or copy the project to a place of your own"
    )


def _check_writable(path: Path, *, data_folder: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise cannot_write(path, error.strerror, data_folder=data_folder) from error


def _layers(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.glob("0*")) if path.is_dir() and path.name != RAW_LAYER)


def _left_by_earlier_runs(layer: Path) -> Iterator[Path]:
    """What stands in the layer, but links, which the user has made, and hidden files."""
    return (
        path for path in sorted(layer.iterdir()) if not path.is_symlink() and path.name[0] != "."
    )
