import numpy as np
import pandas as pd
import pytest

from ccnlp.augmentation import back_translation, report
from ccnlp.augmentation.back_translation import (
    build_augmented_examples,
    filter_candidates,
    score_candidates,
)
from ccnlp.augmentation.round_trips import translate_round_trips
from ccnlp.augmentation.selection import select_rows
from ccnlp.errors import ConfigurationError

SOUP = "The soup was cold and the waiter never came back to our table"
LENGTH_ONLY = {"length_ratio": {"default": {"at_least": 0.5}, "by_language": {}}}


@pytest.fixture
def augment(toy_translator, store, make_parameters, deduplication, embed_words):
    """Everything from examples to round trips and augmented examples, with the toy."""

    def run(examples, **values):
        parameters = make_parameters(**{"share": 1.0, "routes": {"en": [["es"]]}, **values})
        trips, counts = translate_round_trips(
            select_rows(examples, parameters), parameters, translator=toy_translator(), store=store
        )
        scored = score_candidates(trips, examples, parameters, embed=embed_words)
        filtered = filter_candidates(scored, examples, parameters, deduplication=deduplication)
        augmented = build_augmented_examples(filtered, examples)
        table = report.count_round_trips(examples, filtered, parameters)
        return filtered, augmented, table, report.summarise(table, counts, parameters)

    return run


def test_kept_candidates_become_train_examples(make_examples, augment):
    examples = make_examples(
        [
            {"text": "a rather long sentence", "culture": "NG", "group_id": "g"},
            {"text": "another sentence of words", "split": "test"},
        ]
    )
    _, augmented, _, _ = augment(examples, filters=LENGTH_ONLY)
    assert list(augmented.columns) == list(examples.columns)
    row = augmented.iloc[0]
    assert len(augmented) == 1
    assert row["text"] == "en a rather long sentence es"
    assert row[
        ["split", "origin", "parent_id", "group_id", "culture", "pivot", "label"]
    ].tolist() == [*("train", "back_translation", "row0", "g", "NG", "es", "positive")]
    assert row["engine"] == "toy 1 en-es + 1 es-en"
    assert row["id"] not in set(examples["id"])
    assert pd.isna(row["detected_language"])
    both = pd.concat([examples, augmented], ignore_index=True)
    assert both.dtypes.to_dict() == examples.dtypes.to_dict()


def test_no_text_stands_twice(make_examples, augment):
    examples = make_examples(
        [
            {"text": "one two three four"},
            {"text": "five six seven eight"},
            {"text": "nine ten eleven twelve"},
            {"text": "Nine ten ELEVEN  twelve", "id": "twin"},
            {"text": "EN one two  three four es.", "split": "test"},
            {"text": "en five six seven eight es", "split": "validation"},
        ]
    )
    filtered, augmented, table, summary = augment(examples, filters=LENGTH_ONLY)
    by_parent = filtered.set_index("parent_id")["rejected_by"]
    assert by_parent["row0"] == by_parent["row1"] == "held_out"
    assert pd.isna(by_parent["row2"])
    assert by_parent["twin"] == "duplicate"
    assert augmented["text"].tolist() == ["en nine ten eleven twelve es"]
    assert (table["rejected_by_held_out"].item(), table["rejected_by_duplicate"].item()) == (2, 1)
    assert (summary["translated"], summary["rejected"], summary["kept"]) == (4, 3, 1)


@pytest.mark.parametrize(
    ("candidate", "near_threshold", "rejected_by"),
    [
        ("the soup was cold, and the waiter never came back to our table", 0.8, "held_out"),
        ("the soup was cold, and the waiter never came back to our table", 1.0, ""),
        ("The soup was cold and the waiter never came back to  OUR table", 1.0, "held_out"),
        ("The soup was cold", 0.8, ""),  # a part of it
        ("It was good!", 0.8, ""),  # short texts are alike by chance
    ],
)
@pytest.mark.parametrize("split", ["validation", "test"])
def test_a_candidate_nearly_like_a_held_out_text_is_rejected(
    make_round_trips,
    make_examples,
    make_parameters,
    deduplication,
    split,
    candidate,
    near_threshold,
    rejected_by,
):
    examples = make_examples(
        [
            {"text": "unrelated words"},
            {
                "text": "The soup was cold and the waiter never came back to our table",
                "split": split,
            },
            {"text": "It was good", "split": split},
        ]
    )
    filtered = filter_candidates(
        make_round_trips([("unrelated words", candidate)]),
        examples,
        make_parameters(filters={}),
        deduplication=deduplication.model_copy(update={"near_threshold": near_threshold}),
    )
    assert filtered["rejected_by"].fillna("").tolist() == [rejected_by]


def test_a_candidate_that_is_a_train_text_is_a_duplicate(make_examples, augment):
    examples = make_examples(
        [{"text": "one two three"}, {"text": "en one two three es", "label": None}]
    )
    filtered, augmented, _, _ = augment(examples, filters=LENGTH_ONLY)
    assert filtered["rejected_by"].tolist() == ["duplicate"]
    assert augmented.empty


def test_a_text_that_several_cultures_judged_is_kept_in_each(make_examples, augment):
    examples = make_examples(
        [
            {"text": "one two three", "culture": "NG", "group_id": "g"},
            {"text": "one two three", "culture": "SG", "group_id": "g", "label": "negative"},
            {"text": "One two  three", "culture": "SG", "group_id": "h", "label": "negative"},
        ]
    )
    filtered, augmented, _, _ = augment(examples, filters=LENGTH_ONLY)
    assert filtered["rejected_by"].fillna("").tolist() == ["", "", "duplicate"]
    assert augmented[["culture", "label"]].to_numpy().tolist() == [
        ["NG", "positive"],
        ["SG", "negative"],
    ]


def test_a_text_in_several_contexts_is_kept_in_each_and_keeps_its_own(make_examples, augment):
    examples = make_examples(
        [
            {"text": "one two three", "context": "post: hi"},
            {"text": "one two three", "context": "post: bye"},
            {"text": "One two  three", "context": "post: bye"},
            {"text": "one two three", "context": None},
        ]
    )
    filtered, augmented, _, _ = augment(examples, filters=LENGTH_ONLY)
    assert filtered["rejected_by"].fillna("").tolist() == ["", "", "duplicate", ""]
    assert augmented["context"].fillna("").tolist() == ["post: hi", "post: bye", ""]


@pytest.mark.parametrize("column", ["task", "language", "culture", "context"])
def test_a_train_text_of_other_judges_another_context_or_task_is_no_duplicate(
    make_examples, augment, column
):
    train_text = {"text": "en one two three es", "label": None, column: "yo"}
    filtered, _, _, _ = augment(
        make_examples([{"text": "one two three"}, train_text]), filters=LENGTH_ONLY
    )
    assert filtered["rejected_by"].fillna("").tolist() == [""]


def test_every_filter_that_rejects_is_named(make_examples, augment):
    bands = {
        "length_ratio": {"default": {"at_least": 0.99}, "by_language": {}},
        "novelty": {"default": {"at_most": 0.1}, "by_language": {}},
        "numbers": {"default": {"at_least": 1.0}, "by_language": {}},
    }
    filtered, augmented, table, _ = augment(make_examples([{"text": "a b c"}]), filters=bands)
    assert filtered["rejected_by"].tolist() == ["length_ratio,novelty"]
    assert filtered["numbers_score"].tolist() == [1.0]
    assert augmented.empty
    assert table["rejected_by_novelty"].item() == 1


def test_thresholds_by_language(make_examples, augment):
    bands = {
        "length_ratio": {
            "default": {"at_least": 0.99},
            "by_language": {"es": {"at_least": 0.1}},
        }
    }
    examples = make_examples([{"text": "a b c"}, {"text": "a b c", "language": "es-MX"}])
    filtered, _, _, _ = augment(examples, filters=bands, routes={"en": [["es"]], "es": [["en"]]})
    assert filtered["rejected_by"].fillna("").tolist() == ["length_ratio", ""]


def test_a_score_without_a_verdict_passes(
    make_round_trips, make_examples, make_parameters, deduplication
):
    scored = make_round_trips([("a", "b")]).assign(length_ratio_score=np.nan)
    filtered = filter_candidates(
        scored,
        make_examples([{"text": "a"}]),
        make_parameters(filters=LENGTH_ONLY),
        deduplication=deduplication,
    )
    assert filtered["rejected_by"].isna().all()


def test_the_report_lists_languages_without_a_route(make_examples, augment):
    examples = make_examples(
        [{"text": "a long text"}, {"text": "other words"}, {"text": "x", "language": "yo"}]
    )
    _, _, table, summary = augment(examples, filters=LENGTH_ONLY)
    assert summary["languages_without_route"] == ["yo"]
    assert summary["texts_asked_of_translator"] == 4
    assert summary["kept_by_language"] == {"en": 2}
    assert table[["language", "pivot", "translated"]].to_numpy().tolist() == [
        ["en", "es", 2],
        ["yo", "", 0],
    ]
    _, _, _, again = augment(examples, filters=LENGTH_ONLY)
    assert (again["texts_found_in_store"], again["texts_asked_of_translator"]) == (4, 0)


def test_sample_pairs_show_kept_and_rejected(make_examples, augment, make_parameters):
    examples = make_examples([{"text": f"word {n} of some more"} for n in range(20)])
    filtered, _, _, _ = augment(examples, filters=LENGTH_ONLY)
    filtered.loc[filtered.index[:7], "rejected_by"] = "length_ratio"
    pairs = report.sample_pairs(filtered, make_parameters(filters=LENGTH_ONLY))
    assert pairs["rejected_by"].notna().tolist() == [False] * 4 + [True] * 4
    assert {"original", "pivot_text", "candidate", "length_ratio_score"} <= set(pairs.columns)


def test_rows_without_a_label_are_neither_translated_nor_learnt_from(
    make_examples, augment, make_parameters
):
    bands = {"label_agreement": make_parameters().filters["label_agreement"].model_dump()}
    labelled = [
        {"text": f"{word} film {n}", "label": label}
        for n in range(20)
        for word, label in (("good", "positive"), ("bad", "negative"))
    ]
    tied = [{"text": f"good tied film {n}", "label": None, "id": f"tied{n}"} for n in range(20)]
    expected, *_ = augment(make_examples(labelled), filters=bands)
    filtered, augmented, _, _ = augment(make_examples([*labelled, *tied]), filters=bands)
    assert filtered["label"].notna().all()
    assert augmented["label"].notna().all()
    pd.testing.assert_frame_equal(filtered, expected)


def test_nothing_to_augment(make_examples, augment):
    examples = make_examples([{"text": "x", "language": "yo"}])
    filtered, augmented, table, summary = augment(examples)
    assert filtered.empty
    assert augmented.empty
    assert list(augmented.columns) == list(examples.columns)
    assert (summary["translated"], summary["kept"], len(table)) == (0, 0, 1)


def test_an_unknown_filter_is_named(make_examples, augment):
    bands = {"novelti": {"default": {"at_least": 0}, "by_language": {}}}
    with pytest.raises(
        ConfigurationError, match="unknown filter 'novelti'; did you mean 'novelty'"
    ):
        augment(make_examples([{"text": "a"}]), filters=bands)


def test_names_of_the_structural_rejections():
    assert (back_translation.HELD_OUT, back_translation.DUPLICATE) == ("held_out", "duplicate")
