import pytest

from ccnlp.behaviour.words import find_words, has_spaces, replace_words


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        ("Anna saw Mei, Anna left", ["Mei", "Anna"], ["Anna", "Mei"]),
        ("Annabel and Hanna", ["Anna"], []),
        ("a Mexican-American, Anna_b, @Anna, #Anna", ["Mexican", "Anna"], []),
        ("Anna's film", ["Anna"], ["Anna"]),
        ("Ayşe'nin filmi, Ayşe’ye", ["Ayşe"], []),  # a case ending, which another name changes
        ("l'italienne d’Italie", ["italienne"], ["italienne"]),
        ("anna ANNA", ["Anna"], []),
        ("Türkische Küche. Die Türkische kam", ["türkische"], ["türkische"]),
        ("Die Türkische kam", ["türkische"], []),  # a noun, which no adjective replaces
        ("وصل محمد أمس ومحمد", ["محمد"], ["محمد"]),  # not with "and" in front
        ("राहुल ने कहा", ["राहुल"], ["राहुल"]),
        ("हिंदुस्तान", ["हिंदु"], []),
        ("laki-laki itu", ["laki-laki"], ["laki-laki"]),
        ("je crois parce que oui", ["parce que"], ["parce que"]),
        ("", ["Anna"], []),
    ],
)
def test_whole_words_are_found(text, words, found):
    assert find_words(text, words) == found


@pytest.mark.parametrize(
    ("text", "others", "replaced"),
    [
        ("Anna and Anna's Annabel", {"Anna": "Mei"}, "Mei and Mei's Annabel"),
        ("“Türkische Küche!” Türkische", {"türkische": "syrische"}, "“Syrische Küche!” Syrische"),
        ("a b", {"a": "b", "b": "a"}, "b a"),  # at once, not one after the other
        ("nothing", {"Anna": "Mei"}, "nothing"),
    ],
)
def test_words_are_replaced(text, others, replaced):
    assert replace_words(text, others) == replaced


@pytest.mark.parametrize(
    ("language", "expected"), [("en", True), ("ko", True), ("ja", False), ("zh-Hant", False)]
)
def test_scripts_without_spaces_are_known(language, expected):
    assert has_spaces(language) is expected
