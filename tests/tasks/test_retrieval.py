"""Ranking passages: what rows say of each other, what predictions say, and what training sees."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from tests.tasks.retrieval_options import OPTIONS

from ccnlp.errors import ConfigurationError
from ccnlp.models.embedding import embed_texts
from ccnlp.models.network import build_network, load_backbone
from ccnlp.models.trained import TrainedModel
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tasks.rank_metrics import measure
from ccnlp.tasks.retrieval_features import relevance
from ccnlp.tasks.retrieval_pools import rank_pools
from ccnlp.tasks.retrieval_texts import RelatedTexts, passage_id, relate, text_key
from ccnlp.tokenisation.encoding import count_tokens, encode_examples
from ccnlp.training.conditions import check_can_be_conditioned
from ccnlp.training.fine_tuning import fine_tune
from ccnlp.training.preparation import check_can_be_consistent


def build(**changes):
    entry = {"kind": "retrieval", "loss_weight": 1, "options": OPTIONS | changes}
    return build_tasks(TasksParameters.model_validate({"t": entry}))["t"]


@pytest.fixture
def task():
    return build()


@pytest.fixture
def rows() -> pd.DataFrame:
    """Of two questions, one in two languages, the pairs with sentences of two languages."""
    return pd.DataFrame(
        [
            ("who?", "en", "She.", "en", "Q1", ["Q1", "Q2"], ["Not so."]),
            ("who?", "en", "Ella.", "es", "Q1", ["Q1"], []),
            ("¿quién?", "es", "She.", "en", "Q1", ["Q1", "Q2"], None),
            ("¿quién?", "es", "Ella.", "es", "Q1", ["Q1"], None),
            ("when?", "en", "She.", "en", "Q2", ["Q1", "Q2"], ["Now."]),
        ],
        columns=[
            *("query", "language", "passage", "passage_language"),
            *("query_group", "passage_groups", "negatives"),
        ],
    )


def features_of(rows):
    related = relate(rows)
    return [dict(zip(related, row, strict=True)) for row in zip(*related.values(), strict=True)]


def rank(rows, queries, passages):
    """The predictions for vectors of the distinct texts, in the order of their appearance."""
    texts = RelatedTexts.of(features_of(rows))
    queries, passages = (np.array(vectors, dtype=np.float32) for vectors in (queries, passages))
    return rank_pools(texts, queries, passages)


def answers_of(predicted):
    return [json.loads(text) for text in predicted["prediction"]]


def test_texts_of_one_language_are_the_same_once(rows):
    texts = RelatedTexts.of(features_of(rows))

    assert texts.rows["query"].tolist() == [0, 0, 1, 1, 2]
    assert texts.rows["passage"].tolist() == [0, 1, 0, 1, 0]
    assert texts.negatives["row"].tolist() == [0, 4]
    assert texts.passage_keys.tolist() == [
        text_key(*pair)
        for pair in [("She.", "en"), ("Ella.", "es"), ("Not so.", "en"), ("Now.", "en")]
    ]
    assert texts.passage_languages.tolist() == ["en", "es", "en", "en"]


def test_passage_is_relevant_to_all_that_ask_what_it_answers(rows):
    texts = RelatedTexts.of(features_of(rows))

    pairs = texts.relevant(texts.rows)

    # "Ella." answers Q1 alone.
    assert pairs.to_numpy().tolist() == [[0, 0], [0, 1], [1, 0], [1, 1], [2, 0]]


def test_without_groups_the_passages_of_a_query_are_relevant(rows):
    texts = RelatedTexts.of(features_of(rows.drop(columns=["query_group", "passage_groups"])))

    pairs = texts.relevant(texts.rows)

    assert pairs.to_numpy().tolist() == [[0, 0], [0, 1], [1, 0], [1, 1], [2, 0]]


def test_translation_of_the_right_passage_is_no_negative_in_the_batch(rows):
    is_relevant = relevance(features_of(rows)).int().tolist()

    assert is_relevant == [
        [1, 1, 1, 1, 1],  # each row's passage answers Q1
        [1, 1, 1, 1, 1],
        [1, 1, 1, 1, 1],
        [1, 1, 1, 1, 1],
        [1, 0, 1, 0, 1],  # "Ella." does not answer Q2
    ]


def test_ranks_are_those_of_all_relevant_passages_in_the_pool_and_in_the_language(rows):
    # Passages in order: She (en), Ella (es), Not so (en), Now (en).
    predicted = rank(
        rows,
        queries=[[1, 0], [0, 1], [1, 0]],
        passages=[[0.5, 0.1], [0.4, 0.9], [0.9, 0.2], [0.5, 0.3]],
    )

    who, who_in_spanish, quien, _, when = answers_of(predicted)
    # Not so .9, She .5 before Now .5, Ella .4.
    assert who["ranks"] == [2, 4]
    assert who["ranks_in_language"] == [2]
    assert who_in_spanish["ranks_in_language"] == [1]
    assert [who["is_same_language"], who_in_spanish["is_same_language"]] == [True, False]
    # Ella .9, Now .3, Not so .2, She .1.
    assert (quien["ranks"], quien["ranks_in_language"]) == ([1, 4], [3])
    assert (when["ranks"], when["share"]) == ([2], 1.0)
    assert [who["share"], who["share_in_language"]] == [0.5, 1.0]
    assert who["passages"][0] == [passage_id(text_key("Not so.", "en")), 0.9]
    assert predicted["confidence"].tolist() == pytest.approx([0.9] * 5)
    assert predicted["probabilities"].isna().all()


def test_pools_are_those_of_a_corpus_and_split(rows):
    apart = rows.assign(corpus="c", split=["test", "test", "test", "test", "validation"])

    *_, when = answers_of(rank(apart, [[1], [1], [1]], [[0.1], [0.2], [0.3], [0.4]]))

    # The query of validation finds its own passage and negative, and none of test.
    assert [score for _, score in when["passages"]] == pytest.approx([0.4, 0.1])
    assert when["ranks"] == [2]


def test_query_is_no_candidate_among_its_own_passages():
    sentence, english = "Hola.", "Hello."
    rows = pd.DataFrame(
        {
            "query": [sentence, english],
            "language": ["es", "en"],
            "passage": [english, sentence],
            "passage_language": ["en", "es"],
            "query_group": ["1", "1"],
        }
    )

    first, second = answers_of(rank(rows, [[1], [1]], [[0.5], [1.0]]))

    assert first["passages"] == [[passage_id(text_key(english, "en")), 0.5]]
    assert (first["ranks"], second["ranks"]) == ([1], [1])


def test_measures_count_each_ranking_once(task, rows):
    predicted = rank(
        rows,
        queries=[[1, 0], [0, 1], [1, 0]],
        passages=[[0.5, 0.1], [0.4, 0.9], [0.9, 0.2], [0.5, 0.3]],
    )

    scores = task.score(predicted.assign(reference=task.reference(rows)))

    queries = [measure([2, 4]), measure([1, 4]), measure([2])]
    assert scores["mean_average_precision"] == pytest.approx(np.mean([q[0] for q in queries]))
    assert scores["mean_reciprocal_rank"] == pytest.approx((1 / 2 + 1 + 1 / 2) / 3)
    # In English She is second for both English queries; in Spanish Ella is alone.
    assert scores["same_language_mean_average_precision"] == pytest.approx((1 / 2 + 1 + 1 / 2) / 3)
    # The English query finds the only Spanish sentence, the Spanish one She as the third.
    assert scores["other_language_recall_at_1"] == pytest.approx(1 / 2)
    assert scores["other_language_recall_at_5"] == 1


def test_row_whose_query_has_nothing_to_find_adds_nothing(task):
    nothing = {"passages": [], "ranks": [], "ranks_in_language": [], "is_same_language": True}
    text = json.dumps(nothing | {"share": 1.0, "share_in_language": 1.0})

    tallied = task.tallies(pd.DataFrame({"prediction": [text], "reference": ["x"]}))

    assert (tallied == 0).all()
    assert np.isnan(task.metrics(tallied.sum(axis=0))["mean_average_precision"])


def test_every_passage_and_query_is_read_once(task, rows, tiny_encoder):
    columns = task.encode(rows, tiny_encoder.load_tokenizer(), max_length_tokens=64)
    features = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    pieces = task.pieces(features)

    tokenizer = tiny_encoder.load_tokenizer()
    texts = [
        *("query: who?", "query: ¿quién?", "query: when?"),
        *("passage: She.", "passage: Ella.", "passage: Not so.", "passage: Now."),
    ]
    assert [piece["input_ids"] for piece in pieces] == tokenizer(texts)["input_ids"]


def test_tokens_are_counted_of_what_training_reads(rows, tiny_encoder):
    tokenizer = tiny_encoder.load_tokenizer()
    rows["negatives"] = [["a", "b c"], [], None, None, ["d"]]

    def count(**changes):
        columns = build(**changes).encode(rows, tokenizer, max_length_tokens=16)
        return np.array(columns["num_tokens"])

    def length(text):
        return len(tokenizer("passage: " + text)["input_ids"])

    first = [length("a"), 0, 0, 0, length("d")]
    assert (count(num_negatives=1) - count(num_negatives=0)).tolist() == first
    second = [length("b c"), 0, 0, 0, 0]
    assert (count(num_negatives=2) - count(num_negatives=1)).tolist() == second


def test_batch_has_the_first_negatives_of_each_row(task, rows, tiny_encoder):
    tokenizer = tiny_encoder.load_tokenizer()
    columns = task.encode(rows, tokenizer, max_length_tokens=64)
    features = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    batch = task.collate(features, pad_token_id=tokenizer.pad_token_id)

    assert batch["has_negative"].tolist() == [[True], [False], [False], [False], [True]]
    texts = [
        tokenizer.decode(ids, skip_special_tokens=True) for ids in batch["negative_input_ids"][0]
    ]
    assert texts[0] == tokenizer.decode(tokenizer("passage: Not so.")["input_ids"][1:-1])
    assert texts[4] == tokenizer.decode(tokenizer("passage: Now.")["input_ids"][1:-1])


def test_training_starts_from_the_ranking_of_the_encoder(task, rows, tiny_encoder):
    backbone = load_backbone(tiny_encoder.folder)
    network = build_network(backbone, {"t": task}, pooling="mean", head_dropout=0.5).eval()
    model = TrainedModel(
        network=network,
        tokenizer=tiny_encoder.load_tokenizer(),
        tasks={"t": task},
        encoder=tiny_encoder,
        pooling="mean",
        max_length_tokens=32,
    )

    predicted = model.predict(rows, task="t")

    queries = embed_texts(tiny_encoder, ["query: " + q for q in rows["query"].unique()])
    sentences = ["She.", "Ella.", "Not so.", "Now."]
    passages = embed_texts(tiny_encoder, ["passage: " + text for text in sentences])
    expected = answers_of(rank(rows, queries, passages))
    for answer, other in zip(answers_of(predicted), expected, strict=True):
        assert answer["ranks"] == other["ranks"]
        assert [s for _, s in answer["passages"]] == pytest.approx(
            [s for _, s in other["passages"]], abs=2e-3
        )
    assert not list(network.heads.parameters())


def test_features_of_all_splits_keep_what_ranks_need(task, rows, tiny_encoder):
    examples = rows.assign(
        corpus="c", task="t", culture="und", domain="und", origin="native", weight=1.0,
        split="validation", id=[f"{i:016x}" for i in range(len(rows))],
    )  # fmt: skip

    table = encode_examples(
        examples, {"t": task}, tiny_encoder.load_tokenizer(), max_length_tokens=16
    )["t"]

    assert set(table["pool"].to_pylist()) == {"c/validation"}
    assert table["passage_key"].to_pylist()[0] == text_key("She.", "en")
    assert [len(keys) for keys in table["negative_keys"].to_pylist()] == [1, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"passage_language": "english"},
            "passage_language 'english' is not a BCP-47 tag; did you",
        ),
        ({"passage_language": "EN"}, "passage_language 'EN' is written 'en'"),
        ({"passage": "who?"}, "the passage is the query itself"),
        ({"passage": " who?\t"}, "the passage is the query itself"),
        ({"negatives": ["no", "She."]}, "the passage is one of its negatives"),
        ({"negatives": ["no", "She.\n"]}, "the passage is one of its negatives"),
    ],
)
def test_row_that_is_no_pair_says_why(task, rows, changes, reason):
    row = rows.iloc[[0]].copy()
    for column, value in changes.items():
        row.at[0, column] = value

    assert reason in task.validate(row)[0]


def test_translation_may_be_spelt_as_the_query(task, rows):
    row = rows.iloc[[1]].assign(passage="who?")

    assert task.validate(row).isna().all()


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({}, r"'t': options of kind 'retrieval': query_prefix: it is missing; .*tasks\.yml"),
        ({"options": OPTIONS, "labels": ["a", "b"]}, r"'t': kind retrieval has no labels.*yml"),
    ],
)
def test_entry_that_does_not_fit_is_refused(entry, message):
    with pytest.raises(ConfigurationError, match=message):
        build_tasks(
            TasksParameters.model_validate({"t": {"kind": "retrieval", "loss_weight": 1, **entry}})
        )


def test_other_kinds_refuse_options_of_retrieval():
    entry = {"kind": "sequence_classification", "loss_weight": 1, "labels": ["a", "b"]}

    with pytest.raises(ConfigurationError, match=r"'t': options of kind 'seq.*': query_prefix: "):
        build_tasks(TasksParameters.model_validate({"t": {**entry, "options": OPTIONS}}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dimensions": [8, 8]}, r"\[8, 8\] do not grow"),
        ({"dimensions": [0]}, "greater than or equal to 1"),
        ({"temperature": 0}, "greater than 0"),
        ({"num_negatives": -1}, "greater than or equal to 0"),
        ({"negatives": "hard"}, "negatives: input should be 'given' or 'mined'"),
        (
            {"negatives": "mined", "num_negatives": 0},
            r"retrieval': negatives are mined, and num_negatives is 0, .* read none; set it to 1",
        ),
    ],
)
def test_options_out_of_range_are_refused(changes, message):
    with pytest.raises(ConfigurationError, match=message):
        build(**changes)


def test_dimensions_must_be_fewer_than_the_encoder_has(tiny_encoder):
    task = build(dimensions=[16, 32])

    with pytest.raises(
        ConfigurationError, match=r"tasks\.t\.options\.dimensions are \[16, 32\].*have 32 numbers"
    ):
        build_network(
            load_backbone(tiny_encoder.folder), {"t": task}, pooling="mean", head_dropout=0.0
        )


def test_loss_falls_where_query_and_passage_come_together(task, rows, tiny_encoder):
    tokenizer = tiny_encoder.load_tokenizer()
    columns = task.encode(rows, tokenizer, max_length_tokens=64)
    features = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    batch = task.collate(features, pad_token_id=tokenizer.pad_token_id)
    apart = torch.eye(15).reshape(5, 3, 15)
    together = apart.clone()
    together[:, 1] = together[:, 0]

    far, near = (task.loss(v, batch, label_smoothing=0.0) for v in (apart, together))

    assert near < far


def test_model_that_compares_texts_of_rows_is_told_of_no_culture(task, culture_parameters):
    check_can_be_conditioned(culture_parameters(), {"t": task})

    with pytest.raises(
        ConfigurationError,
        match=r"conditioning is embedding, and task 't' .*compares.*culture\.yml",
    ):
        check_can_be_conditioned(culture_parameters("add"), {"t": task})


@pytest.mark.parametrize("name", ["consistency_weight", "pair_consistency_weight"])
def test_task_without_an_answer_to_a_row_by_itself_agrees_with_none(
    task, training_parameters, name
):
    regularisation = training_parameters().regularisation
    check_can_be_consistent(regularisation, {"t": task})

    with pytest.raises(
        ConfigurationError,
        match=rf"regularisation\.{name} is above 0, and task 't' .*training\.yml",
    ):
        check_can_be_consistent(regularisation.model_copy(update={name: 1.0}), {"t": task})


WORDS = ["good", "bad", "great", "boring"]
SUBJECTS = ["film", "service", "it"]


@pytest.fixture
def pairs() -> pd.DataFrame:
    """Of each judgement of a subject four rows, with another judgement as a negative."""
    judgements = [(subject, word) for subject in SUBJECTS for word in WORDS] * 4
    rows = pd.DataFrame(
        {
            "query": [f"{subject} {word}" for subject, word in judgements],
            "passage": [f"the {subject} was very {word}" for subject, word in judgements],
            "negatives": [[f"the {s} was not {w}"] for s, w in judgements],
        }
    ).assign(
        corpus="toy", task="t", language="en", passage_language="en", culture="GB",
        domain="reviews", origin="native", weight=1.0,
    )  # fmt: skip
    rows["id"] = [f"{i:016x}" for i in range(len(rows))]
    rows["split"] = [("train", "train", "train", "validation")[i // 12] for i in range(len(rows))]
    return rows


def test_training_validation_and_prediction_rank_alike(
    pairs, tiny_encoder, training_parameters, tmp_path
):
    tasks = {"t": build(dimensions=[8, 16])}
    tokenizer = tiny_encoder.load_tokenizer()
    features = encode_examples(pairs, tasks, tokenizer, max_length_tokens=32)
    vocabulary = count_tokens(features, special_ids=tokenizer.all_special_ids)

    tuned = fine_tune(
        features,
        vocabulary=vocabulary["token_id"].to_numpy(),
        encoder=tiny_encoder,
        tasks=tasks,
        max_length_tokens=32,
        parameters=training_parameters(epochs=4),
        checkpoints=tmp_path,
    )
    tuned.model.save(tmp_path / "model")

    held_out = pairs[pairs["split"] == "validation"]
    for model in (tuned.model, TrainedModel.load(tmp_path / "model")):
        predicted = model.predict(held_out, task="t")
        scores = tasks["t"].score(predicted.assign(reference=tasks["t"].reference(held_out)))
        validation_scores = tuned.history[
            tuned.history["metric"] == "validation_t/mean_average_precision"
        ]["value"]
        assert scores["mean_average_precision"] == pytest.approx(validation_scores.max(), abs=1e-6)
        assert scores["mean_average_precision"] > 0.9
