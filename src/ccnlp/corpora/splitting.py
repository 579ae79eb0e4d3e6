"""Splits that stay what they are when rows are added, and what splits must have to be of use."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b

import numpy as np
import pandas as pd

from ccnlp.corpora.entry import Ratios
from ccnlp.corpora.quarantine import is_kept, reject
from ccnlp.corpora.readable_task import ReadableTask
from ccnlp.corpora.values import PARAMETERS_FILE
from ccnlp.errors import CorpusError
from ccnlp.examples import NO_MAJORITY, SPLITS

STAGE = "splitting"

MAX_DEVIATION = 4.0
"""Standard deviations of a fair draw by which a group's rows in a split may be off: of so many
groups as corpora have, chance alone brings none further."""

MIN_EXPECTED_ROWS = 5
"""Fewer rows in a split tell nothing."""

MAX_GROUPS = 3
"""Groups that a sentence names."""


def draw(seed: int, key: str) -> float:
    """A number in [0, 1) that depends on nothing but the seed and the key."""
    digest = blake2b(f"{seed}\x1f{key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") / 2**64


def follow_given_splits(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows, those without a split in the one that is given to other rows of their group.

    That is the latest where a group has several: test, else validation. A row whose group has none
    stays without.

    Args:
        rows: with `group_id`, `split` and `rejected_by`.
    """
    ranks = _rank(rows.loc[is_kept(rows), "split"]).dropna()
    latest_ranks = ranks.groupby(rows.loc[ranks.index, "group_id"].to_numpy()).max()
    given_splits = rows["group_id"].map(latest_ranks.map(dict(enumerate(SPLITS))))
    return rows.assign(split=rows["split"].astype("string").fillna(given_splits.astype("string")))


def split_by_ratios(group_ids: pd.Series, ratios: Ratios, *, seed: int) -> pd.Series:
    """The split of each row, drawn for its group; missing where the row has none.

    A group's split depends on its id and the seed alone, so that rows that are added, removed or
    reordered never move another one, and the same text gets the same split in every corpus with
    the same ratios. Every language, culture and label therefore has the same shares in expectation;
    of n groups about the square root of n may stand elsewhere, and `describe_gaps` tells which have
    none in a split. Exact shares would need to know the other groups, and move old rows.

    Args:
        group_ids: of the rows.
        ratios: shares of the groups.
        seed: another one draws other splits.
    """
    is_known = group_ids.notna().to_numpy()
    draws = (draw(seed, group) for group in group_ids[is_known])
    drawn_numbers = np.fromiter(draws, np.float64, count=is_known.sum())
    bounds = [ratios.train, ratios.train + ratios.validation]
    codes = np.full(len(group_ids), -1, dtype=np.int8)
    codes[is_known] = np.searchsorted(bounds, drawn_numbers, side="right")
    split = pd.Categorical.from_codes(codes, pd.Index(SPLITS))
    return pd.Series(split, index=group_ids.index).astype("string")


def keep_groups_together(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows, those rejected whose group stands in a later split too.

    Test keeps its rows before validation, and validation before train. Rows that are a group for
    their equal text alone are the matter of `leakage`.

    Args:
        rows: with `group_id`, `text_hash`, `split` and `rejected_by`.
    """
    is_declared = rows["group_id"] != rows["text_hash"]
    kept = rows.loc[is_kept(rows) & is_declared, ["group_id", "split"]]
    ranks = _rank(kept["split"])
    last_ranks = ranks.groupby(kept["group_id"].to_numpy()).transform("max")
    last_splits = last_ranks[ranks < last_ranks].map(dict(enumerate(SPLITS)))
    return reject(rows, "rows of its group stand in " + last_splits.astype("string"), stage=STAGE)


def _rank(split: pd.Series) -> pd.Series:
    """0 for train, 1 for validation, 2 for test; missing where the split is."""
    return split.astype("string").map({split: i for i, split in enumerate(SPLITS)})


def check_splits(counts: pd.DataFrame, tasks: Mapping[str, ReadableTask]) -> None:
    """Checks that every task can be learnt, and judged, from its rows.

    Args:
        counts: `corpus`, `task`, `split`, `num_rows` of the kept rows and, where there is one,
            `label`.
        tasks: by name.

    Raises:
        CorpusError: a split has no rows, all rows have one label, or train lacks a label.
    """
    for name, task_counts in counts.groupby("task", observed=True):
        where = f"task {str(name)!r} (corpora {', '.join(sorted(task_counts['corpus'].unique()))})"
        _check_every_split(task_counts, where)
        task = tasks[str(name)]
        # Where people's labels are counted, one that is nowhere the majority can be learnt too;
        # counts know nothing of labels in lists.
        has_label = "label" in task_counts and "label" in task.target_columns
        if task.labels and not task.annotation_columns and has_label:
            _check_labels(task_counts, task.labels, where)


def _check_every_split(counts: pd.DataFrame, where: str) -> None:
    present = set(counts["split"])
    missing = [split for split in SPLITS if split not in present]
    if missing:
        raise CorpusError(
            f"{where}: no row in {' and '.join(missing)}; give one corpus of the task a `split` "
            f"that has it, or `ratios` above 0 and enough rows ({PARAMETERS_FILE})"
        )


def _check_labels(counts: pd.DataFrame, labels: tuple[str, ...], where: str) -> None:
    present = set(counts["label"])
    if len(present) == 1:
        raise CorpusError(
            f"{where}: all {counts['num_rows'].sum():,} rows have the label {present.pop()!r}; "
            "with one label there is nothing to learn; is it the right column, or does label_map "
            f"send all to one? ({PARAMETERS_FILE})"
        )
    in_train = set(counts.loc[counts["split"] == "train", "label"])
    missing = [label for label in labels if label not in in_train]
    if missing:
        elsewhere = [label for label in missing if label in present]
        mend = (
            f"add rows of it to train, or set other `ratios` ({PARAMETERS_FILE})"
            if elsewhere
            else "add rows of it, or leave it out of the task's labels (parameters/tasks.yml)"
        )
        names = ", ".join(map(repr, missing))
        raise CorpusError(f"{where}: train has no row with the label {names}; {mend}")


def describe_gaps(counts: pd.DataFrame) -> list[str]:
    """A sentence for each corpus with a single label, each language, culture or label of a corpus
    that train has and a later split of the corpus has not, and each corpus whose splits hold
    languages, cultures and labels in shares that differ by more than chance.

    Args:
        counts: as for `check_splits`, with `language` and `culture`.
    """
    gaps = []
    for corpus, corpus_counts in counts.groupby("corpus", observed=True):
        labels: Sequence[str] = (
            corpus_counts["label"].unique().tolist() if "label" in corpus_counts else []
        )
        if len(labels) == 1 and labels[0]:
            gaps.append(f"corpus {corpus!r}: all rows have the label {labels[0]!r}")
        for column in [c for c in ("language", "culture", "label") if c in corpus_counts]:
            by_split = corpus_counts.groupby("split", observed=True)[column].agg(set)
            for split in [s for s in SPLITS[1:] if s in by_split and "train" in by_split]:
                missing = sorted(by_split["train"] - by_split[split] - {""})
                if missing:
                    listed = ", ".join(map(repr, missing))
                    gaps.append(f"corpus {corpus!r}: no row in {split} with the {column} {listed}")
        gaps += [
            f"corpus {corpus!r}: {uneven}" for uneven in _describe_uneven_shares(corpus_counts)
        ]
    return gaps


def _describe_uneven_shares(counts: pd.DataFrame) -> list[str]:
    """A sentence on the groups of a corpus whose splits differ from its own; names the furthest."""
    group_columns = [column for column in ("language", "culture", "label") if column in counts]
    group_names = counts[group_columns].astype("str")
    if "label" in group_names and group_names["label"].any():
        group_names["label"] = group_names["label"].replace("", NO_MAJORITY)
    names = group_names.agg(", ".join, axis=1)
    by_split = counts.groupby([names, counts["split"].astype("str")])["num_rows"].sum()
    actual = by_split.unstack(fill_value=0)
    actual = actual[[split for split in SPLITS if split in actual]]
    split_shares = actual.sum() / actual.to_numpy().sum()
    size = actual.sum(axis=1)
    expected = pd.DataFrame(
        np.outer(size, split_shares), index=size.index, columns=split_shares.index
    )
    deviation = (actual - expected).abs() / np.sqrt(expected * (1 - split_shares))
    furthest = deviation.where(expected >= MIN_EXPECTED_ROWS).max(axis=1)
    uneven = furthest[furthest > MAX_DEVIATION].sort_values(ascending=False, kind="stable").index
    if not len(uneven):
        return []
    groups = [
        f"{', '.join(f'{portion:.0%}' for portion in actual.loc[name] / size[name])} of the "
        f"{size[name]:,} rows of {name}"
        for name in uneven[:MAX_GROUPS]
    ]
    usual = ", ".join(f"{portion:.0%} in {split}" for split, portion in split_shares.items())
    more = f", and of {len(uneven) - MAX_GROUPS} groups more" if len(uneven) > MAX_GROUPS else ""
    return [f"of its rows {usual}, but by more than chance {'; '.join(groups)}{more}"]
