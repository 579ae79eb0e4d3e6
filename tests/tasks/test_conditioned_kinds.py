"""Tasks of every shape are told of culture as they are: none of them knows of it."""

import pytest
import torch

from ccnlp.conditioning.base import num_added_tokens
from ccnlp.models.trained import TrainedModel
from ccnlp.tokenisation.encoding import count_tokens, encode_examples
from ccnlp.training.fine_tuning import fine_tune


@pytest.mark.parametrize("way", ["prefix", "add", "adapter"])
def test_every_shape_of_task_is_trained_saved_and_predicted_with_culture(
    toy, way, culture_parameters, training_parameters, tmp_path
):
    tasks, rows, checkpoint = toy
    rows["culture"] = ["GB" if i % 2 else "MX" for i in range(len(rows))]
    culture = culture_parameters(way, dropout=0.2)
    tokenizer = checkpoint.load_tokenizer()
    features = encode_examples(
        rows, tasks, tokenizer, max_length_tokens=32, num_added_tokens=num_added_tokens(culture)
    )
    vocabulary = count_tokens(features, special_ids=tokenizer.all_special_ids)
    (tmp_path / "checkpoints").mkdir()

    model = fine_tune(
        features,
        vocabulary=vocabulary["token_id"].to_numpy(),
        encoder=checkpoint,
        tasks=tasks,
        max_length_tokens=32,
        parameters=training_parameters(epochs=1),
        checkpoints=tmp_path / "checkpoints",
        culture=culture,
    ).model
    model.save(tmp_path / "model")
    loaded = TrainedModel.load(tmp_path / "model")

    predicted = model.predict(rows, task="t")
    assert len(predicted) == len(rows)
    assert all(weight.abs().sum() > 0 for weight in model.network.conditioning.parameters())
    assert loaded.predict(rows, task="t")["prediction"].tolist() == (
        predicted["prediction"].tolist()
    )
    assert loaded.weights_digest == model.weights_digest


@pytest.mark.parametrize("way", ["add", "gate", "adapter"])
def test_every_shape_of_task_starts_as_it_would_unconditioned(
    toy, way, culture_parameters, training_parameters
):
    from ccnlp.conditioning.base import fit
    from ccnlp.conditioning.batches import CONDITION
    from ccnlp.training.preparation import prepare_network

    tasks, rows, checkpoint = toy
    tokenizer = checkpoint.load_tokenizer()
    features = encode_examples(rows[:4], tasks, tokenizer, max_length_tokens=32)
    vocabulary = count_tokens(features, special_ids=tokenizer.all_special_ids)
    batch = tasks["t"].collate(features["t"].to_pylist(), pad_token_id=tokenizer.pad_token_id)
    conditioning = fit(culture_parameters(way), rows)
    condition = torch.ones(len(features["t"]), len(conditioning.keys.fields), dtype=torch.long)

    outputs = []
    for chosen in (None, conditioning):
        torch.manual_seed(0)
        network = prepare_network(
            checkpoint,
            tasks,
            vocabulary=vocabulary["token_id"].to_numpy(),
            parameters=training_parameters(),
            conditioning=chosen,
        )
        with torch.no_grad():
            outputs.append(network.eval()(task="t", batch={**batch, CONDITION: condition}))

    assert outputs[0].equal(outputs[1])
