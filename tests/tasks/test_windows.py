"""Windows of long passages: what they hold, and that none of it takes more than its share."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from ccnlp.tasks.frames import Frame
from ccnlp.tasks.plain_text import mark_ids, text_ids
from ccnlp.tasks.windows import FIRST_TOKEN, NO_PASSAGE, Tokens, cut_windows, read_tokens

QUESTION = "was it good"
PASSAGE = "the film was very good and I loved it and the service was not bad"


@pytest.fixture
def tokenizer(tiny_encoder):
    return tiny_encoder.load_tokenizer()


@pytest.fixture
def cut(tokenizer):
    def cut(question, passage, *, length, stride):
        return list(
            cut_windows(
                read_tokens(pd.Series([question]), tokenizer),
                read_tokens(pd.Series([passage]), tokenizer),
                Frame.of_both(tokenizer, "text_pair"),
                max_length_tokens=length,
                stride_tokens=stride,
            )
        )

    return cut


def numbered(size):
    numbers = np.arange(size, dtype=np.int32)
    return Tokens(numbers, numbers * 2, numbers * 2 + 1)


@pytest.mark.parametrize(("length", "stride"), [(16, 4), (13, 2), (64, 8)])
def test_windows_are_those_of_the_tokenizer_itself(cut, tokenizer, length, stride):
    theirs = tokenizer(
        [QUESTION],
        [PASSAGE],
        truncation="only_second",
        max_length=length,
        stride=stride,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )

    ours = cut(QUESTION, PASSAGE, length=length, stride=stride)

    assert [window.input_ids.tolist() for window in ours] == theirs["input_ids"]
    for i, window in enumerate(ours):
        is_passage = [sequence == 1 for sequence in theirs.sequence_ids(i)]
        assert (window.starts != NO_PASSAGE).tolist() == is_passage
        offsets = np.array(theirs["offset_mapping"][i])[is_passage]
        assert np.stack([window.starts, window.ends], 1)[is_passage].tolist() == offsets.tolist()


@pytest.mark.parametrize("num_tokens", [0, 1, 5, 6, 7, 30])
@pytest.mark.parametrize("stride", [0, 2, 100])
def test_windows_hold_every_token_and_share_the_stride(num_tokens, stride):
    frame = Frame([90], [91], [92])

    windows = list(
        cut_windows(
            [numbered(3)],
            [numbered(num_tokens)],
            frame,
            max_length_tokens=12,
            stride_tokens=stride,
        )
    )

    held = [list(range(window.first, window.last + 1)) for window in windows]
    assert sorted({token for tokens in held for token in tokens}) == list(range(num_tokens))
    assert max(len(window.input_ids) for window in windows) <= 12
    shared = min(stride, 3)  # half of the six tokens that a window has of the passage
    assert all(len({*one} & {*other}) == shared for one, other in pairwise(held))
    assert all(window.num_tokens == 6 + num_tokens for window in windows)


def test_long_question_leaves_half_of_the_room_to_the_passage():
    frame = Frame([90], [91], [92])

    def lengths(question, passage):
        (window, *_) = cut_windows(
            [numbered(question)],
            [numbered(passage)],
            frame,
            max_length_tokens=13,
            stride_tokens=0,
        )
        return window.part_position - 2, window.last - window.first + 1

    assert lengths(50, 50) == (5, 5)
    assert lengths(50, 2) == (8, 2)
    assert lengths(3, 50) == (3, 7)


def test_place_of_a_span_is_that_in_a_window_which_holds_all_of_it():
    frame = Frame([90], [91], [92])
    first, second = cut_windows(
        [numbered(2)], [numbered(9)], frame, max_length_tokens=11, stride_tokens=2
    )  # tokens 0 to 5, and 4 to 8

    assert first.place_of(1, 5) == (5, 9)
    assert second.place_of(1, 5) == (FIRST_TOKEN, FIRST_TOKEN)
    assert second.place_of(4, 5) == (4, 5)
    assert first.place_of(3, 2) == (FIRST_TOKEN, FIRST_TOKEN)


def test_covering_tokens_are_those_that_a_span_of_characters_touches(tokenizer):
    (tokens,) = read_tokens(pd.Series(["the film  was very good"]), tokenizer)

    def covered(start, end):
        first, last = tokens.covering(start, end)
        return tokenizer.convert_ids_to_tokens(tokens.ids[first : last + 1].tolist())

    assert covered(4, 8) == ["▁film"]
    assert covered(5, 13) == ["▁film", "▁was"]
    assert covered(8, 10) == []
    assert covered(0, 0) == []


def test_text_is_read_once_and_marks_in_it_are_text(tokenizer):
    one, other = read_tokens(pd.Series(["a </s> b", "a </s> b"]), tokenizer)

    assert one is other
    assert mark_ids(tokenizer).isdisjoint(one.ids.tolist())
    assert one.ids.tolist() == text_ids(["a </s> b"], tokenizer)[0]
    assert [one.covering(2, 6), one.covering(7, 8)] == [
        (2, len(one) - 3),
        (len(one) - 2, len(one) - 1),
    ]
    assert read_tokens(pd.Series([], dtype="object"), tokenizer) == []


@pytest.mark.parametrize("text", ["the film was good ", "好不的是很电影"])
def test_passage_of_fifty_thousand_characters_takes_as_much_as_many_short_ones(cut, text):
    def num_tokens(passage):
        windows = cut(QUESTION, passage, length=128, stride=32)
        assert max(len(window.input_ids) for window in windows) == 128
        return sum(len(window.input_ids) for window in windows)

    short, long = num_tokens((text * 5_000)[:5_000]), num_tokens((text * 50_000)[:50_000])

    assert long == pytest.approx(10 * short, rel=0.05)
