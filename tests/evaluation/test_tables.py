"""The tables for people: the terminal's, the comparison with published scores, the stages'."""

import numpy as np
import pandas as pd
import pytest

from ccnlp.evaluation.naming import describe_group, short_group
from ccnlp.evaluation.parameters import PublishedScores
from ccnlp.evaluation.published import benchmark_table, compare_with_published
from ccnlp.evaluation.scores import score_predictions
from ccnlp.evaluation.stages import MAX_ROWS, PAIR_COLUMNS, tables_of, with_round_trips
from ccnlp.evaluation.summary import group_rows, summarise
from ccnlp.evaluation.terminal import scores_table

LABELS = ("negative", "neutral", "positive")


@pytest.fixture
def scores(make_predictions, tasks, parameters):
    reference = list(LABELS) * 40
    answers = {
        "majority": ["negative"] * 120,
        "tfidf": [*reference[60:], *["neutral"] * 60],
        "probe": reference[::-1],
        "champion": ["neutral", *reference[1:]],
        "finetuned": reference,
    }
    table = make_predictions(
        reference,
        answers,
        language=["es"] * 90 + ["sw"] * 30,
        culture=["MX"] * 50 + ["ES"] * 40 + ["KE"] * 30,
    )
    return score_predictions(table, tasks, parameters)


@pytest.fixture
def published():
    return PublishedScores(
        corpus="reviews",
        metric="macro_f1",
        source="A. Nonymous, 2020",
        systems={"fastText": {"es": 51.5, "average": 49.46}, "XLM-R": {"sw": 60.0}},
    )


def test_terminal_table_has_every_system_and_group(scores):
    lines = scores_table(scores, task="sentiment").splitlines()
    assert max(map(len, lines)) <= 93
    heads = [line.split("  ")[0].strip() for line in lines]
    for name in ("all rows", "mean over languages", "es", "sw", "es-MX", "es-ES", "sw-KE"):
        assert name in heads
    overall = next(line for line in lines if line.startswith("all rows"))
    assert overall.endswith("100.0 100–100")
    assert overall.count("–") == 5
    assert lines[-1].startswith("fine-tuned minus TF-IDF, all rows: +")


def test_terminal_tells_how_near_systems_come_to_distributions(
    scores, make_predictions, tasks, parameters
):
    assert "similarity" not in scores_table(scores)
    reference = list(LABELS) * 20
    distances = {"jensen_shannon_distance": 0.25, "cross_entropy": 1.0}
    table = make_predictions(reference, {"tfidf": reference, "finetuned": reference}, **distances)
    text = scores_table(score_predictions(table, tasks, parameters))
    section = text.partition("distribution similarity: 100 less the distance")[2]
    assert "all rows                 60  75.0 75–75   75.0 75–75" in section
    assert text.endswith("likewise in distribution similarity: +0.0 (+0.0 to +0.0)")


def test_terminal_table_marks_small_groups(scores, parameters):
    small = scores.assign(is_small=scores["group"] == "sw-KE")
    text = scores_table(small)
    assert next(line for line in text.splitlines() if line.startswith("sw-KE")).split()[1] == "30*"
    note = "* few rows: read the interval, not the score"
    assert note in text
    assert note not in scores_table(scores.assign(is_small=False))


def test_small_groups_stand_without_an_interval(scores):
    ends = ["low", "high", "difference_low", "difference_high"]
    is_small = scores["group"].isin(["sw", "sw-KE"])
    small = scores.assign(is_small=is_small)
    small.loc[is_small, ends] = np.nan
    lines = scores_table(small).splitlines()
    assert next(line for line in lines if line.startswith("sw-KE")).endswith("100.0")
    assert not any("nan" in line for line in lines)
    (row,) = [row for row in group_rows(small, "language") if row.key == "sw"]
    assert str(row.cells["finetuned"].score) == "100.0 (too few rows)"
    assert row.cells["finetuned"].difference.signed.endswith(" (too few rows)")
    assert row.cells["finetuned"].difference.verdict == "open"


def test_rows_without_a_label_are_told_and_have_no_numbers(make_predictions, tasks, parameters):
    reference = pd.array([*["negative", "positive"] * 40, *[pd.NA] * 9], dtype="string")
    answers = ["negative"] * 89
    table = make_predictions(
        reference, {"tfidf": answers, "finetuned": answers}, culture=["MX"] * 80 + ["ES"] * 9
    )
    scores = score_predictions(table, tasks, parameters)
    lines = scores_table(scores).splitlines()
    assert next(line for line in lines if line.startswith("es-ES")).split() == [
        "es-ES",
        "0*",
        "–",
        "–",
    ]
    (row,) = [row for row in group_rows(scores, "culture") if row.key == "ES"]
    cell = row.cells["finetuned"]
    assert (str(cell.score), cell.difference.signed) == ("–", "–")
    assert "9 more have no label, and no part in the scores." in summarise(scores, task="sentiment")
    unlabelled = score_predictions(table[table["culture"] == "ES"], tasks, parameters)
    assert summarise(unlabelled, task="sentiment") == [
        "None of the 9 test rows has a label, so nothing was judged."
    ]


def test_terminal_table_says_nothing_twice_where_no_culture_is_stated(
    make_predictions, tasks, parameters
):
    table = make_predictions(["negative"], {"tfidf": ["negative"]}, culture="und")
    text = scores_table(score_predictions(table, tasks, parameters))
    assert "by language" in text
    assert "by language and culture" not in text


def test_terminal_table_without_test_rows_says_so(scores):
    assert scores_table(scores.assign(split="validation")) == "sentiment: no scores on test"


def test_published_scores_stand_beside_ours(scores, published):
    lines = benchmark_table(scores, published).splitlines()
    assert lines[0] == "reviews: macro-F1 on test in percent, beside A. Nonymous, 2020."
    assert lines[2].startswith("| language | n | Majority |")
    assert lines[2].endswith("| Fine-tuned | fastText | XLM-R |")
    assert lines[4].startswith("| Spanish | 90 |")
    assert lines[4].endswith("| 100.0 (100.0 to 100.0) | 51.5 | – |")
    assert lines[5].endswith("| – | 60.0 |")
    assert lines[6].startswith("| mean over languages | 120 |")
    assert lines[6].endswith("| 49.5 | – |")


def test_published_scores_of_a_corpus_that_was_not_scored_are_left_out(scores, published):
    assert compare_with_published(scores, published.model_copy(update={"corpus": "other"})) is None
    assert benchmark_table(scores, None).startswith("No published scores")


def test_stage_report_becomes_tables():
    report = {
        "num_rows_read": 1200,
        "routes": ["en>es>en", "en>ca>en"],
        "is_enabled": True,
        "accepted_by": {"split": {"train": 10, "test": 2}, "language": {"es": 12}},
        "rejected": [{"reason": "empty", "num_rows": 3}, {"reason": "long"}],
    }
    plain, by_split, by_language, rejected = tables_of(report)
    assert plain.rows == (
        ("rows read", "1,200"),
        ("routes", "en>es>en, en>ca>en"),
        ("is enabled", "yes"),
    )
    assert (by_split.title, by_split.rows) == (
        "accepted by split",
        (("train", "10"), ("test", "2")),
    )
    assert by_language.rows == (("es", "12"),)
    assert rejected.columns == ("reason", "rows")
    assert rejected.rows == (("empty", "3"), ("long", ""))


def test_report_on_augmentation_shows_routes_and_a_few_pairs_of_each_language():
    counts = pd.DataFrame({"language": ["es", "yo"], "pivot": ["en", ""], "kept": [3, 0]})
    pairs = pd.DataFrame(
        [
            (language, "en", "positive", f"texto {row}", f"text {row}", rejected_by)
            for language in ("es", "fr")
            for rejected_by in ("", "novelty")
            for row in range(4)
        ],
        columns=PAIR_COLUMNS,
    )
    report = with_round_trips({"kept": 3}, counts, pairs)
    plain, by_route, side_by_side = tables_of(report)
    assert plain.rows == (("kept", "3"),)
    assert by_route.rows == (("es", "en", "3"), ("yo", "", "0"))
    assert [row[0] + row[5] for row in side_by_side.rows] == [
        *["es"] * 2, *["esnovelty"] * 2, *["fr"] * 2, *["frnovelty"] * 2,
    ]  # fmt: skip


def test_stage_table_of_a_frame_is_cut_and_counted():
    frame = pd.DataFrame({"language": [f"l{i}" for i in range(MAX_ROWS + 3)], "share": 0.25})
    (table,) = tables_of(frame)
    assert table.columns == ("language", "share")
    assert table.rows[0] == ("l0", "0.25")
    assert len(table.rows) == MAX_ROWS
    assert table.num_left_out == 3


def test_numbers_of_a_frame_are_read_like_those_of_json():
    (table,) = tables_of(pd.DataFrame({"n": np.array([1234]), "x": np.array([0.123456])}))
    assert table.rows == (("1,234", "0.123"),)


@pytest.mark.parametrize(
    ("slice_name", "group", "name"),
    [
        ("language", "es", "Spanish"),
        ("language", "zh-Hant", "Chinese (Traditional)"),
        ("language", "pt-BR", "Portuguese (Brazil)"),
        ("language", "und", ""),
        ("culture", "KE", "Kenya"),
        ("culture", "millennials", ""),
        ("language_culture", "sw-KE", "Swahili, Kenya"),
        ("language_culture", "zh-Hant-TW", "Chinese (Traditional), Taiwan"),
        ("language_culture", "de-und", "German"),
        ("language_culture", "fr-maghreb-fr", "French"),
        ("language_culture", "de-turkish-de", "German"),
        ("language_culture", "pt-BR-BR", "Portuguese (Brazil), Brazil"),
        ("language_culture", "tweets", ""),
        ("domain", "news", ""),
    ],
)
def test_group_is_described(slice_name, group, name):
    assert describe_group(slice_name, group) == name


def test_short_key_leaves_out_what_nobody_stated():
    assert short_group("language_culture", "de-und") == "de"
    assert short_group("language_culture", "de-AT") == "de-AT"
