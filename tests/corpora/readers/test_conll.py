import pandas as pd
import pytest

from ccnlp.corpora.reading import read_corpus
from ccnlp.errors import ConfigurationError
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.kinds.token_classification import TokenClassification
from ccnlp.tasks.parameters import TaskParameters, TasksParameters

OPTIONS = {"column_names": ["token", "tag"]}


class Tagging(TokenClassification):
    """A tagging task that takes any tags."""

    target_values = ()

    def validate(self, rows):
        return pd.Series(pd.NA, index=rows.index, dtype="string")


TAGGING = Tagging("tagging", TaskParameters(kind="tagging", loss_weight=1, labels=("X",)))


@pytest.fixture
def read_conll(tmp_path, make_entry):
    def read(content, **changes):
        (tmp_path / "corpus.conll").write_text(content, encoding="utf-8")
        entry = {
            "reader": "conll",
            "path": "corpus.conll",
            "task": "tagging",
            "columns": {"tokens": "token", "tags": "tag"},
            "options": OPTIONS,
        } | changes
        batches = read_corpus(
            "reviews", make_entry(**entry), raw_folder=tmp_path, tasks={"tagging": TAGGING}
        )
        return pd.concat(list(batches), ignore_index=True)

    return read


def test_sentence_is_a_row_of_tokens_and_tags(read_conll):
    rows = read_conll("Ada B-PER\nsings O\n\nHello O\n")
    assert rows["tokens"].tolist() == [["Ada", "sings"], ["Hello"]]
    assert rows["tags"].tolist() == [["B-PER", "O"], ["O"]]
    assert rows["row"].tolist() == [1, 4]


def test_number_sign_is_a_token_where_its_line_has_all_columns(read_conll):
    assert read_conll("# O\n#now O\n")["tokens"].tolist() == [["#", "#now"]]


def test_comments_are_columns(read_conll):
    rows = read_conll("# lang = de\n# text: Ja, gut: sehr\nJa O\n", language={"column": "lang"})
    assert rows["language"].tolist() == ["de"]


def test_comment_above_the_tokens_may_have_as_many_words_as_columns(read_conll):
    rows = read_conll(
        "# lang: de\n# text id = a 7\nJa O X Y\n# O X Y\n\n# lang = sw\nNdiyo O X Y\n",
        options={"column_names": ["token", "tag", "x", "y"]},
        language={"column": "lang"},
    )
    assert rows["language"].tolist() == ["de", "sw"]
    assert rows["tokens"].tolist() == [["Ja", "#"], ["Ndiyo"]]


@pytest.mark.parametrize("line", ["# SYM Case=Nom O", "#tag: NN B O", "# SYM B-X: O"])
def test_token_that_is_a_number_sign_may_come_first(read_conll, line):
    names = ["token", "tag", "x", "y"]
    rows = read_conll(f"{line}\nJa O X Y\n", options={"column_names": names})
    assert rows["tokens"].tolist() == [[line.split(" ")[0], "Ja"]]


def test_document_starts_are_no_sentences(read_conll):
    assert len(read_conll("-DOCSTART- O\n\nAda B-PER\n")) == 1


def test_tags_are_mapped_by_the_label_map(read_conll):
    assert read_conll("Ada PER\n", label_map={"PER": "B-PER"})["tags"].tolist() == [["B-PER"]]


def test_line_with_too_few_columns_costs_its_sentence(read_conll):
    rows = read_conll("Ada\n\nHello O\n")
    assert rows["rejection_reason"].tolist()[0] == "a line has 1 columns instead of 2: 'Ada'"
    assert rows["tokens"].tolist()[1] == ["Hello"]


def test_words_of_universal_dependencies_that_repeat_tokens_are_left_out(read_conll):
    rows = read_conll(
        "1-2\tdel\t_\n1\tde\tADP\n2\tel\tDET\n",
        options={"column_names": ["index", "token", "tag"], "delimiter": "\t"},
    )
    assert rows["tokens"].tolist() == [["de", "el"]]


def test_sentence_with_a_text_and_no_tokens_is_told(read_conll):
    rows = read_conll("# global = x\n\n# text = Ja\n\n-DOCSTART- O\n\n# text = So\nSo O\n")
    assert rows["rejection_reason"].fillna("").tolist() == ["a sentence without tokens", ""]
    assert rows["row"].tolist() == [3, 7]


def test_comment_that_a_sentence_lacks_is_another_one(read_conll):
    rows = read_conll(
        "# text-en = Hi\n# text = Na\nNa O\n\n# text = Hi\nHi O\n\nSo O\n",
        options={**OPTIONS, "fallbacks": {"text-en": "text"}},
        group={"column": "text-en"},
    )
    assert rows["group"].tolist() == ["Hi", "Hi", "So"]


@pytest.mark.parametrize("line", [" O", "\u00a0 O"])
def test_token_that_is_empty_costs_its_sentence(read_conll, line):
    rows = read_conll(f"Ada O\n{line}\n\nHello O\n", options={**OPTIONS, "delimiter": " "})
    assert rows["rejection_reason"].fillna("").tolist() == [
        "tokens has an empty item, number 2 of 2",
        "",
    ]


def test_no_break_space_stays_in_its_token(read_conll):
    assert read_conll("10\u00a0000 O\n")["tokens"].tolist() == [["10\u00a0000"]]


def test_text_is_that_of_the_comment_or_the_tokens_joined(tmp_path, make_entry):
    parameters = {"kind": "sequence_classification", "loss_weight": 1, "labels": ["a", "b"]}
    tasks = build_tasks(TasksParameters.model_validate({"intent": parameters}))
    (tmp_path / "c.conll").write_text(
        "# text = Hi!\n# intent = a\nHi O\n! O\n\n# intent = b\n你 O\n好 O\n"
    )
    entry = make_entry(
        reader="conll",
        path="c.conll",
        task="intent",
        columns={"text": "text", "label": "intent"},
        options={**OPTIONS, "token_separator": ""},
    )
    (rows,) = read_corpus("reviews", entry, raw_folder=tmp_path, tasks=tasks)
    assert rows["text"].tolist() == ["Hi!", "你好"]


def test_columns_without_token_are_refused(read_conll):
    with pytest.raises(ConfigurationError, match=r"options of the reader 'conll'.*has no 'token'"):
        read_conll("Ada O\n", options={"column_names": ["word", "tag"]})


def test_name_given_to_two_columns_is_refused(read_conll):
    with pytest.raises(ConfigurationError, match="has 'tag' more than once"):
        read_conll("Ada O O\n", options={"column_names": ["token", "tag", "tag"]})
