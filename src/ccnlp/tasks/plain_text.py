"""Texts as token ids that nobody can write a mark into.

A tokenizer has special tokens, the marks: those that frame a text, and those that tell a model of
its culture. It finds them in a text by their spelling too, so that a text with `</s>` in it would
pass for a text and its context, and one with `<culture:MX>` for one of a culture that nobody named.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ccnlp.corpora.tokens import stand_alone

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Ids = list[int]
Ints = npt.NDArray[np.int64]

BLANKS = ("▁", "Ġ")
"""The pieces for a blank: of SentencePiece, and of byte-level vocabularies."""


def text_ids(texts: Sequence[str], tokenizer: "PreTrainedTokenizerBase") -> list[Ids]:
    """The ids of each text without a frame, in which a mark that it spells is text like any other.

    All are read in one call in Rust. A tokenizer that is told not to look for marks may find them
    all the same: the vocabulary of SentencePiece's unigram model holds them as pieces, also where
    a text spells them with other forms of the characters. Those are read character by character.
    The unknown token stays what it is: it stands for every text that can't be read.

    Args:
        texts: any texts; an empty one has no ids.
        tokenizer: a fast tokenizer.
    """
    if not len(texts):
        return []
    ids_of_texts: list[Ids] = tokenizer(
        list(texts),
        add_special_tokens=False,
        split_special_tokens=True,
        return_attention_mask=False,
        verbose=False,  # a text that is longer than the model reads is cut later
    )["input_ids"]
    marks = mark_ids(tokenizer)
    return [
        ids if marks.isdisjoint(ids) else _spell_out(ids, spelled(marks & {*ids}, tokenizer))
        for ids in ids_of_texts
    ]


def word_ids(
    rows: Sequence[Sequence[str]], tokenizer: "PreTrainedTokenizerBase"
) -> tuple[Ints, Ints]:
    """The ids of rows of words, as of `text_ids`, and of each the index of its word.

    Both have one entry for each piece of all rows, one row behind the other; words are counted over
    all rows. A word that the tokenizer makes nothing of has no piece. Where a word is written
    without a blank in front of it, as in Chinese, it has no piece for the blank either: the text
    that people write has none there. Elsewhere the blank is the tokenizer's own, or is given to one
    that has none.
    """
    if not len(rows):
        return np.array([], dtype=np.int64), np.array([], dtype=np.int64)
    write = _with_blanks if _lacks_blanks(tokenizer) else list
    encoded = tokenizer(
        [write(words) for words in rows],
        is_split_into_words=True,
        add_special_tokens=False,
        split_special_tokens=True,
        return_attention_mask=False,
        verbose=False,
    )
    ids_of_rows: list[Ids] = encoded["input_ids"]
    ids = np.fromiter(chain.from_iterable(ids_of_rows), dtype=np.int64)
    indices_in_rows = (encoded.word_ids(row) for row in range(len(rows)))
    words = np.fromiter(chain.from_iterable(indices_in_rows), dtype=np.int64)
    num_words = np.array([len(row) for row in rows], dtype=np.int64)
    words += np.repeat(np.cumsum(num_words) - num_words, [len(row) for row in ids_of_rows])
    ids, words = _spell_out_marks(ids, words, tokenizer)
    is_blank = np.isin(ids, list(blank_ids(tokenizer)))
    if not is_blank.any():
        return ids, words
    alone = np.fromiter(chain.from_iterable(map(stand_alone, rows)), dtype=np.bool_)
    is_needed = ~is_blank | alone[words]
    return ids[is_needed], words[is_needed]


def _lacks_blanks(tokenizer: "PreTrainedTokenizerBase") -> bool:
    """Whether it reads words one by one in another way than in their text, for want of blanks."""

    def read(words: list[str]) -> Ids:
        ids: Ids = tokenizer(words, is_split_into_words=True, add_special_tokens=False)["input_ids"]
        return ids

    in_text = tokenizer("a a", add_special_tokens=False)["input_ids"]
    return bool(read(["a", "a"]) != in_text == read(["a", " a"]))


def _with_blanks(words: Sequence[str]) -> list[str]:
    """The words with the blank that stands in front of them in the text, but for the first."""
    return [
        f" {word}" if index and is_alone else word
        for index, (word, is_alone) in enumerate(zip(words, stand_alone(words), strict=True))
    ]


def _spell_out_marks(
    ids: Ints, words: Ints, tokenizer: "PreTrainedTokenizerBase"
) -> tuple[Ints, Ints]:
    """The ids with those of its characters in the place of each mark, and their words."""
    is_mark = np.isin(ids, list(mark_ids(tokenizer)))
    if not is_mark.any():
        return ids, words
    spellings = spelled(frozenset(ids[is_mark].tolist()), tokenizer)
    pieces = [spellings.get(token_id, [token_id]) for token_id in ids.tolist()]
    sizes = [len(piece) for piece in pieces]
    return np.fromiter(chain.from_iterable(pieces), dtype=np.int64), np.repeat(words, sizes)


def blank_ids(tokenizer: "PreTrainedTokenizerBase") -> frozenset[int]:
    """The ids of pieces that stand for a blank and nothing else; none in most vocabularies."""
    ids = tokenizer.convert_tokens_to_ids(list(BLANKS))
    return frozenset({*ids} - {tokenizer.unk_token_id, None})


def mark_ids(tokenizer: "PreTrainedTokenizerBase") -> frozenset[int]:
    """The ids of its special tokens, those that were added to it included; not the unknown one."""
    added = tokenizer.added_tokens_decoder.items()
    special = {token_id for token_id, token in added if token.special}
    return frozenset({*special, *tokenizer.all_special_ids} - {tokenizer.unk_token_id})


def spelled(marks: frozenset[int], tokenizer: "PreTrainedTokenizerBase") -> dict[int, Ids]:
    """By mark, the ids of its characters, as the model reads each by itself."""
    model = tokenizer.backend_tokenizer.model
    spellings = {mark: tokenizer.convert_ids_to_tokens(mark) for mark in marks}
    return {
        mark: [token.id for character in spelling for token in model.tokenize(character)]
        for mark, spelling in spellings.items()
    }


def _spell_out(ids: Ids, spellings: Mapping[int, Ids]) -> Ids:
    """The ids with those of its characters in the place of each mark."""
    return [piece_id for token_id in ids for piece_id in spellings.get(token_id, [token_id])]
