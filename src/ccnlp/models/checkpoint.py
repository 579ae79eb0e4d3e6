"""The encoder checkpoint: a local folder, and where it came from."""

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from ccnlp.errors import ModelSourceError
from ccnlp.registry import Registry


@dataclass(frozen=True)
class EncoderCheckpoint:
    """A Hugging Face checkpoint in a local folder.

    Attributes:
        folder: with `config.json`, safetensors weights and a tokenizer.
        name: of the model, such as `intfloat/multilingual-e5-small`.
        source: which model source served it.
        revision: commit, hash or version that says exactly which weights these are.
    """

    folder: Path
    name: str
    source: str
    revision: str


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
    timeout_seconds: float = Field(gt=0, description="longest wait for the hub's first answer")


class ModelSource(ABC):
    """Turns the parameters into a local checkpoint."""

    @abstractmethod
    def resolve(self, parameters: EncoderParameters, *, cache_folder: Path) -> EncoderCheckpoint:
        """The checkpoint; kept in `cache_folder` where it had to be made or fetched.

        Raises:
            ModelSourceError: this source can't serve; says why and what would.
        """


SOURCES: Registry[type[ModelSource]] = Registry(
    "model source", package="ccnlp.models.sources", parameter="parameters/encoder.yml"
)


def resolve_encoder(parameters: EncoderParameters, *, cache_folder: Path) -> EncoderCheckpoint:
    """The encoder that the parameters ask for.

    Raises:
        ConfigurationError: an unknown source.
        ModelSourceError: the source can't serve.
    """
    from ccnlp.progress import Fact, report

    checkpoint = SOURCES.get(parameters.source)().resolve(parameters, cache_folder=cache_folder)
    report(Fact("encoder_name", checkpoint.name))
    report(Fact("encoder_source", checkpoint.source))
    report(Fact("encoder_revision", checkpoint.revision))
    return checkpoint


def check_checkpoint(folder: Path) -> None:
    """Checks that a folder holds a checkpoint that can be read without running code from it.

    Raises:
        ModelSourceError: says what is missing or broken.
    """
    from safetensors import SafetensorError, safe_open

    if not folder.is_dir():
        raise ModelSourceError(f"{folder} is no folder; encoder.path names a checkpoint folder")
    config = _read_json(folder / "config.json")
    if "auto_map" in config:
        raise ModelSourceError(
            f"{folder / 'config.json'} asks to run code from the checkpoint (auto_map); "
            "this project never does: choose a model whose architecture transformers has"
        )
    if not (folder / "tokenizer.json").exists():
        raise ModelSourceError(
            f"{folder} has no tokenizer.json; save the checkpoint with its fast tokenizer"
        )
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        pickles = [p.name for p in folder.glob("*.bin")] + [p.name for p in folder.glob("*.pt")]
        found = f"only {', '.join(pickles)}, which would be unpickled" if pickles else "no weights"
        raise ModelSourceError(
            f"{folder} has {found}; this project reads safetensors: convert the checkpoint with "
            "save_pretrained"
        )
    for file in weights:
        try:
            with safe_open(file, framework="np"):
                pass
        except (SafetensorError, OSError) as error:
            raise ModelSourceError(
                f"{file} is broken ({error}); fetch or copy the checkpoint again"
            ) from error


def _read_json(path: Path) -> dict[str, object]:
    try:
        content: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelSourceError(f"{path.parent} has no {path.name}: it is no checkpoint") from None
    except (OSError, ValueError) as error:
        raise ModelSourceError(f"{path} can't be read ({error})") from error
    return content
