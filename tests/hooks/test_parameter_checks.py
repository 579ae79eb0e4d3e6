"""What the parameters of the project's own pipelines must be for each other."""

from pathlib import Path

import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset

from ccnlp.errors import CcnlpError, ConfigurationError
from ccnlp.hooks.parameter_checks import check_against_each_other
from ccnlp.models.checkpoint import EncoderParameters
from ccnlp.pipelines.ingestion.pipeline import create_pipeline as create_ingestion
from ccnlp.pipelines.retrieval.pipeline import create_pipeline as create_retrieval
from ccnlp.pipelines.tokenisation.pipeline import create_pipeline as create_tokenisation
from ccnlp.pipelines.training.pipeline import create_pipeline as create_training
from ccnlp.pipelines.transfer_study.pipeline import create_pipeline as create_transfer
from ccnlp.retrieval.parameters import PassageIndexParameters
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tokenisation.parameters import TokenisationParameters

PARAMETERS = Path(__file__).parents[2] / "conf" / "base" / "parameters"
OPTIONS = {
    "query_prefix": "", "passage_prefix": "", "temperature": 0.05, "is_symmetric": True,
    "num_negatives": 1, "negatives": "given",
}  # fmt: skip
INGESTION, TOKENISATION, TRAINING = create_ingestion(), create_tokenisation(), create_training()
STUDY, RETRIEVAL = create_transfer(), create_retrieval()
RUNS = {
    "whole": INGESTION + TOKENISATION + TRAINING + RETRIEVAL,
    "training": TRAINING,
    "study": STUDY,
    "retrieval": RETRIEVAL,
    "encoder": create_retrieval(model="encoder"),
    "tokenisation": TOKENISATION,
}


def tasks_of(dimensions: tuple[int, ...]) -> TasksParameters:
    mood = {"kind": "sequence_classification", "loss_weight": 1, "labels": ["a", "b"]}
    finding = {"kind": "retrieval", "loss_weight": 1, "options": {**OPTIONS, "dimensions": []}}
    finding["options"]["dimensions"] = list(dimensions)
    return TasksParameters.model_validate({"finding": finding, "mood": mood})


def defaults(group: str) -> dict[str, object]:
    return yaml.safe_load((PARAMETERS / f"{group}.yml").read_text(encoding="utf-8"))[group]


def encoder_of(**values) -> EncoderParameters:
    return EncoderParameters.model_validate({**defaults("encoder"), **values})


@pytest.fixture
def check(tiny_encoder, training_parameters, culture_parameters, tmp_path):
    """Checks a run with the tiny encoder, whose vectors have 32 numbers."""

    def run(name, *, dimensions=(), encoder=None, retrieval=None, **training):
        index = {**defaults("retrieval"), **(retrieval or {})}
        values = {
            "encoder": tiny_encoder,
            "pretrained_encoders": tmp_path,
            "params:tasks": tasks_of(dimensions),
            "params:training": training_parameters(**training),
            "params:culture": culture_parameters("none"),
            "params:retrieval": PassageIndexParameters.model_validate(index),
            "params:tokenisation": TokenisationParameters.model_validate(defaults("tokenisation")),
            "params:encoder": encoder_of(**(encoder or {"path": tiny_encoder.folder})),
        }
        datasets = {key: MemoryDataset(value, copy_mode="assign") for key, value in values.items()}
        check_against_each_other(RUNS[name], DataCatalog(datasets))

    return run


def choice(training_parameters, **values):
    validation = training_parameters().model_dump()["validation"]
    return {**validation, "tasks": {"choose_by": "mean", "weights": {}, "task": None, **values}}


@pytest.mark.parametrize("run", RUNS)
def test_parameters_that_fit_each_other_pass(check, training_parameters, run):
    validation = choice(training_parameters, choose_by="task", task="mood", weights={"finding": 2})

    check(
        run, dimensions=(8, 16), retrieval={"num_dimensions": 32, "task": "finding"},
        validation=validation,
    )  # fmt: skip


@pytest.mark.parametrize("run", ["whole", "training", "study"])
@pytest.mark.parametrize(
    "chosen", [{"choose_by": "task", "task": "zzz"}, {"weights": {"zzz": 1}}], ids=["task", "mean"]
)
def test_task_that_chooses_must_be_one(check, training_parameters, run, chosen):
    with pytest.raises(ConfigurationError, match=r"tasks names 'zzz', which is not trained; known"):
        check(run, validation=choice(training_parameters, **chosen))


def test_task_that_is_kept_chooses_nothing(check, training_parameters):
    validation = choice(training_parameters, choose_by="task", task="mood")

    with pytest.raises(ConfigurationError, match="names 'mood', which is not trained"):
        check("training", validation=validation, kept_tasks=["mood"])
    check("study", validation=validation, kept_tasks=["mood"])


@pytest.mark.parametrize("run", ["whole", "training"])
def test_tasks_can_be_kept_of_a_trained_model_alone(check, run):
    with pytest.raises(ConfigurationError, match=r"kept_tasks names zzz, but the encoder .* is no"):
        check(run, kept_tasks=["zzz"])


def test_task_to_be_kept_must_be_one_of_the_model(check, tiny_model, tmp_path):
    tiny_model.save(tmp_path / "trained")

    with pytest.raises(CcnlpError, match="the model has no task 'zzz'"):
        check("whole", encoder={"path": tmp_path / "trained"}, kept_tasks=["zzz"])


@pytest.mark.parametrize("run", ["whole", "training", "study"])
def test_vectors_are_cut_to_sizes_that_the_encoder_has(check, run):
    with pytest.raises(ConfigurationError, match=r"dimensions are \[8, 4096\], and the encoder's"):
        check(run, dimensions=(8, 4096))


@pytest.mark.parametrize("run", ["whole", "encoder"])
def test_index_has_no_more_numbers_than_the_encoder(check, run):
    with pytest.raises(ConfigurationError, match="num_dimensions is 4096, and vectors have 32"):
        check(run, retrieval={"num_dimensions": 4096})


@pytest.mark.parametrize("run", ["whole", "retrieval", "encoder"])
def test_passages_that_are_indexed_are_of_a_task(check, run):
    with pytest.raises(ConfigurationError, match=r"retrieval\.task is 'zzz', and tasks of kind"):
        check(run, retrieval={"task": "zzz"})


def test_encoder_that_is_not_on_this_machine_is_left_to_the_nodes(check):
    check(
        "whole", encoder={"source": "bundled"}, dimensions=(4096,), kept_tasks=["zzz"],
        retrieval={"num_dimensions": 4096},
    )  # fmt: skip


def test_run_that_does_not_read_them_is_let_through(check, training_parameters):
    validation = choice(training_parameters, choose_by="task", task="zzz")

    check("tokenisation", dimensions=(4096,), validation=validation, kept_tasks=["zzz"])
