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
        candidates = _candidates(parameters)
        reasons = []
        for source in candidates:
            try:
                checkpoint = SOURCES.get(source)().resolve(parameters, cache_folder=cache_folder)
            except ModelSourceError as error:
                logger.info("encoder: %s does not serve: %s", source, error)
                reasons.append(f"{source}: {error}")
            else:
                logger.info(
                    "encoder: %s from %s, revision %s",
                    checkpoint.name,
                    source,
                    checkpoint.revision,
                )
                return checkpoint
        raise ModelSourceError("no model source serves the encoder; " + "; ".join(reasons))

    def find(
        self, parameters: EncoderParameters, *, cache_folder: Path
    ) -> EncoderCheckpoint | None:
        """The first that is there: what is bundled is the model on the hub, in fewer bits."""
        checkpoints = (
            SOURCES.get(source)().find(parameters, cache_folder=cache_folder)
            for source in _candidates(parameters)
        )
        return next((checkpoint for checkpoint in checkpoints if checkpoint is not None), None)


def _candidates(parameters: EncoderParameters) -> tuple[str, ...]:
    return ("hub", "bundled") if parameters.path is None else ("path",)
