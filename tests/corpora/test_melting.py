import pandas as pd
import pytest

from ccnlp.corpora.files import SourceFile
from ccnlp.corpora.melting import Melt, melt_batches
from ccnlp.corpora.raw import RawBatch
from ccnlp.corpora.report import report_ingestion, summarise
from ccnlp.errors import CorpusError

POSTS = (
    "ID,text,United_Kingdom_Hate,Singapore_Hate,note\n"
    "1,first,neutral,positive,a\n2,second,,negative,b\n"
)
MELT = {"melt": {"columns": "{country}_Hate", "value": "annotation"}}
COLUMNS = {"columns": {"text": "text", "label": "annotation"}}
COUNTRY = {
    "culture": {"column": "country", "map": {"United_Kingdom": "GB", "Singapore": "SG"}},
}


def test_each_filled_cell_is_a_row_with_the_number_of_its_source(read_files):
    rows = read_files({"corpus.csv": POSTS}, **MELT, **COLUMNS, **COUNTRY)
    assert rows[["row", "text", "culture", "label"]].to_numpy().tolist() == [
        [2, "first", "GB", "neutral"],
        [2, "first", "SG", "positive"],
        [3, "second", "SG", "negative"],
    ]
    assert rows["rejected_by"].isna().all()


def test_other_columns_stay_in_the_quarantine(read_files):
    rows = read_files({"corpus.csv": POSTS.replace("positive", "meh")}, **MELT, **COLUMNS)
    content = rows.loc[rows["rejected_by"].notna(), "content"].item()
    assert '"ID": "1"' in content
    assert '"country": "Singapore", "annotation": "meh"' in content


def test_nested_json_melts_by_its_keys(read_files):
    lines = (
        '{"text": "first", "by": {"Ann1": "positive", "Ann22": "negative"}}\n'
        '{"text": "second", "by": {"Ann22": "neutral"}}\n'
    )
    rows = read_files(
        {"corpus.jsonl": lines},
        reader="json_lines",
        path="corpus.jsonl",
        melt={"columns": "by.Ann{annotator}", "value": "annotation"},
        group={"column": "annotator"},
        **COLUMNS,
    )
    assert rows["group"].tolist() == ["1", "22", "22"]
    assert rows["label"].tolist() == ["positive", "negative", "neutral"]


def test_columns_of_parquet_melt(read_files, tmp_path):
    posts = pd.DataFrame({"text": ["first", "second"], "by": [{"ann": "neutral", "bob": None}] * 2})
    posts.to_parquet(tmp_path / "corpus.parquet")
    rows = read_files(
        {},
        reader="parquet",
        path="corpus.parquet",
        melt={"columns": "by.{annotator}", "value": "annotation"},
        group={"column": "annotator"},
        **COLUMNS,
    )
    assert rows[["text", "group"]].to_numpy().tolist() == [["first", "ann"], ["second", "ann"]]


def test_several_placeholders_are_several_columns(read_files):
    rows = read_files(
        {"corpus.csv": "text,GB.male,SG.female\nfirst,neutral,positive\n"},
        melt={"columns": "{country}.{gender}", "value": "annotation"},
        culture={"column": "country"},
        domain={"column": "gender"},
        **COLUMNS,
    )
    assert rows[["culture", "domain"]].to_numpy().tolist() == [["GB", "male"], ["SG", "female"]]


def test_rows_without_a_value_stand_in_the_quarantine(read_files):
    content = POSTS.replace("2,second,,negative,b", "2,second,, ,b\n3,third,,negative,c")
    rows = read_files({"corpus.csv": content}, **MELT, **COLUMNS, **COUNTRY)
    assert rows["row"].tolist() == [2, 2, 3, 4]
    (rejected,) = rows[rows["rejected_by"] == "reading"].to_dict("records")
    assert (rejected["row"], rejected["text"]) == (3, "second")
    assert rejected["rejection_reason"] == (
        "none of the columns that melt.columns '{country}_Hate' names has a value"
    )
    assert '"ID": "2", "text": "second", "note": "b"' in rejected["content"]


def test_batch_without_a_value_keeps_its_rows(tmp_path):
    batches = [
        RawBatch({"text": ["first"]}, [1]),  # nested JSON whose annotators come later
        RawBatch({"text": ["second"], "by.Ann1": ["positive"]}, [2]),
    ]
    melt = Melt(columns="by.Ann{annotator}", value="annotation")
    without, melted = melt_batches(batches, melt, SourceFile(tmp_path, "posts.jsonl"))
    assert (without.rows, list(without.reasons)) == ([1], [0])
    assert {name: list(cells) for name, cells in without.columns.items()} == {
        "text": ["first"],
        "annotator": [None],
        "annotation": [None],
    }
    assert (melted.rows, melted.reasons) == ([2], {})


def test_reason_of_a_row_without_a_value_goes_before_that_of_a_joined_file(read_files):
    rows = read_files(
        {"corpus.csv": POSTS + "3,third,,,\n", "people.csv": "country,age\nSingapore,31\n"},
        joined=[{"path": "people.csv", "by": "country", "columns": "age"}],
        **MELT,
        **COLUMNS,
    )
    assert "none of the columns" in rows["rejection_reason"].iloc[-1]


def test_rows_without_a_value_are_counted_in_the_report(judge, hate):
    rows = judge(
        {"corpus.csv": "ID,text,GB_label,SG_label\n1,a post,hate,hate\n2,an old post,,\n"},
        melt={"columns": "{country}_label", "value": "label"},
        culture={"column": "country"},
        group={"column": "ID"},
        annotations={},
    )
    report = report_ingestion(*summarise({"reviews": lambda: rows}, hate))
    numbers = [report[f"num_rows_{name}"] for name in ("read", "kept", "rejected")]
    assert numbers == [3, 2, 1]
    (rejected,) = report["rejected"]
    assert (rejected["rejected_by"], rejected["num_rows"]) == ("reading", 1)


def test_broken_rows_stay_among_those_that_melt(read_files):
    rows = read_files({"corpus.csv": POSTS + "broken\n"}, **MELT, **COLUMNS)
    assert rows.loc[rows["rejected_by"].notna(), "row"].tolist() == [4]
    assert len(rows) == 4


@pytest.mark.parametrize(
    ("content", "melt", "message"),
    [
        (
            POSTS,
            {"columns": "{country}_hate"},
            "no column that melt.columns '{country}_hate' names",
        ),
        (
            "text,GB_Hate,SG_Hate\nfirst,, \n",
            {},
            "all cells of the 2 columns that melt.columns '{country}_Hate' names are empty",
        ),
        (POSTS, {"value": "note"}, "has a column 'note' that does not melt: give value of melt"),
        (POSTS, {"columns": "{note}_Hate"}, "give the placeholder {note} of melt another name"),
    ],
)
def test_sources_that_do_not_melt_are_refused(read_files, content, melt, message):
    with pytest.raises(CorpusError) as error:
        read_files({"corpus.csv": content}, melt=MELT["melt"] | melt, **COLUMNS)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("melt", "message"),
    [
        ({"columns": "Hate"}, "'Hate' has no placeholder such as {country}"),
        ({"columns": "{1}_Hate"}, "the placeholder {1} must have a name such as {country}"),
        ({"columns": "{a}_{a}"}, "has the placeholder {a} twice"),
        ({"columns": "{a}_Hate", "value": "a"}, "value and a placeholder of columns are both"),
        ({"value": ""}, "melt.value: it is empty"),
        ({"rows": "x"}, "unknown key 'rows'"),
    ],
)
def test_melt_that_says_nothing_is_refused(make_entry, melt, message):
    with pytest.raises(ValueError, match="reviews") as error:
        make_entry(melt=MELT["melt"] | melt)
    assert message in str(error.value)
