import json

import pandas as pd
import pytest

from ccnlp.corpora.reading import read_corpus
from ccnlp.errors import ConfigurationError, CorpusError

COLUMNS = {
    "corpus",
    "task",
    "source",
    "row",
    "language",
    "region",
    "culture",
    "domain",
    "origin",
    "engine",
    "pivot",
    "licence",
    "weight",
    "split",
    "group",
    "text",
    "label",
    "rejected_by",
    "rejection_reason",
    "content",
}


def test_constants_stand_in_every_row(read_files):
    rows = read_files(
        {"corpus.csv": "text,label\ngood,positive\nbroken\n"},
        culture="KE",
        domain="news",
        weight=2,
    )
    assert set(rows.columns) == COLUMNS
    for name, value in {
        "corpus": "reviews",
        "task": "sentiment",
        "source": "corpus.csv",
        "language": "en",
        "region": "und",
        "culture": "KE",
        "domain": "news",
        "origin": "native",
        "licence": "CC0-1.0",
        "weight": 2.0,
    }.items():
        assert rows[name].tolist() == [value, value]


def test_types_do_not_depend_on_what_a_batch_holds(read_files):
    good = read_files({"corpus.csv": "text,label\ngood,positive\n"})
    bad = read_files({"corpus.csv": "text,label\nbroken\n"})
    expected = dict.fromkeys(COLUMNS, "string") | {"row": "int64", "weight": "float64"}
    assert good.dtypes.astype(str).to_dict() == expected
    assert bad.dtypes.astype(str).to_dict() == expected


def test_columns_give_each_row_its_fields(read_files):
    rows = read_files(
        {"corpus.csv": "review,stars,lang,country,part,user\ngood,5,pt-BR,br,val,7\n"},
        columns={"text": "review", "label": "stars"},
        label_map={5: "positive"},
        language={"column": "lang"},
        culture={"column": "country"},
        split={"column": "part"},
        group={"column": "user"},
    )
    row = rows.iloc[0]
    assert row[["text", "label", "language", "culture", "split", "group"]].tolist() == [
        "good",
        "positive",
        "pt-BR",
        "BR",
        "validation",
        "7",
    ]


def test_licence_and_weight_may_stand_in_columns(read_files):
    rows = read_files(
        {"corpus.csv": "text,label,terms,times\na,positive,CC0,2\nb,positive,CC BY,0.5\n"},
        licence={"column": "terms"},
        weight={"column": "times"},
    )
    assert rows["licence"].tolist() == ["CC0", "CC BY"]
    assert rows["weight"].tolist() == [2.0, 0.5]


@pytest.mark.parametrize("weight", ["much", "0", "-1", "inf", "nan", "1,5"])
def test_row_whose_weight_is_no_number_goes_to_quarantine(read_files, weight):
    rows = read_files(
        {"corpus.tsv": f"text\tlabel\ttimes\na\tpositive\t{weight}\nb\tpositive\t1\n"},
        path="corpus.tsv",
        weight={"column": "times"},
    )
    assert rows["rejection_reason"].tolist()[0] == (
        f"column 'times': weight '{weight}' is no number above 0 (parameters/corpora.yml)"
    )
    assert rows["weight"].isna().tolist() == [True, False]


def test_weight_may_be_mapped_and_have_a_default(read_files):
    weight = {"column": "grade", "map": {"gold": 2}, "default": 0.5}
    rows = read_files(
        {"corpus.csv": "text,label,grade\na,positive,gold\nb,positive,\n"}, weight=weight
    )
    assert rows["weight"].tolist() == [2.0, 0.5]


def test_row_without_licence_goes_to_quarantine(read_files):
    rows = read_files(
        {"corpus.csv": "text,label,terms\na,positive,\n"}, licence={"column": "terms"}
    )
    assert rows["rejection_reason"].tolist() == ["licence is empty (column 'terms')"]


@pytest.mark.parametrize(("constant", "label_map"), [("positive", {}), (5, {5: "positive"})])
def test_label_may_be_a_constant(read_files, constant, label_map):
    rows = read_files(
        {"corpus.csv": "text\ngood\nfine\n"},
        columns={"text": "text", "label": {"constant": constant}},
        label_map=label_map,
    )
    assert rows["label"].tolist() == ["positive", "positive"]
    assert rows["rejected_by"].isna().all()


def test_placeholders_of_the_path_are_columns(read_files):
    rows = read_files(
        {
            "french/dev.csv": "text,label\nbon,positive\n",
            "german/dev.csv": "text,label\ngut,positive\n",
        },
        path="{language}/{split}.csv",
        language={"column": "language", "map": {"french": "fr", "german": "de"}},
        split={"column": "split"},
    )
    assert rows["language"].tolist() == ["fr", "de"]
    assert set(rows["split"]) == {"validation"}


def test_placeholder_with_the_name_of_a_column_is_refused(read_files):
    with pytest.raises(CorpusError) as error:
        read_files({"negative.csv": "text,label\nbon,positive\n"}, path="{label}.csv")
    assert str(error.value) == (
        "corpus 'reviews': negative.csv has a column 'label', and path a placeholder {label}: "
        "give the placeholder another name (path, parameters/corpora.yml)"
    )


def test_broken_row_has_what_the_path_tells_of_it(read_files):
    rows = read_files(
        {"fr/train.csv": "text,label\nbon,positive\nbroken\n"},
        path="{language}/{split}.csv",
        language={"column": "language"},
        split={"column": "split"},
    )
    assert rows.loc[1, ["language", "split"]].tolist() == ["fr", "train"]


def test_split_is_missing_where_the_ratios_decide(read_files):
    assert read_files({"corpus.csv": "text,label\ngood,positive\n"})["split"].isna().all()


def test_given_splits_can_leave_some_rows_to_the_ratios(read_files):
    rows = read_files(
        {"corpus.csv": "text,label,part\ngood,positive,train\nbad,negative,test\n"},
        split={"column": "part", "map": {"train": "ratios"}},
        ratios={"train": 0.9, "validation": 0.1, "test": 0},
    )
    assert rows["split"].isna().tolist() == [True, False]
    assert rows["rejected_by"].isna().all()


def test_bad_rows_keep_their_place_and_their_columns_as_json(read_files):
    rows = read_files(
        {"corpus.csv": "text,label\ngood,positive\n ,neutral\nx,meh\nbroken\nbad,negative\n"}
    )
    assert rows["row"].tolist() == [2, 3, 4, 5, 6]
    assert rows["rejected_by"].fillna("").tolist() == ["", "reading", "reading", "reading", ""]
    assert rows["content"].isna().tolist() == [True, False, False, False, True]
    assert json.loads(rows["content"][2]) == {"text": "x", "label": "meh"}
    assert rows["text"].fillna("").tolist() == ["good", "", "x", "", "bad"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("   ,positive,en,KE,train", "text is empty"),
        ("good,,en,KE,train", "label is empty"),
        (
            "good,NEUTRAL,en,KE,train",
            "label 'NEUTRAL' is not one of 'negative', 'neutral', 'positive'; "
            "did you mean 'neutral'? (label_map)",
        ),
        ("good,3,en,KE,train", "label '3' is not one of 'negative', 'neutral', 'positive'"),
        (
            "good,positive,swa,KE,train",
            "column 'lang': language 'swa' is not a BCP-47 tag; did you mean 'sw'? "
            "(parameters/corpora.yml)",
        ),
        (
            "good,positive,en,Kenya,train",
            "column 'country': culture 'Kenya' is no ISO 3166 region such as 'GB' and not in the "
            "entry's culture_groups; did you mean 'KE'? (parameters/corpora.yml)",
        ),
        (
            "good,positive,en,KE,trian",
            "column 'part': split 'trian' is not known; did you mean 'train'? "
            "(parameters/corpora.yml)",
        ),
    ],
)
def test_bad_row_has_its_reason(read_files, line, reason):
    rows = read_files(
        {"corpus.csv": f"text,label,lang,country,part\n{line}\nfine,neutral,sw,KE,test\n"},
        language={"column": "lang"},
        culture={"column": "country"},
        split={"column": "part"},
    )
    assert rows["rejection_reason"].tolist()[0] == reason
    assert rows["rejected_by"].isna().tolist() == [False, True]


def test_corpus_with_one_label_is_read(read_files):
    rows = read_files({"corpus.csv": "text,label\ngood,positive\nfine,positive\n"})
    assert rows["rejected_by"].isna().all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"reader": "delimted"}, "unknown reader 'delimted'; did you mean 'delimited'?"),
        ({"task": "sentimnt"}, "unknown task 'sentimnt'; did you mean 'sentiment'?"),
        (
            {"columns": {"text": "text"}},
            "corpus 'reviews': columns does not say where to find 'label', which the task",
        ),
        (
            {"columns": {"text": "t", "label": "l", "labels": "x"}},
            "the task 'sentiment' has no column 'labels'; did you mean 'label'?",
        ),
        (
            {"label_map": {0: "NEUTRAL"}},
            "label_map gives 'NEUTRAL', which is no label of the task 'sentiment'; did you mean "
            "'neutral'?",
        ),
        (
            {"options": {"delimeter": ";"}},
            "corpus 'reviews': options of the reader 'delimited': unknown key 'delimeter'; did "
            "you mean 'delimiter'?",
        ),
        (
            {"columns": {"text": "text", "label": {"constant": "praise"}}},
            "columns gives 'praise', which is no label of the task 'sentiment'; known are",
        ),
        (
            {"columns": {"text": {"constant": "good"}, "label": "label"}},
            "corpus 'reviews': columns gives 'text' a constant, which only a target such as a "
            "label can be (parameters/corpora.yml)",
        ),
        (
            {"weight": {"column": "times", "default": 0}},
            "corpus 'reviews', weight: weight '0' is no number above 0 (parameters/corpora.yml)",
        ),
        ({"options": {"skip_lines": -1}}, "skip_lines: input should be greater than or equal to 0"),
        ({"language": "swa"}, "corpus 'reviews': language 'swa' is not a BCP-47 tag"),
    ],
)
def test_wrong_configuration_is_told_before_files_are_looked_for(
    make_entry, sentiment, tmp_path, changes, message
):
    with pytest.raises(ConfigurationError) as error:
        read_corpus("reviews", make_entry(**changes), raw_folder=tmp_path, tasks=sentiment)
    assert message in str(error.value)


def test_missing_file_is_told_before_rows_are_read(make_entry, sentiment, tmp_path):
    with pytest.raises(CorpusError, match=r"corpus 'reviews': .*corpus.csv does not exist"):
        read_corpus("reviews", make_entry(), raw_folder=tmp_path, tasks=sentiment)


def test_corpus_is_named_whatever_its_files_are_called(read_files):
    with pytest.raises(CorpusError, match=r"^corpus 'reviews': corpus 1.csv is empty$"):
        read_files({"corpus 1.csv": ""}, path="corpus 1.csv")


def test_column_of_a_field_that_is_missing_is_refused(read_files):
    with pytest.raises(CorpusError, match=r"corpus.csv has no column 'lang'; it has 'text'"):
        read_files({"corpus.csv": "text,label\na,positive\n"}, language={"column": "lang"})


def test_counts_of_files_add_up(read_files):
    files = {f"{name}.csv": "text,label\ngood,positive\nbroken\n" for name in "abc"}
    rows = read_files(files, path="*.csv")
    assert rows.groupby("source").size().tolist() == [2, 2, 2]
    assert isinstance(rows, pd.DataFrame)
