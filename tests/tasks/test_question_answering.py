"""Answers that are found in passages, in windows of them, and in none."""

import numpy as np
import pandas as pd
import pytest
import torch

from ccnlp.errors import ConfigurationError
from ccnlp.models.trained import TrainedModel
from ccnlp.tasks.base import WINDOW_OF, build_tasks
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tasks.tallied import read_answer, write_answer
from ccnlp.tokenisation.encoding import (
    QUOTED,
    count_tokens,
    encode_examples,
    report_tokens,
)
from ccnlp.tokenisation.notes import check_encoded_for
from ccnlp.training.features import FeatureRows
from ccnlp.training.fine_tuning import fine_tune

ANSWERS = {"max_tokens": 8, "stride_tokens": 4, "may_be_missing": True}
PASSAGE = "the film was very good and I loved it"


def build(**changes):
    entry = {"kind": "question_answering", "loss_weight": 1, "options": {**ANSWERS, **changes}}
    return build_tasks(TasksParameters.model_validate({"qa": entry}))["qa"]


@pytest.fixture
def task():
    return build()


@pytest.fixture
def certain():
    """A task whose questions all have an answer."""
    return build(may_be_missing=False)


@pytest.fixture
def tokenizer(tiny_encoder):
    return tiny_encoder.load_tokenizer()


def rows_of(*rows):
    """Rows of a passage, its answers and their places."""
    table = pd.DataFrame(rows, columns=["passage", "answer", "answer_start"])
    return table.assign(question="was it good", language="en")


def batch_of(task, rows, tokenizer, *, length):
    columns = task.encode(rows, tokenizer, max_length_tokens=length)
    window_of = np.array(columns.pop(WINDOW_OF))
    features = [
        dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)
    ]
    return task.collate(features, pad_token_id=tokenizer.pad_token_id), window_of


def logits_of(batch, *, first_token=0.0, at_targets=9.0):
    """Logits of a model that knows the answers of windows which hold them."""
    logits = torch.zeros(*batch["input_ids"].shape, 2)
    logits[:, 0] = first_token
    for i, name in enumerate(("target_start", "target_end")):
        logits[torch.arange(len(logits)), batch[name], i] = at_targets
    return logits


def predict(task, rows, tokenizer, logits, batch, window_of):
    merged = task.merge(task.decode(logits, batch, tokenizer), window_of)
    return task.write(merged.reset_index(drop=True), rows["passage"])


@pytest.mark.parametrize("length", [16, 128])
def test_answer_is_found_and_cut_out_of_the_passage_as_it_stands(task, tokenizer, length):
    passage = "The  Film was\tVERY good, and I loved cafe\u0301 and it is great and it was good"
    rows = rows_of((passage, ["VERY good"], ["14"]), (passage, ["cafe\u0301"], ["37"]))
    batch, window_of = batch_of(task, rows, tokenizer, length=length)

    predicted = predict(task, rows, tokenizer, logits_of(batch), batch, window_of)

    assert predicted["prediction"].tolist() == task.reference(rows).tolist()
    assert read_answer(predicted["prediction"][1]) == [{"text": "cafe\u0301", "start": 37}]


def test_targets_are_the_first_token_in_windows_without_the_answer(task, tokenizer):
    rows = rows_of((PASSAGE, ["good"], ["18"]), (PASSAGE, [], []))
    batch, window_of = batch_of(task, rows, tokenizer, length=16)

    held = batch["target_start"] > 0
    assert held[window_of == 0].any()
    assert not held[window_of == 1].any()
    starts = batch["target_start"][held]
    words = tokenizer.convert_ids_to_tokens(batch["input_ids"][held, starts].tolist())
    assert set(words) == {"▁good"}


def test_losses_are_the_mean_of_both_cross_entropies(task):
    # Two places are allowed beside the first token: three equal shares of starts; of ends the
    # right one has e / (e + 2).
    batch = {
        "token_starts": torch.tensor([[-1, -1, 0, 5, -1]]),
        "target_start": torch.tensor([2]),
        "target_end": torch.tensor([3]),
    }
    logits = torch.zeros(1, 5, 2)
    logits[0, 1] = 50.0  # of the question
    logits[0, 4] = 50.0  # of what frames the passage
    logits[0, 3, 1] = 1.0

    losses = task.losses(logits, batch, label_smoothing=0.0)
    smoothed = task.losses(logits, batch, label_smoothing=0.3)

    log_ends = np.log(np.e + 2)
    expected = (np.log(3) + log_ends - 1) / 2
    assert losses.item() == pytest.approx(expected)
    alike = (np.log(3) + log_ends - 1 / 3) / 2
    assert smoothed.item() == pytest.approx(0.7 * expected + 0.3 * alike)
    assert task.losses(logits.bfloat16(), batch, label_smoothing=0.0).dtype == torch.float32


def test_divergence_looks_at_the_passage_alone(task):
    batch = {"token_starts": torch.tensor([[-1, -1, 0, -1]])}
    first, second = torch.zeros(1, 4, 2), torch.zeros(1, 4, 2)
    second[0, 1] = second[0, 3] = 7.0

    assert task.divergence(first, second, batch).item() == 0.0
    # Starts: p = (1/2, 1/2), q = (1/4, 3/4), whose mean divergence is ln(3) / 8; ends are alike.
    second[0, 2, 0] = np.log(3)
    assert task.divergence(first, second, batch).item() == pytest.approx(np.log(3) / 8 / 2)
    assert task.divergence(second, first, batch).item() == pytest.approx(np.log(3) / 8 / 2)


def decoded(*windows):
    columns = ["start", "end", "score", "null_score", "log_total"]
    return pd.DataFrame(windows, columns=columns)


def test_merge_takes_the_best_span_of_all_windows(task):
    windows = decoded((1, 2, 1.0, 5.0, 1.0), (3, 4, 3.0, 2.0, 3.0), (5, 6, 2.0, 4.0, 2.0))

    merged = task.merge(windows, np.array([0, 0, 0]))

    assert merged[["start", "end"]].to_numpy().tolist() == [[3, 4]]
    total = np.exp([1.0, 3.0, 2.0, 2.0]).sum()  # the spans, and no answer at its smallest
    assert merged["confidence"].tolist() == pytest.approx([np.exp(3) / total])


def test_answer_that_several_windows_find_is_as_sure_as_all_of_them(task, certain):
    windows = decoded((3, 4, 2.0, 0.0, 2.5), (3, 4, 3.0, 1.0, 3.5), (5, 6, 1.0, 0.5, 1.0))
    others = decoded((3, 4, 3.0, 0.0, 3.0))

    merged = task.merge(pd.concat([windows, others]), np.array([0, 0, 0, 1]))
    sure = certain.merge(windows.iloc[:2], np.array([0, 0]))

    assert merged[["start", "end"]].to_numpy().tolist() == [[3, 4], [3, 4]]
    total = np.exp([2.5, 3.5, 1.0, 0.0]).sum()
    alone = 1 / (1 + np.exp(-3.0))
    assert merged["confidence"].tolist() == pytest.approx([np.exp([2, 3]).sum() / total, alone])
    assert sure["confidence"].tolist() == pytest.approx([np.exp(-0.5)])  # of each, and of both


def test_merge_says_that_there_is_no_answer_where_every_window_does(task, certain):
    windows = decoded((1, 2, 1.0, 1.5, 1.0), (3, 4, 0.5, 2.0, 0.5), (7, 8, 1.0, 0.0, 1.0))

    merged = task.merge(windows, np.array([0, 0, 1]))
    sure = certain.merge(windows, np.array([0, 0, 1]))

    assert merged["start"].tolist() == [-1, 7]
    total = np.exp([1.0, 0.5, 1.5]).sum()
    assert merged["confidence"].iloc[0] == pytest.approx(np.exp(1.5) / total)
    assert sure["start"].tolist() == [1, 7]
    assert sure["confidence"].tolist() == pytest.approx([np.exp(1.0) / np.exp([1.0, 0.5]).sum(), 1])


def test_passage_that_has_no_tokens_has_no_answer(certain, tokenizer):
    rows = rows_of(("\u200b", ["\u200b"], ["0"]), (PASSAGE, ["good"], ["18"]))
    batch, window_of = batch_of(certain, rows, tokenizer, length=64)
    batch["token_starts"][0] = -1
    predicted = predict(certain, rows, tokenizer, logits_of(batch), batch, window_of)

    assert predicted["prediction"].tolist()[0] == "[]"
    assert predicted["confidence"].tolist()[0] == 0.0
    assert read_answer(predicted["prediction"][1])[0]["text"] == "good"


def test_answers_can_not_be_written_without_passages(task):
    with pytest.raises(ValueError, match="without the passages"):
        task.write(pd.DataFrame({"start": [0], "end": [1]}), None)


@pytest.mark.parametrize(
    ("answers", "starts", "reason"),
    [
        (["good"], ["18"], None),
        (["good", "very good"], ["18", "13"], None),
        (["good"], [], "answer has 1 items and answer_start 0"),
        (
            ["good"],
            ["17"],
            "the answer 'good' is not at character 17 of the passage, but ' goo'; it stands at 18",
        ),
        (["good", " "], ["18", "3"], "the answer is empty"),
        (
            ["good"],
            ["-3"],
            "answer_start -3 is outside the passage, which has 37 characters",
        ),
        (
            [],
            [],
            "the question has no answer, which tasks.qa.options.may_be_missing does not allow "
            "(parameters/tasks.yml)",
        ),
    ],
)
def test_validate_says_what_is_wrong_with_answers(certain, answers, starts, reason):
    reasons = certain.validate(rows_of((PASSAGE, answers, starts)))

    assert reasons.fillna("").tolist() == [reason or ""]


def test_question_without_answer_is_allowed_by_the_parameter(task):
    rows = rows_of((PASSAGE, [], []))

    assert task.validate(rows).isna().all()
    assert task.reference(rows).tolist() == ["[]"]


def test_tallies_are_by_language_and_as_if_english(task):
    def answers(*texts):
        return write_answer([{"text": text, "start": 0} for text in texts])

    predictions = pd.DataFrame(
        {
            "prediction": [answers("die Stadt Köln"), answers("北京市"), answers(), answers("x")],
            "reference": [answers("Köln"), answers("上海", "北京"), answers(), pd.NA],
            "language": ["de", "zh-Hant", "en", "en"],
        }
    )

    scores = task.score(predictions)

    # German 2 * 1 / (2 + 1), Chinese 2 * 2 / (3 + 2); as English 2 * 1 / (3 + 1) and 0.
    assert scores["f1"] == pytest.approx((2 / 3 + 4 / 5 + 1) / 3)
    assert scores["f1_english"] == pytest.approx((1 / 2 + 0 + 1) / 3)
    assert scores["exact_match"] == scores["exact_match_english"] == pytest.approx(1 / 3)
    assert list(scores) == ["exact_match", "f1", "exact_match_english", "f1_english"]


def test_metrics_of_no_rows_are_none(task):
    sums = np.zeros((2, 5))
    sums[1] = [1, 2, 1, 2, 2]

    assert np.isnan(task.metrics(sums)["f1"][0])
    assert task.metrics(sums)["f1"][1] == 1.0


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            {"kind": "question_answering"},
            r"task 'qa': options of kind 'question_answering': max_tokens: .*tasks\.yml",
        ),
        (
            {"kind": "question_answering", "options": ANSWERS, "labels": ["a", "b"]},
            r"task 'qa': kind question_answering has no labels; .*tasks\.yml",
        ),
        (
            {"kind": "sequence_classification", "options": ANSWERS, "labels": ["a", "b"]},
            r"task 'qa': options of kind 'sequence_classification': max_tokens: .*tasks\.yml",
        ),
        (
            {"kind": "question_answering", "options": ANSWERS, "context": "prefix"},
            r"task 'qa': kind 'question_answering' reads no context",
        ),
    ],
)
def test_entries_that_do_not_fit_the_kind_are_refused(entry, message):
    with pytest.raises(ConfigurationError, match=message):
        build_tasks(TasksParameters.model_validate({"qa": {"loss_weight": 1, **entry}}))


WORDS = ["good", "bad", "great", "boring"]
SUBJECTS = ["film", "service", "it"]


@pytest.fixture
def examples():
    """Judgements in passages that are read in windows of 16 tokens."""
    passages = [
        (f"the {subject} was and is not the {subject} and it is {word} and the", word)
        for subject in SUBJECTS
        for word in WORDS
    ] * 4
    rows = rows_of(
        *[(passage, [word], [str(passage.index(word))]) for passage, word in passages]
    ).assign(
        corpus="toy", task="qa", culture="GB", domain="reviews", origin="native", weight=1.0
    )  # fmt: skip
    rows["id"] = [f"{i:016x}" for i in range(len(rows))]
    rows["split"] = [("train", "train", "train", "validation")[i // 12] for i in range(len(rows))]
    return rows


def test_answers_are_learnt_saved_and_predicted(
    examples, certain, tiny_encoder, tokenizer, training_parameters, tmp_path
):
    tasks = {"qa": certain}
    features = encode_examples(examples, tasks, tokenizer, max_length_tokens=16)
    vocabulary = count_tokens(features, special_ids=tokenizer.all_special_ids)
    (tmp_path / "checkpoints").mkdir()

    tuned = fine_tune(
        features,
        vocabulary=vocabulary["token_id"].to_numpy(),
        encoder=tiny_encoder,
        tasks=tasks,
        max_length_tokens=16,
        parameters=training_parameters(epochs=12),
        checkpoints=tmp_path / "checkpoints",
    )
    held_out = examples[examples["split"] == "validation"]
    inputs = held_out[["question", "passage"]]
    predicted = tuned.model.predict(inputs, task="qa")
    tuned.model.save(tmp_path / "model")
    loaded = TrainedModel.load(tmp_path / "model")

    assert predicted.index.equals(held_out.index)
    scored = predicted.assign(reference=certain.reference(held_out), language="en")
    assert certain.score(scored)["exact_match"] > 0.9
    again = loaded.predict(inputs, task="qa")["prediction"]
    assert again.tolist() == predicted["prediction"].tolist()


def test_features_hold_each_passage_once_and_models_do_not_read_it(examples, task, tokenizer):
    table = encode_examples(examples, {"qa": task}, tokenizer, max_length_tokens=16)["qa"]

    quoted = table[QUOTED].combine_chunks()
    assert len(table) > len(examples)
    assert len(quoted.dictionary) == len(set(examples["passage"])) == 12
    assert table.schema.field("token_starts").type.value_type.bit_width == 32
    assert QUOTED not in FeatureRows.of(table)[0]
    assert report_tokens({"qa": table})["share_truncated"].tolist() == [0.0]


def test_features_of_another_stride_are_made_again(examples, task, tokenizer):
    features = encode_examples(examples, {"qa": task}, tokenizer, max_length_tokens=16)

    check_encoded_for(features, {"qa": build(max_tokens=2)}, max_length_tokens=16)
    with pytest.raises(ConfigurationError, match=r"'qa' .* has changed since .* tokenise"):
        check_encoded_for(features, {"qa": build(stride_tokens=2)}, max_length_tokens=16)
