import pandas as pd
from tests.benchmarks.results import Run, section, write_section

HEAD = "# Results by environment"


def scores_of(metrics, *, corpus="toy", task="topic"):
    rows = [
        {
            "task": task,
            "corpus": corpus,
            "split": "test",
            "system": system,
            "slice": slice_name,
            "group": group,
            "metric": metric,
            "is_headline": metric == metrics[0],
            "score": score,
            "low": score - 0.1,
            "high": score + 0.1,
            "n": 40,
            "baseline": "tfidf",
            "difference": 0.1,
            "difference_low": 0.0,
            "difference_high": 0.2,
            "is_small": group == "sw",
            "num_unlabelled": 0,
        }
        for metric in metrics
        for system, score in (("tfidf", 0.5), ("finetuned", 0.6))
        for slice_name, group in (
            ("all", "all"), ("all", "language_average"), ("language", "es"), ("language", "sw"),
        )
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_section_has_a_row_for_all_for_the_mean_and_for_each_language():
    run = Run("toy", scores_of(["macro_f1", "accuracy"]), "training.epochs=1", 2.4, 1)
    lines = section(run).splitlines()
    assert lines[2] == "`kedro run --env toy --params training.epochs=1`, 2 min on 1 core."
    assert lines[4].startswith("| topic: macro-F1 | n | Fine-tuned | TF-IDF")
    assert lines[4].endswith("| accuracy |")
    assert [line.split(" | ")[0] for line in lines[6:]] == [
        "| all rows", "| mean over languages", "| es", "| sw"
    ]  # fmt: skip
    assert lines[6].split(" | ")[1:3] == ["40", "60.0 (50.0 to 70.0)"]
    assert lines[9].split(" | ")[1] == "40 \\*"


def test_published_scores_stand_beside_those_of_their_metric_with_their_source():
    scores = scores_of(["entity_f1"], corpus="masakhaner2", task="entities")
    lines = section(Run("masakhaner2", scores, "", 9, 2)).splitlines()
    assert lines[4].split(" | ")[4:6] == ["XLM-R base", "XLM-R large"]
    assert [line.split(" | ")[4] for line in lines[6:10]] == ["–", "87.8", "–", "92.2"]
    assert lines[-1].startswith("Published: Adelani et al. (EMNLP 2022)")


def test_section_replaces_its_own_and_leaves_the_others(tmp_path):
    page = tmp_path / "results.md"
    for name, text in (("b", "## b\n\nold\n"), ("a", "## a\n"), ("b", "## b\n\nnew\n")):
        write_section(name, text, page)
    written = page.read_text(encoding="utf-8")
    assert written.startswith(HEAD)
    assert written.index("## a") < written.index("## b")
    assert "new" in written
    assert "old" not in written


def test_primary_metric_stands_beside_the_published_one():
    scores = scores_of(["micro_f1", "relation_macro_f1"], corpus="relx", task="relation")
    head = section(Run("relx", scores, "", 9, 2)).splitlines()[4]
    assert head.startswith("| relation: macro-F1 of the relations | n |")
    assert head.endswith("| micro-F1 |")


def test_entities_are_told_by_type():
    scores = scores_of(["entity_f1"], task="entities")
    of_types = scores[scores["slice"] == "language"].assign(slice="label", metric="f1")
    of_types["group"] = of_types["group"].map({"es": "PER", "sw": "LOC"})
    lines = section(Run("toy", pd.concat([scores, of_types]), "", 9, 2)).splitlines()
    assert lines[-1] == "F1 by type, with the number of entities: LOC 60.0 (40), PER 60.0 (40)."
