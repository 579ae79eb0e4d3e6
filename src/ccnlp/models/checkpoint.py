"""The encoder checkpoint: a local folder, and where it came from."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from ccnlp.errors import ModelSourceError
from ccnlp.progress import Fact, report
from ccnlp.registry import Registry

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedTokenizerBase


POSITIONS_AFTER_PADDING = frozenset(
    {"camembert", "data2vec-text", "esm", "ibert", "longformer", "luke", "mpnet", "roberta"}
    | {"roberta-prelayernorm", "xlm-roberta", "xlm-roberta-xl", "xmod"}
)
"""Model types that count positions from the padding id plus one: their first ones are not used."""

ABSOLUTE = "position_biased_input"
"""The field by which DeBERTa says whether it has absolute positions at all."""


@dataclass(frozen=True)
class EncoderCheckpoint:
    """A Hugging Face checkpoint in a local folder.

    Attributes:
        folder: with `config.json`, safetensors weights and a tokenizer.
        name: of the model, such as `intfloat/multilingual-e5-small`.
        source: which model source served it.
        revision: commit, hash or version that says exactly which weights these are.
        prefix: put in front of each text that is embedded as it is, as in pretraining.
    """

    folder: Path
    name: str
    source: str
    revision: str
    prefix: str = ""

    @property
    def identity(self) -> str:
        """Name and revision, which say exactly what its weights and its token ids mean."""
        return f"{self.name} {self.revision}"

    @property
    def hidden_size(self) -> int:
        """Numbers of each of its vectors.

        Raises:
            ModelSourceError: transformers can't read the configuration.
        """
        config = _read_model_config(self.folder)
        return int(config.hidden_size)

    def load_tokenizer(
        self, *, mend: str = "fetch or copy the checkpoint again"
    ) -> "PreTrainedTokenizerBase":
        """The checkpoint's fast tokenizer; its `model_max_length` is what the encoder can read.

        All who ask share one while its files stay as they are, for the vocabulary of a multilingual
        encoder takes two seconds to read. What an earlier call has left in it of cutting and
        padding, which would be saved with a model, is undone.

        Args:
            mend: what to do about files that can't be read.

        Raises:
            ModelSourceError: its files can't be read.
        """
        try:
            tokenizer, truncation, padding = _load_tokenizer(self.folder, _file_states(self.folder))
        except ModelSourceError:
            raise
        except Exception as error:  # the Rust library raises Exception itself
            raise ModelSourceError(
                f"{self.folder / 'tokenizer.json'} can't be read ({error}); {mend}"
            ) from error
        backend = tokenizer.backend_tokenizer
        backend.enable_truncation(**truncation) if truncation else backend.no_truncation()
        backend.enable_padding(**padding) if padding else backend.no_padding()
        return tokenizer


FileStates = tuple[tuple[str, int, int], ...]
"""Name, size and time of change, in nanoseconds, of each JSON file of a folder."""

_Setting = dict[str, Any] | None
"""How the Rust library cuts or pads, in its own words; `None` where it does not."""


def _file_states(folder: Path) -> FileStates:
    states = [(path.name, path.stat()) for path in sorted(folder.glob("*.json"))]
    return tuple((name, state.st_size, state.st_mtime_ns) for name, state in states)


@lru_cache(maxsize=2)  # the encoder's, and that of the model which it became
def _load_tokenizer(
    folder: Path, _state: FileStates
) -> "tuple[PreTrainedTokenizerBase, _Setting, _Setting]":
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    limit = _num_positions(_read_json(folder / "config.json"))
    if limit is not None:
        # Many a tokenizer states no length, and transformers then takes 10^30 for it.
        tokenizer.model_max_length = min(tokenizer.model_max_length, limit)
    backend = tokenizer.backend_tokenizer
    return tokenizer, backend.truncation, backend.padding


class EncoderParameters(BaseModel):
    """`parameters/encoder.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = Field(description="auto, path, hub, bundled or registry")
    name: str = Field(description="the model's name on the hub")
    revision: str | None = Field(description="commit on the hub; needed by the source hub")
    path: Path | None = Field(description="a checkpoint folder; needed by the source path")
    registered_version: str | None = Field(
        description="a registered model's name/version or name@alias; needed by the source registry"
    )
    prefix: str = Field(
        description="put in front of texts where the encoder is used as it is: by the probe and "
        "the filters of round trips; fine-tuning needs none"
    )
    timeout_seconds: float = Field(gt=0, description="longest wait for the hub's first answer")


class ModelSource(ABC):
    """Turns the parameters into a local checkpoint."""

    @abstractmethod
    def resolve(self, parameters: EncoderParameters, *, cache_folder: Path) -> EncoderCheckpoint:
        """The checkpoint; kept in `cache_folder` where it had to be made or fetched.

        Raises:
            ModelSourceError: this source can't serve; says why and what would.
        """

    def find(
        self, parameters: EncoderParameters, *, cache_folder: Path
    ) -> EncoderCheckpoint | None:
        """The checkpoint, where it lies on this machine; `None` where only `resolve` can tell.

        For checks before a run: nothing is fetched, unpacked or said. Its vectors have the size of
        those that `resolve` gives.

        Raises:
            ModelSourceError: this source can't serve.
        """
        del parameters, cache_folder
        return None


SOURCES: Registry[type[ModelSource]] = Registry(
    "model source", package="ccnlp.models.sources", parameter="parameters/encoder.yml"
)


def resolve_encoder(parameters: EncoderParameters, *, cache_folder: Path) -> EncoderCheckpoint:
    """The encoder that the parameters ask for.

    Raises:
        ConfigurationError: an unknown source.
        ModelSourceError: the source can't serve.
    """
    checkpoint = SOURCES.get(parameters.source)().resolve(parameters, cache_folder=cache_folder)
    checkpoint = replace(checkpoint, prefix=parameters.prefix)
    report(Fact("encoder_name", checkpoint.name))
    report(Fact("encoder_source", checkpoint.source))
    report(Fact("encoder_revision", checkpoint.revision))
    return checkpoint


def _num_positions(config: Mapping[str, object]) -> int | None:
    """Tokens that the encoder has positions for; `None` where they are relative or not told."""
    num_positions = config.get("max_position_embeddings")
    if not isinstance(num_positions, int) or num_positions < 1 or not config.get(ABSOLUTE, True):
        return None
    padding_id = config.get("pad_token_id")
    if config.get("model_type") in POSITIONS_AFTER_PADDING and isinstance(padding_id, int):
        return num_positions - padding_id - 1
    return num_positions


def check_checkpoint(folder: Path) -> None:
    """Checks that a folder holds a checkpoint that can be read without running code from it.

    Raises:
        ModelSourceError: says what is missing or broken.
    """
    if not folder.is_dir():
        raise ModelSourceError(
            f"{folder} is no folder; name a checkpoint folder in encoder.path "
            "(parameters/encoder.yml)"
        )
    _check_config(folder / "config.json")
    if not (folder / "tokenizer.json").exists():
        raise ModelSourceError(
            f"{folder} has no tokenizer.json; save the checkpoint with its fast tokenizer"
        )
    for file in find_weights(folder):
        _check_weights(file)


def check_readable(checkpoint: EncoderCheckpoint) -> None:
    """Checks that transformers knows the type of model and can read the tokenizer.

    Raises:
        ModelSourceError: says which file it can't read, and why.
    """
    _read_model_config(checkpoint.folder)
    checkpoint.load_tokenizer()


def _read_model_config(folder: Path) -> "PretrainedConfig":
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(folder, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        first_sentence = str(error).split("\n")[0]
        raise ModelSourceError(
            f"{folder / 'config.json'} can't be read by transformers "
            f"({first_sentence}); name another checkpoint in encoder.path (parameters/encoder.yml)"
        ) from error


def find_weights(folder: Path) -> list[Path]:
    """The safetensors files of a checkpoint: one, or the shards of its index.

    Raises:
        ModelSourceError: there are none.
    """
    single_file = folder / "model.safetensors"
    index = folder / "model.safetensors.index.json"
    if single_file.exists():
        return [single_file]
    if index.exists():
        shards = _read_json(index).get("weight_map")
        if isinstance(shards, dict) and shards:
            return [folder / str(name) for name in sorted(set(shards.values()))]
        raise ModelSourceError(f"{index} names no files; fetch or copy the checkpoint again")
    pickles = sorted(path.name for pattern in ("*.bin", "*.pt") for path in folder.glob(pattern))
    contents = f"only {', '.join(pickles)}, which would be unpickled" if pickles else "no weights"
    raise ModelSourceError(
        f"{folder} has {contents}; this project reads model.safetensors: convert the checkpoint "
        "with save_pretrained of transformers"
    )


def _check_config(path: Path) -> None:
    config = _read_json(path)
    if "auto_map" in config:
        raise ModelSourceError(
            f"{path} asks to run code from the checkpoint (auto_map), which this project never "
            "does; choose a model whose architecture is part of transformers"
        )
    if "model_type" not in config:
        raise ModelSourceError(f"{path} names no model_type: it is no checkpoint of transformers")


def _check_weights(path: Path) -> None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np"):
            pass
    except (SafetensorError, OSError) as error:
        raise ModelSourceError(
            f"{path} is missing or broken ({error}); fetch or copy the checkpoint again"
        ) from error


def _read_json(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelSourceError(f"{path.parent} has no {path.name}: it is no checkpoint") from None
    except (OSError, ValueError) as error:
        raise ModelSourceError(f"{path} can't be read ({error})") from error
    if not isinstance(content, dict):
        raise ModelSourceError(f"{path} can't be read (no JSON object)")
    return content
