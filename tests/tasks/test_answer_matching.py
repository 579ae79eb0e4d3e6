"""Answers beside accepted ones, worked by hand in languages of several scripts."""

from functools import partial

import pytest

from ccnlp.tasks.answer_matching import best_match, cut_words, cut_words_as_english


@pytest.mark.parametrize(
    ("answer", "language", "words"),
    [
        ("The  Broncos' defence, an old one", "en", ["broncos", "defence", "old", "one"]),
        ("$5 + 3.5", "en-GB", ["5", "35"]),
        ("die »Übung« der Ärzte", "de", ["übung", "ärzte"]),
        ("¿La Niña?", "es-MX", ["niña"]),
        ("L’été et l'hiver", "fr", ["été", "et", "hiver"]),
        ("un'altra l’Italia", "it", ["altra", "italia"]),
        ("o Brasil", "pt", ["brasil"]),
        ("het huis", "nl", ["huis"]),
        ("những người", "vi", ["người"]),
        ("البيت الأبيض،", "ar", ["بيت", "أبيض"]),
        ("नई दिल्ली।", "hi", ["नई", "दिल्ली"]),
        ("《北京》2008年", "zh", ["北", "京", "2008", "年"]),
        ("東京タワー", "ja", ["東", "京", "タ", "ワ", "ー"]),
        ("น้ำ", "th", ["น้", "ำ"]),
        ("the old a", "sw", ["the", "old", "a"]),
        ("the old a", "und", ["the", "old", "a"]),
        ("The", "en", []),
    ],
)
def test_words_are_those_of_the_language(answer, language, words):
    assert cut_words(answer, language=language) == words


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("The 北京, an (old) city.", ["北京", "old", "city"]),
        ("»die« Übung", ["»die«", "übung"]),  # of no interest to a script for English
        ("नई दिल्ली।", ["नई", "दिल्ली।"]),
    ],
)
def test_words_as_english_are_those_of_the_script_of_squad(answer, words):
    assert cut_words_as_english(answer) == words


@pytest.mark.parametrize(
    ("answer", "accepted", "language", "exact", "f1"),
    [
        # 2 of 3 words predicted are 2 of 2 accepted: 2 * 2 / (3 + 2).
        ("the Denver Broncos team", ["Denver Broncos"], "en", 0, 4 / 5),
        ("Die Denver Broncos.", ["denver broncos"], "de", 1, 1),
        # The best of each, by different answers.
        ("7. Februar 2016", ["Februar", "7 Februar 2016"], "de", 1, 1),
        ("Februar 2016", ["Februar 2015", "im Mai"], "de", 0, 2 / 4),
        # 3 of 4 characters predicted are 3 of 3 accepted.
        ("北京市。", ["北京"], "zh", 0, 2 * 2 / (3 + 2)),
        ("北京", ["《北京》"], "zh", 1, 1),
        ("بيت الأبيض", ["البيت الأبيض"], "ar", 1, 1),
        ("दिल्ली", ["नई दिल्ली।"], "hi", 0, 2 / 3),
        # A word counts as often as both have it: 1 of 2 and 1 of 1.
        ("New New", ["New"], "en", 0, 2 / 3),
        ("Boston", ["Denver"], "en", 0, 0),
        ("", ["Denver"], "en", 0, 0),
        ("", [], "en", 1, 1),
        ("Denver", [], "en", 0, 0),
    ],
)
def test_best_match_is_worked_by_hand(answer, accepted, language, exact, f1):
    cut = partial(cut_words, language=language)

    assert best_match(answer, accepted, cut) == pytest.approx((exact, f1))


def test_words_in_scripts_without_spaces_count_as_one_in_english():
    assert best_match("北京市", ["北京"], cut_words_as_english) == (0.0, 0.0)
