import json
import os
from pathlib import Path

import pytest
import yaml

from ccnlp.behaviour.parameters import SuiteEntry
from ccnlp.behaviour.suites import read_suites
from ccnlp.corpora.cleaning import CleaningParameters
from ccnlp.errors import ConfigurationError, CorpusError
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

ENVIRONMENT = Path(__file__).parents[2] / "conf" / "hatecheck" / "parameters" / "behaviour.yml"
CLEANING = CleaningParameters(max_characters=100, mends_mojibake=True)
ROWS = """case,what,gold,who
It was  good,praise,pos,cooks
It was not good,negation,neg,
"",praise,pos,cooks
odd,praise,maybe,cooks
no test,,pos,cooks
"""
ENTRY = {
    "reader": "delimited",
    "path": "suite.csv",
    "task": "sentiment",
    "columns": {"text": "case", "label": "gold"},
    "label_map": {"pos": "positive", "neg": "negative"},
    "language": "en",
    "licence": "CC0-1.0",
    "functionality": {"column": "what", "map": {"negation": "a negated word"}},
    "further_columns": {"target group": {"column": "who", "map": {"cooks": "all cooks"}}},
}


@pytest.fixture
def read(model, tmp_path):
    def read(rows=ROWS, **changes):
        (tmp_path / "suite.csv").write_text(rows, encoding="utf-8")
        entry = SuiteEntry.model_validate({**ENTRY, **changes})
        return read_suites(
            {"mini": entry}, tasks=model.tasks, raw_folder=tmp_path, cleaning=CLEANING
        )

    return read


def test_cases_have_label_functionality_and_further_columns(read):
    cases = read().cases
    assert cases["text"].tolist() == ["It was good", "It was not good"]
    assert cases["expected"].tolist() == ["positive", "negative"]
    assert cases["test"].tolist() == ["praise", "a negated word"]
    assert cases["unit"].nunique() == 2
    assert [json.loads(cell) for cell in cases["further"]] == [
        {"target group": "all cooks"},
        {"target group": ""},
    ]
    assert cases["original"].isna().all()


def test_rows_that_are_no_case_are_kept_with_their_reason(read):
    suites = read()
    assert len(suites.cases) + len(suites.rejected) == 5
    reasons = dict(zip(suites.rejected["row"], suites.rejected["reason"], strict=True))
    assert list(reasons) == ["4", "5", "6"]
    assert "text is empty" in reasons["4"]
    assert "label 'maybe' is not one of 'negative', 'positive'" in reasons["5"]
    assert reasons["6"] == "the functionality is empty (column 'what')"
    assert suites.rejected["text"].tolist()[2] == "no test"


def test_what_a_map_lacks_becomes_the_default(read):
    field = {"column": "who", "map": {"cooks": "all cooks"}, "default": "nobody"}
    cases = read(further_columns={"of": field}).cases
    assert [json.loads(cell)["of"] for cell in cases["further"]] == ["all cooks", "nobody"]


def test_cases_of_one_group_are_one_unit(read):
    cases = read(group={"column": "who"}).cases
    assert cases["unit"].tolist()[0] == "en cooks"


def test_cases_have_language_culture_and_domain_of_their_rows(read):
    who = {"column": "who", "map": {"cooks": "reviews"}, "default": "news"}
    cases = read(culture="GB", domain=who).cases
    assert cases["domain"].tolist() == ["reviews", "news"]
    assert cases["culture"].unique().tolist() == ["GB"]
    assert cases["language"].unique().tolist() == ["en"]


def test_column_named_as_one_of_an_example_is_read(read):
    rows = "text,language,label\nIt was good,grammar,positive\n"
    suites = read(
        rows, columns={"text": "text", "label": "label"}, functionality={"column": "language"},
        further_columns={"of": {"column": "text"}},
    )  # fmt: skip
    assert suites.cases["test"].tolist() == ["grammar"]
    assert suites.cases["language"].tolist() == ["en"]


def test_placeholder_of_the_path_is_a_column(read):
    cases = read(path="{what_file}.csv", functionality={"column": "what_file"}).cases
    assert cases["test"].unique().tolist() == ["suite"]


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"task": "hate"}, ConfigurationError, "suite 'mini': the model was not trained on .*hate"),
        ({"label_map": {"pos": "hate"}}, ConfigurationError,
         "label_map gives 'hate' for 'pos', and the model's labels .* 'negative', 'positive'"),
        ({"functionality": {"column": "wat"}}, CorpusError,
         "has no column 'wat'; did you mean 'what'"),
        ({"further_columns": {"x": {"column": "whom"}}}, CorpusError, "no column 'whom'"),
        ({"path": "none.csv"}, CorpusError, "suite 'mini': .*none.csv"),
        ({"language": "xyzzy"}, ConfigurationError, "suite 'mini'.*behaviour.suites"),
        ({"columns": {"text": "cas", "label": "gold"}}, CorpusError,
         r"no column 'cas'.*\(behaviour.suites, parameters/behaviour.yml\)"),
        ({"reader": "delimted"}, ConfigurationError, "did you mean 'delimited'"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_entry_is_said(read, changes, error, message):
    with pytest.raises(error, match=message):
        read(**changes)


@pytest.mark.parametrize(
    "rows", ["case,what,gold,who\n", "case,what,gold,who\nodd,praise,maybe,\n"]
)
def test_suite_without_a_case_ends_the_run(read, rows):
    with pytest.raises(CorpusError, match="suite 'mini'"):
        read(rows)


def test_task_that_gives_no_single_label_is_refused(read, model):
    model.tasks["sentiment"].input_columns = ("premise", "hypothesis")
    with pytest.raises(ConfigurationError, match="does not give one label to one text"):
        read()


def test_no_suite_gives_empty_tables(model, tmp_path):
    suites = read_suites({}, tasks=model.tasks, raw_folder=tmp_path, cleaning=CLEANING)
    assert suites.cases.empty
    assert suites.rejected.empty
    assert "text" in suites.rejected


def test_unknown_key_names_the_near_one():
    with pytest.raises(ValueError, match="did you mean 'functionality'"):
        SuiteEntry.model_validate({**ENTRY, "functionalty": {"column": "what"}})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("melt", {"columns": "{what}_gold", "value": "gold"}),
        ("joined", [{"path": "tests.csv", "by": "case", "columns": "what"}]),
        ("annotations", {"annotator": {"column": "who"}}),
        ("annotations", {}),
    ],
)
def test_key_that_a_suite_cannot_have_is_refused(key, value):
    with pytest.raises(ValueError, match=f"a suite has no {key}.*one row a case"):
        SuiteEntry.model_validate({**ENTRY, key: value})


@pytest.mark.parametrize("values", [{"melt": None, "annotations": None}, {"joined": []}])
def test_key_that_a_suite_cannot_have_may_be_empty(read, values):
    assert len(read(**values).cases) == 2


@pytest.mark.corpora
@pytest.mark.skipif("CCNLP_CORPORA_DIR" not in os.environ, reason="needs CCNLP_CORPORA_DIR")
def test_every_case_of_multilingual_hatecheck_is_read(tmp_path):
    values = yaml.safe_load(ENVIRONMENT.read_text(encoding="utf-8"))["behaviour"]["suites"]
    (name, value), *_ = values.items()
    value["path"] = value["path"].replace("${corpora_dir:unset}", os.environ["CCNLP_CORPORA_DIR"])
    labels = {"kind": "sequence_classification", "loss_weight": 1, "labels": ["not_hate", "hate"]}
    tasks = build_tasks(TasksParameters.model_validate({"hate": labels}))

    suites = read_suites(
        {name: SuiteEntry.model_validate(value)},
        tasks=tasks,
        raw_folder=tmp_path,
        cleaning=CleaningParameters(max_characters=50_000, mends_mojibake=True),
    )

    sizes = {"ar": 3570, "de": 3645, "es": 3745, "fr": 3718, "hi-Latn": 3565, "pt": 3691}
    assert suites.cases["language"].value_counts().to_dict() == sizes
    assert suites.rejected.empty
    assert suites.cases["unit"].nunique() == 4528
    assert not suites.cases["test"].str.endswith(("_h", "_nh")).any()
