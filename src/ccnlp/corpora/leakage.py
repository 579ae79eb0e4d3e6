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
    sign_at,
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
    table: pd.DataFrame, held_out: Iterable[pd.DataFrame], parameters: DeduplicationParameters
) -> pd.DataFrame:
    """The held-out texts of a corpus, less those of validation that a test holds: they go too.

    Args:
        table: of `held_out_texts`.
        held_out: the same of every corpus.
        parameters: `deduplication`.
    """
    missing = pd.Series(pd.NA, index=table.index, dtype="string")
    rows = table.assign(rejected_by=missing, rejection_reason=missing)
    checked = remove_leaks(rows, rows["text"], held_out, parameters)
    return table[is_kept(checked)].reset_index(drop=True)


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
        for split, earlier_splits in (("test", ["train", "validation"]), ("validation", ["train"])):
            held_out_of_split = same_task[same_task["split"] == split].reset_index(drop=True)
            is_at_risk = exposed["split"].isin(earlier_splits)
            if held_out_of_split.empty or not is_at_risk.any():
                continue
            rows = reject(
                rows, _same_texts(exposed[is_at_risk], held_out_of_split, split), stage=STAGE
            )
            near_positions = _find_near(signed, _restore_signed(held_out_of_split), parameters)
            ids = (
                held_out_of_split["id"]
                .iloc[list(near_positions.values())]
                .set_axis(rows.index[list(near_positions)])
            )
            reasons = f"nearly the same text stands in {split}: example " + ids
            rows = reject(rows, reasons[is_at_risk[reasons.index]], stage=STAGE)
    return rows


def are_held_out(
    texts: "pd.Series[str]", held_out: "pd.Series[str]", parameters: DeduplicationParameters
) -> "pd.Series[bool]":
    """Which texts are, exactly or nearly, one of the held-out texts."""
    is_same = texts.map(text_key).isin(set(held_out.map(text_key)))
    signed = _sign_long(texts, np.flatnonzero(~is_same), parameters)
    signed_held_out = _sign_long(held_out, np.arange(len(held_out)), parameters)
    near_positions = _find_near(signed, signed_held_out, parameters)
    return is_same | texts.index.isin(texts.index[list(near_positions)])


def _same_texts(exposed: pd.DataFrame, held_out: pd.DataFrame, split: str) -> pd.Series:
    id_by_hash = held_out.drop_duplicates("text_hash").set_index("text_hash")["id"]
    ids = exposed["text_hash"].map(id_by_hash).dropna()
    return f"the same text stands in {split}: example " + ids.astype("string")


def _sign_long(
    texts: "pd.Series[str]", positions: Indices, parameters: DeduplicationParameters
) -> SignedTexts:
    """The texts at these positions, signed; none where near ones are not looked for."""
    positions = positions if parameters.near_threshold < 1 else positions[:0]
    return sign_at(texts, positions, ngram=parameters.ngram)


def _restore_signed(held_out: pd.DataFrame) -> SignedTexts:
    positions = np.arange(len(held_out))
    return SignedTexts(held_out["text"], positions, Signatures.from_table(held_out))


def _find_near(
    signed: SignedTexts, held_out: SignedTexts, parameters: DeduplicationParameters
) -> dict[int, int]:
    """By position of a text, that of a held-out text which is nearly the same."""
    near_positions: dict[int, int] = {}
    if parameters.near_threshold < 1:
        is_long = (signed.texts.str.len() >= parameters.min_characters).fillna(False).to_numpy(bool)
        positions, held_out_positions = _likely_pairs(
            signed.signatures,
            held_out.signatures,
            is_long[signed.positions],
            parameters.near_threshold,
        )
        for position, held_out_position in similar_pairs(
            signed.texts,
            held_out.texts,
            (signed.positions[positions], held_out.positions[held_out_positions]),
            threshold=parameters.near_threshold,
            ngram=parameters.ngram,
            skip=near_positions.keys(),
        ):
            near_positions[position] = held_out_position
    return near_positions


def _likely_pairs(
    signatures: Signatures, held_out: Signatures, is_long: npt.NDArray[np.bool_], threshold: float
) -> tuple[Indices, Indices]:
    """Pairs of positions whose texts share a band and seem similar enough; each pair once."""
    codes = [np.empty(0, dtype=np.int64)]
    num_held_out = len(held_out.bands)
    for positions, held_out_positions in _candidates(signatures, held_out):
        is_likely = is_long[positions] & (
            signatures.estimate(positions, held_out, held_out_positions)
            >= threshold - ESTIMATE_MARGIN
        )
        codes.append(np.unique(positions[is_likely] * num_held_out + held_out_positions[is_likely]))
    pairs = np.unique(np.concatenate(codes))
    return pairs // num_held_out, pairs % num_held_out


def _candidates(signatures: Signatures, held_out: Signatures) -> Iterable[tuple[Indices, Indices]]:
    """For each band the pairs of positions whose texts share the band's value."""
    for values, held_out_values in zip(signatures.bands.T, held_out.bands.T, strict=True):
        order = np.argsort(held_out_values, kind="stable")
        sorted_values = held_out_values[order]
        starts = np.searchsorted(sorted_values, values)
        for step in range(NEIGHBOURS):
            inside = np.flatnonzero(starts + step < len(sorted_values))
            positions = inside[sorted_values[starts[inside] + step] == values[inside]]
            if not len(positions):
                break
            yield positions, order[starts[positions] + step]
