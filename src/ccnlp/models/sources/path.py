"""A checkpoint folder on this machine."""

from pathlib import Path

from ccnlp.errors import ModelSourceError
from ccnlp.models.checkpoint import (
    SOURCES,
    EncoderCheckpoint,
    EncoderParameters,
    ModelSource,
    check_checkpoint,
)


@SOURCES.register("path")
class PathSource(ModelSource):
    """Any folder that transformers can read; its revision is the hash of its weights."""

    def resolve(self, parameters: EncoderParameters, *, cache_folder: Path) -> EncoderCheckpoint:
        """The folder `path`, checked."""
        if parameters.path is None:
            raise ModelSourceError(
                "encoder.source is 'path', but encoder.path is not set (parameters/encoder.yml)"
            )
        check_checkpoint(parameters.path)
        return EncoderCheckpoint(
            folder=parameters.path,
            name=parameters.path.name,
            source="path",
            revision=hash_of_weights(parameters.path),
        )


def hash_of_weights(folder: Path) -> str:
    """The first 16 hexadecimal digits of SHA-256 over the safetensors files."""
    from hashlib import sha256

    digest = sha256()
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as file:
            while chunk := file.read(1 << 22):
                digest.update(chunk)
    return digest.hexdigest()[:16]
