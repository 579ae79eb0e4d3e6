"""The first of path, hub and bundled that serves."""

import logging
from pathlib import Path

from ccnlp.errors import ModelSourceError
from ccnlp.models.checkpoint import SOURCES, EncoderCheckpoint, EncoderParameters, ModelSource

logger = logging.getLogger(__name__)


@SOURCES.register("auto")
class AutoSource(ModelSource):
    """Serves on any machine, and says which source it was and why not an earlier one."""

    def resolve(self, parameters: EncoderParameters, *, cache_folder: Path) -> EncoderCheckpoint:
        """The first source that serves; a `path` that is set must serve, or it is an error."""
        if parameters.path is not None:
            return _resolve("path", parameters, cache_folder)
        reasons = []
        for source in ("hub", "bundled"):
            try:
                return _resolve(source, parameters, cache_folder)
            except ModelSourceError as error:
                logger.info("encoder: %s does not serve: %s", source, error)
                reasons.append(f"{source}: {error}")
        raise ModelSourceError("no model source serves the encoder; " + "; ".join(reasons))


def _resolve(source: str, parameters: EncoderParameters, cache_folder: Path) -> EncoderCheckpoint:
    checkpoint = SOURCES.get(source)().resolve(parameters, cache_folder=cache_folder)
    logger.info(
        "encoder: %s from %s, revision %s", checkpoint.name, source, checkpoint.revision[:16]
    )
    return checkpoint
