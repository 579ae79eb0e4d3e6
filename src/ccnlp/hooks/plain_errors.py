"""An error that the user can mend is told in its own words, without a traceback."""

import errno
import os
import sys
from collections.abc import Callable, Iterator
from types import TracebackType

from ccnlp.errors import CcnlpError
from ccnlp.hooks import configuration_errors
from ccnlp.hooks.parameter_errors import readable

ShowError = Callable[[type[BaseException], BaseException, TracebackType | None], object]

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
        if isinstance(cause, OSError) and cause.errno == errno.ENOSPC:
            where = f" for {cause.filename}" if cause.filename else ""
            return f"no space is left on the disk{where}; make room and run again"
    return configuration_errors.describe(error)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
