"""What happens around a run: checks before it, tracking and progress while it goes on."""

from ccnlp.hooks.graph_choices import GraphChoicesHook
from ccnlp.hooks.older_files import OlderFilesHook
from ccnlp.hooks.run_guard import RunGuardHook
from ccnlp.hooks.terminal import TerminalHook
from ccnlp.hooks.tracking.hook import TrackingHook

__all__ = [
    "GraphChoicesHook",
    "OlderFilesHook",
    "RunGuardHook",
    "TerminalHook",
    "TrackingHook",
]
