import shutil

import pandas as pd
import pyarrow as pa
import pytest
import torch
from pydantic import ValidationError
from transformers import BertModel

from ccnlp import progress
from ccnlp.errors import CcnlpError, ConfigurationError, CorpusError
from ccnlp.models.trained import TrainedModel
from ccnlp.tasks.kinds.sequence_classification import SequenceClassification
from ccnlp.tasks.parameters import TaskParameters
from ccnlp.tokenisation.encoding import count_tokens, encode_examples
from ccnlp.training.callbacks import ProgressCallback
from ccnlp.training.fine_tuning import fine_tune
from ccnlp.training.run_folder import RunFolder
from ccnlp.training.trainer import MultiTaskTrainer


def changed(parameters, **groups):
    """The parameters with some values of some groups, or some plain ones, replaced."""
    values = parameters.model_dump()
    for name, value in groups.items():
        values[name] = {**values[name], **value} if isinstance(value, dict) else value
    return type(parameters).model_validate(values)


@pytest.fixture
def run(features, vocabulary, tiny_encoder, tasks, parameters, tmp_path):
    def train(**groups):
        return fine_tune(
            features,
            vocabulary=vocabulary,
            encoder=tiny_encoder,
            tasks=tasks,
            max_length_tokens=64,
            parameters=changed(parameters, **groups),
            checkpoints=tmp_path,
        )

    return train


def weights(model: TrainedModel) -> dict[str, torch.Tensor]:
    return {name: weight.clone() for name, weight in model.network.state_dict().items()}


@pytest.fixture
def break_off(monkeypatch):
    """Begins a training, which is interrupted at step 7."""
    step_end = ProgressCallback.on_step_end

    def die(self, args, state, control, **kwargs):
        if state.global_step == 7:
            raise KeyboardInterrupt
        step_end(self, args, state, control, **kwargs)

    def begin(run, **groups):
        with monkeypatch.context() as patched:
            patched.setattr(ProgressCallback, "on_step_end", die)
            with pytest.raises(KeyboardInterrupt):
                run(**groups)

    return begin


def forget(checkpoints):
    """Removes a finished training, which would not be done again."""
    for folder in checkpoints.iterdir():
        shutil.rmtree(folder)


def assert_equal_weights(first, second, *, tolerance=0.0):
    assert first.keys() == second.keys()
    for name, weight in first.items():
        torch.testing.assert_close(weight, second[name], rtol=0, atol=tolerance, msg=name)


def test_fine_tune_learns_what_can_be_learnt(run, examples):
    tuned = run(epochs=8)

    predicted = tuned.model.predict(examples, task="sentiment")

    assert (predicted["prediction"] == examples["label"]).mean() > 0.9
    assert predicted.index.equals(examples.index)
    assert tuned.model.has_seen(examples["id"]).tolist() == (examples["split"] == "train").tolist()


def test_fine_tune_reports_metrics_as_it_goes(run):
    heard = []
    with progress.listening(heard.append):
        run()

    names = {
        name for report in heard if isinstance(report, progress.Metrics) for name in report.values
    }
    assert {"training/loss", "training/validation_sentiment/macro_f1"} <= names


def test_fine_tune_with_trimmed_vocabulary_equals_training_with_the_full_one(run):
    trimmed, full = run(trim_vocabulary=True), run(trim_vocabulary=False)

    assert_equal_weights(weights(trimmed.model), weights(full.model), tolerance=1e-5)


def test_fine_tune_interrupted_and_run_again_ends_with_the_same_weights(run, break_off, tmp_path):
    expected = weights(run().model)
    forget(tmp_path)
    break_off(run)
    assert list(tmp_path.glob("*/checkpoint-*"))
    heard = []
    with progress.listening(heard.append):
        resumed = run()

    assert any(isinstance(r, progress.Fact) and r.name == "training_resumed_from" for r in heard)
    assert_equal_weights(weights(resumed.model), expected)
    assert not list(tmp_path.glob("*/checkpoint-*"))


def test_fine_tune_with_averaged_weights_resumes_to_the_same(run, break_off, tmp_path):
    averaging = {"regularisation": {"weight_average_decay": 0.9}}
    expected = weights(run(**averaging).model)
    forget(tmp_path)
    break_off(run, **averaging)

    assert_equal_weights(weights(run(**averaging).model), expected)


@pytest.fixture
def two_languages(features):
    """A quarter of the rows is Spanish; a third, of both labels, is for validation."""
    table = features["sentiment"]
    columns = {
        "language": ["es" if i < 6 else "en" for i in range(24)],
        "split": ["validation" if i % 6 > 3 else "train" for i in range(24)],
    }
    for name, values in columns.items():
        index = table.column_names.index(name)
        table = table.set_column(index, name, pa.array(values))
    features["sentiment"] = table


@pytest.mark.usefixtures("two_languages")
@pytest.mark.parametrize("name", ["group_dro", "fairness_penalty"])
@pytest.mark.parametrize("count", [1, 2])
def test_fine_tune_with_an_objective_resumes_to_the_same(run, break_off, tmp_path, name, count):
    weighing = {
        "epochs": 6,
        "objective": {"name": name, "averaged_rows": 4},
        "batches": {"accumulation_steps": count},
    }
    expected = run(**weighing)
    forget(tmp_path)
    break_off(run, **weighing)
    assert list(tmp_path.glob("*/checkpoint-*/objectives.safetensors"))
    resumed = run(**weighing)

    assert_equal_weights(weights(resumed.model), weights(expected.model))
    is_weight = expected.history["metric"].str.contains("group_weight")
    assert is_weight.any()
    pd.testing.assert_frame_equal(resumed.history[is_weight], expected.history[is_weight])


@pytest.mark.usefixtures("two_languages")
def test_fine_tune_tells_the_weights_of_groups_as_it_goes(run):
    heard = []
    with progress.listening(heard.append):
        run(objective={"name": "group_dro", "group_dro": {"step_size": 0.5, "adjustment": 9.0}})

    reported = [
        r.values for r in heard if isinstance(r, progress.Metrics) and "training/loss" in r.values
    ]
    assert len(reported) > 2
    for values in reported:
        assert {f"training/sentiment/group_loss/{name}" for name in ("en", "es")} <= set(values)
        group_weights = [values[f"training/sentiment/group_weight/{name}"] for name in ("en", "es")]
        assert sum(group_weights) == pytest.approx(1)
    assert group_weights[1] > 0.6  # four rows have the larger adjustment


@pytest.mark.usefixtures("two_languages")
@pytest.mark.parametrize("name", ["group_dro", "fairness_penalty"])
@pytest.mark.parametrize(
    "groups",
    [
        {"regularisation": {"consistency_weight": 1.0, "label_smoothing": 0.1}},
        {"precision": "bf16"},
        {"regularisation": {"weight_average_decay": 0.9}, "gradient_checkpointing": True},
    ],
    ids=str,
)
def test_fine_tune_with_an_objective_learns_with(run, examples, name, groups):
    slow = {"epochs": 12, "optimiser": {"learning_rate": 3e-3}}
    tuned = run(objective={"name": name, "averaged_rows": 4}, **slow, **groups)

    predicted = tuned.model.predict(examples, task="sentiment")
    assert (predicted["prediction"] == examples["label"]).mean() > 0.9


def test_fine_tune_weighing_groups_of_one_language_says_how_to_mend(run):
    with pytest.raises(ConfigurationError, match=r"group_dro, but by language .* one group"):
        run(objective={"name": "group_dro"})


def test_fine_tune_with_groups_of_a_column_that_features_lack_says_how_to_mend(run, features):
    features["sentiment"] = features["sentiment"].drop_columns(["domain"])

    with pytest.raises(ConfigurationError, match=r"training\.mixture\.groups names the columns do"):
        run(mixture={"groups": ["domain"]})
    with pytest.raises(ConfigurationError, match=r"training\.objective\.groups names the columns"):
        run(objective={"name": "group_dro", "groups": ["language", "domain"]})


@pytest.mark.usefixtures("two_languages")
def test_fine_tune_draws_languages_alike_and_tells_how_often(run, break_off, tmp_path, caplog):
    evenly = {"mixture": {"groups": ["language"], "temperature": float("inf")}}
    with caplog.at_level("INFO"):
        expected = weights(run(**evenly).model)
    forget(tmp_path)
    break_off(run, **evenly)

    # Eight of sixteen rows an epoch are four Spanish ones.
    assert "draws each row of es 2.00 times (4 rows), en 0.67 times (12 rows)" in caplog.text
    assert_equal_weights(weights(run(**evenly).model), expected)


@pytest.mark.usefixtures("two_languages")
def test_fine_tune_selects_by_the_worst_group(run):
    heard = []
    with progress.listening(heard.append):
        history = run(epochs=4, validation={"select_by": "worst_group"}).history

    values = history.pivot(index="step", columns="metric", values="value").dropna(how="any")
    by_group = values[[f"validation_sentiment/{name}/macro_f1" for name in ("en", "es")]]
    assert len(values) == 4
    assert (
        values["validation_sentiment/worst_group/macro_f1"].tolist()
        == by_group.min(axis=1).tolist()
    )
    assert values["validation_selection_score"].tolist() == by_group.min(axis=1).tolist()
    assert progress.Fact("groups_judged_sentiment", "en, es") in heard


@pytest.mark.usefixtures("two_languages")
def test_fine_tune_tells_which_groups_are_too_small_to_be_the_worst(run, caplog):
    heard = []
    with progress.listening(heard.append), caplog.at_level("WARNING"):
        history = run(validation={"select_by": "worst_group", "min_group_size": 3}).history

    assert (
        "the worst group of sentiment is none of these, which have fewer than 3 validation rows "
        "(training.validation.min_group_size): es (2)"
    ) in caplog.text
    assert "en is the only group of sentiment with 3 validation rows" in caplog.text
    assert progress.Fact("groups_too_small_to_judge_sentiment", "es (2)") in heard
    assert "validation_sentiment/es/macro_f1" not in set(history["metric"])


@pytest.mark.usefixtures("two_languages")
def test_fine_tune_tells_of_a_group_that_is_trained_and_has_no_validation_row(
    run, features, caplog
):
    table = features["sentiment"].to_pylist()
    kept = [(row["split"], row["language"]) != ("validation", "es") for row in table]
    features["sentiment"] = features["sentiment"].filter(kept)

    with caplog.at_level("WARNING"):
        run(validation={"select_by": "worst_group"})

    assert "fewer than 1 validation rows (training.validation.min_group_size): es (0)" in (
        caplog.text
    )


def test_fine_tune_without_a_group_that_is_large_enough_to_judge_says_how_to_mend(run):
    with pytest.raises(
        ConfigurationError,
        match=r"no group of task 'sentiment' by language has 30 validation rows, the largest has "
        r"4; lower training\.validation\.min_group_size.*training\.yml",
    ):
        run(validation={"select_by": "worst_group", "min_group_size": 30})


def test_fine_tune_killed_before_its_model_was_saved_trains_nothing_again(run, monkeypatch):
    first = run()

    def train(*args, **kwargs):
        raise AssertionError("it trains again")

    monkeypatch.setattr(MultiTaskTrainer, "train", train)
    second = run()

    assert_equal_weights(weights(second.model), weights(first.model))
    pd.testing.assert_frame_equal(second.history, first.history)


def test_fine_tune_finished_is_kept_when_only_the_time_between_checkpoints_changes(
    run, monkeypatch
):
    run()

    def train(*args, **kwargs):
        raise AssertionError("it trains again")

    monkeypatch.setattr(MultiTaskTrainer, "train", train)
    run(validation={"seconds_between_checkpoints": 60.0})


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("damage", [cut, lambda path: path.unlink()])
def test_fine_tune_finished_whose_weights_are_damaged_trains_again(run, tmp_path, caplog, damage):
    expected = weights(run().model)
    (best,) = tmp_path.glob("*/best-*.safetensors")
    damage(best)

    with caplog.at_level("WARNING"):
        again = run()

    assert "is damaged, and the training begins anew" in caplog.text
    assert_equal_weights(weights(again.model), expected)


@pytest.mark.parametrize("name", ["optimizer.pt", "model.safetensors", "trainer_state.json"])
def test_fine_tune_goes_on_without_a_damaged_checkpoint(run, break_off, tmp_path, caplog, name):
    expected = weights(run().model)
    forget(tmp_path)
    break_off(run)
    for file in tmp_path.glob(f"*/checkpoint-*/{name}"):
        cut(file)

    with caplog.at_level("WARNING"):
        resumed = run()

    assert "is damaged, and is not gone on from" in caplog.text
    assert_equal_weights(weights(resumed.model), expected)


def test_fine_tune_refuses_features_of_other_labels(
    features, vocabulary, tiny_encoder, tasks, parameters, tmp_path
):
    changed_task = tasks["sentiment"].parameters.model_copy(
        update={"labels": tuple(reversed(tasks["sentiment"].labels))}
    )
    others = {"sentiment": type(tasks["sentiment"])("sentiment", changed_task)}
    with pytest.raises(ConfigurationError, match="tokenise again: kedro run --pipelines tokenisat"):
        fine_tune(
            features,
            vocabulary=vocabulary,
            encoder=tiny_encoder,
            tasks=others,
            max_length_tokens=64,
            parameters=parameters,
            checkpoints=tmp_path,
        )


def test_fine_tune_refuses_features_that_were_cut_elsewhere(
    features, vocabulary, tiny_encoder, tasks, parameters, tmp_path
):
    message = (
        r"^task 'sentiment' was tokenised with tokenisation\.max_length_tokens 64, which is 32 now "
        r"\(parameters/tokenisation\.yml\); tokenise again: kedro run --pipelines tokenisation$"
    )
    with pytest.raises(ConfigurationError, match=message):
        fine_tune(
            features,
            vocabulary=vocabulary,
            encoder=tiny_encoder,
            tasks=tasks,
            max_length_tokens=32,
            parameters=parameters,
            checkpoints=tmp_path,
        )
    assert not list(tmp_path.iterdir())


def test_fine_tune_killed_at_its_early_stop_stops_there_too(run, monkeypatch, tmp_path):
    stopping = {
        "epochs": 30,
        "optimiser": {"learning_rate": 1e-9, "head_learning_rate": 1e-9},
        "validation": {"patience": 2},
    }
    expected = run(**stopping).history
    forget(tmp_path)
    finish = RunFolder.finish

    def die(self, history):
        raise KeyboardInterrupt

    monkeypatch.setattr(RunFolder, "finish", die)
    with pytest.raises(KeyboardInterrupt):
        run(**stopping)
    monkeypatch.setattr(RunFolder, "finish", finish)
    resumed = run(**stopping).history

    is_score = expected["metric"] == "validation_selection_score"
    again = resumed[resumed["metric"] == "validation_selection_score"]
    assert again["step"].tolist() == expected[is_score]["step"].tolist()


def test_fine_tune_with_other_parameters_does_not_resume(run, monkeypatch, tmp_path):
    def die(self, args, state, control, **kwargs):
        if state.global_step == 7:
            raise KeyboardInterrupt

    step_end = ProgressCallback.on_step_end
    monkeypatch.setattr(ProgressCallback, "on_step_end", die)
    with pytest.raises(KeyboardInterrupt):
        run()
    monkeypatch.setattr(ProgressCallback, "on_step_end", step_end)
    heard = []
    with progress.listening(heard.append):
        run(seed=1)

    assert not any(isinstance(r, progress.Fact) for r in heard)


def test_fine_tune_stops_early_without_gains(run):
    tuned = run(
        epochs=30,
        optimiser={"learning_rate": 1e-9, "head_learning_rate": 1e-9},
        validation={"patience": 2},
    )

    validations = tuned.history[tuned.history["metric"] == "validation_selection_score"]
    assert len(validations) == 3


@pytest.mark.parametrize(
    "groups",
    [
        {"regularisation": {"consistency_weight": 1.0}},
        {"attention": "auto"},
        {"freeze": {"embeddings": True, "all_but_top_layers": 0}, "attention": "auto"},
    ],
    ids=str,
)
def test_fine_tune_runs_with(run, groups):
    tuned = run(epochs=1, **groups)

    assert len(tuned.history)


def test_fine_tune_accumulates_batches_into_steps(run):
    steps = [
        run(epochs=1, batches={"accumulation_steps": count}).history["step"].max()
        for count in (1, 2)
    ]

    assert steps == [4, 2]  # 16 train rows in batches of 4


@pytest.mark.parametrize("objective", ["average", "group_dro"])
def test_fine_tune_trains_the_encoder_and_a_head_for_each_task(
    examples, tasks, tiny_encoder, parameters, tmp_path, objective
):
    entry = TaskParameters(kind="sequence_classification", loss_weight=1, labels=("no", "yes"))
    both = {**tasks, "about_film": SequenceClassification("about_film", entry)}
    examples["split"] = [*["train"] * 4, "validation", "validation"] * 4  # with all labels
    examples["language"] = ["en", "es"] * 12
    is_about_film = pd.Series(["yes", "yes", "no", "no"] * 6)
    texts = is_about_film.map({"yes": "the film was", "no": "I loved it"})
    other = examples.assign(task="about_film", label=is_about_film, text=texts)
    twice = pd.concat([examples, other])
    tokenizer = tiny_encoder.load_tokenizer()
    features = encode_examples(twice, both, tokenizer, max_length_tokens=64)
    vocabulary = count_tokens(features, special_ids=tokenizer.all_special_ids)

    tuned = fine_tune(
        features,
        vocabulary=vocabulary["token_id"].to_numpy(),
        encoder=tiny_encoder,
        tasks=both,
        max_length_tokens=64,
        parameters=changed(
            parameters,
            epochs=12,
            optimiser={"learning_rate": 3e-3},
            objective={"name": objective},
        ),
        checkpoints=tmp_path,
    )

    for rows in (examples, other):
        task = rows["task"][0]
        predicted = tuned.model.predict(rows, task=task)["prediction"]
        assert (predicted == rows["label"]).mean() > 0.9, task
    scores = tuned.history.pivot(index="step", columns="metric", values="value")
    scores = scores[scores.columns[scores.columns.str.startswith("validation_")]].dropna()
    mean = scores[["validation_sentiment/macro_f1", "validation_about_film/macro_f1"]].mean(axis=1)
    assert scores["validation_selection_score"].tolist() == pytest.approx(mean.tolist())


def test_fine_tune_without_validation_rows_says_how_to_mend(run, features):
    table = features["sentiment"]
    is_train = [split != "validation" for split in table["split"].to_pylist()]
    features["sentiment"] = table.filter(is_train)

    with pytest.raises(CorpusError, match=r"no validation rows to train with.*corpora\.yml"):
        run()


def test_history_has_each_step_in_order_and_no_sums_of_trainer(run):
    history = run().history

    assert history["step"].is_monotonic_increasing
    assert not history["metric"].str.startswith("train_").any()


def test_fine_tune_on_a_full_disk_says_so(run, monkeypatch, tmp_path):
    def save(self, *args, **kwargs):
        raise RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 9 vs 8")

    usage = shutil.disk_usage(tmp_path)._replace(free=5 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    monkeypatch.setattr(MultiTaskTrainer, "_save_optimizer_and_scheduler", save)

    with pytest.raises(
        CcnlpError, match=r"the disk of .* is full \(5 MiB free\); make room and run"
    ):
        run()


def test_fine_tune_with_an_attention_that_the_encoder_lacks_says_so(run, monkeypatch):
    monkeypatch.setattr(BertModel, "_can_set_attn_implementation", lambda *_: False)

    with pytest.raises(
        ConfigurationError, match=r"training\.attention is eager, which this encoder does not have"
    ):
        run(attention="eager")


def test_fine_tune_takes_as_many_steps_as_asked(run):
    history = run(epochs=2, steps=10, batches={"accumulation_steps": 2}).history

    assert history["step"].max() == 10
    scores = history[history["metric"] == "validation_sentiment/macro_f1"]
    assert len(scores) == 2


def test_epochs_without_end_are_refused(parameters):
    with pytest.raises(ValidationError, match=r"less than or equal to 1000"):
        changed(parameters, epochs=3_000_000)
