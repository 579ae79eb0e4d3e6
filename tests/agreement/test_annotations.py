import re

import pandas as pd
import pytest

from ccnlp.agreement.annotations import check_annotations
from ccnlp.errors import CorpusError

LABELS = ["none", "hate"]


def table(*rows):
    return pd.DataFrame(rows, columns=["group_id", "annotator", "culture", "label"])


def test_annotations_without_annotator_ids_are_accepted():
    check_annotations(table(("t", None, "US", "hate"), ("t", None, "US", "hate")), LABELS)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "c: there is no annotation"),
        ([(None, "a", "US", "hate")], "c: 1 rows have no group_id"),
        ([("t", "a", None, "hate")], "c: 1 rows have no culture"),
        (
            [("t", "a", "US", None)],
            'c: 1 rows have no label; leave out annotations such as "don\'t know"',
        ),
        (
            [("t", "a", "US", "hte")],
            "c: 1 rows have a label outside the set, such as 'hte'; did you mean 'hate'?",
        ),
        (
            [("t", "a", "US", "hate"), ("u", "a", "SG", "hate")],
            "c: annotator 'a' is of the cultures 'SG', 'US'; where each culture numbers its "
            "annotators anew, put the culture before the number",
        ),
        (
            [("t", "a", "US", "hate"), ("t", "a", "US", "none")],
            "c: 1 annotations repeat an annotator on the same text, such as 'a' on 't'; keep one "
            "of each",
        ),
    ],
)
def test_malformed_annotations_are_refused(rows, message):
    with pytest.raises(CorpusError, match=f"^{re.escape(message)}$"):
        check_annotations(table(*rows), LABELS, where="c")


def test_missing_column_is_named():
    with pytest.raises(CorpusError, match="c: no column 'annotator'"):
        check_annotations(table().drop(columns="annotator"), LABELS, where="c")


def test_label_set_names_each_label_once():
    with pytest.raises(CorpusError, match="names a label twice"):
        check_annotations(table(("t", "a", "US", "hate")), ["hate", "hate"])
