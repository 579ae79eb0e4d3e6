"""A model hub: the local cache first, then the network with a short patience."""

import os
import re
from functools import lru_cache
from pathlib import Path

from ccnlp.errors import ModelSourceError
from ccnlp.models.checkpoint import (
    SOURCES,
    EncoderCheckpoint,
    EncoderParameters,
    ModelSource,
    check_checkpoint,
)
from ccnlp.network import answer_within

FETCHED = [
    "config.json",
    "*.safetensors",
    "*.safetensors.index.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
]
NOT_FETCHED = ["*/*"]
"""Of a repository only the checkpoint itself: no pickles, no code, no exports in its folders."""

COMMIT = re.compile(r"[0-9a-f]{40}")


@SOURCES.register("hub")
class HubSource(ModelSource):
    """`name` at the pinned `revision`."""

    def resolve(self, parameters: EncoderParameters, *, cache_folder: Path) -> EncoderCheckpoint:
        """The snapshot in the hub's own cache, fetched when it is not there."""
        name, revision = parameters.name, parameters.revision
        if not revision or not COMMIT.fullmatch(revision):
            raise ModelSourceError(
                f"encoder.revision of {name!r} is {revision!r}; pin a commit, 40 hexadecimal "
                "digits, so that the same weights are fetched tomorrow (parameters/encoder.yml)"
            )
        folder = find_cached(name, revision) or fetch(name, revision, parameters.timeout_seconds)
        return EncoderCheckpoint(folder=folder, name=name, source="hub", revision=revision)

    def find(
        self, parameters: EncoderParameters, *, cache_folder: Path
    ) -> EncoderCheckpoint | None:
        """The snapshot in the hub's own cache."""
        name, revision = parameters.name, parameters.revision
        folder = find_cached(name, revision) if revision else None
        if folder is None or revision is None:
            return None
        return EncoderCheckpoint(folder=folder, name=name, source="hub", revision=revision)


def find_cached(name: str, revision: str) -> Path | None:
    """The snapshot in the local cache, if it is whole."""
    from huggingface_hub import snapshot_download

    try:
        folder = Path(
            snapshot_download(
                name,
                revision=revision,
                local_files_only=True,
                allow_patterns=FETCHED,
                ignore_patterns=NOT_FETCHED,
            )
        )
        check_checkpoint(folder)
    except (OSError, ValueError, ModelSourceError):
        return None  # a download that was broken off is taken up again
    return folder


def fetch(name: str, revision: str, timeout_seconds: float) -> Path:
    """The snapshot from the hub.

    Raises:
        ModelSourceError: the hub gives no answer in time, has no such snapshot, or one that can't
            be read safely.
    """
    from huggingface_hub import constants, snapshot_download

    endpoint = os.environ.get("HF_ENDPOINT", constants.ENDPOINT)
    refusal = find_refusal(endpoint, name, revision, timeout_seconds)
    if refusal:
        raise ModelSourceError(
            f"{name!r} at {revision} is not in the local cache and can't be fetched from the hub: "
            f"{refusal}; set encoder.source to bundled, or encoder.path to a checkpoint folder "
            "(parameters/encoder.yml)"
        )
    try:
        folder = Path(
            snapshot_download(
                name,
                revision=revision,
                endpoint=endpoint,
                allow_patterns=FETCHED,
                ignore_patterns=NOT_FETCHED,
            )
        )
    except Exception as error:  # the hub's client has errors of several libraries
        raise ModelSourceError(
            f"fetching {name!r} at {revision} from the hub broke off: {error}; run again to go on "
            "where it stopped"
        ) from error
    check_checkpoint(folder)
    return folder


@lru_cache(maxsize=8)
def find_refusal(endpoint: str, name: str, revision: str, timeout_seconds: float) -> str | None:
    """Why the hub does not serve a snapshot, or None; asked once a process."""
    from huggingface_hub import HfApi, constants

    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE is set"
    try:
        answer_within(
            timeout_seconds,
            lambda: HfApi(endpoint=endpoint).model_info(
                name, revision=revision, timeout=timeout_seconds
            ),
        )
    except Exception as error:  # the hub's client has errors of several libraries
        return str(error).splitlines()[0]
    return None
