"""The contract of a conditioning: what it tells of a text, and the layer that takes it in.

One module a kind: see `kinds/embedding.py`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd
from pydantic import ValidationError

from ccnlp.atlas.attributes import Atlas
from ccnlp.atlas.parameters import FILE
from ccnlp.conditioning.keys import ConditionKeys, Indices
from ccnlp.conditioning.parameters import NONE, CultureParameters
from ccnlp.errors import ConfigurationError
from ccnlp.registry import Registry

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from ccnlp.conditioning.layers import ConditioningLayer


class Conditioning(ABC):
    """How a network is told of the culture, the language or the domain of its texts.

    Args:
        parameters: `parameters/culture.yml`.
        keys: the values that the network knows.
    """

    name: ClassVar[str]

    def __init__(self, parameters: CultureParameters, keys: ConditionKeys) -> None:
        self.parameters = parameters
        self.keys = keys

    @classmethod
    @abstractmethod
    def fields(cls, parameters: CultureParameters) -> tuple[str, ...]:
        """The attributes of rows that are told."""

    @classmethod
    def num_added_tokens(cls, parameters: CultureParameters) -> int:
        """Tokens that each text becomes longer by."""
        del parameters
        return 0

    @abstractmethod
    def layer(
        self, backbone: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase"
    ) -> "ConditioningLayer":
        """What takes the condition in, freshly initialised; the backbone stays as it is.

        Raises:
            ConfigurationError: this kind of backbone can't be conditioned so.
        """

    def finish(  # noqa: B027 (most kinds leave the checkpoint as it is)
        self,
        layer: "ConditioningLayer",
        backbone: "PreTrainedModel",
        tokenizer: "PreTrainedTokenizerBase",
    ) -> None:
        """Puts into checkpoint and tokenizer what others should find there; after training."""

    def indices(self, rows: pd.DataFrame) -> Indices:
        """The condition of rows with some of `keys.COLUMNS`; shape (rows, fields)."""
        return self.keys.indices(rows)

    def describe(self) -> dict[str, Any]:
        """What `restore` needs, as JSON holds it."""
        return {
            "parameters": self.parameters.model_dump(mode="json"),
            "values": dict(zip(self.keys.fields, map(list, self.keys.values), strict=True)),
            "cultures": list(self.keys.cultures),
        }


CONDITIONINGS: Registry[type[Conditioning]] = Registry(
    "conditioning", package="ccnlp.conditioning.kinds", parameter=FILE
)


def num_added_tokens(parameters: CultureParameters) -> int:
    """Tokens that the configured conditioning adds to each text."""
    if parameters.conditioning == NONE:
        return 0
    return CONDITIONINGS.get(parameters.conditioning).num_added_tokens(parameters)


def describe_conditioning(parameters: CultureParameters | None) -> str:
    """What is said of a model that is told so, such as `is told of culture, language by prefix`."""
    if parameters is None or parameters.conditioning == NONE:
        return "is told nothing of culture"
    fields = CONDITIONINGS.get(parameters.conditioning).fields(parameters)
    return f"is told of {', '.join(fields)} by {parameters.conditioning}"


def culture_fields(parameters: CultureParameters) -> tuple[str, ...]:
    """What a model is told that follows from the culture of a text; empty where it is nothing."""
    if parameters.conditioning == NONE:
        return ()
    sources = Atlas(parameters).sources
    fields = CONDITIONINGS.get(parameters.conditioning).fields(parameters)
    return tuple(field for field in fields if sources[field] == "culture")


def fit(parameters: CultureParameters, rows: pd.DataFrame) -> Conditioning | None:
    """The configured conditioning with the keys of training rows; `None` for `none`.

    Raises:
        ConfigurationError: it tells of culture alone, and that of no row is known.
    """
    if parameters.conditioning == NONE:
        return None
    kind = CONDITIONINGS.get(parameters.conditioning)
    keys = ConditionKeys.of(rows, kind.fields(parameters), Atlas(parameters))
    fields = culture_fields(parameters)
    if fields and not keys.cultures:
        raise ConfigurationError(
            f"culture.conditioning is {parameters.conditioning!r} by {', '.join(fields)}, but "
            "the culture of every train row is 'und', so that there is nothing to learn; name the "
            f"cultures in parameters/corpora.yml, or set culture.conditioning to none ({FILE})"
        )
    return kind(parameters, keys)


def restore(description: Mapping[str, Any]) -> Conditioning:
    """The conditioning that `describe` described.

    Raises:
        ValueError: it has a kind, a field or another key that this version does not know.
    """
    try:
        parameters = CultureParameters.model_validate(description["parameters"])
        kind = CONDITIONINGS.get(parameters.conditioning)
        fields = kind.fields(parameters)
        values = tuple(tuple(description["values"][field]) for field in fields)
        cultures = tuple(description["cultures"])
    except (KeyError, TypeError, ConfigurationError, ValidationError) as error:
        raise ValueError(f"its culture conditioning can't be read: {error}") from error
    return kind(parameters, ConditionKeys(Atlas(parameters), fields, values, cultures))
