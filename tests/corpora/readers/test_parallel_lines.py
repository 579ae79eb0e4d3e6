import gzip

import pandas as pd
import pytest

from ccnlp.corpora.reading import read_corpus
from ccnlp.errors import ConfigurationError, CorpusError
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

OPTIONS = {"files": {"label": "{split}_labels.txt"}}


@pytest.fixture
def read_lines(read_files):
    def read(texts, labels, **changes):
        entry = {"options": OPTIONS, "label_map": {0: "negative", 1: "positive"}} | changes
        return read_files(
            {"train_text.txt": texts, "train_labels.txt": labels},
            reader="parallel_lines",
            path="{split}_text.txt",
            split={"column": "split"},
            **entry,
        )

    return read


def test_last_lines_without_newline_are_rows(read_lines):
    rows = read_lines("bad\ngood", "0\n1")
    assert rows[["text", "label"]].values.tolist() == [["bad", "negative"], ["good", "positive"]]


def test_newline_of_one_file_only_does_not_matter(read_lines):
    assert len(read_lines("bad\ngood\n", "0\n1")) == 2
    assert len(read_lines("bad\ngood", "0\n1\n")) == 2


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\u0085", "\r", "\x0b", "\x0c", "\x1c"])
def test_other_separators_do_not_end_a_line(read_lines, separator):
    rows = read_lines(f"one{separator}two\ngood\n", "0\n1\n")
    assert rows["text"].tolist() == [f"one{separator}two", "good"]


def test_carriage_returns_at_line_ends_are_no_text(read_lines):
    assert read_lines("bad\r\ngood\r\n", "0\r\n1\r\n")["text"].tolist() == ["bad", "good"]


@pytest.mark.parametrize(
    ("texts", "labels", "counts"),
    [
        ("a\nb\nc\n", "0\n1\n", "train_text.txt has 3 lines, train_labels.txt has 2 lines"),
        ("a\n", "0\n1\n1\n", "train_text.txt has 1 lines, train_labels.txt has 3 lines"),
    ],
)
def test_files_of_different_length_are_refused_with_both_counts(read_lines, texts, labels, counts):
    with pytest.raises(CorpusError, match=f"{counts}: which belong together is not known"):
        read_lines(texts, labels)


def test_empty_line_is_an_empty_text(read_lines):
    rows = read_lines("bad\n\ngood\n", "0\n1\n1\n")
    assert rows["rejection_reason"].tolist()[1] == "text is empty"
    assert rows["label"].tolist() == ["negative", "positive", "positive"]


def test_invalid_bytes_cost_their_row_and_keep_the_alignment(read_lines):
    rows = read_lines("mañana\n".encode() + b"caf\xe9\ngood\n", "0\n1\n1\n")
    assert rows["rejected_by"].isna().tolist() == [True, False, True]
    assert rows["rejection_reason"][1].startswith("text: invalid byte 0xe9")
    assert rows["label"].tolist()[2] == "positive"


def test_labels_file_that_is_missing_is_named(read_lines):
    with pytest.raises(
        CorpusError, match=r"train_gold.txt does not exist; .* has train_labels.txt"
    ):
        read_lines("a\n", "0\n", options={"files": {"label": "{split}_gold.txt"}})


def test_placeholder_that_the_path_lacks_is_refused(read_lines):
    with pytest.raises(CorpusError, match=r"placeholder \{language\}, which path lacks"):
        read_lines("a\n", "0\n", options={"files": {"label": "{language}_labels.txt"}})


def test_further_file_gives_a_column_and_gzip_is_unpacked(read_files):
    rows = read_files(
        {
            "a.txt.gz": gzip.compress(b"hola\nhello\n"),
            "labels.txt": "positive\nneutral\n",
            "languages.txt": "es\nen\n",
        },
        reader="parallel_lines",
        path="a.txt.gz",
        options={"files": {"label": "labels.txt", "lang": "languages.txt"}},
        language={"column": "lang"},
    )
    assert rows["language"].tolist() == ["es", "en"]


def test_folder_name_can_be_the_label(read_files):
    rows = read_files(
        {"positive/a.txt": "good\n", "negative/b.txt": "bad\nworse\n"},
        reader="parallel_lines",
        path="{label}/*.txt",
    )
    assert rows["label"].tolist() == ["negative", "negative", "positive"]


@pytest.mark.parametrize(("bad", "other"), [("text", "labels"), ("labels", "text")])
def test_encoding_error_names_the_file_it_is_in(read_files, bad, other):
    files = {f"{other}.txt": "positive\n".encode("utf-16"), f"{bad}.txt": b"\xff\xfea\x00\x00\xd8"}
    with pytest.raises(CorpusError, match=rf"{bad}.txt is not utf-16: .*; set options.encoding"):
        read_files(
            files,
            reader="parallel_lines",
            path="text.txt",
            options={"files": {"label": "labels.txt"}},
        )


PARTED = {
    "files": {"labels": "labels.txt"},
    "parts": {"labels": ["tags", "intent"]},
    "lists": ["text", "tags"],
}


@pytest.fixture
def read_parted(tmp_path, make_entry):
    """Reads words, tags and intents that stand in two files."""

    def read(texts, labels, **options):
        (tmp_path / "text.txt").write_text(texts, encoding="utf-8")
        (tmp_path / "labels.txt").write_text(labels, encoding="utf-8")
        kind = {"kind": "intent_slots", "loss_weight": 1, "labels": ["ask", "set"]}
        kind["options"] = {"slot_types": ["time"]}
        entry = make_entry(
            reader="parallel_lines",
            path="text.txt",
            task="frame",
            columns={"tokens": "text", "tags": "tags", "label": "intent"},
            options=PARTED | options,
            label_map={"Otime": "O", "query": "ask"},
        )
        tasks = build_tasks(TasksParameters.model_validate({"frame": kind}))
        return pd.concat(list(read_corpus("c", entry, raw_folder=tmp_path, tasks=tasks)))

    return read


def test_lines_hold_lists_and_several_columns(read_parted):
    rows = read_parted("wake me at 7\nwhat day\n", "O O B-time I-time\tset\nO Otime\tquery\n")
    assert rows["rejection_reason"].isna().all()
    assert rows["tokens"].tolist() == [["wake", "me", "at", "7"], ["what", "day"]]
    assert rows["tags"].tolist() == [["O", "O", "B-time", "I-time"], ["O", "O"]]
    assert rows["label"].tolist() == ["set", "ask"]


@pytest.mark.parametrize(
    ("text", "label", "reason"),
    [
        ("at 7", "O B-time", "labels has 1 parts between tabs instead of 2"),
        ("at 7", "O\tB-time\tset", "labels has 3 parts between tabs instead of 2"),
        ("at 7", "O\tset", "2 tokens and 1 tags"),
        ("at  7", "O O B-time\tset", "tokens has an empty item, number 2 of 3"),
        ("", "O\tset", "tokens has an empty item, number 1 of 1"),
        ("at 7", "O I-time\tset", "tag 'I-time' of token 2, '7', stands behind 'O'"),
        ("at 7", "O B-tme\tset", "is unknown; did you mean 'B-time'?"),
        ("at 7", "O B-time\tstop", "label 'stop' is not one of 'ask', 'set'"),
    ],
)
def test_lines_that_do_not_fit_each_other_cost_their_row(read_parted, text, label, reason):
    rows = read_parted(f"{text}\nok\n", f"{label}\nO\tset\n")
    assert reason in rows["rejection_reason"].tolist()[0]
    assert rows["rejection_reason"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"parts": {"label": ["a", "b"]}}, "parts names 'label', .* did you mean 'labels'"),
        ({"lists": ["labels"]}, "lists names 'labels', and there is no such column"),
        ({"parts": {"labels": ["text", "b"]}, "lists": []}, "one of them twice"),
        ({"parts": {"labels": ["a", "a"]}}, "has 'a' more than once"),
    ],
)
def test_columns_that_are_not_there_are_refused(read_parted, options, message):
    with pytest.raises(ConfigurationError, match=rf"options of the reader .*{message}"):
        read_parted("a\n", "O\tset\n", **options)


def test_label_map_to_what_is_no_tag_or_intent_is_refused(make_entry, tmp_path):
    kind = {"kind": "token_classification", "loss_weight": 1, "labels": ["PER"]}
    tasks = build_tasks(TasksParameters.model_validate({"t": kind}))
    entry = make_entry(
        reader="parallel_lines",
        path="a.txt",
        task="t",
        columns={"tokens": "text", "tags": "tags"},
        label_map={"PERSON": "PER"},
    )
    with pytest.raises(
        ConfigurationError, match=r"gives 'PER', which is no label .*did you mean '[BI]-PER'"
    ):
        read_corpus("c", entry, raw_folder=tmp_path, tasks=tasks)
