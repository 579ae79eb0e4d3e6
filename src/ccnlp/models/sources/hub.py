"""A model hub: the local cache first, then the network with a short patience."""

import os
import socket
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from ccnlp.errors import ModelSourceError
from ccnlp.models.checkpoint import (
    SOURCES,
    EncoderCheckpoint,
    EncoderParameters,
    ModelSource,
    check_checkpoint,
)

PATTERNS = ["config.json", "*.safetensors", "*.safetensors.index.json", "tokenizer*.json"]
"""What is fetched: weights as safetensors, no pickles, no code."""


@SOURCES.register("hub")
class HubSource(ModelSource):
    """`name` at the pinned `revision`."""

    def resolve(self, parameters: EncoderParameters, *, cache_folder: Path) -> EncoderCheckpoint:
        """The snapshot in the hub's own cache, fetched when it is not there."""
        name, revision = parameters.name, parameters.revision
        if not revision:
            raise ModelSourceError(
                f"encoder.revision of {name!r} is not set; pin a commit, so that the same weights "
                "are fetched tomorrow (parameters/encoder.yml)"
            )
        folder = _cached(name, revision) or _fetch(name, revision, parameters.timeout_seconds)
        check_checkpoint(folder)
        return EncoderCheckpoint(folder=folder, name=name, source="hub", revision=revision)


def _cached(name: str, revision: str) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = snapshot_download(
            name, revision=revision, local_files_only=True, allow_patterns=PATTERNS
        )
    except (LocalEntryNotFoundError, OSError, ValueError):
        return None
    # A download that was broken off leaves a snapshot without its weights.
    return Path(folder) if any(Path(folder).glob("*.safetensors")) else None


def _fetch(name: str, revision: str, timeout_seconds: float) -> Path:
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    endpoint = os.environ.get("HF_ENDPOINT", constants.ENDPOINT)
    if constants.HF_HUB_OFFLINE or not is_reachable(endpoint, timeout_seconds):
        why = "HF_HUB_OFFLINE is set" if constants.HF_HUB_OFFLINE else "it gave no answer"
        raise ModelSourceError(
            f"{name!r} at {revision} is not in the local cache and the hub can't be reached "
            f"({why} within {timeout_seconds:g} s); set encoder.source to bundled, or encoder.path "
            "to a checkpoint folder (parameters/encoder.yml)"
        )
    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=PATTERNS))
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise ModelSourceError(
            f"{name!r} at {revision} can't be fetched from the hub: {error} "
            "(parameters/encoder.yml)"
        ) from error


@lru_cache(maxsize=8)
def is_reachable(endpoint: str, timeout_seconds: float) -> bool:
    """Whether a host accepts a connection in time; asked once a process.

    Behind a proxy only the proxy's own answer counts, because the host can't be seen directly.
    """
    import urllib.request

    parts = urlsplit(endpoint)
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy:
        parts = urlsplit(proxy)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=timeout_seconds):
            return True
    except OSError:
        return False
