import json
from pathlib import Path

import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.runner import SequentialRunner

from ccnlp.conditioning.parameters import CultureParameters
from ccnlp.corpora.curation import IngestionParameters
from ccnlp.corpora.entry import CorporaParameters
from ccnlp.errors import ConfigurationError, CorpusError
from ccnlp.pipelines.ingestion import nodes
from ccnlp.pipelines.ingestion.pipeline import create_pipeline
from ccnlp.tasks.parameters import TasksParameters

CONF = Path(__file__).parents[3] / "conf" / "base"
LABELS = ("negative", "neutral", "positive")
ENTRY = {
    "reader": "delimited",
    "task": "sentiment",
    "columns": {"text": "text", "label": "label"},
    "language": "en",
    "culture": {"column": "culture"},
    "split": {"column": "split"},
    "licence": "CC0-1.0",
}


def load(name: str, folder: str) -> dict:
    return yaml.safe_load((CONF / folder / f"{name}.yml").read_text(encoding="utf-8"))


@pytest.fixture
def catalog(tmp_path, monkeypatch) -> DataCatalog:
    """The project's own catalog, on an empty data folder."""
    monkeypatch.chdir(tmp_path)
    entries = {k: v for k, v in load("ingestion", "catalog").items() if not k.startswith("_")}
    catalog = DataCatalog.from_config(entries)
    catalog["params:tasks"] = TasksParameters.model_validate(load("tasks", "parameters")["tasks"])
    catalog["params:ingestion"] = IngestionParameters.model_validate(
        load("ingestion", "parameters")["ingestion"]
    )
    catalog["params:culture"] = CultureParameters.model_validate(
        load("culture", "parameters")["culture"]
    )
    return catalog


def without_encoder() -> Pipeline:
    pipeline = create_pipeline()
    return pipeline - pipeline.only_nodes("ingestion.resolve_encoder")


def write_corpus(name: str, *, labels=LABELS, splits=("train", "validation", "test")) -> None:
    rows = [
        {"text": f"{name} {split} {label}", "label": label, "culture": "NA", "split": split}
        for split in splits
        for label in labels
    ]
    rows.append({"text": "", "label": labels[0], "culture": "NA", "split": splits[0]})
    Path("data/01_raw").mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_csv(f"data/01_raw/{name}.csv", index=False)


def ingest(catalog: DataCatalog, *names: str) -> pd.DataFrame:
    entries = {name: {**ENTRY, "path": f"{name}.csv"} for name in names}
    catalog["params:corpora"] = CorporaParameters.model_validate(entries)
    SequentialRunner().run(without_encoder(), catalog)
    return catalog.load("examples@table")


def test_nodes_are_named_after_their_functions() -> None:
    for node in create_pipeline().nodes:
        assert node.name == f"ingestion.{node.func.__name__}"


def test_every_dataset_has_a_layer() -> None:
    for name, entry in load("ingestion", "catalog").items():
        assert name.startswith("_") or entry["metadata"]["kedro-viz"]["layer"]


def test_examples_and_rejected_examples_are_what_was_read(catalog) -> None:
    write_corpus("reviews")
    write_corpus("posts")
    examples = ingest(catalog, "reviews", "posts")
    rejected = pd.concat([load() for load in catalog.load("rejected_examples").values()])
    report = catalog.load("ingestion_report")

    assert len(examples) == 18
    assert len(rejected) == 2
    assert report["num_rows_read"] == 20
    assert set(examples["culture"]) == {"NA"}
    assert examples["id"].is_unique
    assert set(catalog.load("ingestion_table")["culture"]) == {"NA"}
    (namibia,) = catalog.load("culture_table").to_dict("records")
    assert namibia["culture"] == "NA"
    assert namibia["subregion"] == "018"
    assert namibia["culture_name"] == "Namibia"
    assert {n: c["num_rows"] for n, c in catalog.load("corpus_fingerprints").items()} == {
        "posts": 9,
        "reviews": 9,
    }
    plot = json.loads(Path("data/08_reporting/plots/languages.json").read_text())
    assert plot["layout"]["title"]["text"] == "18 examples in 1 language"


@pytest.mark.parametrize(
    "labels", [("0", "1"), ("true", "false"), ("01", "02"), ("1.0", "2.0"), ("null", "nan")]
)
def test_labels_that_look_like_other_types_are_text(catalog, labels) -> None:
    entry = load("tasks", "parameters")["tasks"]["sentiment"] | {"labels": list(labels)}
    catalog["params:tasks"] = TasksParameters.model_validate({"sentiment": entry})
    write_corpus("2024", labels=labels)
    examples = ingest(catalog, "2024")
    report = catalog.load("ingestion_report")

    assert set(examples["label"]) == set(labels)
    assert {group["label"] for group in report["by_label"]} == set(labels)
    assert [group["corpus"] for group in report["by_corpus"]] == ["2024"]
    plot = json.loads(Path("data/08_reporting/plots/cultures.json").read_text())
    assert {bar["name"] for bar in plot["data"]} == set(labels)


def test_second_run_gives_the_same_and_leaves_nothing_of_the_first(catalog) -> None:
    write_corpus("reviews")
    write_corpus("posts")
    first = ingest(catalog, "reviews", "posts")
    second = ingest(catalog, "reviews")

    expected = first[first["corpus"] == "reviews"].reset_index(drop=True)
    pd.testing.assert_frame_equal(second, expected)


def test_text_of_test_in_another_corpus_leaves_train(catalog) -> None:
    write_corpus("reviews")
    write_corpus("posts")
    with Path("data/01_raw/posts.csv").open("a") as file:
        file.write("Reviews TEST neutral,neutral,NA,train\n")
    examples = ingest(catalog, "reviews", "posts")
    report = catalog.load("ingestion_report")

    assert len(examples) == 18
    assert [r["num_rows"] for r in report["rejected"] if r["rejected_by"] == "leakage"] == [1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"splits": ("train", "test")}, "no row in validation"),
        ({"labels": ("positive",)}, "all 3 rows have the label 'positive'"),
        ({"labels": ("positive", "negative")}, "train has no row with the label 'neutral'"),
    ],
)
def test_corpora_that_cannot_be_learnt_stop_the_run(catalog, changes, message) -> None:
    write_corpus("reviews", **changes)
    with pytest.raises(CorpusError, match=message):
        ingest(catalog, "reviews")
    assert not Path("data/03_primary/examples").exists()


def test_report_tells_why_corpora_stop_the_run(catalog) -> None:
    write_corpus("reviews")
    ingest(catalog, "reviews")
    text = Path("data/01_raw/reviews.csv").read_text()
    Path("data/01_raw/reviews.csv").write_text(text.replace(",neutral,", ",meh,"))
    with pytest.raises(CorpusError, match="train has no row with the label 'neutral'"):
        ingest(catalog, "reviews")

    (rejected,) = [load() for load in catalog.load("rejected_examples").values()]
    assert sum("label 'meh'" in reason for reason in rejected["reason"]) == 3
    report = catalog.load("ingestion_report")
    assert report["num_rows_rejected"] == 4
    assert catalog.load("rejection_table")["num_rows"].sum() == 4


@pytest.mark.parametrize("text", ["", ",neutral,NA\n"])
def test_report_tells_why_no_row_is_left(catalog, text) -> None:
    Path("data/01_raw").mkdir(parents=True)
    Path("data/01_raw/posts.csv").write_text(f"text,label,culture,split\nx,meh,NA,train\n{text}")
    write_corpus("reviews")
    with pytest.raises(CorpusError, match=r"corpus 'posts': none of its \d rows is fit for use"):
        ingest(catalog, "posts", "reviews")

    assert catalog.load("ingestion_report")["by_corpus"][0]["num_rows_kept"] == 0
    assert len(catalog.load("rejected_examples")["posts"]()) == 1 + bool(text)


def test_corpus_can_be_curated_again(catalog) -> None:
    write_corpus("reviews")
    curated = nodes.curate_corpora(
        CorporaParameters.model_validate({"reviews": {**ENTRY, "path": "reviews.csv"}}),
        catalog.load("params:tasks"),
        catalog.load("params:ingestion"),
        Path("data/01_raw"),
    )
    pd.testing.assert_frame_equal(curated["reviews"](), curated["reviews"]())


def test_last_entry_is_checked_before_the_first_corpus_is_read(catalog) -> None:
    write_corpus("reviews")
    with pytest.raises(CorpusError, match="posts"):
        ingest(catalog, "reviews", "posts")
    assert not Path("data/02_intermediate").exists()


def test_annotated_corpus_has_a_table_of_annotations_and_its_agreement(catalog) -> None:
    kind = {"kind": "label_distribution", "loss_weight": 1.0, "options": {"view": "majority"}}
    tasks = load("tasks", "parameters")["tasks"]
    tasks["hate"] = {**kind, "labels": ["not_hate", "hate"]}
    catalog["params:tasks"] = TasksParameters.model_validate(tasks)
    write_corpus("reviews")
    posts = [
        {"text": f"post {i}", "label": label, "culture": culture, "who": who, "split": split}
        for i, split in enumerate(("train", "validation", "test"))
        for who, culture, label in (
            ("ann", "GB", "hate"),
            ("bob", "GB", "not_hate" if i else "hate"),
            ("eve", "SG", "2" if i == 2 else "not_hate"),
        )
    ]
    pd.DataFrame(posts).to_csv("data/01_raw/posts.csv", index=False)
    entries = {
        "reviews": {**ENTRY, "path": "reviews.csv"},
        "posts": {
            **ENTRY,
            "path": "posts.csv",
            "task": "hate",
            "annotations": {"annotator": {"column": "who"}},
        },
    }
    catalog["params:corpora"] = CorporaParameters.model_validate(entries)
    pipeline = create_pipeline(has_annotations=True)
    SequentialRunner().run(pipeline - pipeline.only_nodes("ingestion.resolve_encoder"), catalog)

    examples = catalog.load("examples@table")
    counted = examples[examples["task"] == "hate"]
    assert [list(counts) for counts in counted["label_counts"]] == [
        [0, 2],
        [1, 0],
        [1, 1],
        [1, 0],
        [1, 1],
    ]
    assert counted["label"].isna().sum() == 2
    assert examples.loc[examples["task"] == "sentiment", "label_counts"].isna().all()
    annotations = {name: load() for name, load in catalog.load("annotations").items()}
    assert list(annotations) == ["posts"]
    assert set(annotations["posts"]["example_id"]) == set(counted["id"])
    assert len(annotations["posts"]) == 8
    assert set(catalog.load("agreement_table")["corpus"]) == {"posts"}
    assert catalog.load("agreement_report")["posts"]["num_annotations"] == 8
    assert catalog.load("contested_table")["majorities"].tolist() == [
        "GB: hate; SG: not_hate",
        "GB: not_hate = hate; SG: not_hate",
    ]
    plot = json.loads(Path("data/08_reporting/plots/disagreement.json").read_text())
    assert plot["layout"]["title"]["text"]
    report = catalog.load("ingestion_report")
    assert report["num_rows_read"] == 19
    assert report["num_examples_kept"] == 14


def test_corpora_without_annotations_leave_no_table_of_them(catalog) -> None:
    write_corpus("reviews")
    ingest(catalog, "reviews")
    for name in ("annotations", "agreement_table", "agreement_report", "disagreement_plot"):
        assert not catalog.exists(name)


def test_contexts_stand_beside_corpora_without(catalog) -> None:
    write_corpus("reviews")
    write_corpus("posts")
    plain = ingest(catalog, "posts").drop(columns=["detected_language_score"])
    entries = {name: {**ENTRY, "path": f"{name}.csv"} for name in ("posts", "reviews")}
    entries["reviews"]["context"] = {"market": "culture"}
    catalog["params:corpora"] = CorporaParameters.model_validate(entries)
    SequentialRunner().run(without_encoder(), catalog)

    examples = catalog.load("examples@table")
    has_context = examples["corpus"] == "reviews"
    assert (examples.loc[has_context, "context"] == "market: NA").all()
    assert examples.loc[~has_context, "context"].isna().all()
    again = examples.loc[~has_context, plain.columns].reset_index(drop=True)
    pd.testing.assert_frame_equal(again, plain)


def test_task_that_reads_contexts_of_which_no_corpus_has_one_stops_before_any_is_read(
    catalog,
) -> None:
    entry = load("tasks", "parameters")["tasks"]["sentiment"] | {"context": "text_pair"}
    catalog["params:tasks"] = TasksParameters.model_validate({"sentiment": entry})
    write_corpus("reviews")
    with pytest.raises(ConfigurationError, match="none of its corpora 'reviews' names one"):
        ingest(catalog, "reviews")
