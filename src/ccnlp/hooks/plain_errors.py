"""An error that the user can mend is told in its own words, without a traceback."""

import errno
import os
import re
import sys
from collections.abc import Callable, Iterator
from types import TracebackType

from ccnlp.errors import CcnlpError
from ccnlp.hooks import configuration_errors
from ccnlp.hooks.parameter_errors import readable

ShowError = Callable[[type[BaseException], BaseException, TracebackType | None], object]

MAKE_ROOM = "make room and run again"
FULL = {errno.ENOSPC, errno.EDQUOT}
SAYS_FULL = re.compile(
    r"No space left on device|Disk quota exceeded|\[Errno 28\]|\(os error 28\)|"
    r"database or disk is full"
)
"""What Rust's libraries, Arrow, torch and SQLite say, in errors of their own, of a full disk."""

SAYS_CUT_SHORT = re.compile(
    r"unexpected pos \d+ vs \d+|file write failed|\d+ requested and \d+ written"
)
"""What torch and NumPy say where they could not write a file to its end, and do not know why."""

_installed: dict[str, ShowError] = {}


def install() -> None:
    """Has this process end with such errors; again where something else took the place."""
    if sys.excepthook is not _installed.get("hook"):
        _installed["hook"] = sys.excepthook = show_plainly(sys.excepthook)


def show_plainly(show: ShowError) -> ShowError:
    """An exception hook that prints such errors plainly, and hands others to `show`.

    CCNLP_TRACEBACKS=1 shows every traceback.
    """

    def show_error(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> object:
        plain = None if os.environ.get("CCNLP_TRACEBACKS") else message_of(error)
        if plain is None:
            return show(kind, error, trace)
        from rich.console import Console
        from rich.text import Text

        message = Text.assemble(("Error: ", "bold red"), plain)
        Console(stderr=True, soft_wrap=True).print(message)
        return None

    return show_error


def message_of(error: BaseException) -> str | None:
    """What the user reads, where a message says all that its reader needs; `None` elsewhere."""
    from kedro.validation.exceptions import ParameterValidationError

    for cause in _causes(error):
        if isinstance(cause, CcnlpError):
            return str(cause)
        if isinstance(cause, ParameterValidationError):
            return readable(str(cause))
        if full := _full_disk(cause):
            return full
    return _cut_short(list(_causes(error))) or configuration_errors.describe(error)


def _full_disk(cause: BaseException) -> str | None:
    if isinstance(cause, OSError) and cause.errno in FULL:
        file = cause.filename2 or cause.filename  # what is copied comes first
        return f"no space is left on the disk{f' for {file}' if file else ''}; {MAKE_ROOM}"
    says_full = SAYS_FULL.search(_first_line(cause))
    return f"no space is left on the disk; {MAKE_ROOM}" if says_full else None


def _cut_short(causes: list[BaseException]) -> str | None:
    is_cut_short = any(SAYS_CUT_SHORT.search(_first_line(cause)) for cause in causes)
    if not is_cut_short or any(map(_tells_why, causes)):
        return None
    return (
        "a file could not be written to its end, most likely for want of space on the disk; "
        f"{MAKE_ROOM}"
    )


def _first_line(cause: BaseException) -> str:
    """What a library says itself; the lines below may hold data."""
    return str(cause).split("\n", maxsplit=1)[0]


def _tells_why(cause: BaseException) -> bool:
    """Whether something else than a full disk broke off what was being written."""
    is_request_to_end = isinstance(cause, SystemExit | KeyboardInterrupt)
    return is_request_to_end or (isinstance(cause, OSError) and cause.errno is not None)


def _causes(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__
