"""Tags of words: B- begins what is marked, I- goes on with it, O is outside (IOB2).

Ramshaw and Marcus (1995) tag chunks of words so; Tjong Kim Sang and Veenstra (1999) name the form
in which every chunk begins with B-.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.errors import did_you_mean

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

OUTSIDE = "O"
BEGIN, INSIDE = "B-", "I-"


@dataclass(frozen=True)
class TagSet:
    """The tags for some types, such as PER and LOC: O, then B- of each type, then I- of each.

    A tag's code is its index among them.

    Attributes:
        types: each once.
    """

    types: tuple[str, ...]

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """The tags in the order of their codes."""
        begins, insides = ([mark + kind for kind in self.types] for mark in (BEGIN, INSIDE))
        return (OUTSIDE, *begins, *insides)

    def __len__(self) -> int:
        return len(self.tags)

    def codes(self, rows: Sequence[Sequence[str]]) -> Ints:
        """The codes of all rows' tags, one row behind the other.

        Raises:
            ValueError: a tag is none of the set.
        """
        codes = self._look_up(rows)
        if (codes < 0).any():
            tag = list(chain.from_iterable(rows))[int(np.argmin(codes))]
            raise ValueError(f"there is no tag {tag!r}; {did_you_mean(str(tag), self.tags)}")
        return codes

    def names(self, codes: Ints) -> list[str]:
        """The tags of codes; shape (words,)."""
        return [self.tags[code] for code in codes.tolist()]

    def why_unusable(self, tokens: pd.Series, tags: pd.Series) -> pd.Series:
        """Why the tags of each row can't be those of its tokens; missing where they can."""
        reasons = pd.Series(pd.NA, index=tags.index, dtype="string")
        num_tokens, num_tags = tokens.map(len).to_numpy(), tags.map(len).to_numpy()
        for row in np.flatnonzero(num_tokens != num_tags).tolist():
            reasons.iloc[row] = f"{num_tokens[row]} tokens and {num_tags[row]} tags"
        codes = self._look_up(tags.tolist())
        row_of = np.repeat(np.arange(len(tags)), num_tags)
        is_wrong = (codes < 0) | self._starts_inside(codes, np.diff(row_of, prepend=-1) > 0)
        wrong_words = np.flatnonzero(is_wrong)
        rows, first_wrong = np.unique(row_of[wrong_words], return_index=True)
        row_starts = np.cumsum(num_tags) - num_tags
        positions = (wrong_words[first_wrong] - row_starts[rows]).tolist()
        for row, position in zip(rows.tolist(), positions, strict=True):
            if num_tokens[row] == num_tags[row]:
                reasons.iloc[row] = self._why_wrong(tokens.iloc[row], tags.iloc[row], position)
        return reasons

    def best_paths(self, log_probabilities: Floats, is_continued: Flags) -> Ints:
        """The most probable tags of each row of which every I- goes on with its own type.

        The first in the order of the codes on a tie (Viterbi 1967). As only I- asks what stands
        before it, a step costs as many comparisons as there are tags, not their square.

        Args:
            log_probabilities: of each tag; shape (rows, words, tags).
            is_continued: rows that go on with what stands before them: an I- may come first;
                shape (rows,).

        Returns:
            Codes; shape (rows, words).
        """
        num_rows, num_words, _ = log_probabilities.shape
        begin, inside = self._slices()
        back_pointers = np.zeros((num_words, num_rows, len(self)), dtype=np.int64)
        scores = np.zeros((num_rows, len(self)))
        scores[~is_continued, inside] = -np.inf
        begin_codes, inside_codes = (np.arange(part.start, part.stop) for part in (begin, inside))
        for word in range(num_words):
            if word:
                best_codes = scores.argmax(axis=1)
                is_behind_begin = scores[:, begin] >= scores[:, inside]
                back_pointers[word] = best_codes[:, None]
                back_pointers[word, :, inside] = np.where(
                    is_behind_begin, begin_codes, inside_codes
                )
                scores = np.take_along_axis(scores, back_pointers[word], axis=1)
            scores = scores + log_probabilities[:, word]
        return _trace_back(scores, back_pointers)

    def _slices(self) -> tuple[slice, slice]:
        num_types = len(self.types)
        return slice(1, 1 + num_types), slice(1 + num_types, 1 + 2 * num_types)

    def _look_up(self, rows: Sequence[Sequence[str]]) -> Ints:
        """The codes of all rows' tags; -1 for a tag that is none of the set."""
        code_by_tag = self._code_by_tag
        codes = [code_by_tag.get(tag, -1) for tag in chain.from_iterable(rows)]
        return np.array(codes, dtype=np.int64)

    @cached_property
    def _code_by_tag(self) -> dict[str, int]:
        return {tag: code for code, tag in enumerate(self.tags)}

    def _starts_inside(self, codes: Ints, is_row_start: Flags) -> Flags:
        """Which tags are an I- that goes on with nothing of its type."""
        types = self.types_of(codes)
        types_before = np.where(is_row_start, -1, np.roll(types, 1))
        starts_inside: Flags = (codes > len(self.types)) & (types != types_before)
        return starts_inside

    def types_of(self, codes: Ints) -> Ints:
        """The index of each code's type among the types; -1 for O and for what is no code."""
        return np.where(codes > 0, (codes - 1) % max(1, len(self.types)), -1)

    def _why_wrong(self, tokens: Sequence[str], tags: Sequence[str], position: int) -> str:
        tag, token = tags[position], tokens[position]
        where = f"tag {tag!r} of token {position + 1}, {token[:100]!r},"
        if tag not in self.tags:
            return f"{where} is unknown; {did_you_mean(tag, self.tags)}"
        before = f"stands behind {tags[position - 1]!r}" if position else "stands first"
        return f"{where} {before}: what it goes on with must begin with B-{tag[2:]}"


def _trace_back(scores: Floats, back_pointers: Ints) -> Ints:
    """The codes on the best path of each row, from its last word to its first."""
    num_words, num_rows, _ = back_pointers.shape
    path = np.zeros((num_rows, num_words), dtype=np.int64)
    if not num_words:
        return path
    rows = np.arange(num_rows)
    path[:, -1] = scores.argmax(axis=1)
    for word in range(num_words - 1, 0, -1):
        path[:, word - 1] = back_pointers[word, rows, path[:, word]]
    return path


@dataclass(frozen=True)
class Entities:
    """What is marked in some rows, in the order of their words; each shape (entities,).

    Attributes:
        starts: position of the first word of each among all words.
        ends: position behind the last one.
        types: index of the type of each among the types.
    """

    starts: Ints
    ends: Ints
    types: Ints


def find_entities(codes: Ints, is_row_start: Flags, tag_set: TagSet) -> Entities:
    """What the tags mark; an I- that goes on with nothing begins something, as seqeval has it.

    Args:
        codes: of all rows' words, one row behind the other; shape (words,).
        is_row_start: which words are the first of their row; shape (words,).
        tag_set: of the codes.
    """
    types = tag_set.types_of(codes)
    types_before = np.where(is_row_start, -1, np.roll(types, 1))
    is_begin = (codes > 0) & (codes <= len(tag_set.types))
    is_start = (types >= 0) & (is_begin | (types != types_before))
    starts = np.flatnonzero(is_start)
    stops = np.append(np.flatnonzero(is_start | (types < 0) | is_row_start), len(codes))
    ends = stops[np.searchsorted(stops, starts, side="right")]
    return Entities(starts, ends, types[starts])


def mend_seams(windows: Sequence[Sequence[str]]) -> list[str]:
    """The tags of a row of those of its windows; an I- that goes on with nothing becomes B-.

    >>> mend_seams([["O", "B-PER"], ["I-PER", "O"], ["I-LOC"]])
    ['O', 'B-PER', 'I-PER', 'O', 'B-LOC']
    """
    tags: list[str] = []
    for window in windows:
        window_tags = list(window)
        type_before = tags[-1][2:] if tags else ""
        if window_tags and window_tags[0].startswith(INSIDE) and window_tags[0][2:] != type_before:
            window_tags[0] = BEGIN + window_tags[0][2:]
        tags += window_tags
    return tags
