"""How far a predicted answer is an accepted one, in any language."""

import re
import string
from collections import Counter
from collections.abc import Callable, Sequence

import regex

from ccnlp.cultures import base_language

Cut = Callable[[str], list[str]]
"""From an answer to the words that are compared."""

PUNCTUATION = regex.compile(r"[\p{P}$+<=>^`|~]")
"""All that Unicode calls so, and what else of ASCII is."""

WITHOUT_SPACES = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}"
"""Scripts that put no spaces between words."""

WORD = regex.compile(rf"[{WITHOUT_SPACES}]\p{{M}}*|[^\s{WITHOUT_SPACES}]+")
"""A character of such a script with its marks; or what stands between spaces."""

ARTICLES = {
    language: regex.compile(rf"\b(?:{'|'.join(words.split())})\b")
    for language, words in {
        "da": "en et",
        "de": "ein eine einen einem eines einer der die das den dem des",
        "en": "a an the",
        "es": "un una unos unas el la los las",
        "fr": "le la les un une des",
        "hu": "a az egy",
        "it": "il lo la i gli le uno una un",
        "nl": "de het een",
        "no": "en et ei",
        "pt": "o a os as um uma uns umas",
        "sv": "en ett",
        "vi": "của là cái chiếc những",
    }.items()
} | {"ar": regex.compile("ال")}
"""By language; the Arabic one is found wherever its letters stand, as MLQA's script does."""

ELIDED_ARTICLES = {"fr": regex.compile(r"\bl['’]"), "it": regex.compile(r"\b(?:l|un)['’]")}
"""Those that punctuation joins to the next word."""

ENGLISH_PUNCTUATION = str.maketrans("", "", string.punctuation)
ENGLISH_ARTICLES = re.compile(r"\b(a|an|the)\b")


def cut_words(answer: str, *, language: str) -> list[str]:
    """The answer's words in small letters, without punctuation and the language's articles.

    As the evaluation of MLQA has them (Lewis et al. 2020, https://arxiv.org/abs/1910.07475) for
    Arabic, English, German, Hindi, Spanish, Vietnamese and Chinese, with two differences: each
    character of every script without spaces is a word, and not those of Chinese alone; and other
    languages have their articles (after Longpre et al. 2021, https://arxiv.org/abs/2007.15207).

    >>> cut_words("L’eau, le 北京", language="fr")
    ['eau', '北', '京']
    """
    base = base_language(language)
    text = answer.lower()
    if base in ELIDED_ARTICLES:
        text = ELIDED_ARTICLES[base].sub("", text)
    text = PUNCTUATION.sub("", text)
    if base in ARTICLES:
        text = ARTICLES[base].sub(" ", text)
    words: list[str] = WORD.findall(text)
    return words


def cut_words_as_english(answer: str) -> list[str]:
    """The answer's words as if it were English, whatever it is.

    As the evaluation of SQuAD 1.1 has them (Rajpurkar et al. 2016,
    https://arxiv.org/abs/1606.05250), by which numbers on other languages are published too.
    """
    text = answer.lower().translate(ENGLISH_PUNCTUATION)
    return ENGLISH_ARTICLES.sub(" ", text).split()


def best_match(answer: str, accepted: Sequence[str], cut: Cut) -> tuple[float, float]:
    """Whether the answer is one of the accepted, and the best F1 of its words; both 0..1.

    Where no answer is right, so is the empty one alone.
    """
    words = cut(answer)
    accepted_words = [cut(text) for text in accepted or [""]]
    exact_match = max(float(words == other) for other in accepted_words)
    return exact_match, max(_f1(words, other) for other in accepted_words)


def _f1(words: list[str], accepted: list[str]) -> float:
    """Of the words that both have, as often as both; nothing agrees with nothing."""
    if not words or not accepted:
        return float(words == accepted)
    return 2 * (Counter(words) & Counter(accepted)).total() / (len(words) + len(accepted))
