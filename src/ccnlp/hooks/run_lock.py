"""One run at a time on a data folder."""

import fcntl
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ccnlp.errors import ConfigurationError
from ccnlp.hooks.data_folder import cannot_write

LOCK_FILE = ".run.lock"


@dataclass(frozen=True)
class RunLock:
    """A lock that the operating system lets go of when its process ends, however it ends."""

    file: IO[str]

    @classmethod
    def acquire(cls, folder: Path) -> "RunLock":
        """Locks the folder for this process.

        Raises:
            ConfigurationError: another run holds the lock, whose process is named; or there can be
                no lock in the folder.
        """
        file = _open(folder)
        try:
            _lock(file, folder)
            file.truncate(0)
            file.write(json.dumps({"pid": os.getpid(), "since": time.time(), "command": sys.argv}))
            file.flush()
        except BaseException:
            file.close()
            raise
        return cls(file)

    def release(self) -> None:
        """Lets the next run go on; the file stays, because deleting it would race with that run."""
        self.file.close()


def _open(folder: Path) -> IO[str]:
    path = folder / LOCK_FILE
    try:
        # For appending: whoever fails to get the lock must not empty the holder's note.
        return path.open("a+", encoding="utf-8")
    except OSError as error:
        raise cannot_write(path, error.strerror, data_folder=folder) from error


def _lock(file: IO[str], folder: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ConfigurationError(
            f"another run works on {folder}: {_read_holder(file)}. Wait until it ends, or stop it "
            "with `kill` and that process number; what it has done so far is not lost. To run "
            "beside it, use a copy of the project"
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"the file system of {folder} gives no locks ({error.strerror}), without which two "
            "runs could spoil each other's files; copy the project to a local disk, or move the "
            "folder there and leave a link to it"
        ) from error


def _read_holder(file: IO[str]) -> str:
    file.seek(0)
    try:
        note = json.loads(file.read())
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(note["since"]))
        return f"process {note['pid']}, since {since}"
    except (ValueError, KeyError, TypeError):
        return "a process that has not given its number yet"
