"""Repairs what storage and transport did to a text, and nothing that its writer did.

Case, emoji and their joiners, variation selectors, diacritics, full-width forms, direction marks
and zero-width spaces carry meaning and stay.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from ccnlp.corpora.quarantine import is_kept, reject
from ccnlp.examples import CONTEXT

STAGE = "cleaning"

WHITE_SPACE = re.compile(r"\s+")
NO_TEXT = "\x01-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufeff\ufff9-\ufffb\ufffe\uffff"
"""Control characters that are no white space, byte order marks, annotation marks, noncharacters;
for a class of a regular expression."""

CONTROL = re.compile(f"[{NO_TEXT}]")

VISIBLE = re.compile(
    "[^\\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    f"\u2800\u3164\ufe00-\ufe0f\uffa0{NO_TEXT}]"
)
"""Anything but white space, blanks of other names (fillers of Hangul, the empty braille cell),
marks that only act on their neighbours, and what cleaning takes away; a text that is quoted, and a
word by itself, may be made of that alone."""

# What UTF-8 leaves when it was read as a one-byte code page: the code page's letter for a lead
# byte (C2-F4), then its characters for continuation bytes (80-BF). Western pages first, Cyrillic
# (Рџ СЂ вЂ) second; and C1 controls, which are Windows-1252 punctuation read as Latin-1.
SUSPICIOUS = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"
    "|[ВГРСв][\u0080-\u00bfЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—™љ›њќћџЎўЈҐЁЄЇІіґё№єјЅѕї]"
    "|[\u0080-\u009f]"
)
MAX_CHARACTERS_OF_MOJIBAKE = 4
"""The characters that stand for one which was decoded wrongly once: its bytes in UTF-8."""

MAX_PASSES = 4
"""Text that was encoded wrongly more often than this is beyond repair."""


class CleaningParameters(BaseModel):
    """`cleaning` in `parameters/ingestion.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_characters: int = Field(ge=1, description="longer texts are rejected")
    mends_mojibake: bool = Field(description="whether text decoded wrongly is decoded again")


def clean_text(text: str, *, mends_mojibake: bool = True) -> str:
    """The text in NFC, mojibake mended, without control characters, white space as one blank.

    Cleaning a clean text changes nothing.

    >>> clean_text("  schÃ¶n\\t👍🏽 ")
    'schön 👍🏽'
    """
    for _ in range(MAX_PASSES):
        cleaned = _clean_once(text, mends_mojibake=mends_mojibake)
        if cleaned == text:
            break
        text = cleaned
    return text


def _clean_once(text: str, *, mends_mojibake: bool) -> str:
    if text.isascii() and text.isprintable():
        return text if "  " not in text and text == text.strip() else " ".join(text.split())
    if mends_mojibake:
        text = mend_encoding(text)
    text = WHITE_SPACE.sub(" ", CONTROL.sub("", text)).strip()
    return unicodedata.normalize("NFC", text)


def mend_encoding(text: str) -> str:
    """The text as it was before it was decoded with the wrong code page, where that is certain."""
    if not SUSPICIOUS.search(text):
        return text
    from ftfy import fix_encoding

    return str(fix_encoding(text))


def clean_context(context: str, *, mends_mojibake: bool = True) -> str:
    """The context with each of its lines clean, and without those that say nothing.

    >>> clean_context(" title:  A  day\\n \\nhi ")
    'title: A day\\nhi'
    """
    lines = [clean_text(line, mends_mojibake=mends_mojibake) for line in context.split("\n")]
    return "\n".join(line for line in lines if has_visible_text(line))


def clean_rows(
    rows: pd.DataFrame,
    columns: Sequence[str],
    parameters: CleaningParameters,
    *,
    quoted_column: str | None = None,
) -> pd.DataFrame:
    """The rows with clean texts; empty, over-long and binary texts are rejected.

    Adds `mended`: `encoding` where mojibake was mended, `characters` where anything else was
    changed, missing where the text was clean.

    Args:
        rows: with `rejected_by`; rejected rows stay as they are.
        columns: the columns that hold text.
        parameters: `cleaning`.
        quoted_column: the one of them whose characters targets count: it stays as it is, and is
            rejected like the others.
    """
    rows = rows.copy(deep=False)
    rows["mended"] = pd.Series(pd.NA, index=rows.index, dtype="string")
    for column in columns:
        old_texts = rows.loc[is_kept(rows), column].fillna("").tolist()
        index = rows.index[is_kept(rows)]
        is_quoted = column == quoted_column
        new_texts = (
            old_texts if is_quoted else [clean_bounded(text, parameters) for text in old_texts]
        )
        changed_positions = [
            i for i, (old, new) in enumerate(zip(old_texts, new_texts, strict=True)) if old != new
        ]
        rows.loc[index, column] = pd.Series(new_texts, index=index, dtype="string")
        rows.loc[index[changed_positions], "mended"] = [
            what_changed(old_texts[i], parameters) for i in changed_positions
        ]
        reasons = {
            row: reason
            for row, text in zip(index, new_texts, strict=True)
            if (reason := why_unusable(text, column, parameters.max_characters))
        }
        rows = reject(rows, pd.Series(reasons, dtype="string"), stage=STAGE)
    return rows


def clean_lists(
    rows: pd.DataFrame, columns: Sequence[str], parameters: CleaningParameters
) -> pd.DataFrame:
    """The rows with clean texts in lists, of which those are left out that say nothing.

    A row whose list has a text that is too long or binary is rejected.

    Args:
        rows: with `rejected_by`; rejected rows stay as they are.
        columns: lists of texts that belong to a row; missing where it has none.
        parameters: `cleaning`.
    """
    rows, max_characters = rows.copy(deep=False), parameters.max_characters
    for column in columns:
        lists = rows.loc[is_kept(rows), column].dropna()
        distinct_texts = {text for texts in lists for text in texts}
        clean = {text: clean_bounded(text, parameters) for text in distinct_texts}
        cleaned = [
            [clean[text] for text in texts if has_visible_text(clean[text])] for texts in lists
        ]
        rows.loc[lists.index, column] = pd.Series(cleaned, index=lists.index, dtype="object")
        reasons = {
            text: why_unusable(text, f"text in {column}", max_characters)
            for texts in cleaned
            for text in texts
        }
        first_reasons = [next(filter(None, map(reasons.get, texts)), pd.NA) for texts in cleaned]
        rows = reject(
            rows, pd.Series(first_reasons, lists.index, dtype="string").dropna(), stage=STAGE
        )
    return rows


def clean_contexts(rows: pd.DataFrame, parameters: CleaningParameters) -> pd.DataFrame:
    """The rows with clean contexts, missing where nothing is left; what is too long is rejected.

    Binary ones are rejected too. `mended` tells of the context where the text was clean.

    Args:
        rows: of `clean_rows`; as they are where they have no `context`.
        parameters: `cleaning`.
    """
    if CONTEXT not in rows:
        return rows
    rows = rows.copy(deep=False)
    old_contexts = rows.loc[is_kept(rows), CONTEXT].dropna()
    # Of texts that several people judged, or of replies to one post, it is the same one.
    cleaned_by_context = {
        text: clean_bounded(text, parameters, clean_context) for text in old_contexts.unique()
    }
    new_contexts = old_contexts.map(cleaned_by_context).astype("string")
    changed_index = old_contexts.index[old_contexts != new_contexts]
    rows.loc[old_contexts.index, CONTEXT] = new_contexts.mask(new_contexts == "")
    mended = [what_changed(old_contexts[row], parameters) for row in changed_index]
    rows["mended"] = rows["mended"].fillna(pd.Series(mended, index=changed_index, dtype="string"))
    reasons = {
        row: reason
        for row, text in new_contexts[new_contexts != ""].items()
        if (reason := why_unusable(text, CONTEXT, parameters.max_characters))
    }
    return reject(rows, pd.Series(reasons, dtype="string"), stage=STAGE)


def clean_bounded(
    text: str, parameters: CleaningParameters, clean: Callable[..., str] = clean_text
) -> str:
    """The clean text; mojibake is not looked for in what is too long with it mended, too."""
    if _is_too_long_to_mend(text, parameters):
        text = clean(text, mends_mojibake=False)
    mends_mojibake = parameters.mends_mojibake and not _is_too_long_to_mend(text, parameters)
    return clean(text, mends_mojibake=mends_mojibake)


def _is_too_long_to_mend(text: str, parameters: CleaningParameters) -> bool:
    return len(text) > parameters.max_characters * MAX_CHARACTERS_OF_MOJIBAKE


def what_changed(text: str, parameters: CleaningParameters) -> str:
    """What of a text was mended: `encoding` or `characters`."""
    if not parameters.mends_mojibake or _is_too_long_to_mend(text, parameters):
        return "characters"
    return "encoding" if mend_encoding(text) != text else "characters"


def why_unusable(text: str, column: str, max_characters: int) -> str | None:
    """Why a clean text can't be used, or `None` where it can."""
    if len(text) > max_characters:
        return (
            f"the {column} has {len(text):,} characters, more than {max_characters:,} "
            "(ingestion.cleaning.max_characters)"
        )
    if "\x00" in text:
        return f"the {column} has null bytes: it is binary, or UTF-16 read as something else"
    return None if has_visible_text(text) else f"the {column} is empty"


def has_visible_text(text: str) -> bool:
    """Whether anything but white space and invisible marks stands in the text."""
    return VISIBLE.search(text) is not None
