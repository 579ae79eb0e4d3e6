"""Columns of a task that are made of several columns of the source, or of a part of one."""

import pandas as pd
import pytest
from pydantic import ValidationError

from ccnlp.corpora.entry import CorporaParameters
from ccnlp.corpora.raw import RawBatch
from ccnlp.corpora.reading import read_corpus
from ccnlp.corpora.task_columns import FlagColumns, SplitColumn, read_cells
from ccnlp.errors import ConfigurationError, CorpusError
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

ONE = {"kind": "sequence_classification", "loss_weight": 1, "labels": ["a", "b"]}
SET = {"kind": "multi_label_classification", "loss_weight": 1, "labels": ["joy", "fear"]}


def read(folder, content, *, task=SET, **entry):
    (folder / "c.csv").write_text(content, encoding="utf-8")
    entry = {
        "reader": "delimited", "path": "c.csv", "task": "t", "language": "en", "split": "train",
        "licence": "ours", **entry,
    }  # fmt: skip
    corpora = CorporaParameters.model_validate({"c": entry})
    tasks = build_tasks(TasksParameters.model_validate({"t": task}))
    batches = read_corpus("c", corpora.entries()["c"], raw_folder=folder, tasks=tasks)
    return pd.concat(list(batches), ignore_index=True)


def batch(**columns):
    return RawBatch(columns, list(range(len(next(iter(columns.values()))))))


def test_text_of_several_columns_is_one_after_the_other(tmp_path):
    rows = read(
        tmp_path,
        'head,body,l\nRain,"It rained.",a\n,It shone.,b\n , ,a\n',
        task=ONE,
        columns={"text": ["head", "body"], "label": "l"},
    )

    assert rows["text"].tolist() == ["Rain It rained.", "It shone.", pd.NA]
    assert rows["rejection_reason"].tolist() == [pd.NA, pd.NA, "text is empty"]


def test_cell_is_split_into_items_and_an_empty_one_has_none(tmp_path):
    rows = read(
        tmp_path,
        "t,e\nx,Freude; fear\ny,\nz,joy;;fear\n",
        columns={"text": "t", "labels": {"column": "e", "separator": ";"}},
        label_map={"Freude": "joy"},
    )

    assert rows["labels"].tolist() == [["joy", "fear"], [], ["joy", "", "fear"]]
    assert rows["rejection_reason"].tolist() == [
        pd.NA, pd.NA, "label '' is not one of 'joy', 'fear'",
    ]  # fmt: skip


def test_items_stand_in_columns_of_their_own(tmp_path):
    rows = read(
        tmp_path,
        "t,first,second\nx,joy,fear\ny,,fear\nz,joy,joy\n",
        columns={"text": "t", "labels": ["first", "second"]},
    )

    assert rows["labels"].tolist() == [["joy", "fear"], ["fear"], ["joy", "joy"]]
    assert rows["rejection_reason"].tolist() == [pd.NA, pd.NA, "label 'joy' is named twice"]


def test_columns_of_flags_give_the_items_whose_flag_is_set(tmp_path):
    rows = read(
        tmp_path,
        "t,is_joy,is_fear\nx,1.0,TRUE\ny,0,false\nz,1,\nw,2,1\n",
        columns={"text": "t", "labels": {"flags": "is_{label}"}},
    )

    assert rows["labels"].tolist() == [["joy", "fear"], [], ["joy"], ["fear"]]
    assert rows["rejection_reason"].tolist() == [
        pd.NA,
        pd.NA,
        "column 'is_fear' is '' instead of 1 or 0",
        "column 'is_joy' is '2' instead of 1 or 0",
    ]


def test_source_without_a_column_of_the_flags_is_refused(tmp_path):
    with pytest.raises(CorpusError, match=r"c\.csv has no column that 'has_\{label\}' names; it h"):
        read(tmp_path, "t,is_joy\nx,1\n", columns={"text": "t", "labels": {"flags": "has_{label}"}})


@pytest.mark.parametrize("separator", [";", " ; ", " "])
def test_separator_may_end_a_cell(separator):
    cells = [f"joy{separator}fear{separator}", f"joy{separator}", "joy"]
    split = read_cells(batch(e=cells), SplitColumn(column="e", separator=separator), is_list=True)

    assert split.cells == [["joy", "fear"], ["joy"], ["joy"]]


def test_lists_stay_lists_and_objects_are_no_text():
    split = read_cells(
        batch(e=[["joy"], None]), SplitColumn(column="e", separator=";"), is_list=True
    )
    several = read_cells(batch(a=["x", {"y": 1}], b=["z", "z"]), ["a", "b"], is_list=False)

    assert split.cells == [["joy"], []]
    assert several.cells[0] == "x z"
    assert several.reasons == {1: "an object instead of text (column 'a')"}


@pytest.mark.parametrize(
    ("columns", "task", "message"),
    [
        ({"text": "t", "label": ["a", "b"]}, ONE, r"'label' the columns \['a', 'b'\], and it is o"),
        ({"text": {"column": "t", "separator": ";"}, "label": "l"}, ONE, r"makes a list of 'text'"),
        ({"text": "t", "labels": {"constant": "joy"}}, SET, r"gives 'labels' a constant"),
    ],
)
def test_columns_that_do_not_fit_the_task_are_refused(columns, task, message, tmp_path):
    with pytest.raises(ConfigurationError, match=message):
        read(tmp_path, "t,l\nx,a\n", task=task, columns=columns)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["a", "a"], r"columns\.text: \['a', 'a'\] name a column twice"),
        (["a"], r"columns\.text: list should have at least 2 items"),
        ({"flags": "a"}, r"columns\.text\.flags: 'a' must have one placeholder such as"),
        ({"column": "a", "seperator": ";"}, r"unknown key 'seperator'; did you mean 'separator'"),
        (
            {"column": "a", "separator": ""},
            r"columns\.text\.separator: string should have at least",
        ),
    ],
)
def test_wrong_columns_are_told_with_their_place(given, message):
    entry = {
        "reader": "delimited", "path": "c.csv", "task": "t", "language": "en", "split": "train",
        "licence": "ours", "columns": {"text": given},
    }  # fmt: skip
    with pytest.raises(ValidationError, match=message):
        CorporaParameters.model_validate({"c": entry})


def test_flags_name_the_item_that_stands_for_the_placeholder():
    assert FlagColumns(flags="{country}_Hate").match(["US_Hate", "_Hate", "US_Hate_2"]) == {
        "US_Hate": "US"
    }
