import json

import pandas as pd
import pytest

from ccnlp.corpora import report as reports
from ccnlp.corpora.plots import draw_cultures, draw_languages, draw_rejections
from ccnlp.corpora.report import CorpusSummary, report_ingestion

ROWS = [
    {"text": "schÃ¶n war es", "label": "positive", "language": "de", "culture": "AT"},
    {"text": "Nicht schlecht", "label": "positive", "language": "de", "culture": "AT"},
    {"text": "nicht schlecht", "label": "negative", "language": "de", "culture": "AT"},
    {"text": "A decent place", "label": "neutral", "culture": "NA", "split": "test"},
    {"text": "A decent place ", "label": "neutral", "culture": "NA", "split": "test"},
    {"text": "", "label": "negative", "culture": "GB"},
    {"text": " ", "label": "negative", "culture": "GB"},
]


class Sentiment:
    input_columns = ("text",)
    target_columns = ("label",)
    key_columns = ()


class Tagging:
    input_columns = ("tokens",)
    target_columns = ("tags",)
    key_columns = ()


def summarise(corpora) -> CorpusSummary:
    return reports.summarise(corpora, {"sentiment": Sentiment(), "tagging": Tagging()})


@pytest.fixture
def summary(curate):
    return summarise({"reviews": lambda: curate(ROWS)})


@pytest.fixture
def report(summary):
    return report_ingestion(*summary)


def test_row_counts_hold_every_row_once(summary) -> None:
    counts = summary.row_counts
    assert counts["num_rows"].sum() == len(ROWS)
    kept = counts[counts["rejected_by"] == ""].set_index(["split", "culture", "label"])["num_rows"]
    assert kept.to_dict() == {
        ("test", "NA", "neutral"): 1,
        ("train", "AT", "negative"): 1,
        ("train", "AT", "positive"): 2,
    }


def test_rejection_counts_put_reasons_of_a_kind_together(summary) -> None:
    rejections = summary.rejection_counts.set_index("reason")
    assert rejections["num_rows"].to_dict() == {"the text is empty": 2, "the same text as …": 1}
    assert rejections.loc["the text is empty", "example"] == (
        "the text is empty (reviews.csv, row 6)"
    )


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ("it's", "don't", "label … is not known"),
        ('it\'s "so"', '5 o\'clock "tea"', "label … is not known"),
        ("meh", "bah", "label … is not known"),
        ("back\\", "slash\\", "label … is not known"),
    ],
)
def test_reasons_that_name_different_values_are_one_kind(curate, one, other, kind) -> None:
    rows = [
        {"rejected_by": "reading", "rejection_reason": f"label {value!r} is not known"}
        for value in (one, other)
    ]
    rejections = summarise({"reviews": lambda: curate(rows)}).rejection_counts
    assert rejections["reason"].tolist() == [kind]
    assert rejections["num_rows"].tolist() == [2]


def test_apostrophe_in_a_reason_hides_nothing(curate) -> None:
    reason = "it can't be read, and the other's name is 'x'"
    rows = [{"rejected_by": "reading", "rejection_reason": reason}]
    rejections = summarise({"reviews": lambda: curate(rows)}).rejection_counts
    assert rejections["reason"].tolist() == ["it can't be read, and the other's name is …"]


def test_fingerprint_is_of_the_kept_rows_in_any_order(curate, summary) -> None:
    backwards = summarise({"reviews": lambda: curate(ROWS[:4][::-1])}).fingerprints["reviews"]
    fingerprint = summary.fingerprints["reviews"]

    assert fingerprint == backwards
    assert fingerprint["num_rows"] == 4
    assert fingerprint["licence"] == "CC0-1.0"
    assert fingerprint["sources"] == ["reviews.csv"]
    assert fingerprint["languages"] == ["de", "en"]
    assert fingerprint["cultures"] == ["AT", "NA"]
    other = summarise({"reviews": lambda: curate(ROWS[:3])}).fingerprints["reviews"]
    assert other["fingerprint"] != fingerprint["fingerprint"]


def test_fingerprint_names_every_licence(curate) -> None:
    rows = [{"text": "one", "licence": "CC0"}, {"text": "two", "licence": "CC BY"}]
    fingerprint = summarise({"reviews": lambda: curate(rows)}).fingerprints["reviews"]
    assert fingerprint["licence"] == "CC BY; CC0"


def test_report_counts_add_up_and_fit_in_json(report) -> None:
    assert json.loads(json.dumps(report)) == report
    totals = {key: value for key, value in report.items() if key.startswith("num_")}
    assert totals == {
        "num_rows_read": 7,
        "num_rows_kept": 4,
        "num_rows_rejected": 3,
        "num_mended_encoding": 1,
        "num_mended_characters": 0,
        "num_language_suspect": 0,
        "num_conflicting_labels": 2,
    }
    for column in ("split", "language", "culture", "label"):
        groups = report[f"by_{column}"]
        assert sum(group["num_rows_kept"] for group in groups) == 4
        assert sum(group["num_rows_rejected"] for group in groups) == 3


def test_report_lists_conflicts_beside_each_other(report) -> None:
    conflicts = [
        (row["text"], row["label"], row["other_labels"]) for row in report["conflicting_labels"]
    ]
    assert conflicts == [
        ("Nicht schlecht", "positive", "'negative'"),
        ("nicht schlecht", "negative", "'positive'"),
    ]


def test_report_counts_conflicts_that_were_rejected(curate) -> None:
    rows = curate(ROWS, deduplication={"conflicting_labels": "reject"})
    report = report_ingestion(*summarise({"reviews": lambda: rows}))

    assert report["num_conflicting_labels"] == 2
    assert len(report["conflicting_labels"]) == 2
    assert report["by_corpus"][0]["num_conflicting_labels"] == 2


def test_report_and_log_warn_of_languages_without_test_rows(curate, caplog) -> None:
    warnings = report_ingestion(*summarise({"reviews": lambda: curate(ROWS)}))["warnings"]
    warning = "corpus 'reviews': no row in test with the language 'de'"
    assert warning in warnings
    assert warning in caplog.messages


def copy_of(rows: pd.DataFrame, corpus: str) -> pd.DataFrame:
    return rows.assign(corpus=corpus)


def test_report_and_log_warn_of_rows_that_stand_in_two_corpora(curate, caplog) -> None:
    rows = curate(ROWS)
    moved = [{**ROWS[1], "label": "neutral"}, {**ROWS[3], "split": "train"}, ROWS[0]]
    summary = summarise(
        {
            "reviews": lambda: rows,
            "again": lambda: copy_of(rows, "again"),
            "partly": lambda: copy_of(curate(moved), "partly"),
            "other": lambda: copy_of(curate([{"text": "Else"}]), "other"),
        }
    )
    shared = {
        name: fingerprint["num_rows_shared"] for name, fingerprint in summary.fingerprints.items()
    }
    assert shared == {
        "reviews": {"again": 4, "partly": 1},
        "again": {"reviews": 4, "partly": 1},
        "partly": {"reviews": 1, "again": 1},
        "other": {},
    }
    warning = (
        "corpora 'again' and 'reviews': 4 rows stand in both with the same split and label, and "
        "count twice in training and in scores; is it one corpus under two keys?"
    )
    warnings = report_ingestion(*summary)["warnings"]
    assert warning in warnings
    assert warning in caplog.messages
    assert sum("under two keys" in warning for warning in warnings) == 3


def test_rows_with_equal_tokens_and_other_tags_are_not_the_same(curate) -> None:
    rows = curate([{"text": "a b"}, {"text": "c d"}]).assign(task="tagging")
    tagged = {
        "one": rows.assign(corpus="one", tags=[["X", "Y"], ["X", "Y"]]),
        "other": rows.assign(corpus="other", tags=[["X Y", ""], ["X", "Y"]]),
    }
    summary = summarise({name: (lambda table=table: table) for name, table in tagged.items()})
    assert summary.fingerprints["one"]["num_rows_shared"] == {"other": 1}


def test_plots_say_what_they_show(summary) -> None:
    languages = draw_languages(summary.row_counts)
    cultures = draw_cultures(summary.row_counts)
    rejections = draw_rejections(summary.row_counts, summary.rejection_counts)

    assert languages.layout.title.text == "4 examples in 2 languages; 75% are in German"
    assert [trace.name for trace in languages.data] == ["train", "test"]
    assert cultures.layout.title.text == "Labels of 2 cultures: 0% to 33% are negative"
    assert list(cultures.data[0].y) == ["Namibia · English  n = 1", "Austria · German  n = 3"]
    assert rejections.layout.title.text == "3 of 7 rows were rejected, 67% of them by cleaning"


def test_plot_of_no_rejection_says_so(curate) -> None:
    summary = summarise({"reviews": lambda: curate(ROWS[:1])})
    figure = draw_rejections(summary.row_counts, summary.rejection_counts)
    assert figure.layout.title.text == "No row was rejected"


def test_plots_of_nothing_but_rejections_say_so(curate) -> None:
    summary = summarise({"reviews": lambda: curate(ROWS[-2:])})
    for draw in (draw_languages, draw_cultures):
        assert draw(summary.row_counts).layout.title.text == "No row was kept"
    assert summary.fingerprints["reviews"]["num_rows"] == 0
    assert summary.fingerprints["reviews"]["licence"] == ""


def test_plots_of_many_cultures_stay_readable() -> None:
    counts = pd.DataFrame(
        {
            "language": "en",
            "culture": [f"group {i}" for i in range(100)],
            "label": "neutral",
            "split": "train",
            "rejected_by": "",
            "num_rows": range(1, 101),
            "num_examples": range(1, 101),
        }
    )
    figure = draw_cultures(counts)
    assert len(figure.data[0].y) == 60
    assert figure.layout.title.text.endswith("(the first 60 of 100)")
    assert figure.layout.height > 60 * 20


def test_plots_escape_culture_keys_and_labels() -> None:
    counts = pd.DataFrame(
        {
            "language": "en",
            "culture": ["<b>bold</b>", "NG"],
            "label": "<i>",
            "split": "train",
            "rejected_by": "",
            "num_rows": 1,
            "num_examples": 1,
        }
    )
    figure = draw_cultures(counts)
    shown = (figure.layout.title.text, figure.data[0].name, *figure.data[0].y)
    assert all("<" not in text for text in shown)
    assert "&lt;b&gt;bold&lt;/b&gt; · English  n = 1" in shown


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("sw", "Swahili"),
        ("zh-Hant", "Chinese (Traditional)"),
        ("es-MX", "Spanish (Mexico)"),
        ("und", "unknown"),
        ("qaa", "qaa"),
    ],
)
def test_plots_name_languages(curate, tag: str, name: str) -> None:
    summary = summarise({"reviews": lambda: curate([{"language": tag}])})
    assert draw_languages(summary.row_counts).data[0].y == (name,)
