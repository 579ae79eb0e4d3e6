"""What corpora must have for a model to be learnt and judged from them."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ccnlp.corpora import leakage
from ccnlp.corpora.quarantine import MAX_REASONS
from ccnlp.corpora.readable_task import ReadableTask
from ccnlp.corpora.report import count_examples
from ccnlp.corpora.splitting import check_splits
from ccnlp.corpora.values import PARAMETERS_FILE
from ccnlp.errors import CorpusError


def check_corpora(
    row_counts: pd.DataFrame, report: Mapping[str, Any], tasks: Mapping[str, ReadableTask]
) -> None:
    """Checks that every corpus has rows left, and every task the splits and labels it needs.

    Args:
        row_counts: of `report.CorpusSummary`.
        report: of `report.report_ingestion`.
        tasks: by name.

    Raises:
        CorpusError: a corpus is empty, a split of a task has no rows, or train lacks a label.
    """
    for counts in report["by_corpus"]:
        if counts["num_rows_kept"] == 0:
            rejections = [
                rejection
                for rejection in report["rejected"]
                if rejection["corpus"] == counts["corpus"]
            ]
            raise CorpusError(_why_none_is_left(counts["corpus"], rejections))
    check_splits(count_examples(row_counts), tasks)


def _why_none_is_left(corpus: str, rejections: list[dict[str, Any]]) -> str:
    by_stage: dict[str, int] = {}
    for rejection in rejections:
        stage = rejection["rejected_by"]
        by_stage[stage] = by_stage.get(stage, 0) + rejection["num_rows"]
    num_leaks = by_stage.get(leakage.STAGE, 0)
    if num_leaks:
        return (
            f"corpus {corpus!r}: none of its rows is left; the texts of all {num_leaks:,} that "
            "were fit for use stand in a later split, of this corpus or of another; set its key "
            f"to null, or give it other rows ({PARAMETERS_FILE})"
        )
    rejected = ", ".join(f"{num_rows:,} by {stage}" for stage, num_rows in by_stage.items())
    reasons = "; ".join(
        f"{rejection['num_rows']:,} as {rejection['example']}"
        for rejection in rejections[:MAX_REASONS]
    )
    return (
        f"corpus {corpus!r}: none of its {sum(by_stage.values()):,} rows is fit for use; rejected "
        f"{rejected}. The commonest reasons: {reasons}. The quarantine has them all"
    )
