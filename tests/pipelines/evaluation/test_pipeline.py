from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import get_type_hints

import numpy as np
import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from ccnlp.conditioning.parameters import CultureParameters
from ccnlp.errors import CcnlpError, ConfigurationError
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.evaluation.stages import PAIR_COLUMNS
from ccnlp.evaluation.systems import SYSTEMS
from ccnlp.hooks.older_files import check_required_names, required_names
from ccnlp.pipelines.evaluation import nodes
from ccnlp.pipelines.evaluation.pipeline import FIGURES, create_pipeline
from ccnlp.pipelines.registration.parameters import RegistrationParameters
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.kinds.sequence_classification import SequenceClassification
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tokenisation.parameters import TokenisationParameters
from ccnlp.training.parameters import TrainingParameters

CONFIGURATION = Path(__file__).parents[3] / "conf" / "base"
LABELS = ["negative", "neutral", "positive"]
WORDS = {"negative": "bad", "neutral": "was", "positive": "good"}
TASKS = TasksParameters.model_validate(
    {"sentiment": {"kind": "sequence_classification", "loss_weight": 1.0, "labels": LABELS}}
)

CULTURE = CultureParameters.model_validate(
    yaml.safe_load((CONFIGURATION / "parameters/culture.yml").read_text(encoding="utf-8"))[
        "culture"
    ]
)

REGISTRATION = RegistrationParameters.model_validate(
    {
        "gate": {
            "min_score": 0.4,
            "min_gain_over_baseline": -1.0,
            "min_gain_over_champion": 0.0,
            "max_regression": 0.02,
            "slices": ["language", "culture"],
        },
        "override": None,
        "serving": {
            "max_texts": 2,
            "max_characters": 50,
            "max_tokens": 9999,
            "tokens_per_batch": 256,
        },
    }
)


TRAINING = TrainingParameters.model_validate(
    yaml.safe_load((CONFIGURATION / "parameters" / "training.yml").read_text("utf-8"))["training"]
)


class WordModel:
    """Knows one word of each label; its tasks are those of the project.

    Args:
        weights_digest: names it.
        seen: ids of the examples that it was trained on.
        flipped: texts with this in them get another label than their own.
    """

    tasks = build_tasks(TASKS)
    conditioning = None

    def __init__(self, weights_digest="0a", seen=(), flipped=None):
        self.weights_digest = weights_digest
        self.seen = seen
        self.flipped = flipped

    def has_seen(self, ids):
        return np.isin(list(ids), list(self.seen))

    def predict(self, rows, *, task, tokens_per_batch):
        labels = self.tasks[task].labels
        hits = np.array([[WORDS[label] in text for label in labels] for text in rows["text"]])
        if self.flipped is not None:
            is_flipped = rows["text"].str.contains(self.flipped).to_numpy()
            hits[is_flipped] = np.roll(hits[is_flipped], 1, axis=1)
        probabilities = np.where(hits, 0.8, 0.1).astype(np.float32)
        best = probabilities.argmax(axis=1)
        return pd.DataFrame(
            {
                "prediction": np.array(labels)[best],
                "confidence": probabilities.max(axis=1),
                "probabilities": list(probabilities),
            },
            index=rows.index,
        )


@pytest.fixture(scope="module")
def parameters():
    text = (CONFIGURATION / "parameters" / "evaluation.yml").read_text(encoding="utf-8")
    values = {**yaml.safe_load(text)["evaluation"], "num_draws": 50}
    return EvaluationParameters.model_validate(values)


@pytest.fixture(scope="module")
def examples():
    rows = [
        {"language": language, "culture": culture, "split": split, "label": label}
        for split, size in (("train", 8), ("validation", 3), ("test", 4))
        for language, culture in (("en", "GB"), ("en", "NA"), ("es", "MX"))
        for label in LABELS
        for _ in range(size)
    ]
    table = pd.DataFrame(rows)
    texts = [f"the film {WORDS[label]} {row}" for row, label in enumerate(table["label"])]
    ids = [f"e{row:03d}" for row in range(len(table))]
    constants = {"corpus": "seed_corpus", "task": "sentiment", "domain": "und", "origin": "native"}
    return table.assign(**constants, text=texts, id=ids, group_id=ids, region=table["culture"])


@pytest.fixture(scope="module")
def make_catalog(examples, parameters, tiny_encoder):
    return partial(_make_catalog, examples, parameters, tiny_encoder)


def _make_catalog(examples, parameters, tiny_encoder):
    """The project's own catalog for what the pipeline makes, in the current folder."""
    configured: dict = {}
    for name in ("evaluation", "ingestion"):
        text = (CONFIGURATION / "catalog" / f"{name}.yml").read_text(encoding="utf-8")
        configured |= yaml.safe_load(text)
    outputs = create_pipeline().all_outputs()
    patterns = {name: entry for name, entry in configured.items() if name.startswith("{")}
    catalog = DataCatalog.from_config(
        {**{name: configured[name] for name in outputs if name in configured}, **patterns}
    )
    given = {
        "examples@table": examples,
        "encoder": tiny_encoder,
        "finetuned_model": WordModel(),
        "corpus_fingerprints": {
            "seed_corpus": {
                "num_rows": len(examples),
                "licence": "CC0-1.0",
                "fingerprint": "f00d",
                "languages": ["en", "es"],
                "cultures": ["GB", "MX", "NA"],
            }
        },
        "ingestion_report": {"num_rows_read": len(examples)},
        "augmentation_report": {"num_kept": 0},
        "augmentation_table": pd.DataFrame(columns=["language", "pivot", "kept"]),
        "augmentation_pairs": pd.DataFrame(columns=PAIR_COLUMNS),
        "tokenisation_report": pd.DataFrame({"language": ["en"], "tokens_per_character": [0.25]}),
        "params:tasks": TASKS,
        "params:culture": CULTURE,
        "params:training": TRAINING,
        "params:evaluation": parameters,
        "params:registration": REGISTRATION,
        "params:tokenisation": TokenisationParameters(
            max_length_tokens=32, round_trip_tag=None, character_noise=0
        ),
    }
    for name, value in given.items():
        catalog[name] = MemoryDataset(value, copy_mode="assign")
    return catalog


def run(catalog, champion):
    catalog["champion_model"] = MemoryDataset(champion, copy_mode="assign")
    catalog["champion_version"] = MemoryDataset("7" if champion else None)
    SequentialRunner().run(create_pipeline(), catalog)


@pytest.fixture(scope="module")
def catalog(make_catalog, tmp_path_factory):
    """After a run without a champion, in a folder of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("project"))
        catalog = make_catalog()
        run(catalog, None)
        yield catalog


def test_pipeline_scores_the_systems_where_there_is_no_champion(catalog):
    scores = catalog.load("scores")
    assert set(scores["system"]) == {"majority", "tfidf", "probe", "finetuned"}
    assert set(scores["split"]) == {"validation", "test"}
    assert not len(catalog.load("champion_comparison"))
    culture_rows = scores[(scores["system"] == "finetuned") & (scores["slice"] == "culture")]
    assert set(culture_rows["group"]) == {"GB", "MX", "NA"}  # Namibia is no missing value
    assert (culture_rows.loc[culture_rows["metric"] == "macro_f1", "score"] == 1.0).all()


def check_files(catalog):
    """Whether each file has what a later run that begins with it looks for."""
    written = {*create_pipeline(is_conditioned=True).all_outputs()} & {*required_names()}
    found = [name for name in sorted(written) if catalog.exists(name)]
    for name in found:
        check_required_names(name, catalog.load(name))
    return len(found)


def test_files_have_what_a_later_run_looks_for(catalog):
    assert check_files(catalog) >= 10


def test_predictions_are_stored_as_lists_of_floats(catalog):
    import pyarrow.parquet as pq

    schema = pq.read_schema("data/07_model_output/predictions.parquet")
    assert str(schema.field("probabilities").type) == "list<element: float>"


def test_outputs_are_files_that_people_can_open(catalog):
    reporting = Path("data", "08_reporting")
    page = (reporting / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert (reporting / "model_card.md").read_text(encoding="utf-8").startswith("---\n")
    assert len(list((reporting / "plots").glob("*.json"))) == len(FIGURES)


def test_pipeline_compares_with_the_champion(make_catalog, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    catalog = make_catalog()
    run(catalog, WordModel("0b"))
    assert catalog.load("scores_origin") == {
        "weights": "0a", "champion_version": "7", "confidence": 0.95,
    }  # fmt: skip
    compared = catalog.load("champion_comparison")
    assert set(compared["champion_version"].astype(str)) == {"7"}
    assert set(compared["baseline"]) == {"champion"}
    assert (compared["difference"].dropna() == 0).all()
    assert set(catalog.load("predictions")["system"]) == set(SYSTEMS)


def test_champion_is_scored_on_no_split_that_it_was_trained_on(
    make_catalog, examples, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    catalog = make_catalog()
    test = examples[examples["split"] == "test"]
    run(catalog, WordModel(seen=test["id"][test["language"] == "en"]))
    scores = catalog.load("scores")
    assert set(scores.loc[scores["system"] == "champion", "split"]) == {"validation"}
    compared = catalog.load("champion_comparison")
    languages = compared[(compared["slice"] == "language") & (compared["split"] == "test")]
    assert set(languages["group"]) == {"es"}


def test_model_that_was_trained_on_test_rows_is_not_scored(
    make_catalog, examples, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    catalog = make_catalog()
    stale = WordModel(seen=examples["id"][examples["split"] == "test"])
    catalog["finetuned_model"] = MemoryDataset(stale, copy_mode="assign")
    with pytest.raises(CcnlpError, match="trained on 36 of the 63 rows that are now"):
        run(catalog, None)


def test_run_without_a_task_that_can_be_judged_ends(make_catalog, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(nodes, "has_one_label", lambda task: False)
    for module in ("predictions", "judged_tasks"):
        monkeypatch.setattr(f"ccnlp.evaluation.{module}.is_judged", lambda task: False)
    catalog = make_catalog()
    run(catalog, WordModel())
    assert not len(catalog.load("predictions"))
    assert not len(catalog.load("scores"))
    assert catalog.load("scores_origin")["weights"] is None
    assert check_files(catalog) >= 10
    assert Path("data", "08_reporting", "report.html").exists()


def judge(examples, parameters, finetuned, champion):
    """What the gate decides, by the pipeline's own functions."""
    tables = [nodes.predict_majority(examples, TASKS, parameters)]
    tables.append(nodes.predict_finetuned(examples, finetuned, TASKS, CULTURE, parameters))
    tables.append(nodes.predict_champion(examples, champion, TASKS, parameters))
    predictions, _ = nodes.combine_predictions(TASKS, TRAINING, parameters, *tables)
    scores, origin = nodes.score_predictions(predictions, "7", TASKS, parameters)
    compared = nodes.compare_with_champion(predictions, "7", TASKS, parameters)
    decision, table = nodes.judge_promotion(
        scores, compared, origin, finetuned, champion, "7", REGISTRATION
    )
    return decision, table


@pytest.fixture
def many_examples(examples):
    """Sixty test rows of each culture, whose texts name it, and a tenth of which is hard."""
    copies = [examples.assign(text=examples["text"] + f" {copy}") for copy in range(5)]
    table = pd.concat(copies, ignore_index=True)
    ids = [f"m{row:04d}" for row in range(len(table))]
    hard = np.where(np.arange(len(table)) % 10 == 0, " hard", "")
    return table.assign(
        id=ids, group_id=ids, text=table["text"] + " in " + table["culture"] + pd.Series(hard)
    )


@pytest.fixture
def few_slices(parameters):
    slices = {"language": ("language",), "culture": ("culture",)}
    return parameters.model_copy(
        update={"slices": slices, "num_draws": 500, "baseline": "majority"}
    )


def test_model_made_worse_on_one_culture_is_stopped(many_examples, few_slices):
    # It is better than the champion everywhere but in Mexico, where its labels are flipped.
    champion = WordModel("0b", flipped="hard")
    finetuned = WordModel(flipped="in MX")
    decision, table = judge(many_examples, few_slices, finetuned, champion)
    assert (decision["alias"], decision["outcome"]) == ("challenger", "failed")
    assert any("culture MX loses: -" in reason for reason in decision["reasons"])
    row = table.set_index("group").loc["MX"]
    assert (row["verdict"], bool(row["is_beyond_tolerance"])) == ("regressed", True)


def test_culture_that_is_lost_stops_a_model_that_is_better_on_all_rows(many_examples, few_slices):
    champion = WordModel("0b", flipped="in GB|in NA")
    decision, table = judge(many_examples, few_slices, WordModel(flipped="in MX"), champion)
    verdicts = table.set_index("group")["verdict"]
    assert verdicts["all"] == "improved"
    assert verdicts[["GB", "NA", "MX"]].tolist() == ["improved", "improved", "regressed"]
    assert (decision["alias"], decision["outcome"]) == ("challenger", "failed")


def test_model_that_is_better_everywhere_passes(many_examples, few_slices):
    champion = WordModel("0b", flipped="hard")
    decision, table = judge(many_examples, few_slices, WordModel(), champion)
    assert (decision["alias"], decision["outcome"]) == ("champion", "passed")
    assert not table["is_beyond_tolerance"].any()
    assert table.set_index("group").loc["all", "verdict"] == "improved"


def test_model_that_is_the_champion_again_does_not_pass(many_examples, few_slices):
    champion = WordModel("0b", flipped="hard")
    decision, _ = judge(many_examples, few_slices, WordModel(flipped="hard"), champion)
    assert (decision["alias"], decision["outcome"]) == ("challenger", "inconclusive")


def test_champion_of_other_labels_leaves_it_open(many_examples, few_slices):
    other = TASKS.model_dump()
    other["sentiment"]["labels"] = ["bad", "good"]
    champion = WordModel("0b")
    champion.tasks = build_tasks(TasksParameters.model_validate(other))
    decision, table = judge(many_examples, few_slices, WordModel(), champion)
    assert (decision["alias"], decision["outcome"]) == ("challenger", "inconclusive")
    why = "inconclusive, as the champion answers with the labels 'bad', 'good', and the task asks"
    assert why in decision["reasons"][0]
    assert not len(table)


def test_champion_that_reads_contexts_is_compared_and_told(many_examples, few_slices):
    reading = TASKS.model_dump()
    reading["sentiment"]["context"] = "prefix"
    champion = WordModel("0b", flipped="hard")
    champion.tasks = build_tasks(TasksParameters.model_validate(reading))
    decision, table = judge(many_examples, few_slices, WordModel(), champion)
    assert (decision["alias"], decision["outcome"]) == ("champion", "passed")
    sentence = "the champion reads the context as prefix, and this model reads no context"
    assert decision["champion_differs"] == {"sentiment": [sentence]}
    assert decision["reasons"][-1].startswith(f"sentiment: {sentence}")
    assert set(table["champion_differs"]) == {sentence}


def test_champion_that_needs_a_column_which_is_gone_leaves_it_open(many_examples, few_slices):
    class OfReplies(SequenceClassification):
        input_columns = ("text", "reply")

    champion = WordModel("0b")
    champion.tasks = {"sentiment": OfReplies("sentiment", TASKS.root["sentiment"])}
    decision, table = judge(many_examples, few_slices, WordModel(), champion)
    assert (decision["alias"], decision["outcome"]) == ("challenger", "inconclusive")
    assert "inconclusive, as the champion reads 'reply', which" in decision["reasons"][0]
    assert not len(table)


def test_champion_with_a_task_that_the_model_lacks_stays(many_examples, few_slices):
    topic = {"kind": "sequence_classification", "loss_weight": 1.0, "labels": ["a", "b"]}
    champion = WordModel("0b", flipped="hard")
    more = TasksParameters.model_validate({"topic": topic})
    champion.tasks = {**champion.tasks, **build_tasks(more)}
    decision, _ = judge(many_examples, few_slices, WordModel(), champion)
    assert (decision["alias"], decision["outcome"]) == ("challenger", "failed")
    assert decision["reasons"][0].startswith("topic: the champion answers this task")


def test_task_that_writes_text_leaves_nothing_to_judge(many_examples, few_slices, monkeypatch):
    monkeypatch.setattr("ccnlp.evaluation.judged_tasks.is_judged", lambda task: False)
    decision, _ = judge(many_examples, few_slices, WordModel(), WordModel("0b"))
    assert decision["alias"] == "challenger"
    assert decision["reasons"] == ["no task of the model can be judged, so nothing was"]


def test_examples_without_a_test_split_decide_nothing(many_examples, few_slices):
    no_test = many_examples[many_examples["split"] != "test"]
    decision, table = judge(no_test, few_slices, WordModel(), WordModel("0b"))
    assert (decision["alias"], decision["outcome"]) == ("challenger", "inconclusive")
    assert any("give a corpus a test split" in reason for reason in decision["reasons"])
    assert not len(table)


def test_slice_of_too_many_groups_ends_the_run_before_any_model(examples, parameters):
    many = parameters.model_copy(update={"slices": {"texts": ("group_id",)}, "max_groups": 20})
    with pytest.raises(ConfigurationError, match=r"slices\.texts has 63 groups"):
        nodes.predict_majority(examples, TASKS, many)


def test_rows_whose_annotators_are_tied_go_through_the_pipeline(
    make_catalog, examples, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    catalog = make_catalog()
    # Three rows of each split of Mexico, and all of Namibia's test rows.
    is_tied = (examples["culture"] == "MX") & (examples.groupby("split").cumcount() % 4 == 0)
    is_tied |= (examples["culture"] == "NA") & (examples["split"] == "test")
    tied = examples.assign(label=examples["label"].astype("string").mask(is_tied))
    catalog["examples@table"] = MemoryDataset(tied, copy_mode="assign")
    run(catalog, WordModel("0b"))
    scores = catalog.load("scores")
    rows = scores[(scores["slice"] == "culture") & (scores["split"] == "test")]
    is_test = tied["split"] == "test"
    expected = tied[is_test]["label"].isna().groupby(tied[is_test]["culture"]).sum()
    assert rows.groupby("group")["num_unlabelled"].first().to_dict() == expected.to_dict()
    assert rows.loc[rows["group"] == "NA", "score"].isna().all()
    page = Path("data", "08_reporting", "report.html").read_text(encoding="utf-8")
    assert f"{expected.sum()} test rows have no label, and no part in scores of labels." in page


def test_tables_of_groups_are_read_as_they_were_written(catalog):
    disparities, fairness = catalog.load("disparities"), catalog.load("fairness")
    culture_rows = disparities[
        (disparities["slice"] == "culture") & (disparities["split"] == "test")
    ]
    assert set(culture_rows["group"]) == {"GB", "MX", "NA"}  # Namibia is no missing value
    assert set(culture_rows["verdict"]) == {"too small"}
    assert culture_rows["num_needed"].dtype == "float64"
    assert fairness["gap"].dtype == "float64"
    assert set(fairness["num_too_small"]) <= {0, 1, 2, 3, 4, 5}
    assert catalog.load("gate_decision")["outcome"] in {"passed", "failed", "inconclusive"}


def test_thresholds_are_kept_with_the_weights_that_they_were_chosen_for(catalog, parameters):
    thresholds = catalog.load("thresholds")
    assert thresholds["weights"] == "0a"
    assert thresholds["max_error_rate"] == parameters.abstention.max_error_rate
    # Always right on 27 rows, the fewest that keep a fifth: 1 - 0.0025 ** (1 / 27) is 0.199.
    assert thresholds["tasks"]["sentiment"]["finetuned"] == {
        "threshold": pytest.approx(0.8), "n": 27, "coverage": 1.0, "error_rate": 0.0,
        "error_bound": pytest.approx(1 - 0.0025 ** (1 / 27)),
    }  # fmt: skip
    table = catalog.load("abstention")
    culture_rows = table[(table["system"] == "finetuned") & (table["slice"] == "culture")]
    assert set(culture_rows["group"]) == {"GB", "MX", "NA"}  # Namibia is no missing value
    assert (culture_rows["coverage"] == 1.0).all()
    predictions = catalog.load("predictions")
    assert not predictions.loc[predictions["system"] == "finetuned", "abstains"].any()
    page = Path("data", "08_reporting", "report.html").read_text(encoding="utf-8")
    assert "When does it answer?" in page
    assert "Where do its answers differ by culture?" not in page
    card = Path("data", "08_reporting", "model_card.md").read_text(encoding="utf-8")
    assert "## Abstention" in card


CONDITIONED = CULTURE.model_copy(update={"conditioning": "embedding"})


class ConditionedModel(WordModel):
    """Answers one text otherwise in Mexico; knows GB, MX and NA."""

    conditioning = SimpleNamespace(
        parameters=CONDITIONED,
        keys=SimpleNamespace(cultures=("GB", "MX", "NA")),
        indices=lambda rows: np.where(rows[["culture"]] == "und", 0, 1),
    )

    def predict(self, rows, **options):
        predicted = super().predict(rows, **options)
        is_mexico = (rows["culture"] == "MX").to_numpy() & rows["text"].str.endswith("7").to_numpy()
        for row in np.flatnonzero(is_mexico):
            predicted.at[row, "probabilities"] = predicted.at[row, "probabilities"][::-1]
        return predicted


def test_cultures_are_set_apart_where_the_model_is_told_of_them(
    make_catalog, examples, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    catalog = make_catalog()
    catalog["finetuned_model"] = MemoryDataset(ConditionedModel(), copy_mode="assign")
    catalog["params:culture"] = MemoryDataset(CONDITIONED)
    for name in ("champion_model", "champion_version"):
        catalog[name] = MemoryDataset(None)
    pipeline = create_pipeline(is_conditioned=True)
    configured = yaml.safe_load((CONFIGURATION / "catalog" / "evaluation.yml").read_text())
    made = DataCatalog.from_config(
        {name: configured[name] for name in ("culture_predictions", "contested_report")}
    )
    for name in ("culture_predictions", "contested_report"):
        catalog[name] = made[name]
    SequentialRunner().run(pipeline, catalog)
    table = catalog.load("culture_predictions")
    test = examples[examples["split"] == "test"]
    assert [list(ids) for ids in table["example_ids"]] == [[key] for key in test["id"]]
    assert table["context"].isna().all()
    is_changed = table["text"].str.endswith("7")
    assert (table["prediction_GB"] == table["prediction_NA"]).all()
    assert set(table.loc[~is_changed, "disagreement"].round(6)) == {0.0}
    assert (
        catalog.load("contested_report")["sentiment"]["num_contested"]
        == (table["prediction_GB"] != table["prediction_MX"]).sum()
    )
    check_required_names("contested_report", catalog.load("contested_report"))
    check_required_names("culture_predictions", table)
    page = Path("data", "08_reporting", "report.html").read_text(encoding="utf-8")
    assert "Where do its answers differ by culture?" in page


def test_nodes_are_named_like_their_functions():
    assert all(node.name == f"evaluation.{node.func.__name__}" for node in create_pipeline().nodes)


def test_annotations_are_there_at_run_time_so_that_kedro_validates_parameters():
    for node in create_pipeline().nodes:
        assert get_type_hints(node.func)["return"] is not None
