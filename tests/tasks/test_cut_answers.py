from itertools import accumulate, combinations

import pytest
import regex

from ccnlp.tasks.cut_answers import cut_out, first_span, why_not_there


@pytest.mark.parametrize(
    ("passage", "start", "end", "answer"),
    [
        ("in New York now", 3, 11, ("New York", 3)),
        ("in New York now", 2, 12, ("New York", 3)),
        ("un cafe\u0301 noir", 3, 7, ("cafe\u0301", 3)),  # composed by a tokenizer
        ("हिंदी में", 0, 4, ("हिंदी", 0)),
        ("😀 good", 2, 6, ("good", 2)),
        ("a 👩\u200d🔬 too", 2, 3, ("👩\u200d🔬", 2)),  # a woman, a joiner and a microscope
        ("I ❤\ufe0f it", 2, 3, ("❤\ufe0f", 2)),
        ("🇳🇬 won", 0, 1, ("🇳🇬", 0)),
        ("क्षमा और", 1, 5, ("क्षमा", 0)),  # a conjunct is one character
        ("वह क्षमा", 4, 5, ("क्ष", 3)),
        ("un cafe\u0301 noir", 7, 13, ("e\u0301 noir", 6)),
        ("a 👩\u200d🔬 too", 4, 9, ("👩\u200d🔬 too", 2)),
        ("a 👍🏽 too", 3, 4, ("👍🏽", 2)),
        ("🇳🇬🇰🇪🇬🇭", 3, 4, ("🇰🇪", 2)),  # flags are letters by twos from the first one on
        ("🇳🇬🇰🇪🇬🇭", 1, 3, ("🇳🇬🇰🇪", 0)),
        ("각각", 1, 2, ("각", 1)),
        ("\u1100\u1161\u11a8 a", 1, 2, ("\u1100\u1161\u11a8", 0)),  # a syllable in three letters
        ("so\r\nit is", 3, 9, ("it is", 4)),
    ],
)
def test_answer_is_cut_as_it_stands(passage, start, end, answer):
    (found,) = cut_out(passage, start, end)

    assert (found["text"], found["start"]) == answer
    assert passage[found["start"] :].startswith(found["text"])


def test_white_space_is_no_answer():
    assert cut_out("a   b", 1, 4) == []
    assert cut_out("a   b", 0, 0) == []
    assert cut_out("a\r\nb", 2, 3) == []


def test_answer_has_whole_characters_wherever_it_is_cut():
    passage = "क्षमा 🇳🇬🇰🇪 👩\u200d🔬❤\ufe0f\r\ncafe\u0301 \u1100\u1161 กำ 😀"
    edges = [0, *accumulate(map(len, regex.findall(r"\X", passage)))]

    for start, end in combinations(range(len(passage) + 1), 2):
        before = max(edge for edge in edges if edge <= start)
        behind = min(edge for edge in edges if edge >= end)
        found = "".join(answer["text"] for answer in cut_out(passage, start, end))
        assert found == passage[before:behind].strip()


def test_first_span_of_no_answers_is_empty():
    assert first_span([], []) == (0, 0)
    assert first_span(["New York", "York"], ["3", "7"]) == (3, 11)


@pytest.mark.parametrize(
    ("text", "start", "reason"),
    [
        ("New York", "3", None),
        (" ", "3", "the answer is empty"),
        ("New York", "3.5", "answer_start '3.5' is no whole number"),
        ("New York", "-1", "answer_start -1 is outside the passage, which has 15 characters"),
        ("New York", "15", "answer_start 15 is outside the passage, which has 15 characters"),
        (
            "New York",
            "2",
            "the answer 'New York' is not at character 2 of the passage, but ' New Yor'; it stands "
            "at 3",
        ),
        (
            "Old York",
            "13",
            "the answer 'Old York' is not at character 13 of the passage, but 'ow'; and it stands "
            "nowhere in it",
        ),
    ],
)
def test_answer_that_is_not_where_it_is_said_to_be_is_told(text, start, reason):
    assert why_not_there(text, start, "in New York now") == reason
