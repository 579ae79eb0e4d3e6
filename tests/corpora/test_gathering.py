import json
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from ccnlp.corpora.report import NEEDED, report_ingestion, summarise
from ccnlp.corpora.selection import select_annotations, select_examples, select_rejected
from ccnlp.errors import ConfigurationError, CorpusError
from ccnlp.tasks.base import Task, build_tasks
from ccnlp.tasks.parameters import TasksParameters

GUIDE = Path(__file__).parents[2] / "docs" / "annotations.md"
HEAD = "ID,text,annotator,country,label\n"
JUDGEMENTS = (
    "1,an old post,ann,GB,hate\n"
    "1,an old post,bob,GB,hate\n"
    "1,an old post,cat,GB,not_hate\n"
    "1,an old post,dan,SG,not_hate\n"
    "1,an old post,eve,SG,hate\n"
    "2,another one,dan,SG,not_hate\n"
)
ENTRY = {
    "culture": {"column": "country"},
    "group": {"column": "ID"},
    "annotations": {"annotator": {"column": "annotator"}},
}
COUNTED = "text,country,no,yes,n\nan old post,GB,1,2,3\nan old post,SG,1,1,2\nanother,SG,4,0,4\n"
DISTRIBUTION = {
    "culture": {"column": "country"},
    "columns": {"text": "text"},
    "annotations": {"distribution": {"not_hate": "no", "hate": "yes"}},
}

WITHOUT_CULTURE = DISTRIBUTION | {"culture": "GB"}

THREE = ["no", "perhaps", "yes"]


def of_labels(labels: list[str]) -> dict[str, Task]:
    """The task `hate` with other labels."""
    values = {"kind": "label_distribution", "loss_weight": 1.0, "labels": labels}
    return build_tasks(
        TasksParameters.model_validate({"hate": values | {"options": {"view": "majority"}}})
    )


def by_example(rows: pd.DataFrame, column: str) -> dict:
    kept = rows[rows["rejected_by"].isna()]
    examples = kept["text"].astype(str) + " " + kept["culture"].astype(str)
    return dict(zip(examples, kept[column], strict=True))


def reasons(rows: pd.DataFrame) -> list[str]:
    return rows["rejection_reason"].dropna().tolist()


def test_text_and_culture_are_one_example_with_the_labels_counted(judge):
    rows = judge({"corpus.csv": HEAD + JUDGEMENTS}, **ENTRY)
    assert by_example(rows, "label_counts") == {
        "an old post GB": [1.0, 2.0],
        "an old post SG": [1.0, 1.0],
        "another one SG": [1.0, 0.0],
    }
    assert by_example(rows, "pooled_label_counts") == {
        "an old post GB": [2.0, 3.0],
        "an old post SG": [2.0, 3.0],
        "another one SG": [1.0, 0.0],
    }
    assert list(by_example(rows, "num_annotations").values()) == [3.0, 2.0, 1.0]


def test_majority_of_a_culture_is_its_label_and_a_tie_has_none(judge):
    labels = by_example(judge({"corpus.csv": HEAD + JUDGEMENTS}, **ENTRY), "label")
    assert labels["an old post GB"] == "hate"
    assert pd.isna(labels["an old post SG"])
    assert labels["another one SG"] == "not_hate"


def test_text_has_one_group_id_in_all_cultures(judge):
    groups = by_example(judge({"corpus.csv": HEAD + JUDGEMENTS}, **ENTRY), "group_id")
    assert groups["an old post GB"] == groups["an old post SG"] != groups["another one SG"]


def test_text_without_a_group_is_known_by_what_it_says(judge):
    content = HEAD + JUDGEMENTS.replace("an old post,bob", "An  OLD post,bob")
    rows = judge({"corpus.csv": content}, **ENTRY | {"group": None})
    assert by_example(rows, "label_counts")["an old post GB"] == [1.0, 2.0]


def test_ids_do_not_depend_on_labels_or_on_the_order_of_annotations(judge):
    first = judge({"corpus.csv": HEAD + JUDGEMENTS}, **ENTRY)
    turned = JUDGEMENTS.replace("not_hate", "x").replace("hate", "not_hate").replace("x", "hate")
    other = judge({"corpus.csv": HEAD + "".join(turned.splitlines(True)[::-1])}, **ENTRY)
    assert by_example(first, "id") == by_example(other, "id")
    assert first["id"].is_unique


def test_texts_of_two_groups_have_ids_of_their_own(judge):
    twice = HEAD + "1,same words here,ann,GB,hate\n2,same words here,ann,GB,not_hate\n"
    rows = judge({"corpus.csv": twice}, **ENTRY)
    assert rows["rejected_by"].isna().all()
    assert rows["id"].is_unique
    assert rows["conflicting_labels"].tolist() == ["'not_hate'", "'hate'"]


def test_texts_with_a_tie_conflict_with_those_that_have_a_majority(judge):
    tied = "1,same words here,ann,GB,hate\n1,same words here,bob,GB,not_hate\n"
    rows = judge({"corpus.csv": HEAD + tied + "2,same words here,ann,GB,hate\n"}, **ENTRY)
    assert rows["conflicting_labels"].tolist() == ["'hate'", "'no majority'"]


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("hate", "annotator 'ann' annotated the text before, with the same label"),
        ("not_hate", "annotator 'ann' annotated the text before, with the label 'hate'"),
    ],
)
def test_later_annotation_of_an_annotator_is_rejected_whether_it_agrees(judge, label, reason):
    rows = judge({"corpus.csv": f"{HEAD}{JUDGEMENTS}1,an old post,ann,GB,{label}\n"}, **ENTRY)
    assert reasons(rows) == [reason]
    assert rows["rejected_by"].dropna().tolist() == ["gathering"]
    assert by_example(rows, "label_counts")["an old post GB"] == [1.0, 2.0]


def test_annotator_of_two_cultures_ends_the_run(judge):
    with pytest.raises(CorpusError) as error:
        judge({"corpus.csv": f"{HEAD}{JUDGEMENTS}2,another one,ann,SG,hate\n"}, **ENTRY)
    assert "corpus 'reviews': annotator 'ann' is of the cultures 'GB', 'SG'" in str(error.value)


def test_unnamed_annotators_are_all_counted(judge):
    content = HEAD + "1,an old post,,GB,hate\n1,an old post,,GB,hate\n"
    assert by_example(judge({"corpus.csv": content}, **ENTRY), "label_counts") == {
        "an old post GB": [0.0, 2.0]
    }


def test_rows_of_a_task_that_counts_are_annotations_without_being_declared(judge):
    rows = judge({"corpus.csv": HEAD + JUDGEMENTS}, **ENTRY | {"annotations": None})
    assert by_example(rows, "label_counts")["an old post GB"] == [1.0, 2.0]


def test_culture_with_one_annotation_is_kept(judge):
    rows = judge({"corpus.csv": HEAD + JUDGEMENTS}, **ENTRY)
    assert by_example(rows, "num_annotations")["another one SG"] == 1


def test_label_outside_the_set_is_rejected_and_not_counted(judge):
    rows = judge({"corpus.csv": f"{HEAD}{JUDGEMENTS}1,an old post,flo,GB,2\n"}, **ENTRY)
    assert reasons(rows) == ["label '2' is not one of 'not_hate', 'hate'"]
    assert by_example(rows, "num_annotations")["an old post GB"] == 3


@pytest.mark.parametrize(
    ("line", "changes", "reason"),
    [
        ("1,a new post,flo,GB,hate\n", {}, "its text is another than that of the first annotation"),
        (
            "1,an old post,flo,GB,hate\n",
            {"region": {"column": "annotator", "map": {"flo": "IE"}, "default": "GB"}},
            "its region 'IE' is not 'GB', as the first annotation of its text says",
        ),
    ],
)
def test_annotation_that_says_other_things_of_its_text_is_rejected(judge, line, changes, reason):
    rows = judge({"corpus.csv": HEAD + JUDGEMENTS + line}, **ENTRY | changes)
    (given,) = reasons(rows)
    assert reason in given


def test_texts_in_two_languages_may_share_a_group(judge):
    content = (
        HEAD.replace("ID", "ID,lang") + "1,en,good day,ann,GB,hate\n1,de,guten Tag,bob,DE,hate\n"
    )
    rows = judge({"corpus.csv": content}, **ENTRY, language={"column": "lang"})
    assert rows["rejected_by"].isna().all()
    assert rows["group_id"].nunique() == 1
    assert rows["pooled_label_counts"].tolist() == [[0.0, 1.0], [0.0, 1.0]]


def test_text_in_two_splits_stays_in_the_later_one(judge):
    content = (
        HEAD.replace("ID", "ID,part") + "1,train,a post,ann,GB,hate\n1,test,a post,bob,GB,hate\n"
    )
    rows = judge({"corpus.csv": content}, **ENTRY, split={"column": "part"})
    assert reasons(rows) == ["rows of its group stand in test"]
    assert by_example(rows, "num_annotations") == {"a post GB": 1.0}


def test_every_annotation_is_gathered_or_rejected(judge, hate):
    bad = "1,an old post,ann,GB,hate\n3,,bob,GB,hate\n3,a post,bob,GB,2\nbroken\n"
    rows = judge({"corpus.csv": HEAD + JUDGEMENTS + bad}, **ENTRY)
    summary = summarise({"reviews": lambda: rows}, hate)
    report = report_ingestion(*summary)
    assert (report["num_rows_read"], report["num_rows_kept"], report["num_rows_rejected"]) == (
        10,
        6,
        4,
    )
    assert report["num_examples_gathered"] == report["num_examples_kept"] == 3
    assert sum(reason["num_rows"] for reason in report["rejected"]) == 4
    assert summary.fingerprints["reviews"]["num_annotations"] == 6
    assert {group["culture"]: group["num_examples_kept"] for group in report["by_culture"]} == {
        "": 0,
        "GB": 1,
        "SG": 2,
    }


@pytest.mark.parametrize(
    ("lines", "given", "num_annotations"),
    [
        ("an old post,GB,10,20,30\nanother,SG,5,0,5\n", {}, 35),
        ("an old post,GB,0.3,0.7,30\nanother,SG,1,0,5\n", {"num_annotations": "n"}, 35),
        ("an old post,GB,0.3,0.7,30\nanother,SG,1,0,5\n", {}, None),
        ("an old post,GB,10,20,30\nanother,SG,,0,5\n", {}, 30),
    ],
    ids=["counts", "shares of a known number", "shares", "a rejected row"],
)
def test_fingerprint_of_distributions_counts_annotations_where_they_are_known(
    judge, hate, lines, given, num_annotations
):
    annotations = DISTRIBUTION["annotations"] | given
    content = f"text,country,no,yes,n\n{lines}"
    rows = judge({"corpus.csv": content}, **DISTRIBUTION | {"annotations": annotations})
    needed = [column for column in rows if column in NEEDED | {"label"}]
    summary = summarise({"reviews": lambda: rows[needed]}, hate)
    assert summary.fingerprints["reviews"].get("num_annotations") == num_annotations


def test_report_of_one_label_a_row_does_not_speak_of_examples(curate, sentiment):
    rows = curate([{"text": "a text"}, {"text": ""}])
    report = report_ingestion(*summarise({"reviews": lambda: rows}, sentiment))
    assert not [name for name in report if "examples" in name]


def test_fingerprint_changes_with_a_label_though_the_ids_do_not(judge, hate):
    def fingerprint(content):
        rows = judge({"corpus.csv": content}, **ENTRY)
        return summarise({"reviews": lambda: rows}, hate).fingerprints["reviews"]["fingerprint"]

    first = fingerprint(HEAD + JUDGEMENTS)
    assert first == fingerprint(HEAD + JUDGEMENTS)
    assert first != fingerprint(HEAD + JUDGEMENTS.replace("dan,SG,not_hate", "dan,SG,hate"))


def test_example_that_repeats_another_takes_its_annotations_to_quarantine(judge, hate):
    again = "5,An old  post,ann,GB,hate\n5,An old post,bob,GB,hate\n"
    rows = judge({"corpus.csv": HEAD + JUDGEMENTS + again}, **ENTRY)
    rejected = select_rejected(rows, tasks=hate)
    assert rejected["reason"].str.startswith("the same text as example").all()
    content = json.loads(rejected["content"].item())
    assert content["label_counts"] == [0.0, 2.0]
    assert [annotation["annotator"] for annotation in content["annotations"]] == ["ann", "bob"]
    assert report_ingestion(*summarise({"reviews": lambda: rows}, hate))["num_rows_rejected"] == 2


def test_examples_have_the_columns_of_the_task(judge, hate):
    examples = select_examples(judge({"corpus.csv": HEAD + JUDGEMENTS}, **ENTRY), tasks=hate)
    assert {"label_counts", "pooled_label_counts", "num_annotations"} <= set(examples)
    assert not {"annotations", "annotator", "num_source_rows"} & set(examples)
    assert examples["label"].isna().tolist() == [False, True, False]


def test_single_annotations_of_kept_examples_have_their_attributes(judge):
    content = (
        "ID,text,annotator,country,label,age,sex\n"
        "1,a post,ann,GB,hate,31.0,DATA_EXPIRED\n1,a post,bob,GB,hate,,m\n"
    )
    annotator = {
        "annotator": {"column": "annotator"},
        "attributes": {
            "age": {"column": "age"},
            "gender": {"column": "sex", "map": {"DATA_EXPIRED": "", "m": "male"}},
        },
    }
    rows = judge({"corpus.csv": content}, **ENTRY | {"annotations": annotator})
    table = select_annotations(rows)
    assert list(table) == [
        "example_id",
        "group_id",
        "annotator",
        "culture",
        "label",
        "age",
        "gender",
    ]
    assert table["example_id"].tolist() == [rows["id"].iloc[0]] * 2
    assert table[["annotator", "culture", "label", "age"]].fillna("-").to_numpy().tolist() == [
        ["ann", "GB", "hate", "31"],
        ["bob", "GB", "hate", "-"],
    ]
    assert table["gender"].fillna("-").tolist() == ["-", "male"]


def test_corpus_of_rejected_annotations_alone_is_all_quarantine(judge, hate):
    rows = judge({"corpus.csv": f"{HEAD}1,a post,ann,GB,2\n"}, **ENTRY)
    assert len(select_examples(rows, tasks=hate)) == len(select_annotations(rows)) == 0
    assert len(select_rejected(rows, tasks=hate)) == 1


@pytest.mark.parametrize(
    ("lines", "certainty"),
    [
        ("a,1,0\nb,0,1\n", "; each is 1 or 0, taken as one annotation"),
        ("a,3,0.5\nb,0,0\n", ", as none fits any unit"),
    ],
)
def test_unit_that_no_number_tells_is_told_with_the_reason(judge, lines, certainty, caplog):
    caplog.set_level("INFO")
    judge({"corpus.csv": f"text,no,yes\n{lines}"}, **WITHOUT_CULTURE)
    expected = f"corpus 'reviews': its distributions are counts of annotations{certainty}"
    (message,) = [text for text in caplog.messages if "its distributions are" in text]
    assert message.startswith(expected)


def test_corpus_of_no_distributions_says_why_and_how_often(judge, caplog):
    content = "text,no,yes\na,3,0.5\nb,0,0\nc,x,1\nd,4,0.5\n"
    rows = judge({"corpus.csv": content}, **WITHOUT_CULTURE)
    assert len(reasons(rows)) == 4
    (message,) = [text for text in caplog.messages if "is gathered" in text]
    given = "the corpus gives counts, and these are whole numbers of at least one annotation"
    assert message == (
        "corpus 'reviews': none of its 4 judgements is gathered, all are rejected: "
        f"3 as the distribution 3, 0.5 sums to 3.5: {given}; "
        "1 as the distribution's 'not_hate' is 'x', no number such as 3 or 0.25"
    )


def test_group_that_does_not_name_the_text_is_told_once_for_the_corpus(judge, caplog):
    lines = (
        "1,a post,ann,GB,hate\n1,another,bob,GB,hate\n1,a third,cat,GB,hate\n"
        "2,a fourth,ann,GB,hate\n2,a fifth,bob,GB,hate\n3,one alone,ann,GB,hate\n"
    )
    rows = judge({"corpus.csv": HEAD + lines}, **ENTRY)
    assert len(reasons(rows)) == 3
    (message,) = [text for text in caplog.messages if "more than one text" in text]
    assert message == (
        "corpus 'reviews': 2 of its 3 groups hold more than one text, and 3 judgements of others "
        "than their first one are rejected; `group` is to name the text: name another column, or "
        "leave group out, and the cleaned text names it (parameters/corpora.yml)"
    )


@pytest.mark.parametrize("scale", [1, 0.25])
def test_distribution_of_the_source_is_taken_as_counts_or_as_shares(judge, scale, caplog):
    caplog.set_level("INFO")
    counts = [(1, 3), (2, 2), (4, 0)]
    lines = "".join(f"post {i},GB,{a * scale},{b * scale}\n" for i, (a, b) in enumerate(counts))
    rows = judge({"corpus.csv": f"text,country,no,yes\n{lines}"}, **DISTRIBUTION)
    assert rows["label_counts"].tolist() == [[a * scale, b * scale] for a, b in counts]
    assert rows["label"].fillna("tie").tolist() == ["hate", "tie", "not_hate"]
    assert rows["num_annotations"].isna().all() == (scale < 1)
    assert f"distributions are {'counts' if scale == 1 else 'shares'} of annotations" in caplog.text


def test_counts_of_several_cultures_are_pooled_and_have_no_single_annotations(judge):
    rows = judge({"corpus.csv": COUNTED}, **DISTRIBUTION)
    assert rows["pooled_label_counts"].tolist() == [[2.0, 3.0], [2.0, 3.0], [4.0, 0.0]]
    assert rows["num_annotations"].tolist() == [3.0, 2.0, 4.0]
    assert select_annotations(rows).empty


@pytest.mark.parametrize(
    ("numbers", "counts"),
    [
        ("0.33,0.67,3", [1.0, 2.0]),  # rounded shares of whole numbers
        ("0.66,0.34,3", [2.0, 1.0]),  # the last one made up what is left to 1
        ("0.6,0.4,5", [3.0, 2.0]),
        ("0.25,0.75,2", [0.5, 1.5]),  # shares of no whole numbers, such as weighted ones
        ("0.32,0.68,3", [0.96, 2.04]),  # farther off than rounding
    ],
)
def test_shares_of_a_known_number_become_counts(judge, numbers, counts):
    annotations = DISTRIBUTION["annotations"] | {"num_annotations": "n"}
    content = f"text,country,no,yes,n\na post,GB,{numbers}\n"
    rows = judge({"corpus.csv": content}, **DISTRIBUTION | {"annotations": annotations})
    assert rows["label_counts"].tolist() == [pytest.approx(counts)]
    assert rows["num_annotations"].tolist() == [float(numbers[-1])]


@pytest.mark.parametrize("hate", [of_labels(THREE)], ids=["three labels"])
@pytest.mark.parametrize(
    ("numbers", "label"),
    [
        ("0.33,0.33,0.34,3", "tie"),  # one of each, for n says so
        ("0.33,0.33,0.34,", "yes"),
        ("0.33,0.33,0.33,", "tie"),
        ("0.333,0.333,0.333,", "tie"),
    ],
)
def test_tie_of_three_labels_needs_equal_shares_or_their_number(judge, numbers, label):
    annotations = {"distribution": {name: name for name in THREE}}
    if numbers[-1] != ",":
        annotations["num_annotations"] = "n"
    content = f"text,no,perhaps,yes,n\na post,{numbers}\n"
    rows = judge({"corpus.csv": content}, columns={"text": "text"}, annotations=annotations)
    assert rows["label"].fillna("tie").tolist() == [label]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("third,GB,0.5,0.2,1\n", "the distribution 0.5, 0.2 sums to 0.7: the corpus gives counts"),
        ("third,GB,0,0,1\n", "the distribution 0, 0 sums to 0: the corpus gives counts"),
        ("third,GB,x,1,1\n", "the distribution's 'not_hate' is 'x', no number such as 3 or 0.25"),
        ("third,GB,-1,1,1\n", "the distribution's 'not_hate' is '-1', no number such as 3"),
        ("third,GB,2_0,1,1\n", "the distribution's 'not_hate' is '2_0', no number such as 3"),
        ("third,GB,٣,1,1\n", "the distribution's 'not_hate' is '٣', no number such as 3"),
        ("third,GB,inf,1,1\n", "the distribution's 'not_hate' is 'inf', no number such as 3"),
        ("third,GB,1e999,1,1\n", "the distribution's 'not_hate' is '1e999', no number such as 3"),
        ("third,GB,1,,1\n", "the distribution's 'hate' is empty"),
        (
            "another,SG,2,1,3\n",
            "an earlier row gives the distribution of the same text and culture",
        ),
    ],
)
def test_row_that_is_no_distribution_is_rejected(judge, line, reason):
    (given,) = reasons(judge({"corpus.csv": COUNTED + line}, **DISTRIBUTION))
    assert given.startswith(reason)


@pytest.mark.parametrize(
    "lines",
    [
        "first,25,75\nsecond,50,50\nthird,0,100\n",
        "first,33.3,66.7\nsecond,12.5,87.5\nthird,99,2\n",
        "first,33,66\nsecond,50,50\nthird,1,2\n",  # rounded to whole percent; one row is none
    ],
)
def test_numbers_that_sum_to_100_are_asked_about(judge, lines):
    with pytest.raises(ConfigurationError) as error:
        judge({"corpus.csv": f"text,no,yes\n{lines}"}, **WITHOUT_CULTURE)
    number = 2 if lines.endswith("1,2\n") else 3
    assert (
        f"corpus 'reviews': {number} of its 3 distributions sum to 100, as percent do, and counts "
        "of 100 annotations each; say which they are, annotations.unit: percent or "
        "annotations.unit: counts (parameters/corpora.yml)"
    ) in str(error.value)


def test_counts_of_100_annotations_that_are_numbered_are_not_asked_about(judge):
    content = "text,no,yes,n\nfirst,25,75,100\nsecond,50,50,100\n"
    annotations = DISTRIBUTION["annotations"] | {"num_annotations": "n"}
    rows = judge({"corpus.csv": content}, **WITHOUT_CULTURE | {"annotations": annotations})
    assert rows["label_counts"].tolist() == [[25, 75], [50, 50]]


@pytest.mark.parametrize(
    ("unit", "numbers", "counts", "num_annotations"),
    [
        ("percent", "25,75", [0.25, 0.75], None),
        ("percent", "33.3,66.7", [0.333, 0.667], None),
        ("percent", "33,67,3", [1, 2], 3),
        ("counts", "25,75", [25, 75], 100),
        ("shares", "0,1", [0, 1], None),
        ("counts", "0,1", [0, 1], 1),
    ],
)
def test_unit_says_what_the_numbers_are(judge, unit, numbers, counts, num_annotations):
    annotations = DISTRIBUTION["annotations"] | {"unit": unit}
    head = "text,no,yes"
    if numbers.count(",") == 2:
        annotations["num_annotations"] = "n"
        head += ",n"
    content = f"{head}\na post,{numbers}\n"
    rows = judge({"corpus.csv": content}, **WITHOUT_CULTURE | {"annotations": annotations})
    assert rows["label_counts"].tolist() == [pytest.approx(counts)]
    (found,) = rows["num_annotations"]
    assert pd.isna(found) if num_annotations is None else found == num_annotations


def test_row_of_another_unit_is_rejected(judge):
    annotations = DISTRIBUTION["annotations"] | {"unit": "percent"}
    content = "text,no,yes\na,25,75\nb,0.25,0.75\n"
    rows = judge({"corpus.csv": content}, **WITHOUT_CULTURE | {"annotations": annotations})
    assert reasons(rows) == [
        "the distribution 0.25, 0.75 sums to 1: the corpus gives percent, and these are to sum to "
        "100"
    ]


def test_shares_that_do_not_sum_to_1_are_rejected(judge):
    content = "text,country,no,yes\nfirst,GB,0.5,0.5\nsecond,GB,0.2,0.8\nthird,GB,0.5,0.2\n"
    (reason,) = reasons(judge({"corpus.csv": content}, **DISTRIBUTION))
    assert reason == (
        "the distribution 0.5, 0.2 sums to 0.7: the corpus gives shares, and these are to sum to 1"
    )


@pytest.mark.parametrize(
    ("n", "reason"),
    [
        ("5", "the distribution 1, 1 sums to 2, and num_annotations is 5"),
        ("many", "num_annotations is 'many', no whole number from 1"),
        ("1_0", "num_annotations is '1_0', no whole number from 1"),
    ],
)
def test_counts_that_are_not_their_number_are_rejected(judge, n, reason):
    annotations = DISTRIBUTION["annotations"] | {"num_annotations": "n"}
    content = f"{COUNTED}third,GB,1,1,{n}\n"
    rows = judge({"corpus.csv": content}, **DISTRIBUTION | {"annotations": annotations})
    assert reasons(rows) == [reason]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"distribution": {"not_hate": "no"}}, "does not say which column counts 'hate'"),
        (
            {"distribution": {"not_hate": "no", "hat": "yes"}},
            "counts 'hat', which is no label of the task 'hate'; did you mean 'hate'?",
        ),
    ],
)
def test_distribution_counts_the_labels_of_the_task(judge, changes, message):
    with pytest.raises(ConfigurationError) as error:
        judge({"corpus.csv": COUNTED}, **DISTRIBUTION | {"annotations": changes})
    assert message in str(error.value)


def test_distribution_takes_no_label_beside_it(judge):
    with pytest.raises(ConfigurationError, match="has no column 'label'"):
        judge(
            {"corpus.csv": COUNTED}, **DISTRIBUTION | {"columns": {"text": "text", "label": "no"}}
        )


def test_annotations_for_a_task_of_one_label_name_the_kind_to_use(read_files):
    with pytest.raises(ConfigurationError) as error:
        read_files({"corpus.csv": "text,label\na,neutral\n"}, annotations={})
    assert "the task 'sentiment' has one label a text; make its kind label_distribution" in str(
        error.value
    )


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        ({"distribution": {"a": "b"}, "annotator": "x"}, "a distribution has no annotator"),
        ({"num_annotations": "n"}, "num_annotations belongs to a distribution"),
        ({"unit": "percent"}, "unit belongs to a distribution"),
        ({"distribution": {"a": "n"}, "unit": "per cent"}, "'counts', 'shares' or 'percent'"),
        ({"distribution": {"a": "n", "b": "n"}}, "distribution: 'n' is named twice, and a column"),
        (
            {"distribution": {"a": "n", "b": "m"}, "num_annotations": "m"},
            "distribution: 'm' is named twice",
        ),
        ({"attributes": {"label": "x"}}, "attributes: 'label' is a column of every table"),
        ({"annotators": "x"}, "unknown key 'annotators'; did you mean 'annotator'?"),
    ],
)
def test_annotations_that_contradict_themselves_are_refused(make_entry, annotations, message):
    with pytest.raises(ValueError, match="reviews") as error:
        make_entry(annotations=annotations)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("index", "files"),
    [
        (
            0,
            {
                "annotations.csv": "ID,annotator,country,age,label\n1,ann,GB,31,hate\n"
                "1,bob,GB,,hate\n1,eve,SG,40,not_hate\n",
                "texts_train.csv": "ID,text\n1,a post\n",
            },
        ),
        (1, {"posts.csv": "ID,text,GB_label,SG_label\n1,a post,hate,not_hate\n"}),
        (2, {"counted.csv": "text,country,no,yes\na post,GB,0,3\na post,SG,2,1\n"}),
    ],
)
def test_entries_of_the_guide_do_what_it_says(judge, tmp_path, index, files):
    blocks = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "posts").mkdir()
    entry = {"ratios": None, "split": None} | yaml.safe_load(blocks[index])["corpora"]["posts"]
    rows = judge({f"posts/{name}": content for name, content in files.items()}, **entry)
    assert by_example(rows, "label") == {"a post GB": "hate", "a post SG": "not_hate"}
