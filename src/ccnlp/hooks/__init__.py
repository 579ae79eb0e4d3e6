"""What happens around a run: checks before it, tracking and progress while it goes on."""

from ccnlp.hooks.annotation_switch import AnnotationSwitchHook
from ccnlp.hooks.augmentation_switch import AugmentationSwitchHook
from ccnlp.hooks.run_guard import RunGuardHook
from ccnlp.hooks.terminal import TerminalHook
from ccnlp.hooks.tracking.hook import TrackingHook

__all__ = [
    "AnnotationSwitchHook",
    "AugmentationSwitchHook",
    "RunGuardHook",
    "TerminalHook",
    "TrackingHook",
]
