"""Can this machine translate what the parameters ask for? `python -m ccnlp.augmentation.check`."""

import sys
from pathlib import Path

from ccnlp.augmentation.parameters import AugmentationParameters
from ccnlp.augmentation.routes import check_routes
from ccnlp.augmentation.translator import build_translator
from ccnlp.errors import CcnlpError

PARAMETERS = Path("conf/base/parameters/augmentation.yml")


def check_translator(parameters: AugmentationParameters) -> None:
    """Checks, before any work, that every configured route can be translated.

    Nothing is checked where augmentation is switched off.

    Raises:
        ConfigurationError: an unknown engine.
        TranslationError: a direction is missing; says how to install it and how to run without.
    """
    if parameters.is_enabled:
        check_routes(parameters.routes, build_translator(parameters.translator))


def main(path: Path = PARAMETERS) -> int:
    """The exit status: 0 if the parameters in `path` can be served; else says why not."""
    import yaml

    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        check_translator(AugmentationParameters.model_validate(content["augmentation"]))
    except CcnlpError as error:
        print(error, file=sys.stderr)  # noqa: T201 (the command's answer)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
