"""A checkpoint folder on this machine."""

from hashlib import sha256
from pathlib import Path

from ccnlp.errors import ModelSourceError
from ccnlp.models.checkpoint import (
    SOURCES,
    EncoderCheckpoint,
    EncoderParameters,
    ModelSource,
    check_checkpoint,
    check_readable,
    find_weights,
)


@SOURCES.register("path")
class PathSource(ModelSource):
    """Any folder that transformers can read; its revision is the hash of what is in it."""

    def resolve(self, parameters: EncoderParameters, *, cache_folder: Path) -> EncoderCheckpoint:
        """The folder `path`, checked."""
        if parameters.path is None:
            raise ModelSourceError(
                "encoder.source is 'path', but encoder.path is not set (parameters/encoder.yml)"
            )
        folder = parameters.path.expanduser().resolve()
        check_checkpoint(folder)
        checkpoint = EncoderCheckpoint(
            folder=folder, name=folder.name, source="path", revision=hash_checkpoint(folder)
        )
        check_readable(checkpoint)
        return checkpoint

    def find(self, parameters: EncoderParameters, *, cache_folder: Path) -> EncoderCheckpoint:
        """The folder `path`, checked."""
        return self.resolve(parameters, cache_folder=cache_folder)


def hash_checkpoint(folder: Path) -> str:
    """The first 16 hexadecimal digits of SHA-256 over configuration, tokenizer and weights."""
    digest = sha256()
    for path in (folder / "config.json", folder / "tokenizer.json", *find_weights(folder)):
        with path.open("rb") as file:
            while chunk := file.read(1 << 22):
                digest.update(chunk)
    return digest.hexdigest()[:16]
