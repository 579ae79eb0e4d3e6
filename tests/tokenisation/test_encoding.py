import pandas as pd
import pytest

from ccnlp.errors import ConfigurationError
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.kinds.sequence_classification import SequenceClassification
from ccnlp.tasks.parameters import TaskParameters, TasksParameters
from ccnlp.tokenisation import encoding
from ccnlp.tokenisation.encoding import count_tokens, encode_examples, report_tokens

TASKS = {
    "t": SequenceClassification(
        "t", TaskParameters(kind="sequence_classification", loss_weight=1, labels=("a", "b"))
    )
}


@pytest.fixture
def examples() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": ["1", "2", "3"],
            "corpus": "c",
            "task": "t",
            "split": ["train", "validation", "test"],
            "language": ["en", "es", "en"],
            "culture": "und",
            "domain": "und",
            "origin": "native",
            "weight": 1.0,
            "text": ["good good good good", "muy buena", "boring"],
            "label": ["a", "b", "a"],
        }
    )


def test_encode_examples_cuts_and_keeps_the_end_mark(examples, tiny_encoder):
    tokenizer = tiny_encoder.load_tokenizer()

    table = encode_examples(examples, TASKS, tokenizer, max_length_tokens=8)["t"]

    first = table.slice(0, 1).to_pylist()[0]
    assert first["num_tokens_before_truncation"] == 6  # four words between two marks
    cut = TASKS["t"].encode(examples, tokenizer, max_length_tokens=4)["input_ids"][0]
    assert len(cut) == 4
    assert cut[0] == tokenizer.bos_token_id
    assert cut[-1] == tokenizer.eos_token_id
    assert table["target"].to_pylist() == [0, 1, 0]


def test_encode_examples_beyond_the_encoders_length_says_so(examples, tiny_encoder):
    with pytest.raises(ConfigurationError, match=r"max_length_tokens is 600, but .* at most 128"):
        encode_examples(examples, TASKS, tiny_encoder.load_tokenizer(), max_length_tokens=600)


def test_count_tokens_leaves_test_out_and_special_tokens_in(examples, tiny_encoder):
    tokenizer = tiny_encoder.load_tokenizer()
    features = encode_examples(examples, TASKS, tokenizer, max_length_tokens=8)

    counts = count_tokens(features, special_ids=tokenizer.all_special_ids)

    by_id = dict(zip(counts["token_id"], counts["count"], strict=True))
    assert by_id[tokenizer.convert_tokens_to_ids("▁good")] == 4
    assert tokenizer.convert_tokens_to_ids("▁boring") not in by_id
    assert by_id[tokenizer.mask_token_id] == 0
    assert counts["token_id"].is_monotonic_increasing


def test_report_tokens_by_language(examples, tiny_encoder):
    features = encode_examples(examples, TASKS, tiny_encoder.load_tokenizer(), max_length_tokens=8)

    report = report_tokens(features).set_index("language")

    assert report.loc["en", "num_texts"] == 2
    assert report.loc["en", "tokens_per_text"] == pytest.approx((6 + 3) / 2)
    assert report.loc["en", "tokens_per_character"] == pytest.approx(9 / 25)
    assert report.loc["es", "share_truncated"] == 0


def test_row_that_is_read_in_windows_is_not_truncated(examples, tiny_encoder):
    entry = {"kind": "token_classification", "loss_weight": 1, "labels": ["PER"]}
    tasks = build_tasks(TasksParameters.model_validate({"t": entry}))
    words = [["it", "is"] * 10, ["it"], ["电", "影"]]
    rows = examples.drop(columns=["text", "label"]).assign(
        tokens=words, tags=[["O"] * len(row) for row in words]
    )

    table = encode_examples(rows, tasks, tiny_encoder.load_tokenizer(), max_length_tokens=8)["t"]

    assert table["num_tokens"].to_pylist()[-2:] == [3, 5]
    assert set(table["num_tokens_before_truncation"].to_pylist()[:-2]) == {22}
    assert table["num_characters"].to_pylist()[-2:] == [2, 2]
    report = report_tokens({"t": table})
    assert report["num_texts"].sum() == 3
    assert (report["share_truncated"] == 0).all()


def test_encode_examples_by_slices_equals_encoding_at_once(examples, tiny_encoder, monkeypatch):
    tokenizer = tiny_encoder.load_tokenizer()
    examples = examples.astype({"corpus": "category", "language": "category"})
    examples["domain"] = [None, None, "und"]  # a slice without a value
    whole = encode_examples(examples, TASKS, tokenizer, max_length_tokens=8)["t"]

    monkeypatch.setattr(encoding, "ROWS_AT_ONCE", 2)
    sliced = encode_examples(examples, TASKS, tokenizer, max_length_tokens=8)["t"]

    assert sliced.to_pylist() == whole.to_pylist()
    assert sliced.schema.equals(whole.schema)
    assert sliced["input_ids"].num_chunks == 1


def reading(context: str) -> dict[str, SequenceClassification]:
    parameters = TaskParameters(
        kind="sequence_classification", loss_weight=1, labels=("a", "b"), context=context
    )
    return {"t": SequenceClassification("t", parameters)}


def test_context_counts_in_tokens_and_characters_where_it_is_read(examples, tiny_encoder):
    tokenizer = tiny_encoder.load_tokenizer()
    with_context = examples.assign(
        context=pd.Series(["the film", None, "the film"], dtype="string")
    )

    table = encode_examples(with_context, reading("text_pair"), tokenizer, max_length_tokens=9)["t"]

    assert table["num_tokens_before_truncation"].to_pylist() == [10, 4, 7]
    assert table["num_tokens"].to_pylist() == [9, 4, 7]
    assert table["num_characters"].to_pylist() == [19 + 8, 9, 6 + 8]
    assert report_tokens({"t": table}).set_index("language").loc["en", "share_truncated"] == 0.5


def test_features_of_texts_whose_context_is_not_read_are_as_ever(examples, tiny_encoder):
    tokenizer = tiny_encoder.load_tokenizer()
    with_context = examples.assign(context="the film")
    plain = encode_examples(examples, TASKS, tokenizer, max_length_tokens=8)["t"]
    assert encode_examples(with_context, TASKS, tokenizer, max_length_tokens=8)["t"].equals(
        plain, check_metadata=True
    )


def test_slice_without_a_context_equals_encoding_at_once(examples, tiny_encoder, monkeypatch):
    tokenizer = tiny_encoder.load_tokenizer()
    with_context = examples.assign(context=pd.Series([None, None, "the film"], dtype="string"))
    whole = encode_examples(with_context, reading("prefix"), tokenizer, max_length_tokens=8)["t"]
    monkeypatch.setattr(encoding, "ROWS_AT_ONCE", 2)
    sliced = encode_examples(with_context, reading("prefix"), tokenizer, max_length_tokens=8)["t"]
    assert sliced.to_pylist() == whole.to_pylist()


@pytest.mark.parametrize("columns", [{}, {"context": pd.NA}])
def test_task_that_is_to_read_contexts_of_which_there_are_none_says_so(
    examples, tiny_encoder, columns
):
    message = (
        r"tasks\.t\.context is prefix, but none of the 3 examples has a context .*corpora\.yml"
    )
    with pytest.raises(ConfigurationError, match=message):
        encode_examples(
            examples.assign(**columns),
            reading("prefix"),
            tiny_encoder.load_tokenizer(),
            max_length_tokens=8,
        )


KINDS = {
    "sequence_classification": ({"labels": ["a", "b"]}, {"text": "x", "label": "c"}),
    "multi_label_classification": ({"labels": ["a", "b"]}, {"text": "x", "labels": ["a", "c"]}),
    "token_classification": ({"labels": ["a"]}, {"tokens": ["x"], "tags": ["B-c"]}),
    "intent_slots": (
        {"labels": ["a", "b"], "options": {"slot_types": ["s"]}},
        {"tokens": ["x"], "tags": ["O"], "label": "c"},
    ),
    "pair_similarity": (
        {"options": {"score_range": [0, 3]}}, {"text": "x", "other_text": "y", "score": "4"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_example_of_what_its_task_no_longer_knows_is_refused(examples, tiny_encoder, kind):
    entry, cells = KINDS[kind]
    made = {"t": {"kind": kind, "loss_weight": 1, **entry}}
    tasks = build_tasks(TasksParameters.model_validate(made))
    columns = {*tasks["t"].input_columns, *tasks["t"].target_columns}
    cells = dict(zip(sorted(columns), [cells[name] for name in sorted(cells)], strict=True))
    rows = examples.head(1).drop(columns=["text", "label"])
    rows = rows.assign(**{name: [cell] for name, cell in cells.items()})

    with pytest.raises(
        ConfigurationError, match=r"tasks\.t: 1 of 1 examples don't fit the task as"
    ):
        encode_examples(rows, tasks, tiny_encoder.load_tokenizer(), max_length_tokens=8)


def test_examples_of_another_kind_are_refused(examples, tiny_encoder):
    rows = examples.assign(label=None, labels=[["a"]] * 3)
    with pytest.raises(ConfigurationError, match=r"its examples have no 'label', which kind seq"):
        encode_examples(rows, TASKS, tiny_encoder.load_tokenizer(), max_length_tokens=8)


def test_examples_of_other_tasks_are_refused(examples, tiny_encoder):
    message = (
        r"the examples are of 'other', and the tasks are 't' .* kedro run --pipelines ingestion"
    )
    rows = examples.assign(task="other")
    with pytest.raises(ConfigurationError, match=message):
        encode_examples(rows, TASKS, tiny_encoder.load_tokenizer(), max_length_tokens=8)
