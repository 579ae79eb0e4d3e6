"""Words of scripts without spaces, which are cut into the characters that served texts have."""

import pytest

from ccnlp.corpora.entry import CorporaParameters
from ccnlp.corpora.reading import read_corpus
from ccnlp.errors import ConfigurationError
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tasks.words import split_words

LINES = """我	O
在	O
北京	B-LOC
大学	I-LOC
iPhone机	B-ORG
day's	O
。	O

北京	I-LOC

我

"""


@pytest.fixture
def read(tmp_path):
    (tmp_path / "c.conll").write_text(LINES, encoding="utf-8")
    tasks = build_tasks(
        TasksParameters.model_validate(
            {
                "entities": {
                    "kind": "token_classification",
                    "loss_weight": 1,
                    "labels": ["LOC", "ORG"],
                },
                "topic": {
                    "kind": "sequence_classification",
                    "loss_weight": 1,
                    "labels": ["a", "b"],
                },
            }
        )
    )

    def read(**changes):
        entry = {
            "reader": "conll",
            "path": "c.conll",
            "options": {"column_names": ["token", "tag"], "delimiter": "\t"},
            "task": "entities",
            "columns": {"tokens": "token", "tags": "tag"},
            "language": "zh",
            "split": "train",
            "licence": "mine",
        } | changes
        entries = CorporaParameters.model_validate({"c": entry}).entries()
        (rows,) = read_corpus("c", entries["c"], raw_folder=tmp_path, tasks=tasks)
        return rows

    return read


def test_words_are_cut_as_a_served_text_is_and_tags_go_on(read):
    rows = read(splits_characters=True)

    tokens, tags = rows["tokens"][0], rows["tags"][0]
    assert tokens == [*"我在北京大学", "iPhone", "机", "day's", "。"]
    assert tags == ["O", "O", "B-LOC", *["I-LOC"] * 3, "B-ORG", "I-ORG", "O", "O"]
    assert tokens[:8] == split_words("我在北京大学iPhone机").tokens


def test_words_stay_as_they_are_unless_asked(read):
    assert read()["tokens"][0] == ["我", "在", "北京", "大学", "iPhone机", "day's", "。"]


def test_row_that_is_rejected_keeps_its_words(read):
    rows = read(splits_characters=True)

    assert rows["tokens"][1] == ["北京"]
    assert rows["rejection_reason"][1].startswith("tag 'I-LOC' of token 1, '北京', stands first")
    assert rows["rejected_by"].tolist()[1:] == ["reading"] * (len(rows) - 1)


def test_texts_that_are_not_given_word_by_word_have_none_to_cut(read):
    with pytest.raises(
        ConfigurationError,
        match=r"corpus 'c': splits_characters is true, and the task 'topic' .*corpora\.yml",
    ):
        read(splits_characters=True, task="topic", columns={"text": "token", "label": "tag"})
