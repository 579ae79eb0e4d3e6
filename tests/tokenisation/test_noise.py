import logging

import pandas as pd
import pytest

from ccnlp.errors import ConfigurationError
from ccnlp.tasks.base import TASKS, build_tasks
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tokenisation.encoding import encode_examples
from ccnlp.tokenisation.noise import add_noise, can_be_noised, check_noise, note_noise

ENTRIES = {
    "topic": {"kind": "sequence_classification", "labels": ["a", "b"]},
    "names": {"kind": "token_classification", "labels": ["PER"]},
    "relation": {"kind": "relation_classification", "labels": ["none", "is"]},
}


@pytest.fixture
def tasks():
    entries = {name: {**entry, "loss_weight": 1} for name, entry in ENTRIES.items()}
    return build_tasks(TasksParameters.model_validate(entries))


@pytest.fixture
def examples():
    text = "mañana lloverá, y no 5 veces: a 😀"
    rows = [
        {"task": "topic", "split": split, "language": "es", "text": text} for split in
        ["train"] * 30 + ["validation", "test"]
    ]  # fmt: skip
    rows += [
        {"task": "names", "split": "train", "language": "zh", "tokens": ["北京大学", "好"]},
        {"task": "relation", "split": "train", "language": "en", "text": text},
    ]
    table = pd.DataFrame(rows, index=range(100, 100 + len(rows)))
    return table.assign(id=[f"{row:016x}" for row in table.index])


def test_letters_of_the_language_are_changed_in_words_of_train_rows(examples, tasks, caplog):
    caplog.set_level(logging.INFO)
    noised = add_noise(examples, tasks, share=1.0)

    assert noised.index.equals(examples.index)
    assert noised.columns.equals(examples.columns)
    train = noised[(noised["task"] == "topic") & (noised["split"] == "train")]["text"]
    assert train.nunique() > 20
    letters = set("".join(examples["text"].dropna())) | set(" ")
    for text in train:
        words = text.split(" ")
        assert len(words) == 8
        assert words[3:5] == ["no", "5"] or words[4] == "5"
        assert words[-2:] == ["a", "😀"]
        assert words[0] != "mañana"
        assert abs(len(words[0]) - len("mañana")) <= 1
        assert len(words[3]) >= 2
        assert set(text) <= letters
    held_out = noised["split"] != "train"
    pd.testing.assert_frame_equal(noised[held_out], examples[held_out])
    (words,) = noised.loc[noised["task"] == "names", "tokens"]
    assert words[0] != "北京大学"
    assert words[1] == "好"
    assert "topic: a letter is changed in 100 % of the words of 30 rows" in caplog.messages


def test_places_stay_where_they_are_told_to_be(examples, tasks, caplog):
    caplog.set_level(logging.INFO)
    noised = add_noise(examples, tasks, share=1.0)
    is_relation = examples["task"] == "relation"
    pd.testing.assert_frame_equal(noised[is_relation], examples[is_relation])
    assert "relation: no letters are changed, as places or passages are asked" in caplog.text


def test_share_is_one_of_words_and_noise_of_a_row_is_always_the_same(examples, tasks):
    many = pd.concat([examples.head(30).assign(id=f"{n}-" + examples["id"]) for n in range(20)])
    many = many.reset_index(drop=True)
    noised = add_noise(many, tasks, share=0.25)

    before, after = (table["text"].str.split(" ").explode() for table in (many, noised))
    is_word = before.isin(["mañana", "lloverá,", "no", "veces:"]).to_numpy()
    changed = before.to_numpy() != after.to_numpy()
    assert changed[is_word].mean() == pytest.approx(0.25, abs=0.04)
    assert not changed[~is_word].any()
    part = add_noise(many.iloc[::-3], tasks, share=0.25)
    assert part["text"].equals(noised.loc[part.index, "text"])
    assert add_noise(many, tasks, share=0.0) is many
    alike = add_noise(many.set_axis([0] * len(many)), tasks, share=0.25)
    assert alike["text"].tolist() == noised["text"].tolist()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("sequence_classification", True),
        ("intent_slots", True),
        ("pair_classification", True),
        ("relation_classification", False),
        ("question_answering", False),
        ("retrieval", False),
    ],
)
def test_kinds_with_places_and_passages_have_no_noise(kind, expected):
    assert can_be_noised(TASKS.get(kind)) == expected


def test_other_noise_than_features_have_is_refused(examples, tasks, tiny_encoder):
    rows = examples.head(31).assign(
        corpus="c", culture="und", domain="und", origin="native", weight=1.0, label="a"
    )
    plain = encode_examples(rows, tasks, tiny_encoder.load_tokenizer(), max_length_tokens=16)
    noised = note_noise(plain, share=0.2)

    check_noise(plain, share=0)
    check_noise(noised, share=0.2)
    with pytest.raises(ConfigurationError, match=r"character_noise 0.2, which is 0 now .*tokenise"):
        check_noise(noised, share=0)
    with pytest.raises(ConfigurationError, match=r"character_noise 0, which is 0.2 now"):
        check_noise(plain, share=0.2)
