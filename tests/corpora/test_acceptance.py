import pandas as pd
import pytest

from ccnlp.corpora.acceptance import check_corpora
from ccnlp.corpora.report import report_ingestion
from ccnlp.errors import CorpusError

LABELS = ("negative", "neutral", "positive")
KEPT = [
    {
        "corpus": "reviews",
        "split": split,
        "label": label,
        "rejected_by": "",
        "num_rows": 10,
        "num_examples": 10,
    }
    for split in ("train", "validation", "test")
    for label in LABELS
]


def check(sentiment, rows, reasons=()) -> None:
    counts = pd.DataFrame(rows).assign(task="sentiment", language="en", culture="und")
    marks = ("mended_encoding", "mended_characters", "language_suspect", "conflicting_labels")
    counts = counts.assign(**{f"num_{mark}": 0 for mark in marks})
    columns = ["corpus", "rejected_by", "reason", "num_rows", "example"]
    rejections = pd.DataFrame(list(reasons), columns=columns)
    report = report_ingestion(counts, rejections, pd.DataFrame(), {})
    check_corpora(counts, report, sentiment)


def rejected(by: str, num_rows: int) -> dict[str, object]:
    return {
        "corpus": "posts",
        "split": "train",
        "label": "",
        "rejected_by": by,
        "num_rows": num_rows,
    }


def test_corpora_with_rows_are_accepted(sentiment) -> None:
    check(sentiment, KEPT)


def test_corpus_without_a_usable_row_is_refused(sentiment) -> None:
    reasons = [
        ("posts", "cleaning", "the text is empty", 2, "the text is empty (posts.csv, row 6)"),
        (
            "posts",
            "reading",
            "label … is not known",
            1,
            "label 'x' is not known (posts.csv, row 2)",
        ),
    ]
    with pytest.raises(CorpusError) as error:
        check(sentiment, [*KEPT, rejected("cleaning", 2), rejected("reading", 1)], reasons)
    assert str(error.value) == (
        "corpus 'posts': none of its 3 rows is fit for use; rejected 2 by cleaning, 1 by reading. "
        "The commonest reasons: 2 as the text is empty (posts.csv, row 6); 1 as label 'x' is not "
        "known (posts.csv, row 2). The quarantine has them all"
    )


def test_corpus_whose_texts_all_stand_in_a_later_split_is_refused(sentiment) -> None:
    reasons = [("posts", "leakage", "the same text stands in test: …", 2, "the same text")]
    with pytest.raises(CorpusError) as error:
        check(sentiment, [*KEPT, rejected("leakage", 2)], reasons)
    assert str(error.value) == (
        "corpus 'posts': none of its rows is left; the texts of all 2 that were fit for use stand "
        "in a later split, of this corpus or of another; set its key to null, or give it other "
        "rows (parameters/corpora.yml)"
    )


def test_task_without_a_split_is_refused(sentiment) -> None:
    with pytest.raises(CorpusError, match="no row in test"):
        check(sentiment, [row for row in KEPT if row["split"] != "test"])
