"""The contract of a filter, and how filters together judge round trips."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.augmentation.parameters import AugmentationParameters, Band, FilterParameters
from ccnlp.registry import Registry

Vectors = npt.NDArray[np.float32]
Scores = npt.NDArray[np.float64]
Embed = Callable[[Sequence[str]], Vectors]
"""Texts to vectors of length 1, shape (texts, hidden)."""


@dataclass(frozen=True)
class FilterContext:
    """What a filter may look at beside the round trips.

    Attributes:
        embed: the frozen encoder; remembers what it was asked.
        train: native train rows with a label: `id`, `task`, `group_id`, `text` and `label`.
        parameters: of augmentation.
    """

    embed: Embed
    train: pd.DataFrame
    parameters: AugmentationParameters


class Filter(ABC):
    """Scores how well round trips keep one property. Its column is `<name>_score`."""

    name: ClassVar[str]

    def texts_to_embed(self, round_trips: pd.DataFrame, context: FilterContext) -> Iterable[str]:
        """The texts whose vectors `score` will ask for, so that all filters' are made at once."""
        return ()

    @abstractmethod
    def score(self, round_trips: pd.DataFrame, context: FilterContext) -> Scores:
        """A score a row, NaN where there is no verdict; such a row passes.

        Args:
            round_trips: with `parent_id`, `task`, `language`, `label`, `original` and `candidate`.
            context: what else there is to look at.
        """


FILTERS: Registry[type[Filter]] = Registry(
    "filter", package="ccnlp.augmentation.filters", parameter="parameters/augmentation.yml"
)


def score_round_trips(round_trips: pd.DataFrame, context: FilterContext) -> pd.DataFrame:
    """The round trips with a column of scores for each configured filter.

    Raises:
        ConfigurationError: a configured filter does not exist.
    """
    scored = round_trips.copy()
    filters = {name: FILTERS.get(name)() for name in context.parameters.filters}
    if round_trips.empty:
        return scored.assign(**{score_column(name): np.empty(0) for name in filters})
    texts = [
        text for judge in filters.values() for text in judge.texts_to_embed(round_trips, context)
    ]
    context.embed(texts)
    for name, judge in filters.items():
        scored[score_column(name)] = judge.score(round_trips, context)
    return scored


def score_column(name: str) -> str:
    """The column of a filter's scores."""
    return f"{name}_score"


def rejections(scored: pd.DataFrame, name: str, parameters: FilterParameters) -> "pd.Series[bool]":
    """Which rows lie outside the filter's band for their language."""
    scores = scored[score_column(name)]
    bands = scored["language"].map(parameters.band)
    lowest = bands.map(lambda band: _end(band, "at_least", -np.inf)).astype(float)
    highest = bands.map(lambda band: _end(band, "at_most", np.inf)).astype(float)
    return (scores < lowest) | (scores > highest)


def _end(band: Band, name: str, default: float) -> float:
    end = getattr(band, name)
    return default if end is None else float(end)


def remembering(embed: Embed) -> Embed:
    """The same function, asking for each distinct text once; several filters see the same texts."""
    vectors: dict[str, Vectors] = {}

    def embed_once(texts: Sequence[str]) -> Vectors:
        new_texts = [text for text in dict.fromkeys(texts) if text not in vectors]
        if new_texts:
            vectors.update(zip(new_texts, embed(new_texts), strict=True))
        return np.stack([vectors[text] for text in texts]) if len(texts) else embed([])

    return embed_once
