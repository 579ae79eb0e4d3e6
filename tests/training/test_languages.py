"""Training on some languages: which rows are learnt from, and what is refused."""

import numpy as np
import pytest
from pydantic import ValidationError

from ccnlp.errors import ConfigurationError
from ccnlp.models.trained import ids_as_numbers
from ccnlp.tokenisation.encoding import encode_examples
from ccnlp.training.fine_tuning import fine_tune
from ccnlp.training.group_checks import check_groups
from ccnlp.training.languages import check_languages, of_languages, tokens_of, trained_languages
from ccnlp.training.planning import count_batches


@pytest.fixture
def examples(examples):
    """English and Spanish in turn, and test rows of Swahili; `buena` is in Spanish rows alone."""
    rows = examples.assign(language=["en", "es"] * (len(examples) // 2))
    rows.loc[rows["split"] == "test", "language"] = "sw"
    rows.loc[rows.index[rows["split"] == "validation"][:2], "language"] = ["en", "es"]
    spanish = rows["language"] == "es"
    rows.loc[spanish, "text"] = rows.loc[spanish, "text"].str.replace("great", "buena")
    return rows


@pytest.fixture
def features(examples, tasks, tiny_encoder):
    return encode_examples(examples, tasks, tiny_encoder.load_tokenizer(), max_length_tokens=64)


def test_rows_of_the_languages_stay_in_every_split(features):
    chosen = of_languages(features, ("en",))["sentiment"].to_pandas()

    assert set(chosen["language"]) == {"en"}
    assert set(chosen["split"]) == {"train", "validation"}
    assert of_languages(features, None)["sentiment"] is features["sentiment"]


def test_model_learns_from_the_languages_alone(
    features, examples, tasks, tiny_encoder, training_parameters, vocabulary, tmp_path
):
    tuned = fine_tune(
        features,
        vocabulary=vocabulary,
        encoder=tiny_encoder,
        tasks=tasks,
        max_length_tokens=64,
        parameters=training_parameters(epochs=1, languages=["en"]),
        checkpoints=tmp_path,
    )

    english = (examples["split"] == "train") & (examples["language"] == "en")
    expected = np.sort(ids_as_numbers(examples.loc[english, "id"]))
    np.testing.assert_array_equal(tuned.model.train_ids, expected)


def test_tokens_of_other_languages_keep_their_pretrained_vectors(
    features, tasks, tiny_encoder, training_parameters, vocabulary, tmp_path
):
    from ccnlp.models.network import load_backbone

    optimiser = training_parameters().optimiser.model_dump() | {"weight_decay": 0.5}
    tuned = fine_tune(
        features,
        vocabulary=vocabulary,
        encoder=tiny_encoder,
        tasks=tasks,
        max_length_tokens=64,
        parameters=training_parameters(epochs=1, languages=["en"], optimiser=optimiser),
        checkpoints=tmp_path,
    )

    tokenizer = tiny_encoder.load_tokenizer()
    before = load_backbone(tiny_encoder.folder).get_input_embeddings().weight
    after = tuned.model.network.backbone.get_input_embeddings().weight
    spanish, english = tokenizer.convert_tokens_to_ids(["▁buena", "▁was"])
    assert after[spanish].equal(before[spanish])
    assert not after[english].equal(before[english])


def test_tokens_are_those_of_the_languages_with_the_special_ones(features, tiny_encoder):
    tokenizer = tiny_encoder.load_tokenizer()
    chosen = tokens_of(of_languages(features, ["en"]), special_ids=tokenizer.all_special_ids)

    assert tokenizer.convert_tokens_to_ids("▁buena") not in chosen
    assert set(tokenizer.all_special_ids) <= set(chosen.tolist())


def test_batches_are_those_of_the_languages(features, training_parameters):
    every = count_batches(features, training_parameters(epochs=1))
    english = count_batches(features, training_parameters(epochs=1, languages=["en"]))

    assert (every, english) == ({"sentiment": 4}, {"sentiment": 2})


def test_language_without_train_rows_is_refused_with_the_near_one(examples, features):
    with pytest.raises(
        ConfigurationError,
        match=r"training\.languages names 'sw', of which there are no train rows; known are "
        r"'en', 'es' \(parameters/training\.yml\)",
    ):
        check_languages(examples, ["sentiment"], ["en", "sw"])
    with pytest.raises(ConfigurationError, match=r"names 'enn', .*did you mean 'en'"):
        of_languages(features, ["enn"])


def test_task_without_train_rows_of_the_languages_is_refused(examples):
    both = examples.assign(task=examples["language"].map({"en": "a", "es": "b", "sw": "b"}))

    with pytest.raises(
        ConfigurationError, match=r"names en, and task 'b' has no train rows of them, but of es"
    ):
        check_languages(both, ["a", "b", "unused"], ["en"])
    assert trained_languages(both, ["a", "b"]) == ["en", "es"]


def test_run_is_refused_before_anything_is_trained(examples, tasks, training_parameters):
    with pytest.raises(ConfigurationError, match="no train rows"):
        check_groups(examples, tasks, training_parameters(languages=["sw"]))
    check_groups(examples, tasks, training_parameters(languages=["en"]))


def test_objective_of_groups_is_refused_where_one_language_is_left(
    examples, tasks, training_parameters
):
    objective = training_parameters().objective.model_dump() | {"name": "group_dro"}
    check_groups(examples, tasks, training_parameters(objective=objective))

    with pytest.raises(ConfigurationError, match="group_dro"):
        check_groups(examples, tasks, training_parameters(objective=objective, languages=["en"]))


@pytest.mark.parametrize(
    ("languages", "message"),
    [([], "at least 1 item"), (["english"], "'english' is not a BCP-47 tag; did you mean 'en'")],
)
def test_languages_that_are_none_are_refused(languages, message, training_parameters):
    with pytest.raises(ValidationError, match=message):
        training_parameters(languages=languages)
