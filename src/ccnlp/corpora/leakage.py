"""Texts of train that stand in validation or test, and texts of validation that stand in test.

They are looked for across all corpora of a task, in any language and culture: a model that saw the
text in training is not tested by it. The held-out texts of each corpus form a table of their own,
so that only one corpus and one such table are in memory at a time.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.corpora.deduplication import NEIGHBOURS, DeduplicationParameters
from ccnlp.corpora.quarantine import is_kept, reject
from ccnlp.corpora.similarity import (
    ESTIMATE_MARGIN,
    Indices,
    Signatures,
    SignedTexts,
    sign,
    sign_where,
    similar_pairs,
    text_key,
)

STAGE = "leakage"


def held_out_texts(
    rows: pd.DataFrame, texts: pd.Series, parameters: DeduplicationParameters
) -> pd.DataFrame:
    """The kept texts of validation and test: id, corpus, task, split, text, hash and signature."""
    is_held_out = is_kept(rows) & rows["split"].isin(["validation", "test"])
    held_out = rows.loc[is_held_out, ["id", "corpus", "task", "split", "text_hash"]]
    held_out = held_out.assign(text=texts[is_held_out]).reset_index(drop=True)
    signatures = sign(held_out["text"], ngram=parameters.ngram)
    return pd.concat([held_out, signatures.to_table()], axis=1)


def without_leaks(
    own: pd.DataFrame, held_out: Iterable[pd.DataFrame], parameters: DeduplicationParameters
) -> pd.DataFrame:
    """The held-out texts of a corpus, less those of validation that a test holds: they go too.

    Args:
        own: of `held_out_texts`.
        held_out: the same of every corpus.
        parameters: `deduplication`.
    """
    nothing = pd.Series(pd.NA, index=own.index, dtype="string")
    rows = own.assign(rejected_by=nothing, rejection_reason=nothing)
    checked = remove_leaks(rows, rows["text"], held_out, parameters)
    return own[is_kept(checked)].reset_index(drop=True)


def remove_leaks(
    rows: pd.DataFrame,
    texts: pd.Series,
    held_out: Iterable[pd.DataFrame],
    parameters: DeduplicationParameters,
) -> pd.DataFrame:
    """The rows, those of train and validation rejected whose text is held out for a later split.

    Args:
        rows: one corpus with a fresh index, with `task`, `split`, `text_hash` and `rejected_by`.
        texts: of the rows.
        held_out: the tables of `without_leaks`, of every corpus.
        parameters: `deduplication`; what counts as nearly the same text.
    """
    is_exposed = is_kept(rows) & rows["split"].isin(["train", "validation"])
    exposed = rows.loc[is_exposed, ["task", "split", "text_hash"]]
    if exposed.empty:
        return rows
    signed = _sign_long(texts, np.flatnonzero(is_exposed), parameters)
    for table in held_out:
        same_task = table[table["task"] == exposed["task"].iloc[0]].reset_index(drop=True)
        for split, earlier in (("test", ["train", "validation"]), ("validation", ["train"])):
            own = same_task[same_task["split"] == split].reset_index(drop=True)
            at_risk = exposed["split"].isin(earlier)
            if own.empty or not at_risk.any():
                continue
            rows = reject(rows, _same_texts(exposed[at_risk], own, split), stage=STAGE)
            near = _find_near(signed, _signed_before(own), parameters)
            ids = own["id"].iloc[list(near.values())].set_axis(rows.index[list(near)])
            reasons = f"nearly the same text stands in {split}: example " + ids
            rows = reject(rows, reasons[at_risk[reasons.index]], stage=STAGE)
    return rows


def are_held_out(
    texts: "pd.Series[str]", held_out: "pd.Series[str]", parameters: DeduplicationParameters
) -> "pd.Series[bool]":
    """Which texts are, exactly or nearly, one of the held-out texts."""
    is_same = texts.map(text_key).isin(set(held_out.map(text_key)))
    signed = _sign_long(texts, np.flatnonzero(~is_same), parameters)
    others = _sign_long(held_out, np.arange(len(held_out)), parameters)
    near = _find_near(signed, others, parameters)
    return is_same | texts.index.isin(texts.index[list(near)])


def _same_texts(exposed: pd.DataFrame, held_out: pd.DataFrame, split: str) -> pd.Series:
    by_hash = held_out.drop_duplicates("text_hash").set_index("text_hash")["id"]
    found = exposed["text_hash"].map(by_hash).dropna()
    return f"the same text stands in {split}: example " + found.astype("string")


def _sign_long(
    texts: "pd.Series[str]", where: Indices, parameters: DeduplicationParameters
) -> SignedTexts:
    """The texts there, signed; none where near ones are not looked for."""
    where = where if parameters.near_threshold < 1 else where[:0]
    return sign_where(texts, where, ngram=parameters.ngram)


def _signed_before(held_out: pd.DataFrame) -> SignedTexts:
    positions = np.arange(len(held_out))
    return SignedTexts(held_out["text"], positions, Signatures.from_table(held_out))


def _find_near(
    own: SignedTexts, held_out: SignedTexts, parameters: DeduplicationParameters
) -> dict[int, int]:
    """By position of a text, that of a held-out text which is nearly the same."""
    found: dict[int, int] = {}
    if parameters.near_threshold < 1:
        is_long = (own.texts.str.len() >= parameters.min_characters).fillna(False).to_numpy(bool)
        ours, theirs = _likely_pairs(
            own.signatures, held_out.signatures, is_long[own.where], parameters.near_threshold
        )
        for one, other in similar_pairs(
            own.texts,
            held_out.texts,
            (own.where[ours], held_out.where[theirs]),
            threshold=parameters.near_threshold,
            ngram=parameters.ngram,
            skip=found.keys(),
        ):
            found[one] = other
    return found


def _likely_pairs(
    own: Signatures, other: Signatures, is_long: npt.NDArray[np.bool_], threshold: float
) -> tuple[Indices, Indices]:
    """Pairs of positions whose texts share a band and seem similar enough; each pair once."""
    codes = [np.empty(0, dtype=np.int64)]
    size = len(other.bands)
    for mine, theirs in _candidates(own, other):
        likely = is_long[mine] & (own.estimate(mine, other, theirs) >= threshold - ESTIMATE_MARGIN)
        codes.append(np.unique(mine[likely] * size + theirs[likely]))
    pairs = np.unique(np.concatenate(codes))
    return pairs // size, pairs % size


def _candidates(own: Signatures, other: Signatures) -> Iterable[tuple[Indices, Indices]]:
    """For each band the pairs of positions whose texts share the band's value."""
    for mine, theirs in zip(own.bands.T, other.bands.T, strict=True):
        order = np.argsort(theirs, kind="stable")
        ordered = theirs[order]
        place = np.searchsorted(ordered, mine)
        for step in range(NEIGHBOURS):
            inside = np.flatnonzero(place + step < len(ordered))
            equal = inside[ordered[place[inside] + step] == mine[inside]]
            if not len(equal):
                break
            yield equal, order[place[equal] + step]
