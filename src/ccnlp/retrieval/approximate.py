"""Near neighbours of vectors by a graph, where comparing with all of them takes too long."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ccnlp.errors import ConfigurationError
from ccnlp.tasks.ranking import Indices, Scores

NUM_LINKS = 32
"""Of each vector in the graph: good for some hundred dimensions."""
BUILD_BREADTH, SEARCH_BREADTH = 200, 128
"""Vectors that are looked at in turn; of more, fewer neighbours are missed."""


@dataclass(frozen=True)
class NeighbourGraph:
    """A navigable graph of small worlds (Malkov and Yashunin 2020), as faiss builds it."""

    graph: Any

    @classmethod
    def of(cls, vectors: Scores) -> "NeighbourGraph":
        """The graph of vectors (passages, size).

        Raises:
            ConfigurationError: faiss is not installed.
        """
        faiss = _import_faiss()
        graph = faiss.IndexHNSWFlat(vectors.shape[1], NUM_LINKS, faiss.METRIC_INNER_PRODUCT)
        graph.hnsw.efConstruction = BUILD_BREADTH
        graph.hnsw.efSearch = SEARCH_BREADTH
        graph.add(np.ascontiguousarray(vectors))
        return cls(graph)

    def search(self, queries: Scores, *, number: int) -> tuple[Scores, Indices]:
        """Scores and indices of the best vectors found, the best first; index -1 for none."""
        scores, indices = self.graph.search(np.ascontiguousarray(queries), number)
        return scores, indices.astype(np.int64)

    def to_bytes(self) -> npt.NDArray[np.uint8]:
        """The graph with its vectors, as faiss writes it."""
        serialized: npt.NDArray[np.uint8] = _import_faiss().serialize_index(self.graph)
        return serialized

    @classmethod
    def from_bytes(cls, serialized: npt.NDArray[np.uint8]) -> "NeighbourGraph":
        """What `to_bytes` wrote.

        Raises:
            ConfigurationError: faiss is not installed.
        """
        return cls(_import_faiss().deserialize_index(serialized))


def _import_faiss() -> Any:
    try:
        import faiss
    except ImportError:
        raise ConfigurationError(
            "retrieval.search is approximate, which needs faiss: pip install -c constraints.txt "
            "-e '.[approximate]'; or set it to exact (parameters/retrieval.yml)"
        ) from None
    return faiss
