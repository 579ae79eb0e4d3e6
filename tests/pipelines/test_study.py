"""The graph of a study, on predictions whose truth is known."""

import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node
from kedro.runner import SequentialRunner

from ccnlp.errors import ConfigurationError
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.evaluation.views import empty_figure
from ccnlp.pipelines.multitask_study.nodes import train_multitask_arms
from ccnlp.pipelines.study import COMMON, create_study, named_node
from ccnlp.pipelines.transfer_study.nodes import train_transfer_arms
from ccnlp.studies.comparison import Contrast
from ccnlp.studies.parameters import CultureStudyParameters
from ccnlp.studies.report import About
from ccnlp.studies.study import Study
from ccnlp.studies.verdicts import Question
from ccnlp.tasks.parameters import TasksParameters

ASKED = Study(
    name="mini_study",
    about_of=lambda arms: About("Is it good?", {"plain": "nothing", "told": "all"}),
    parameters=CultureStudyParameters,
    questions_of=lambda arms: (Question(Contrast("told", "plain")),),
)


def train(*, examples, encoder, checkpoints, tasks, tokenisation, training, wrong, study):
    """The arm that is told is right, the other wrong in as many rows as asked."""
    arms = []
    for arm, num_wrong in (("plain", wrong), ("told", 0)):
        other = examples["reference"].map({"no": "yes", "yes": "no"})
        prediction = examples["reference"].where(examples.index >= num_wrong, other)
        predictions = examples.assign(system=arm, prediction=prediction)
        arms += [predictions.assign(seed=seed) for seed in study.seeds]
    return pd.concat(arms, ignore_index=True)


def recommend(verdicts):
    return {"rows": len(verdicts)}


def draw_arms(scores):
    arms = " and ".join(scores["arm"].unique())
    return empty_figure(f"A picture of {arms}")


def make_study(*extra_nodes: Node, draw: Node | None = None):
    return create_study(
        ASKED, train=train, inputs={"wrong": "params:wrong"}, draw=draw, extra_nodes=extra_nodes
    )


@pytest.fixture
def catalog(pytestconfig):
    examples = pd.DataFrame({"reference": ["no", "yes"] * 100}).assign(
        task="t", corpus="c", split="test", language="en", culture="GB", region="und",
        domain="und", origin="native", confidence=0.9, num_characters=20, is_seen=False, weights="",
    )  # fmt: skip
    examples["example_id"] = examples["group_id"] = [f"{i:016x}" for i in range(len(examples))]
    entry = {"kind": "sequence_classification", "loss_weight": 1, "labels": ["no", "yes"]}
    text = (pytestconfig.rootpath / "conf/base/parameters/evaluation.yml").read_text("utf-8")
    evaluation = {**yaml.safe_load(text)["evaluation"], "num_draws": 100}
    given = {
        **dict.fromkeys(COMMON.values(), "given"),
        "examples@table": examples,
        "params:wrong": 100,
        "params:tasks": TasksParameters.model_validate({"t": entry}),
        "params:evaluation": EvaluationParameters.model_validate(evaluation),
        "params:mini_study": CultureStudyParameters(
            seeds=(0, 1), steps=None, slices={"culture": ("culture",)}, conditioning="embedding"
        ),
    }
    return DataCatalog({name: MemoryDataset(value) for name, value in given.items()})


def test_study_goes_from_examples_to_a_page(catalog):
    outputs = SequentialRunner().run(make_study(), catalog)
    assert list(outputs) == ["mini_study_report"]
    page = outputs["mini_study_report"].load()
    assert "Is it good?" in page
    assert "t, c, told: helps over all 200 rows" in page
    assert "all of equally many steps" in page


def test_study_may_have_nodes_of_its_own(catalog):
    extra_node = named_node(recommend, "mini_study_verdicts", "recommended")
    outputs = SequentialRunner().run(make_study(extra_node), catalog)
    assert outputs["recommended"].load()["rows"] > 0


def test_study_may_draw_something_else(catalog):
    draw = named_node(draw_arms, "mini_study_scores", "mini_study_plot")
    study = make_study(draw=draw)
    assert "mini_study.draw_differences" not in {node.name for node in study.nodes}
    page = SequentialRunner().run(study, catalog)["mini_study_report"].load()
    assert "A picture of plain and told" in page


def test_nodes_are_named_after_their_functions_and_datasets_after_the_study():
    study = make_study()
    functions = (
        *("train", "score_arms", "compare_arms"),
        *("judge_arms", "draw_differences", "write_report"),
    )
    assert {node.name for node in study.nodes} == {f"mini_study.{name}" for name in functions}
    assert study.all_outputs() == {
        f"mini_study_{what}"
        for what in ("predictions", "scores", "comparison", "verdicts", "plot", "report")
    }


@pytest.mark.parametrize(
    ("train_arms", "others"),
    [(train_multitask_arms, {"culture": None}), (train_transfer_arms, {})],
)
def test_examples_of_another_environment_are_told(train_arms, others, tmp_path):
    entry = {"kind": "sequence_classification", "loss_weight": 1, "labels": ["no", "yes"]}

    with pytest.raises(
        ConfigurationError,
        match=r"the examples are of 'mood', and the tasks are 'topic' .*--pipelines ingestion",
    ):
        train_arms(
            examples=pd.DataFrame({"task": ["mood"], "split": ["train"], "language": ["en"]}),
            encoder=None,
            checkpoints=tmp_path,
            tasks=TasksParameters.model_validate({"topic": entry}),
            tokenisation=None,
            training=None,
            study=None,
            **others,
        )
