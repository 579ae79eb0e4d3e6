"""Whether this machine can translate what the parameters ask for, before any work."""

from ccnlp.augmentation.parameters import AugmentationParameters
from ccnlp.augmentation.routes import check_routes
from ccnlp.augmentation.translator import build_translator


def check_translator(parameters: AugmentationParameters) -> None:
    """Checks that every configured route can be translated.

    Nothing is checked where augmentation is switched off.

    Raises:
        ConfigurationError: an unknown engine.
        TranslationError: a direction is missing; says how to install it and how to run without.
    """
    if parameters.is_enabled:
        check_routes(parameters.routes, build_translator(parameters.translator))
