"""The error of a request."""

from ccnlp.errors import CcnlpError


class RequestError(CcnlpError):
    """A request that is not answered; says which text and why."""
