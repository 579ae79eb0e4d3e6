"""Tasks of every shape go through tokenisation, training, saving and prediction as they are."""

import pytest

from ccnlp.errors import ConfigurationError
from ccnlp.models.trained import TrainedModel
from ccnlp.tasks.base import shared_backbone
from ccnlp.tokenisation.encoding import count_tokens, encode_examples, report_tokens
from ccnlp.training.fine_tuning import fine_tune


def test_every_shape_of_task_is_learnt_saved_and_predicted(toy, training_parameters, tmp_path):
    tasks, rows, checkpoint = toy
    tokenizer = checkpoint.load_tokenizer()
    features = encode_examples(rows, tasks, tokenizer, max_length_tokens=32)
    vocabulary = count_tokens(features, special_ids=tokenizer.all_special_ids)
    (tmp_path / "checkpoints").mkdir()

    tuned = fine_tune(
        features,
        vocabulary=vocabulary["token_id"].to_numpy(),
        encoder=checkpoint,
        tasks=tasks,
        max_length_tokens=32,
        parameters=training_parameters(epochs=45 if tasks["t"].backbone == "seq2seq" else 12),
        checkpoints=tmp_path / "checkpoints",
    )
    held_out = rows[rows["split"] == "validation"]
    inputs = held_out[list(tasks["t"].input_columns)]
    predicted = tuned.model.predict(inputs, task="t")
    tuned.model.save(tmp_path / "model")
    loaded = TrainedModel.load(tmp_path / "model")

    assert predicted.index.equals(held_out.index)
    reference = tasks["t"].reference(held_out)
    assert tasks["t"].score(predicted.assign(reference=reference))["accuracy"] > 0.9
    again = loaded.predict(inputs, task="t")["prediction"]
    assert again.tolist() == predicted["prediction"].tolist()
    assert report_tokens(features)["num_texts"].tolist() == [len(rows)]


def test_shared_backbone_names_the_tasks_that_do_not_go_together(tasks_of_both_backbones):
    with pytest.raises(ConfigurationError, match=r"encoder: topic; seq2seq: summary.*corpora\.yml"):
        shared_backbone(tasks_of_both_backbones)
