"""Models that read the context of a text, alone and together with its culture."""

import json

import pandas as pd
import pytest

from ccnlp.conditioning.base import num_added_tokens
from ccnlp.errors import ConfigurationError
from ccnlp.models.trained import DESCRIPTION_FILE, TrainedModel
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tokenisation.encoding import count_tokens, encode_examples
from ccnlp.training.fine_tuning import fine_tune

CONTEXTS = {"positive": "the service was good", "negative": "the service was bad"}


@pytest.fixture
def examples() -> pd.DataFrame:
    """Texts that say nothing; the label follows from the context alone."""
    rows = [
        (f"it is {word}{' and' * (i % 3)}", label, culture, split)
        for i in range(6)
        for word in ("film", "service")
        for label in CONTEXTS
        for culture in ("GB", "MX")
        for split in ("train", "validation" if i < 2 else "train")
    ]
    examples = pd.DataFrame(rows, columns=["text", "label", "culture", "split"])
    return examples.assign(
        id=[f"{i:016x}" for i in range(len(examples))],
        context=examples["label"].map(CONTEXTS), corpus="toy", task="t", language="en",
        domain="reviews", origin="native", weight=1.0,
    )  # fmt: skip


def tasks_that_read(context: str) -> dict:
    entry = {"kind": "sequence_classification", "loss_weight": 1, "labels": [*CONTEXTS]}
    return build_tasks(TasksParameters.model_validate({"t": {**entry, "context": context}}))


@pytest.fixture
def train(examples, lively_encoder, training_parameters, tmp_path):
    def run(tasks, culture) -> TrainedModel:
        tokenizer = lively_encoder.load_tokenizer()
        added = num_added_tokens(culture)
        features = encode_examples(
            examples, tasks, tokenizer, max_length_tokens=24, num_added_tokens=added
        )
        vocabulary = count_tokens(features, special_ids=tokenizer.all_special_ids)
        (tmp_path / "checkpoints").mkdir(exist_ok=True)
        plain = training_parameters().model_dump()
        parameters = training_parameters(
            epochs=6,
            batches={**plain["batches"], "examples": 8},
            optimiser={**plain["optimiser"], "learning_rate": 3e-3},
            regularisation={**plain["regularisation"], "encoder_dropout": 0, "head_dropout": 0},
        )
        return fine_tune(
            features,
            vocabulary=vocabulary["token_id"].to_numpy(),
            encoder=lively_encoder,
            tasks=tasks,
            max_length_tokens=24,
            parameters=parameters,
            checkpoints=tmp_path / "checkpoints",
            culture=culture,
        ).model

    return run


@pytest.mark.parametrize(
    ("context", "way"), [("text_pair", "none"), ("prefix", "prefix"), ("text_pair", "add")]
)
def test_model_learns_from_the_context_and_keeps_reading_it(
    train, examples, context, way, culture_parameters, tmp_path
):
    model = train(tasks_that_read(context), culture_parameters(way))
    model.save(tmp_path / "model")
    loaded = TrainedModel.load(tmp_path / "model")

    assert loaded.tasks["t"].parameters.context == context
    for reader in (model, loaded):
        assert reader.predict(examples, task="t")["prediction"].tolist() == (
            examples["label"].tolist()
        )
    texts = examples.drop(columns="context")
    assert len(set(model.predict(texts.assign(culture="GB"), task="t")["prediction"])) == 1


def test_model_that_was_saved_before_contexts_reads_none(tiny_model, tmp_path):
    tiny_model.save(tmp_path / "model")
    path = tmp_path / "model" / DESCRIPTION_FILE
    description = json.loads(path.read_text())
    del description["tasks"]["sentiment"]["context"]
    path.write_text(json.dumps(description))
    loaded = TrainedModel.load(tmp_path / "model")
    assert not loaded.tasks["sentiment"].reads_context


@pytest.mark.parametrize(("was", "now"), [("none", "prefix"), ("prefix", "text_pair")])
def test_training_on_texts_that_were_read_in_another_way_is_refused(
    examples, lively_encoder, training_parameters, tmp_path, was, now
):
    tokenizer = lively_encoder.load_tokenizer()
    features = encode_examples(examples, tasks_that_read(was), tokenizer, max_length_tokens=24)
    message = (
        rf"task 't' was tokenised with context {was}, and tasks\.t\.context is {now} now "
        r"\(parameters/tasks\.yml\); tokenise again: kedro run --pipelines tokenisation"
    )
    with pytest.raises(ConfigurationError, match=message):
        fine_tune(
            features,
            vocabulary=count_tokens(features, special_ids=[])["token_id"].to_numpy(),
            encoder=lively_encoder,
            tasks=tasks_that_read(now),
            max_length_tokens=24,
            parameters=training_parameters(),
            checkpoints=tmp_path,
        )
