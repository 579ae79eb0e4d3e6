"""A translator that needs no engine, a few examples, and the project's own parameters."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
import yaml

from ccnlp.augmentation.parameters import AugmentationParameters
from ccnlp.augmentation.store import TranslationStore
from ccnlp.augmentation.translator import Translator, TranslatorParameters
from ccnlp.augmentation.translators.apertium import Apertium
from ccnlp.corpora.deduplication import DeduplicationParameters
from ccnlp.errors import TranslationError

CONF = Path(__file__).parents[2] / "conf" / "base" / "parameters"


class ToyTranslator(Translator):
    """Turns the order of words round and names the target; knows every language but `tlh`."""

    name: ClassVar[str] = "toy"
    decoding: ClassVar[str] = "order=reversed"

    def __init__(self, *, fails_after_chunks: int | None = None) -> None:
        super().__init__(TranslatorParameters(name="toy", timeout_seconds=1))
        self.chunks: list[list[str]] = []
        self.fails_after_chunks = fails_after_chunks

    def supports(self, source: str, target: str) -> bool:
        return "tlh" not in (source, target)

    def how_to_install(self, directions: Sequence[tuple[str, str]]) -> str:
        return "toy-get install"

    def revision(self, source: str, target: str) -> str:
        return f"1 {source}-{target}"

    def translate_rows(self, texts: Sequence[str], *, source: str, target: str) -> list[str]:
        if self.fails_after_chunks is not None and len(self.chunks) >= self.fails_after_chunks:
            raise TranslationError("the toy is broken")
        self.chunks.append(list(texts))
        return [" ".join([target, *reversed(text.split())]) for text in texts]


@pytest.fixture
def toy_translator() -> type[ToyTranslator]:
    return ToyTranslator


@pytest.fixture
def store(tmp_path: Path) -> TranslationStore:
    return TranslationStore(tmp_path / "store" / "translations.sqlite")


@pytest.fixture
def make_parameters() -> Callable[..., AugmentationParameters]:
    """The project's parameters with some values in place of its own."""
    content = yaml.safe_load((CONF / "augmentation.yml").read_text(encoding="utf-8"))

    def make(**values: Any) -> AugmentationParameters:
        return AugmentationParameters.model_validate({**content["augmentation"], **values})

    return make


@pytest.fixture
def deduplication() -> DeduplicationParameters:
    """The project's own."""
    values = yaml.safe_load((CONF / "ingestion.yml").read_text(encoding="utf-8"))["ingestion"]
    return DeduplicationParameters.model_validate(values["deduplication"])


@pytest.fixture
def make_examples() -> Callable[..., pd.DataFrame]:
    """Examples from dicts of the columns that matter to a test."""
    constant = {
        **{"corpus": "toy", "task": "sentiment", "split": "train", "language": "en"},
        **{"region": "und", "culture": "und", "domain": "und", "origin": "native"},
        **{"licence": "CC0-1.0", "weight": 1.0, "label": "positive"},
    }

    def make(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
        table = pd.DataFrame(
            [{"id": f"row{i}", "group_id": f"row{i}", **constant, **r} for i, r in enumerate(rows)]
        )
        for column in ("parent_id", "engine", "pivot"):
            table[column] = pd.Series(pd.NA, index=table.index, dtype="string")
        table["detected_language"] = table["language"]
        table["detected_language_score"] = 1.0
        table["is_language_suspect"] = False
        return table

    return make


@pytest.fixture
def make_round_trips() -> Callable[..., pd.DataFrame]:
    """Round trips from pairs of original and candidate."""

    def make(pairs: Sequence[tuple[str, str]], **columns: Any) -> pd.DataFrame:
        table = pd.DataFrame(pairs, columns=["original", "candidate"])
        constant = {"task": "sentiment", "language": "en", "label": "positive"}
        constant |= {"culture": "und", "pivot": "es"}
        keys = {"parent_id": [f"row{i}" for i in range(len(table))]}
        return table.assign(**constant).assign(**keys).assign(**columns)

    return make


@pytest.fixture
def embed_words() -> Callable[[Sequence[str]], np.ndarray]:
    """Two coordinates: how many words are `good` and how many `bad`; plus one for the rest."""

    def embed(texts: Sequence[str]) -> np.ndarray:
        counts = np.array(
            [[t.split().count("good"), t.split().count("bad"), 1.0] for t in texts], dtype="float32"
        ).reshape(-1, 3)
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)

    return embed


@pytest.fixture(scope="session")
def apertium() -> Apertium:
    """The real engine with English and Spanish; `make` installs it."""
    if shutil.which("apertium") is None:
        pytest.skip("Apertium is not installed: sudo apt-get install apertium apertium-eng-spa")
    translator = Apertium(TranslatorParameters(name="apertium", timeout_seconds=60))
    if not translator.supports("en", "es"):
        pytest.skip("Apertium lacks English and Spanish: sudo apt-get install apertium-eng-spa")
    return translator
