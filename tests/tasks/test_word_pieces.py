from itertools import chain

import numpy as np
import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from ccnlp.tasks.plain_text import text_ids, word_ids
from ccnlp.tasks.word_pieces import NO_PIECE, read_words


@pytest.fixture
def tokenizer(tiny_encoder):
    return tiny_encoder.load_tokenizer()


def read(tokenizer, *rows, max_length_tokens=12):
    return read_words(rows, tokenizer, max_length_tokens=max_length_tokens)


def test_word_stands_at_its_first_piece_that_is_more_than_a_blank(tokenizer):
    windows = read(tokenizer, ["the", "cab", "is"])

    pieces = tokenizer.convert_ids_to_tokens(windows.input_ids[0])
    assert pieces == ["<s>", "▁the", "▁", "c", "a", "b", "▁is", "</s>"]
    assert windows.places[0].tolist() == [1, 3, 6]
    assert windows.num_tokens == [8]


def test_words_of_scripts_without_blanks_have_no_pieces_for_blanks(tokenizer):
    windows = read(tokenizer, ["电影", "很", "好", "is", "好"])

    pieces = tokenizer.convert_ids_to_tokens(windows.input_ids[0])
    assert pieces == ["<s>", "▁", "电", "影", "很", "好", "▁is", "好", "</s>"]
    assert windows.places[0].tolist() == [2, 4, 5, 6, 7]
    assert windows.num_tokens == [9]


def test_word_without_pieces_has_no_place(tokenizer):
    windows = read(tokenizer, ["\u200b", "is"], ["\u200b"])

    assert [places.tolist() for places in windows.places] == [[NO_PIECE, 1], [NO_PIECE]]
    assert windows.input_ids[1] == [tokenizer.bos_token_id, tokenizer.eos_token_id]


def test_every_word_of_a_long_row_is_read_once_away_from_the_edges(tokenizer):
    words = ["the", "film", "is"] * 10

    windows = read(tokenizer, ["it"], words, ["good"])

    assert windows.window_of == [0, *[1] * (len(windows.window_of) - 2), 2]
    assert {len(ids) for ids in windows.input_ids[1:-1]} == {12}
    assert set(windows.num_tokens[1:-1]) == {32}
    first_pieces = [
        tokenizer.convert_ids_to_tokens(np.array(ids)[places])
        for ids, places in zip(windows.input_ids[1:-1], windows.places[1:-1], strict=True)
    ]
    assert list(chain(*first_pieces)) == [f"▁{word}" for word in words]
    sizes = [len(pieces) for pieces in first_pieces]
    assert windows.first_words[1:-1] == [0, *np.cumsum(sizes)[:-1].tolist()]
    for places in windows.places[2:-2]:  # a context of one token at least, of overlaps of two
        assert places.min() > 1
        assert places.max() < 10


def test_word_longer_than_a_window_is_read_by_its_beginning(tokenizer):
    windows = read(tokenizer, ["is", "abc" * 12, "\u200b", "it", "\u200b"])

    places = [places.tolist() for places in windows.places]
    assert sum(map(len, places)) == 5
    assert places[0] == [1, 3]
    assert places[-1][-1] == NO_PIECE
    assert windows.first_words[0] == 0
    assert len(set(windows.first_words)) == len(windows.first_words)


def test_row_without_words_has_a_window(tokenizer):
    windows = read(tokenizer, [])

    assert windows.places[0].tolist() == []
    assert windows.window_of == [0]


def test_no_rows_have_no_windows(tokenizer):
    assert read(tokenizer).window_of == []


def test_special_tokens_that_a_word_spells_are_text(tokenizer):
    windows = read(tokenizer, ["it", "</s>", "is"])

    ids = windows.input_ids[0]
    assert np.isin(ids, [tokenizer.bos_token_id, tokenizer.eos_token_id]).sum() == 2
    pieces = tokenizer.convert_ids_to_tokens(ids)
    assert [pieces[place] for place in windows.places[0]] == ["▁it", "<unk>", "▁is"]  # for "<"
    assert "s" in pieces


def byte_level() -> Tokenizer:
    """As of GPT-2: a blank belongs to the piece behind it, and a text begins with none."""
    blank = "Ġ"
    alphabet = [*sorted(pre_tokenizers.ByteLevel.alphabet()), f"{blank}g", f"{blank}go"]
    merges = [(blank, "g"), (f"{blank}g", "o")]
    backend = Tokenizer(models.BPE({piece: i for i, piece in enumerate(alphabet)}, merges))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return backend


def blanks_as_pieces() -> Tokenizer:
    """As of Gemma: SentencePiece without a blank in front of the text."""
    blank = "▁"
    alphabet = [blank, "a", "g", "o", "好", f"{blank}g", f"{blank}go"]
    merges = [(blank, "g"), (f"{blank}g", "o")]
    backend = Tokenizer(models.BPE({piece: i for i, piece in enumerate(alphabet)}, merges))
    backend.normalizer = normalizers.Replace(" ", blank)
    backend.pre_tokenizer = pre_tokenizers.Split(blank, "merged_with_next")
    return backend


@pytest.mark.parametrize("make", [byte_level, blanks_as_pieces])
def test_words_are_read_as_in_their_text_by_a_tokenizer_that_puts_no_blanks(make):
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=make())
    words = ["go", "go", "a", "go", "好", "go"]

    ids, word_of = word_ids([words], tokenizer)

    assert ids.tolist() == text_ids(["go go a go好go"], tokenizer)[0]
    assert sorted({*word_of}) == [0, 1, 2, 3, 4, 5]
    second = [piece for piece, word in zip(ids, word_of, strict=True) if word == 1]
    assert tokenizer.convert_ids_to_tokens(second) in (["Ġgo"], ["▁go"])


@pytest.mark.parametrize("make", [byte_level, blanks_as_pieces])
def test_row_without_words_has_no_pieces_by_a_tokenizer_that_puts_no_blanks(make):
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=make())

    ids, words = word_ids([[], ["go"]], tokenizer)

    assert ids.tolist() == text_ids(["go"], tokenizer)[0]
    assert set(words.tolist()) == {0}


def test_vocabulary_is_not_listed_for_a_few_words(tokenizer, monkeypatch):
    monkeypatch.setattr(type(tokenizer), "get_vocab", lambda *_: pytest.fail("takes a second"))

    assert read(tokenizer, ["the", "cab"]).num_tokens == [7]
