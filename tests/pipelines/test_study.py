import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node
from kedro.runner import SequentialRunner

from ccnlp.pipelines.study import COMMON, create_study, named_node


def train(*, examples, encoder, checkpoints, tasks, tokenisation, training, weight, study):
    return [f"{row} {weight} {study}" for row in examples]


def score(predictions, tasks, evaluation, study):
    return len(predictions)


def compare(predictions, tasks, evaluation, study):
    return [*predictions, evaluation]


def judge(compared):
    return [f"judged {row}" for row in compared]


def draw(compared):
    return len(compared)


def write(judged, compared, scores, figure, study):
    return f"{judged[0]}, {figure} rows, {scores} scores"


def recommend(judged):
    return {"rows": len(judged)}


def make_study(*others: Node, **changes):
    return create_study(
        "mini_study",
        train=train,
        inputs={"weight": "params:weight"},
        score=score,
        compare=compare,
        judge=judge,
        draw=draw,
        write=write,
        others=others,
        **changes,
    )


@pytest.fixture
def catalog():
    given = {
        **dict.fromkeys(COMMON.values(), "given"),
        "examples@table": ["a", "b"],
        "params:weight": 2,
        "params:evaluation": "scores",
        "params:mini_study": "once",
    }
    return DataCatalog({name: MemoryDataset(value) for name, value in given.items()})


def test_study_goes_from_examples_to_a_page(catalog):
    outputs = SequentialRunner().run(make_study(), catalog)
    assert list(outputs) == ["mini_study_report"]
    assert outputs["mini_study_report"].load() == "judged a 2 once, 3 rows, 2 scores"


def test_study_may_have_nodes_of_its_own(catalog):
    own = named_node(recommend, "mini_study_verdicts", "recommended")
    outputs = SequentialRunner().run(make_study(own), catalog)
    assert outputs["recommended"].load() == {"rows": 3}


def test_study_may_draw_something_else():
    (drawing,) = (
        node for node in make_study(draws=["mini_study_scores"]).nodes if node.short_name == "draw"
    )
    assert drawing.inputs == ["mini_study_scores"]


def test_nodes_are_named_after_their_functions_and_datasets_after_the_study():
    study = make_study()
    assert {node.name for node in study.nodes} == {
        f"mini_study.{name}" for name in ("train", "score", "compare", "judge", "draw", "write")
    }
    assert study.all_outputs() == {
        f"mini_study_{what}"
        for what in ("predictions", "scores", "comparison", "verdicts", "plot", "report")
    }
