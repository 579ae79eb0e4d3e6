"""The contract of a translation engine: as many texts out as in, in their order."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from ccnlp.errors import TranslationError
from ccnlp.registry import Registry

WITHOUT = "or run without: kedro run --params augmentation.is_enabled=false"
"""How every message about a missing engine ends: the way on that needs no installation."""


class TranslatorParameters(BaseModel):
    """`translator` in `parameters/augmentation.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(description="the engine, such as apertium")
    timeout_seconds: float = Field(gt=0, description="longest time for one chunk of texts")


class Translator(ABC):
    """A translation engine. Languages are BCP-47 tags throughout.

    Args:
        parameters: `translator` in `parameters/augmentation.yml`.
    """

    name: ClassVar[str]
    decoding: ClassVar[str] = ""
    """Whatever else changes the output, such as the beam size; part of the store's key."""

    def __init__(self, parameters: TranslatorParameters) -> None:
        self.parameters = parameters

    @abstractmethod
    def supports(self, source: str, target: str) -> bool:
        """Whether this machine can translate from `source` to `target`."""

    @abstractmethod
    def how_to_install(self, directions: Sequence[tuple[str, str]]) -> str:
        """The command that brings the directions to this machine."""

    @abstractmethod
    def revision(self, source: str, target: str) -> str:
        """Version of the engine and of what it knows of the two languages; changes with either."""

    @abstractmethod
    def translate_rows(self, texts: Sequence[str], *, source: str, target: str) -> Sequence[str]:
        """The translations; called by `translate` with at least one text.

        No word may cross from one text to another.
        """

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[str]:
        """The translations, one a text, in the order of `texts`; a blank text stays as it is.

        Raises:
            TranslationError: the engine is missing or fails, or gives another number of texts.
        """
        filled_texts = [text for text in texts if text.strip()]
        if not filled_texts:
            return list(texts)
        if not self.supports(source, target):
            raise TranslationError(self.missing_message([(source, target)]))
        translations = self.translate_rows(filled_texts, source=source, target=target)
        if len(translations) != len(filled_texts):
            raise TranslationError(
                f"{self.name} {source}>{target}: {len(filled_texts)} texts in, "
                f"{len(translations)} out; a translator must give one translation a text"
            )
        remaining = iter(translations)
        return [next(remaining) if text.strip() else text for text in texts]

    def missing_message(self, directions: Sequence[tuple[str, str]]) -> str:
        """What to say where directions are missing: both ways on."""
        names = ", ".join(f"{source}>{target}" for source, target in directions)
        return (
            f"{self.name} on this machine can't translate {names}; "
            f"install it: {self.how_to_install(directions)}; {WITHOUT}"
        )


TRANSLATORS: Registry[type[Translator]] = Registry(
    "translator", package="ccnlp.augmentation.translators", parameter="parameters/augmentation.yml"
)


def build_translator(parameters: TranslatorParameters) -> Translator:
    """The configured engine.

    Raises:
        ConfigurationError: no such engine.
    """
    return TRANSLATORS.get(parameters.name)(parameters)
