import logging

import pytest

from ccnlp.errors import ConfigurationError, CorpusError

LABELS = "ID,annotator,label\n1,Ann1,positive\n1,Ann2,negative\n2,Ann1,neutral\n"
TEXTS = "ID,Text\n1,first\n2,second\n"
SPLITS = {"posts_train.csv": "ID,Text\n1,first\n", "posts_test.csv": "ID,Text\n2,second\n"}
JOIN = {"path": "posts.csv", "by": "ID", "columns": "Text"}
COLUMNS = {"columns": {"text": "Text", "label": "label"}}


def read(read_files, *joined, labels=LABELS, **files):
    files = {f"{name}.csv": content for name, content in files.items()}
    return read_files({"corpus.csv": labels, **files}, joined=list(joined), **COLUMNS)


def test_columns_of_the_other_file_join_by_the_key(read_files):
    rows = read(read_files, JOIN, posts=TEXTS)
    assert rows["text"].tolist() == ["first", "first", "second"]
    assert rows["rejected_by"].isna().all()


def test_placeholders_of_the_joined_path_are_columns(read_files):
    rows = read_files(
        {"corpus.csv": LABELS, **SPLITS},
        joined=[JOIN | {"path": "posts_{part}.csv"}],
        split={"column": "part"},
        **COLUMNS,
    )
    assert rows["split"].tolist() == ["train", "train", "test"]


def test_keys_of_other_names_join_however_numbers_are_written(read_files):
    rows = read_files(
        {
            "corpus.csv": LABELS,
            "posts.csv": "number,Text\n1.0,first\n2.0,second\n",
            "people.json": '{"Ann1": {"region": "GB"}, "Ann2": {"region": "SG"}}',
        },
        joined=[
            {"path": "posts.csv", "by": {"ID": "number"}, "columns": {"Text": "Text"}},
            {
                "path": "people.json",
                "reader": "json",
                "by": {"annotator": "key"},
                "columns": {"from": "region"},
            },
        ],
        culture={"column": "from"},
        **COLUMNS,
    )
    assert rows["text"].tolist() == ["first", "first", "second"]
    assert rows["culture"].tolist() == ["GB", "SG", "GB"]


def test_two_columns_are_one_key(read_files):
    rows = read_files(
        {"corpus.csv": LABELS, "both.csv": "ID,annotator,Text\n1,Ann1,a\n1,Ann2,b\n2,Ann1,c\n"},
        joined=[{"path": "both.csv", "by": ["ID", "annotator"], "columns": ["Text"]}],
        **COLUMNS,
    )
    assert rows["text"].tolist() == ["a", "b", "c"]


def test_annotation_of_an_unknown_text_is_rejected_with_key_and_file(read_files):
    rows = read(read_files, JOIN, posts="ID,Text\n1,first\n")
    assert rows["rejected_by"].isna().tolist() == [True, True, False]
    assert rows["rejection_reason"].iloc[2] == "posts.csv has no row with ID '2'"
    assert '"ID": "2"' in rows["content"].iloc[2]


def test_annotation_without_a_key_is_rejected(read_files):
    rows = read(read_files, JOIN, labels=LABELS + ",Ann3,neutral\n", posts=TEXTS)
    assert rows["rejection_reason"].iloc[3] == "'ID' is empty, by which posts.csv is joined"


def test_first_file_that_lacks_the_key_is_named(read_files):
    people = {"path": "people.csv", "by": {"Text": "Text"}, "columns": {"who": "who"}}
    rows = read(read_files, JOIN, people, posts="ID,Text\n1,first\n", people="Text,who\nfirst,x\n")
    assert rows["rejection_reason"].dropna().tolist() == ["posts.csv has no row with ID '2'"]


def test_rows_that_repeat_a_key_with_the_same_values_are_one(read_files):
    rows = read(read_files, JOIN, posts=TEXTS + "1,first\n")
    assert rows["text"].tolist() == ["first", "first", "second"]


def test_rows_of_the_joined_file_that_cannot_be_used_are_told(read_files, caplog):
    caplog.set_level(logging.WARNING)
    read(read_files, JOIN, posts=TEXTS + "broken\n,third\n")
    assert "joined posts.csv: 2 rows are left out; row 4 of posts.csv: 1 columns" in caplog.text


@pytest.mark.parametrize(
    ("changes", "posts", "message"),
    [
        (
            {},
            TEXTS + "1,other\n",
            "posts.csv has two rows with ID '1' that differ in 'Text': 'first' and 'other'",
        ),
        ({}, "Id,Text\n1,first\n", "joined posts.csv has no column 'ID'; it has 'Id', 'Text'"),
        ({"columns": "Post"}, TEXTS, "joined posts.csv has no column 'Post'; it has 'ID', 'Text'"),
        ({"by": {"Id": "ID"}}, TEXTS, "corpus.csv has no column 'Id' by which posts.csv is joined"),
        (
            {"columns": {"label": "Text"}},
            TEXTS,
            "corpus.csv has a column 'label', and posts.csv gives another: take it by another name",
        ),
        ({"path": "texts.csv"}, TEXTS, "texts.csv does not exist"),
    ],
)
def test_files_that_cannot_be_joined_are_refused(read_files, changes, posts, message):
    with pytest.raises(CorpusError) as error:
        read(read_files, JOIN | changes, posts=posts)
    assert str(error.value).startswith("corpus 'reviews': ")
    assert message in str(error.value)


def test_unknown_option_of_the_joined_file_names_it(read_files):
    with pytest.raises(ConfigurationError, match=r"joined posts\.csv: options of the reader"):
        read(read_files, JOIN | {"options": {"separator": ","}}, posts=TEXTS)


def test_joined_file_is_read_as_the_corpus_where_it_says_nothing(read_files):
    rows = read_files(
        {"corpus.csv": LABELS.replace(",", "|"), "posts.csv": TEXTS.replace(",", "|")},
        joined=[JOIN],
        options={"delimiter": "|"},
        **COLUMNS,
    )
    assert rows["text"].tolist() == ["first", "first", "second"]


PARALLEL = {
    "sw.tsv": "text\tlabel\nmoja\tneutral\nmbili\tneutral\n",
    "ur.tsv": "text\tlabel\nek\tneutral\ndo\tneutral\n",
}
BY_LINE = {"path": "sw.tsv", "by": "line", "row_number": "line", "columns": {"in_swahili": "text"}}


def test_rows_of_parallel_files_join_by_their_number(read_files):
    rows = read_files(
        PARALLEL,
        path="{language}.tsv",
        language={"column": "language"},
        row_number="line",
        joined=[BY_LINE],
        group={"column": "in_swahili"},
    )

    assert rows["text"].tolist() == ["moja", "mbili", "ek", "do"]
    assert rows["group"].tolist() == ["moja", "mbili", "moja", "mbili"]


def test_number_of_rows_takes_no_column_of_the_file(read_files):
    with pytest.raises(CorpusError, match=r"sw\.tsv has a column 'label' itself.*row_number"):
        read_files(PARALLEL, path="sw.tsv", row_number="label")
