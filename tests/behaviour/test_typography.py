import pytest

from ccnlp.behaviour.typography import PERTURBATIONS


@pytest.mark.parametrize(
    ("name", "language", "text", "changed"),
    [
        ("upper_case", "en", "it is good", "IT IS GOOD"),
        ("upper_case", "tr", "iyi mı", "İYİ MI"),
        ("upper_case", "el", "άνθρωπος", "ΑΝΘΡΩΠΟΣ"),
        ("upper_case", "de", "groß", "GROSS"),
        ("upper_case", "ja", "とても良い", "とても良い"),
        ("lower_case", "tr", "IŞIK İYİ", "ışık iyi"),
        ("lower_case", "en", "It Is", "it is"),
        ("repeated_punctuation", "en", "Good! Really? Yes!!", "Good!!! Really??? Yes!!"),
        ("repeated_punctuation", "ar", "متى؟", "متى؟؟؟"),
        ("repeated_punctuation", "en", "Good.", "Good."),
        ("full_width", "ja", "A1!は", "Ａ１！は"),
        ("curly_quotes", "en", "it's \"good\" 'here'", "it’s “good” ‘here’"),
        ("curly_quotes", "en", "it’s “good”", 'it\'s "good"'),
        ("missing_diacritics", "es", "año más", "año mas"),
        ("missing_diacritics", "fr", "très réussi, ça", "tres reussi, ca"),
        ("missing_diacritics", "de", "schön groß", "schoen gross"),
        ("missing_diacritics", "tr", "ışığı gördü", "isigi gordu"),
        ("missing_diacritics", "vi", "đẹp lắm", "dep lam"),
        ("missing_diacritics", "yo", "Ẹ kú iṣẹ́", "E ku ise"),
        ("missing_diacritics", "ar", "أهلًا", "اهلا"),
        ("missing_diacritics", "hi", "ज़्यादा की", "ज्यादा की"),  # the dot, and no vowel
        ("missing_diacritics", "el", "είναι προϊόν", "ειναι προϊον"),
        ("missing_diacritics", "es-MX", "está ❤️", "esta ❤️"),
        ("emoji_variation_selectors", "en", "good ❤️", "good ❤"),
        ("emoji_variation_selectors", "en", "good ❤ © 😀", "good ❤️ © 😀"),
        ("emoji_variation_selectors", "en", "good 😀", "good 😀"),
    ],
)
def test_perturbation_changes_what_its_name_says(name, language, text, changed):
    assert PERTURBATIONS[name](text, language) == changed


@pytest.mark.parametrize("name", list(PERTURBATIONS))
@pytest.mark.parametrize("text", ["", "123", "好吃。"])
def test_perturbation_takes_any_text(name, text):
    assert isinstance(PERTURBATIONS[name](text, "und"), str)
