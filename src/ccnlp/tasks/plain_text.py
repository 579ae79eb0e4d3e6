"""Texts as token ids that nobody can write a mark into.

A tokenizer has special tokens, the marks: those that frame a text, and those that tell a model of
its culture. It finds them in a text by their spelling too, so that a text with `</s>` in it would
pass for a text and its context, and one with `<culture:MX>` for one of a culture that nobody named.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Ids = list[int]


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
    read: list[Ids] = tokenizer(
        list(texts),
        add_special_tokens=False,
        split_special_tokens=True,
        return_attention_mask=False,
        verbose=False,  # a text that is longer than the model reads is cut later
    )["input_ids"]
    marks = mark_ids(tokenizer)
    return [
        ids if marks.isdisjoint(ids) else _spell_out(ids, spelled(marks & {*ids}, tokenizer))
        for ids in read
    ]


def mark_ids(tokenizer: "PreTrainedTokenizerBase") -> frozenset[int]:
    """The ids of its special tokens, those that were added to it included; not the unknown one."""
    added = tokenizer.added_tokens_decoder.items()
    special = {token_id for token_id, token in added if token.special}
    return frozenset({*special, *tokenizer.all_special_ids} - {tokenizer.unk_token_id})


def spelled(marks: frozenset[int], tokenizer: "PreTrainedTokenizerBase") -> dict[int, Ids]:
    """By mark, the ids of its characters, as the model reads each by itself."""
    model = tokenizer.backend_tokenizer.model
    characters = {mark: tokenizer.convert_ids_to_tokens(mark) for mark in marks}
    return {
        mark: [token.id for character in own for token in model.tokenize(character)]
        for mark, own in characters.items()
    }


def _spell_out(ids: Ids, spellings: Mapping[int, Ids]) -> Ids:
    """The ids with those of its characters in the place of each mark."""
    return [own for token_id in ids for own in spellings.get(token_id, [token_id])]
