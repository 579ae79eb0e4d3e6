import gzip

import pytest

from ccnlp.errors import CorpusError

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
