"""Passages with their vectors, searched by those of queries."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ccnlp.errors import CcnlpError, ConfigurationError, did_you_mean
from ccnlp.folders import replacing
from ccnlp.retrieval.approximate import NeighbourGraph
from ccnlp.tasks.ranking import Indices, Scores, best_passages, normalised, score_blocks

FORMAT = 1
DESCRIPTION_FILE, PASSAGES_FILE, VECTORS_FILE, GRAPH_FILE = (
    *("index.json", "passages.parquet", "vectors.npy", "graph.npy"),
)
MEND = "build it again: kedro run --pipelines retrieval"

PASSAGE_COLUMNS = ("passage_id", "language", "passage")


@dataclass(frozen=True)
class PassageIndex:
    """Passages that can be found.

    Attributes:
        passages: `passage_id`, `language` and `passage`, each passage once.
        vectors: of length 1, shape (passages, size), in the same order.
        origin: of the weights that made the vectors; see `Embedder.origin`.
        task: whose passages these are.
        graph: of near neighbours, where the search is approximate.
    """

    passages: pd.DataFrame
    vectors: Scores
    origin: str
    task: str
    graph: NeighbourGraph | None = None

    @property
    def languages(self) -> list[str]:
        """Those of the passages, sorted."""
        return sorted(self.passages["language"].unique())

    def search(
        self, queries: Scores, *, number: int, languages: Collection[str] | None = None
    ) -> pd.DataFrame:
        """The best passages of each query, the best first; ties in the order of the index.

        Args:
            queries: vectors (queries, size or more), cut to the size of the passages'.
            number: of passages a query; fewer where there are fewer.
            languages: of the passages; any if `None`. Passages of given languages are searched
                exactly.

        Returns:
            `query` (position), `rank` from 1, `score` (cosine) and the columns of passages.

        Raises:
            ConfigurationError: there is no passage in a language, or queries have too few numbers.
        """
        query_vectors = self._cut(queries)
        candidates = self._candidates(languages)
        if self.graph is not None and languages is None:
            scores, indices = self.graph.search(query_vectors, number=number)
        else:
            vectors = self.vectors if languages is None else self.vectors[candidates]
            scores, columns = _search_exactly(query_vectors, vectors, number=number)
            indices = candidates[columns]
        is_found = indices >= 0
        query, rank = np.nonzero(is_found)
        table = self.passages.iloc[indices[is_found]].reset_index(drop=True)
        table.insert(0, "query", query)
        table.insert(1, "rank", rank + 1)
        table.insert(2, "score", scores[is_found])
        return table

    def check_origin(self, origin: str) -> None:
        """Checks that queries are embedded by what embedded the passages.

        Raises:
            CcnlpError: by other weights, whose vectors can't be compared.
        """
        if origin != self.origin:
            raise CcnlpError(
                f"the index of passages was made with {self.origin}, and queries are embedded with "
                f"{origin}: their vectors can't be compared; {MEND}"
            )

    def _cut(self, queries: Scores) -> Scores:
        size = self.vectors.shape[1]
        if queries.shape[1] < size:
            raise ConfigurationError(
                f"queries have vectors of {queries.shape[1]} numbers, and the passages of {size}; "
                f"{MEND}"
            )
        return normalised(queries[:, :size])

    def _candidates(self, languages: Collection[str] | None) -> Indices:
        """The indices of the passages in the languages."""
        if languages is None:
            return np.arange(len(self.passages))
        for language in languages:
            if language not in self.languages:
                raise ConfigurationError(
                    f"the index has no passages in {language!r}; "
                    f"{did_you_mean(language, self.languages)}"
                )
        return np.flatnonzero(self.passages["language"].isin(list(languages)))

    def save(self, folder: Path) -> None:
        """Writes the index to a folder, whole or not at all, in place of what is there."""
        with replacing(folder) as partial:
            self.passages.to_parquet(partial / PASSAGES_FILE, index=False)
            np.save(partial / VECTORS_FILE, self.vectors, allow_pickle=False)
            if self.graph is not None:
                np.save(partial / GRAPH_FILE, self.graph.to_bytes(), allow_pickle=False)
            description = {
                "format": FORMAT,
                "task": self.task,
                "origin": self.origin,
                "num_passages": len(self.passages),
                "files": {path.name: _digest(path) for path in sorted(partial.iterdir())},
            }
            text = json.dumps(description, indent=2, ensure_ascii=False)
            (partial / DESCRIPTION_FILE).write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "PassageIndex":
        """The index that `save` wrote.

        Raises:
            CcnlpError: a file is missing, or is not what was written.
            ConfigurationError: it has a graph, and faiss is not installed.
        """
        description = _read_description(folder)
        for name, digest in description["files"].items():
            if not (folder / name).is_file() or _digest(folder / name) != digest:
                raise CcnlpError(f"{folder / name} is missing or was changed; {MEND}")
        return cls(
            passages=pd.read_parquet(folder / PASSAGES_FILE),
            vectors=np.load(folder / VECTORS_FILE, allow_pickle=False),
            origin=description["origin"],
            task=description["task"],
            graph=NeighbourGraph.from_bytes(np.load(folder / GRAPH_FILE))
            if GRAPH_FILE in description["files"]
            else None,
        )


def _search_exactly(queries: Scores, vectors: Scores, *, number: int) -> tuple[Scores, Indices]:
    scores, indices = [], []
    for _, block in score_blocks(queries, vectors):
        best = best_passages(block, number=number)
        scores.append(np.take_along_axis(block, best, axis=1))
        indices.append(best)
    if not indices:
        return np.empty((0, 0), np.float32), np.empty((0, 0), np.int64)
    return np.concatenate(scores), np.concatenate(indices)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_description(folder: Path) -> Mapping[str, Any]:
    path = folder / DESCRIPTION_FILE
    try:
        description: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        format_number = description["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CcnlpError(f"{folder} holds no index of passages ({error}); {MEND}") from error
    if format_number != FORMAT:
        raise CcnlpError(f"{path}: format {format_number!r} is not {FORMAT}; {MEND}")
    files = description.get("files")
    if not isinstance(files, dict) or not {"task", "origin"} <= description.keys():
        raise CcnlpError(f"{path} does not say task, origin and files of the index; {MEND}")
    for name in (PASSAGES_FILE, VECTORS_FILE):
        if name not in files:
            raise CcnlpError(f"{path} does not say what {name} holds; {MEND}")
    return description
