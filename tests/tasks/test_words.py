import pytest

from ccnlp.tasks.bio import TagSet
from ccnlp.tasks.words import spans_in, split_words, tags_of

TAGS = TagSet(("PER", "LOC"))


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Ada lives in  Leeds.", ["Ada", "lives", "in", "Leeds", "."]),
        ("It's 3,5 km…", ["It", "'", "s", "3", ",", "5", "km", "…"]),
        ("北京abc12年", ["北京", "abc12", "年"]),
        ("今日の午後4時、コーヒーを", ["今日", "の", "午後", "4", "時", "、", "コーヒー", "を"]),
        ("ฉันรักประเทศไทย", ["ฉัน", "รัก", "ประเทศไทย"]),
        ("ຂ້ອຍຮັກລາວ", ["ຂ້ອຍ", "ຮັກ", "ລາວ"]),
        ("𠮷野家と👩\u200d🔬", ["𠮷", "野家", "と", "👩\u200d🔬"]),  # beyond 16 bits
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("ilẹ\u0300 Yorùbá", ["ilẹ\u0300", "Yorùbá"]),
        ("🇳🇬👍🏽!", ["🇳🇬", "👍🏽", "!"]),
        ("a_b #x", ["a", "_", "b", "#", "x"]),
        (" \n\t", []),
        ("", []),
    ],
)
def test_words_are_runs_of_letters_and_other_characters_alone(text, tokens):
    words = split_words(text)

    assert words.tokens == tokens
    spans = zip(words.starts.tolist(), words.ends.tolist(), strict=True)
    assert [text[start:end] for start, end in spans] == tokens


def test_spans_and_tags_are_turned_into_each_other():
    text = "  Ada Lovelace kam nach 北京天津。"
    spans = [
        {"start": 2, "end": 14, "label": "PER"},
        {"start": 24, "end": 26, "label": "LOC"},
        {"start": 26, "end": 28, "label": "LOC"},
    ]

    tags = tags_of(split_words(text), spans)

    assert tags == ["B-PER", "I-PER", "O", "O", "B-LOC", "B-LOC", "O"]
    assert spans_in(text, tags, TAGS, scores=[0.9, 0.8, 0.7]) == [
        {"start": 2, "end": 14, "label": "PER", "text": "Ada Lovelace", "score": 0.9},
        {"start": 24, "end": 26, "label": "LOC", "text": "北京", "score": 0.8},
        {"start": 26, "end": 28, "label": "LOC", "text": "天津", "score": 0.7},
    ]


def test_text_without_words_has_no_spans():
    assert spans_in(" ", [], TAGS, scores=[]) == []


def test_tags_of_other_words_are_refused():
    with pytest.raises(ValueError, match="3 tags for the 2 words of 'Ada sings'; split it with"):
        spans_in("Ada sings", ["O", "O", "O"], TAGS, scores=[])


@pytest.mark.parametrize(
    ("start", "end"), [(1, 3), (0, 2), (0, 4), (3, 3), (3, 4), (9, 12), (5, 2)]
)
def test_place_that_cuts_words_is_refused(start, end):
    with pytest.raises(
        ValueError, match=rf"PER at characters {start} to {end} does not begin and end where words"
    ):
        tags_of(split_words("Ada sings"), [{"start": start, "end": end, "label": "PER"}])


def test_places_that_overlap_are_refused():
    spans = [{"start": 0, "end": 9, "label": "PER"}, {"start": 4, "end": 9, "label": "LOC"}]

    with pytest.raises(ValueError, match="LOC at characters 4 to 9 overlaps another"):
        tags_of(split_words("Ada sings"), spans)
