"""Tells what a study found, in the terminal and to whatever tracks the run."""

import logging

import pandas as pd

from ccnlp import progress
from ccnlp.studies.verdicts import summarise

logger = logging.getLogger(__name__)

PLAIN = str.maketrans(" ,", "__")
"""Names of metrics hold no spaces."""


def tell(verdicts: pd.DataFrame, *, name: str, slice_name: str, split: str = "test") -> None:
    """Logs a sentence for each finding, and reports each difference as a metric.

    Args:
        verdicts: of `judge`.
        name: of the study.
        slice_name: whose groups are told.
        split: on which it was judged.
    """
    for sentence in summarise(verdicts, slice_name=slice_name, split=split):
        logger.info(sentence)
    is_reported = verdicts["slice"].isin(["all", slice_name]) & (verdicts["split"] == split)
    reported = verdicts[is_reported & verdicts["difference"].notna()]
    values = {
        "/".join(
            str(row[column]).translate(PLAIN)
            for column in ("task", "corpus", "arm", "slice", "group", "metric")
        ): float(row["difference"])
        for _, row in reported.iterrows()
    }
    progress.report(
        progress.Metrics({f"{name}/{key}": value for key, value in values.items()}, step=0)
    )
