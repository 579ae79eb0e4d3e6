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

LOCK_FILE = ".run.lock"


@dataclass(frozen=True)
class RunLock:
    """A lock that the operating system lets go of when its process ends, however it ends."""

    file: IO[str]

    @classmethod
    def acquire(cls, folder: Path) -> "RunLock":
        """Locks the folder for this process.

        Raises:
            ConfigurationError: another run holds the lock; names its process.
        """
        # Opened for appending: whoever fails to get the lock must not empty the holder's note.
        file = (folder / LOCK_FILE).open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _read_holder(file)
            file.close()
            raise ConfigurationError(
                f"another run works on {folder}: {holder}. Wait until it ends, or stop it with "
                "`kill` and that process number; what it has done so far is not lost. To run "
                "beside it, use a copy of the project"
            ) from None
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "since": time.time(), "command": sys.argv}))
        file.flush()
        return cls(file)

    def release(self) -> None:
        """Lets the next run go on; the file stays, because deleting it would race with that run."""
        self.file.close()


def _read_holder(file: IO[str]) -> str:
    file.seek(0)
    try:
        note = json.loads(file.read())
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(note["since"]))
        return f"process {note['pid']}, since {since}"
    except (ValueError, KeyError, TypeError):
        return "a process that has not given its number yet"
