"""How many entities were found, were there, and were predicted, and the scores made of that.

An entity counts as found where its first word, its last word and its type are right, as in
conlleval (Tjong Kim Sang and De Meulder 2003) and seqeval for IOB2.
"""

from collections.abc import Sequence

import numpy as np

from ccnlp.tasks.bio import Entities, Flags, Floats, Ints, TagSet, find_entities
from ccnlp.tasks.tallied import Sums, f1


def tally_entities(
    references: Sequence[Sequence[str]], predictions: Sequence[Sequence[str]], tag_set: TagSet
) -> Sums:
    """What each row adds, shape (rows, sums).

    The sums are, for each type, entities found, there and predicted, then words tagged right and
    words.

    Raises:
        ValueError: a row has another number of tags in the two, or a tag is none of the set.
    """
    sizes = np.array([len(tags) for tags in references], dtype=np.int64)
    predicted_sizes = np.array([len(tags) for tags in predictions], dtype=np.int64)
    if (sizes != predicted_sizes).any():
        row = int(np.argmax(sizes != predicted_sizes))
        raise ValueError(
            f"row {row + 1}: {predicted_sizes[row]} predicted tags for {sizes[row]} words; were "
            "the rows predicted before their tokens changed?"
        )
    row_of = np.repeat(np.arange(len(sizes)), sizes)
    is_row_start = row_starts(sizes)
    there, told = tag_set.codes(references), tag_set.codes(predictions)
    own = find_entities(there, is_row_start, tag_set)
    guessed = find_entities(told, is_row_start, tag_set)
    is_hit = are_there(guessed, own, len(there))
    hits = Entities(guessed.starts[is_hit], guessed.ends[is_hit], guessed.types[is_hit])
    by_type = [_count(part, row_of, len(sizes), tag_set) for part in (hits, own, guessed)]
    right = np.bincount(row_of[there == told], minlength=len(sizes))
    return np.column_stack([*by_type, right, sizes]).astype(np.float64)


def entity_metrics(sums: Sums, tag_set: TagSet, *, name: str) -> dict[str, Sums]:
    """F1, precision and recall of all entities, F1 of each type, and the accuracy of words.

    Args:
        sums: of `tally_entities`; shape (..., sums).
        tag_set: of the tags.
        name: of what is found, such as `entity`, which begins the names of the first three.
    """
    size = len(tag_set.types)
    hits, there, guessed = (sums[..., part * size : (part + 1) * size] for part in range(3))
    right, words = sums[..., 3 * size], sums[..., 3 * size + 1]
    every = [part.sum(axis=-1) for part in (hits, there, guessed)]
    with np.errstate(invalid="ignore", divide="ignore"):
        metrics = {
            f"{name}_f1": f1(*every),
            f"{name}_precision": every[0] / every[2],
            f"{name}_recall": every[0] / every[1],
            "token_accuracy": right / words,
        }
    by_type = f1(hits, there, guessed)
    return metrics | {f"f1:{kind}": by_type[..., place] for place, kind in enumerate(tag_set.types)}


def entity_supports(sums: Sums, tag_set: TagSet) -> dict[str, Sums]:
    """How many entities of each type are there, by the metric of the type; shape (...)."""
    size = len(tag_set.types)
    return {f"f1:{kind}": sums[..., size + place] for place, kind in enumerate(tag_set.types)}


def row_starts(sizes: Ints) -> Flags:
    """Which words are the first of their row, of rows of so many words; shape (words,)."""
    is_start = np.zeros(int(sizes.sum()), dtype=bool)
    is_start[(np.cumsum(sizes) - sizes)[sizes > 0]] = True
    return is_start


def are_there(guessed: Entities, own: Entities, num_words: int) -> Flags:
    """Which of the guessed entities are among the others, with the same end and type."""
    ends = np.full(num_words, -1, dtype=np.int64)
    types = np.full(num_words, -1, dtype=np.int64)
    ends[own.starts], types[own.starts] = own.ends, own.types
    has_its_end: Flags = ends[guessed.starts] == guessed.ends
    has_its_type: Flags = types[guessed.starts] == guessed.types
    return has_its_end & has_its_type


def least_sure(entities: Entities, word_scores: Floats) -> Floats:
    """The smallest score of the words of each entity; shape (entities,).

    Args:
        entities: whose ends come behind their starts.
        word_scores: of all words; shape (words,).
    """
    bounds = np.column_stack([entities.starts, entities.ends]).ravel()
    if not len(bounds):
        return np.empty(0)
    smallest: Floats = np.minimum.reduceat(np.append(word_scores, np.inf), bounds)[::2]
    return smallest


def _count(entities: Entities, row_of: Ints, num_rows: int, tag_set: TagSet) -> Ints:
    """Entities of each row and type, shape (rows, types)."""
    size = len(tag_set.types)
    cells = row_of[entities.starts] * size + entities.types
    return np.bincount(cells, minlength=num_rows * size).reshape(num_rows, size)
