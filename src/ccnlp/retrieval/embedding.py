"""Queries and passages as vectors: of a model that was trained for it, or of the encoder as is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from ccnlp.errors import ConfigurationError, did_you_mean
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.models.embedding import embed_texts
from ccnlp.models.prediction import TOKENS_PER_BATCH, decode_pieces
from ccnlp.models.trained import TrainedModel
from ccnlp.tasks.kinds.retrieval import Retrieval, vectors_of
from ccnlp.tasks.ranking import Scores
from ccnlp.tasks.retrieval_features import texts_as_features
from ccnlp.tasks.retrieval_options import RetrievalOptions

Side = Literal["query", "passage"]


class Embedder(Protocol):
    """Makes vectors of length 1, by which a query finds passages."""

    @property
    def origin(self) -> str:
        """Which weights these are, for an index to remember."""

    @property
    def hidden_size(self) -> int:
        """Numbers of a vector."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """To which vectors can be cut, as they were trained for it; beside their whole size."""

    def embed(self, texts: Sequence[str], *, side: Side) -> Scores:
        """The vectors (texts, hidden), in the order of the texts."""


@dataclass(frozen=True)
class ModelEmbedder:
    """Vectors of a trained model.

    Attributes:
        model: that was trained on the task.
        task: the task's name.
        tokens_per_batch: most tokens of a batch, padding included; bounds the memory.

    Raises:
        ConfigurationError: the model was not trained on the task, or that is of another kind.
    """

    model: TrainedModel
    task: str
    tokens_per_batch: int = TOKENS_PER_BATCH

    def __post_init__(self) -> None:
        """Checks that the model has the task."""
        retrieval_task(self.model, self.task)

    @property
    def origin(self) -> str:
        """The digest of its weights."""
        return f"weights {self.model.weights_digest}"

    @property
    def hidden_size(self) -> int:
        """That of its encoder's states."""
        return int(self.model.network.backbone.config.hidden_size)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The task's `dimensions`."""
        return retrieval_task(self.model, self.task).options.dimensions

    def embed(self, texts: Sequence[str], *, side: Side) -> Scores:
        """As the model was trained to make them."""
        task = retrieval_task(self.model, self.task)
        if not len(texts):
            return np.empty((0, self.hidden_size), np.float32)
        pieces = texts_as_features(
            texts,
            self.model.tokenizer,
            prefix=_prefix(task.options, side),
            max_length_tokens=self.model.max_text_tokens,
        )
        decoded = decode_pieces(
            self.model.network.eval(),
            task,
            pieces,
            tokenizer=self.model.tokenizer,
            tokens_per_batch=self.tokens_per_batch,
            precision=self.model.precision,
        )
        return vectors_of(decoded)


@dataclass(frozen=True)
class EncoderEmbedder:
    """Vectors of an encoder that was not trained further.

    Attributes:
        encoder: the checkpoint.
        options: of the task; its prefixes take the place of the checkpoint's.
        max_length_tokens: that a text is cut to.
    """

    encoder: EncoderCheckpoint
    options: RetrievalOptions
    max_length_tokens: int

    @property
    def origin(self) -> str:
        """The encoder and its revision."""
        return f"encoder {self.encoder.name} at {self.encoder.revision}"

    @property
    def hidden_size(self) -> int:
        """That of its states."""
        return self.encoder.hidden_size

    @property
    def sizes(self) -> tuple[int, ...]:
        """None: it was not trained here."""
        return ()

    def embed(self, texts: Sequence[str], *, side: Side) -> Scores:
        """Means of the states, as the encoder was pretrained."""
        return embed_texts(
            self.encoder,
            texts,
            prefix=_prefix(self.options, side),
            max_length_tokens=self.max_length_tokens,
        )


def retrieval_task(model: TrainedModel, name: str) -> Retrieval:
    """The model's task of that name.

    Raises:
        ConfigurationError: it was not trained on it, or that is of another kind.
    """
    task = model.tasks.get(name)
    if not isinstance(task, Retrieval):
        names = [key for key, other in model.tasks.items() if isinstance(other, Retrieval)]
        raise ConfigurationError(
            f"the model was not trained on a task {name!r} of kind retrieval; "
            f"{did_you_mean(name, names)} (task, parameters/retrieval.yml), or train one: "
            "kedro run --env xquad_r"
        )
    return task


def _prefix(options: RetrievalOptions, side: Side) -> str:
    return options.query_prefix if side == "query" else options.passage_prefix
