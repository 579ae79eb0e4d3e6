"""Files that lack what is read of them, as those of older versions do."""

from importlib import import_module

import pandas as pd
import pytest
from kedro.io import DataCatalog
from kedro.pipeline import Node, Pipeline

from ccnlp.errors import CcnlpError
from ccnlp.evaluation import predictions
from ccnlp.evaluation.disparities import COLUMNS
from ccnlp.hooks.older_files import OlderFilesHook, check_required_names, required_names
from ccnlp.studies import verdicts

CHOICES = {
    "ingestion": {"has_annotations": True},
    "augmentation": {"is_enabled": True},
    "evaluation": {"has_annotations": True, "is_conditioned": True},
}


def read_disparities(project, columns):
    """What a run tells that reads a table with these columns."""
    path = project.folder / "disparities.csv"
    pd.DataFrame(columns=columns).to_csv(path, index=False)
    table = {"type": "pandas.CSVDataset", "filepath": str(path)}
    catalog = DataCatalog.from_config({"disparities": table})
    node = Node(len, inputs="disparities", outputs="number", name="count")
    project.run(Pipeline([node]), OlderFilesHook(), catalog=catalog)


def test_table_that_lacks_columns_is_refused_with_the_way_to_make_it_again(project):
    older = [name for name in COLUMNS if name not in ("num_unlabelled", "num_needed")]
    with pytest.raises(CcnlpError) as caught:
        read_disparities(project, older)
    assert str(caught.value) == (
        "disparities lacks the columns 'num_unlabelled', 'num_needed', which this version of the "
        "code reads: it was written by another version, or by a run that was cut short; make it "
        "again: kedro run --pipelines evaluation"
    )


def test_table_with_all_columns_and_more_is_read(project):
    read_disparities(project, [*COLUMNS, "note"])


@pytest.mark.parametrize(
    ("dataset", "data", "message"),
    [
        (
            "culture_study_verdicts",
            pd.DataFrame(columns=[name for name in verdicts.COLUMNS if name != "is_primary"]),
            "columns 'is_primary', .* kedro run --pipelines culture_study$",
        ),
        (
            "transfer_study_predictions",
            pd.DataFrame(columns=[*predictions.COLUMNS]),
            "columns 'seed', .* kedro run --pipelines transfer_study$",
        ),
        ("gate_decision", {"alias": "champion"}, "keys 'outcome', 'reasons', .*evaluation$"),
        ("gate_decision", ["champion"], "keys 'alias', 'outcome', .*evaluation$"),
        (
            "agreement_report",
            {"a": {"sentences": []}, "b": {"texts": []}},
            "agreement_report lacks the keys 'sentences', .* kedro run --pipelines ingestion$",
        ),
    ],
)
def test_older_file_is_named_with_what_it_lacks(dataset, data, message):
    with pytest.raises(CcnlpError, match=message):
        check_required_names(dataset, data)


@pytest.mark.parametrize("data", [pd.DataFrame(), {}, 1, None])
def test_dataset_of_which_nothing_is_known_may_be_anything(data):
    check_required_names("parameters", data)


@pytest.mark.parametrize("dataset", sorted(required_names()))
def test_each_known_dataset_is_written_by_its_pipeline(dataset):
    name = required_names()[dataset].pipeline
    module = import_module(f"ccnlp.pipelines.{name}.pipeline")
    outputs = module.create_pipeline(**CHOICES.get(name, {})).all_outputs()
    assert dataset in {name.split("@")[0] for name in outputs}
