import json
import logging

import pandas as pd
import pytest
from pydantic import ValidationError

from ccnlp import progress
from ccnlp.corpora.curation import IngestionParameters, curate_corpus
from ccnlp.corpora.identity import texts_of
from ccnlp.corpora.quarantine import reject, require_every_row
from ccnlp.corpora.selection import FLAGS, select_examples, select_rejected
from ccnlp.errors import CcnlpError
from ccnlp.examples import COLUMNS
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

ROWS = [
    {"text": "Mind the  gap ", "label": "neutral"},
    {"text": "schÃ¶n", "label": "positive", "language": "de", "culture": "AT"},
    {"text": "", "label": "positive"},
    {"text": "Mind the gap", "label": "neutral"},
    {
        "text": None,
        "label": None,
        "language": None,
        "culture": None,
        "rejected_by": "reading",
        "rejection_reason": "3 cells in place of 2",
        "content": '{"line": "a,b,c"}',
    },
]


def test_curated_corpus_has_every_row_in_its_order(curate) -> None:
    rows = curate(ROWS)

    assert rows["row"].tolist() == [1, 2, 3, 4, 5]
    assert rows["rejected_by"].astype("string").fillna("").tolist() == [
        *("", "", "cleaning"),
        *("deduplication", "reading"),
    ]


def test_kept_and_rejected_rows_are_all_rows(curate, sentiment) -> None:
    rows = curate(ROWS)
    examples, rejected = (
        select_examples(rows, tasks=sentiment),
        select_rejected(rows, tasks=sentiment),
    )

    assert len(examples) + len(rejected) == len(ROWS)
    assert examples["text"].tolist() == ["Mind the gap", "schön"]


def test_examples_have_the_columns_of_the_contract(curate, sentiment) -> None:
    examples = select_examples(curate(ROWS), tasks=sentiment)

    assert list(examples.columns) == [*COLUMNS, "text", "label", *FLAGS]
    types = examples.dtypes.astype(str).to_dict()
    assert types.pop("weight") == "float64"
    assert types.pop("detected_language_score") == "float32"
    assert types.pop("is_language_suspect") == "bool"
    assert set(types.values()) == {"string"}
    assert examples["parent_id"].isna().all()
    assert examples["id"].is_unique


def test_rejected_rows_say_where_they_stood_and_what_they_held(curate, sentiment) -> None:
    rejected = select_rejected(curate(ROWS), tasks=sentiment)

    assert rejected["source"].tolist() == ["reviews.csv"] * 3
    assert rejected["row"].tolist() == [3, 4, 5]
    assert rejected["reason"].tolist()[0] == "the text is empty"
    assert [json.loads(content) for content in rejected["content"]] == [
        {"text": "", "label": "positive"},
        {"text": "Mind the gap", "label": "neutral"},
        {"line": "a,b,c"},
    ]


def test_ids_depend_on_content_and_place_alone(curate) -> None:
    texts = [{"text": f"text {i}"} for i in range(20)]
    ids = curate(texts).set_index("text")["id"]
    backwards = curate(texts[::-1], batch_size=3).set_index("text")["id"]

    pd.testing.assert_series_equal(backwards.sort_index(), ids.sort_index())
    changed = [{"language": "de"}, {"culture": "GB"}, {"label": "positive"}, {"corpus": "posts"}]
    others = [curate([{"text": "text 0", **change}])["id"].iloc[0] for change in changed]
    assert len({ids["text 0"], *others}) == 5


def test_parts_of_ids_are_kept_apart(curate) -> None:
    one = curate([{"text": "ab", "language": "de", "culture": "CH"}])["id"].iloc[0]
    other = curate([{"text": "b", "language": "de", "culture": "CHa"}])["id"].iloc[0]
    assert one != other


def test_progress_is_told_in_rows(curate, caplog, monkeypatch) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0)
    with caplog.at_level(logging.INFO, "ccnlp"):
        curate(ROWS, batch_size=2, deduplication={"min_characters": 1})
    assert caplog.messages[:3] == [f"reviews: rows read: {number}" for number in (2, 4, 5)]
    assert caplog.messages[3].startswith("texts hashed to find those nearly the same: 2 of 2")
    assert caplog.messages[-1] == (
        "reviews: 5 rows read, 2 kept; rejected 1 by cleaning, 1 by deduplication, 1 by reading"
    )


def test_corpus_without_a_usable_row_is_all_quarantine(curate, sentiment) -> None:
    rows = curate([{"text": ""}, {"text": None, "label": None, "rejected_by": "reading"}])
    assert len(select_examples(rows, tasks=sentiment)) == 0
    assert len(select_rejected(rows, tasks=sentiment)) == 2


def test_texts_of_joins_columns_and_lists() -> None:
    class Pairs:
        input_columns = ("text", "tokens")
        target_columns = ("label",)
        list_columns = ("tokens",)
        span_columns = ()
        key_columns = ()
        annotation_columns = ()
        emptiable_columns = ()
        quoted_column = None
        labels = target_values = ()

    rows = pd.DataFrame({"text": ["one", None], "tokens": [["a", "b"], ["c"]]})
    assert texts_of(rows, Pairs()).fillna("missing").tolist() == ["one\na b", "missing"]


@pytest.fixture
def tagging():
    kind = {"kind": "token_classification", "loss_weight": 1, "labels": ["LOC"]}
    return build_tasks(TasksParameters.model_validate({"tagging": kind}))


@pytest.fixture
def curate_tags(make_rows, tagging, ingestion):
    def curate(*rows):
        table = make_rows([{"task": "tagging"}] * len(rows)).drop(columns=["text", "label"])
        table["tokens"], table["tags"] = (list(column) for column in zip(*rows, strict=True))
        return curate_corpus(
            "reviews", [table], task=tagging["tagging"], ratios=None, parameters=ingestion
        )

    return curate


def test_examples_of_words_have_a_text_that_people_can_read(curate_tags, tagging) -> None:
    rows = curate_tags(
        (["我", "在", "北京"], ["O", "O", "B-LOC"]), (["In", "Oslo"], ["O", "B-LOC"])
    )

    examples = select_examples(rows, tasks=tagging)

    assert examples["text"].tolist() == ["我在北京", "In Oslo"]
    assert examples["tokens"].map(list).tolist() == [["我", "在", "北京"], ["In", "Oslo"]]


def test_words_are_the_same_text_however_they_are_split(curate_tags) -> None:
    rows = curate_tags(
        (["我", "在", "北京"], ["O", "O", "B-LOC"]),
        (["我", "在", "北京"], ["O", "O", "B-LOC"]),
        (["我", "在", "北", "京"], ["O", "O", "B-LOC", "I-LOC"]),
    )

    assert rows["rejected_by"].astype("string").fillna("").tolist() == ["", "deduplication", ""]
    assert rows["text_hash"].nunique() == 1
    assert rows["conflicting_labels"].notna().tolist() == [True, False, True]


def test_reject_keeps_the_first_reason(make_rows) -> None:
    rows = make_rows([{"text": "a"}, {"text": "b"}, {"text": "c"}])
    rows = reject(rows, pd.Series({0: "first"}), stage="cleaning")
    rows = reject(rows, pd.Series({0: "second", 2: "third"}), stage="leakage")

    assert rows["rejected_by"].fillna("").tolist() == ["cleaning", "", "leakage"]
    assert rows["rejection_reason"].fillna("").tolist() == ["first", "", "third"]


def test_rows_that_get_lost_are_noticed() -> None:
    with pytest.raises(CcnlpError) as error:
        require_every_row(1000, num_rows_out=999, where="corpus 'reviews'")
    assert str(error.value) == (
        "corpus 'reviews': 1,000 rows went in and 999 came out, kept and rejected together; a "
        "stage lost or doubled rows"
    )


@pytest.mark.parametrize(
    ("stage", "key", "value", "message"),
    [
        ("cleaning", "max_character", 10, "Extra inputs are not permitted"),
        ("cleaning", "max_characters", 0, "greater than or equal to 1"),
        ("cleaning", "max_characters", "many", "valid integer"),
        ("language_identification", "action", "drop", "'flag' or 'reject'"),
        ("language_identification", "threshold", 80, "less than or equal to 1"),
        ("language_identification", "thresholds", {"sw": 1.5}, "less than or equal to 1"),
        ("deduplication", "near_threshold", 0.3, "greater than or equal to 0.7"),
        ("deduplication", "conflicting_labels", "drop", "'keep' or 'reject'"),
    ],
)
def test_wrong_parameters_are_refused(ingestion, stage, key, value, message) -> None:
    values = ingestion.model_dump()
    values[stage][key] = value
    with pytest.raises(ValidationError, match=message) as error:
        IngestionParameters.model_validate(values)
    assert f"{stage}.{key}" in str(error.value)
