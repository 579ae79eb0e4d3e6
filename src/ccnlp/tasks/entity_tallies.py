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
    num_words = np.array([len(tags) for tags in references], dtype=np.int64)
    num_tags = np.array([len(tags) for tags in predictions], dtype=np.int64)
    if (num_words != num_tags).any():
        row = int(np.argmax(num_words != num_tags))
        raise ValueError(
            f"row {row + 1}: {num_tags[row]} predicted tags for {num_words[row]} words; were "
            "the rows predicted before their tokens changed?"
        )
    num_rows = len(num_words)
    row_of = np.repeat(np.arange(num_rows), num_words)
    is_row_start = row_starts(num_words)
    codes, predicted_codes = tag_set.codes(references), tag_set.codes(predictions)
    entities = find_entities(codes, is_row_start, tag_set)
    predicted = find_entities(predicted_codes, is_row_start, tag_set)
    is_hit = are_hits(predicted, entities, len(codes))
    hits = Entities(predicted.starts[is_hit], predicted.ends[is_hit], predicted.types[is_hit])
    counts = [_count(found, row_of, num_rows, tag_set) for found in (hits, entities, predicted)]
    num_right_words = np.bincount(row_of[codes == predicted_codes], minlength=num_rows)
    return np.column_stack([*counts, num_right_words, num_words]).astype(np.float64)


def entity_metrics(sums: Sums, tag_set: TagSet, *, name: str) -> dict[str, Sums]:
    """F1, precision and recall of all entities, F1 of each type, and the accuracy of words.

    Args:
        sums: of `tally_entities`; shape (..., sums).
        tag_set: of the tags.
        name: of what is found, such as `entity`, which begins the names of the first three.
    """
    num_types = len(tag_set.types)
    counts = [sums[..., i * num_types : (i + 1) * num_types] for i in range(3)]
    num_right_words, num_words = sums[..., 3 * num_types], sums[..., 3 * num_types + 1]
    hits, references, predictions = (by_type.sum(axis=-1) for by_type in counts)
    with np.errstate(invalid="ignore", divide="ignore"):
        metrics = {
            f"{name}_f1": f1(hits, references, predictions),
            f"{name}_precision": hits / predictions,
            f"{name}_recall": hits / references,
            "token_accuracy": num_right_words / num_words,
        }
    f1_by_type = f1(*counts)
    return metrics | {f"f1:{kind}": f1_by_type[..., i] for i, kind in enumerate(tag_set.types)}


def entity_supports(sums: Sums, tag_set: TagSet) -> dict[str, Sums]:
    """How many entities of each type are there, by the metric of the type; shape (...)."""
    num_types = len(tag_set.types)
    return {f"f1:{kind}": sums[..., num_types + i] for i, kind in enumerate(tag_set.types)}


def row_starts(num_words: Ints) -> Flags:
    """Which words are the first of their row, of rows of so many words; shape (words,)."""
    is_start = np.zeros(int(num_words.sum()), dtype=bool)
    is_start[(np.cumsum(num_words) - num_words)[num_words > 0]] = True
    return is_start


def are_hits(predicted: Entities, references: Entities, num_words: int) -> Flags:
    """Which predicted entities are among the references, with the same end and type."""
    ends = np.full(num_words, -1, dtype=np.int64)
    types = np.full(num_words, -1, dtype=np.int64)
    ends[references.starts], types[references.starts] = references.ends, references.types
    has_right_end: Flags = ends[predicted.starts] == predicted.ends
    has_right_type: Flags = types[predicted.starts] == predicted.types
    return has_right_end & has_right_type


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
    num_types = len(tag_set.types)
    cells = row_of[entities.starts] * num_types + entities.types
    return np.bincount(cells, minlength=num_rows * num_types).reshape(num_rows, num_types)
