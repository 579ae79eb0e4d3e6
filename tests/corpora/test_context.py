import json

import pandas as pd
import pytest

from ccnlp.corpora.cleaning import CleaningParameters, clean_context, clean_contexts
from ccnlp.corpora.curation import find_held_out_texts, keep_out
from ccnlp.corpora.readable_task import check_contexts
from ccnlp.corpora.reading import read_corpus
from ccnlp.corpora.report import NEEDED, summarise
from ccnlp.corpora.selection import select_examples, select_rejected
from ccnlp.errors import ConfigurationError, CorpusError
from ccnlp.examples import stable_hash
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

CSV = "text,label,Title,Site\ngood,positive,A day,The Sun\nbad,negative,,The Sun\nit,neutral, ,\n"
FIELDS = {"title": "Title", "source": "Site"}
HEAD = "post,text,annotator,country,label\n"
JUDGED = {
    "culture": {"column": "country"},
    "annotations": {"annotator": {"column": "annotator"}},
    "context": {"post": "post"},
}


def contexts(rows: pd.DataFrame) -> list:
    return rows["context"].astype(object).where(rows["context"].notna(), None).tolist()


@pytest.fixture
def refusal(make_entry):
    def refuse(context) -> str:
        with pytest.raises(ValueError, match="corpus 'reviews'") as error:
            make_entry(context=context)
        return str(error.value)

    return refuse


def test_fields_are_lines_in_the_order_of_the_entry_and_empty_ones_are_left_out(read_files):
    rows = read_files({"corpus.csv": CSV}, context=FIELDS)
    assert contexts(rows) == ["title: A day\nsource: The Sun", "source: The Sun", None]
    turned = read_files({"corpus.csv": CSV}, context={"source": "Site", "title": "Title"})
    assert contexts(turned)[0] == "source: The Sun\ntitle: A day"


@pytest.mark.parametrize("columns", [["Title", "Site"], "Title"])
def test_turns_have_no_name(read_files, columns):
    rows = read_files({"corpus.csv": CSV}, context=columns)
    assert contexts(rows)[0] == ("A day\nThe Sun" if isinstance(columns, list) else "A day")


def test_list_of_turns_is_as_many_lines_and_a_line_break_in_one_is_none(read_files):
    records = [
        {"text": "good", "label": "positive", "turns": ["hi\nyou", "", "bye"]},
        {"text": "bad", "label": "negative", "turns": []},
        {"text": "it", "label": "neutral", "turns": None},
    ]
    content = "\n".join(map(json.dumps, records))
    entry = {"reader": "json_lines", "path": "corpus.jsonl"}
    rows = read_files({"corpus.jsonl": content}, **entry, context=["turns"])
    assert contexts(rows) == ["hi you\nbye", None, None]
    named = read_files({"corpus.jsonl": content}, **entry, context={"before": "turns"})
    assert contexts(named)[0] == "before: hi you\nbefore: bye"


@pytest.mark.parametrize("cell", ["\x01\x02", "\ufeff", " \u200b"])
def test_field_of_invisible_characters_is_left_out_with_its_name(read_files, cell):
    records = [{"text": "good", "label": "positive", "title": cell, "site": "The Sun"}]
    rows = read_files(
        {"corpus.json": json.dumps(records)},
        reader="json",
        path="corpus.json",
        context={"title": "title", "source": "site"},
    )
    assert contexts(rows) == ["source: The Sun"]


def test_nested_and_joined_columns_and_placeholders_are_columns(read_files):
    records = {"7": {"text": {"post": "first", "reply": "good"}, "label": "positive"}}
    rows = read_files(
        {"corpus_it.json": json.dumps(records), "sites.csv": "id,Site\n7,The Sun\n"},
        reader="json",
        path="corpus_{part}.json",
        options={"key": "id"},
        columns={"text": "text.reply", "label": "label"},
        joined=[
            {
                "path": "sites.csv",
                "reader": "delimited",
                "options": {},
                "by": "id",
                "columns": "Site",
            }
        ],
        context={"post": "text.post", "source": "Site", "part": "part"},
    )
    assert contexts(rows) == ["post: first\nsource: The Sun\npart: it"]


@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        ({"who": "me"}, "context is an object instead of text (column 'turns')"),
        ([["a"]], "context is a list instead of text (column 'turns')"),
        ("a\x00b", "null bytes in the row (context, column 'turns')"),
    ],
)
def test_row_whose_context_is_no_text_is_rejected(read_files, turns, reason):
    records = [{"text": "good", "label": "positive", "turns": turns}]
    rows = read_files({"corpus.json": json.dumps(records)}, reader="json", path="corpus.json",
                      context=["turns"])  # fmt: skip
    assert rows["rejection_reason"].tolist() == [reason]


def test_broken_rows_have_no_context(read_files):
    rows = read_files({"corpus.csv": CSV + 'more,"positive'}, context=FIELDS)
    assert contexts(rows)[3:] == [None]
    assert rows["rejected_by"].tolist()[3] == "reading"


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({}, "context: it names no column; leave context out where there is none"),
        ([], "context: it names no column"),
        ({"po:st": "Post"}, "'po:st' is no name; it holds letters, digits, spaces, _ "),
        ({"": "Post"}, "'' is no name"),
        ({"column": "Post"}, "'column' is no name to tell the model; give `{title: "),
        (["Post", "Title", "Post"], "context: 'Post' is named twice"),
        ({"a": "Post", "b": "Post"}, "context: 'Post' is named twice"),
        (
            {"title": {"column": "Title"}},
            "context.0: a context takes columns as they are, such as `{title: Title}`",
        ),
        ([False], "YAML reads no, off or false as a truth value"),
    ],
)
def test_entry_whose_context_is_none_is_refused(refusal, context, message):
    assert message in refusal(context)


def test_unknown_column_is_told_with_the_near_one(read_files):
    message = "has no column 'Titel'; it has .*; did you mean 'Title'"
    with pytest.raises(CorpusError, match=message):
        read_files({"corpus.csv": CSV}, context={"title": "Titel"})


@pytest.mark.parametrize(("column", "ours"), [("text", "text"), ("label", "label")])
def test_text_and_target_are_no_context(read_files, column, ours):
    message = f"context names the column '{column}', which is the task's '{ours}'"
    with pytest.raises(ConfigurationError, match=message):
        read_files({"corpus.csv": CSV}, context=[column])


def test_counts_of_a_distribution_are_no_context(judge):
    entry = {
        "columns": {"text": "text"},
        "annotations": {"distribution": {"not_hate": "no", "hate": "yes"}},
    }
    with pytest.raises(ConfigurationError, match="column 'yes', which is the task's 'hate'"):
        judge({"corpus.csv": "text,no,yes\na,1,2\n"}, **entry, context=["yes"])


def test_kind_that_reads_none_takes_no_context(make_entry, sentiment, tmp_path, monkeypatch):
    (tmp_path / "corpus.csv").write_text(CSV)
    monkeypatch.setattr(type(sentiment["sentiment"]), "can_read_context", False)
    with pytest.raises(ConfigurationError, match="tasks of the kind of 'sentiment' read none"):
        read_corpus("reviews", make_entry(context=FIELDS), raw_folder=tmp_path, tasks=sentiment)


@pytest.mark.parametrize("context", [None, FIELDS])
def test_task_that_reads_contexts_needs_a_corpus_that_names_one(make_entry, context):
    entry = {"kind": "sequence_classification", "loss_weight": 1.0, "labels": ["a", "b"]}
    parameters = TasksParameters.model_validate({"sentiment": entry | {"context": "prefix"}})
    tasks = build_tasks(parameters)
    entries = {"plain": make_entry(), "reviews": make_entry(context=context)}
    if context is None:
        message = "'sentiment' is to read the context .* corpora 'plain', 'reviews' names one"
        with pytest.raises(ConfigurationError, match=message):
            check_contexts(entries, tasks)
    else:
        check_contexts(entries, tasks)


def test_context_is_cleaned_line_by_line():
    dirty = " title:  sch\u00c3\u00b6n\r\n\u200b\n  \nA\u0001 day "
    assert clean_context(dirty) == "title: schön\nA day"
    assert clean_context(clean_context(dirty)) == clean_context(dirty)


@pytest.fixture
def cleaned(make_rows):
    def clean(*given, **changes):
        rows = make_rows([{"context": context} for context in given])
        rows = rows.assign(mended=pd.Series(pd.NA, index=rows.index, dtype="string"))
        values = {"max_characters": 20, "mends_mojibake": True} | changes
        return clean_contexts(rows, CleaningParameters.model_validate(values))

    return clean


def test_clean_contexts_are_missing_where_nothing_is_left_and_tell_what_was_mended(cleaned):
    rows = cleaned("sch\u00c3\u00b6n", "a  b", "fine", "\u200b", None)
    assert contexts(rows) == ["schön", "a b", "fine", None, None]
    assert rows["mended"].fillna("").tolist() == ["encoding", "characters", "", "characters", ""]
    assert rows["rejected_by"].isna().all()


def test_context_that_is_too_long_is_rejected(cleaned):
    rows = cleaned("x" * 21, "x" * 20)
    assert rows["rejected_by"].fillna("").tolist() == ["cleaning", ""]
    assert rows["rejection_reason"].iloc[0] == (
        "the context has 21 characters, more than 20 (ingestion.cleaning.max_characters)"
    )


def row(text="the same text here", label="positive", **others):
    return {"text": text, "label": label, **others}


def test_corpus_without_context_has_the_ids_that_it_had_and_no_column(curate, sentiment):
    rows = curate([row(), row("another text there", "negative")])
    assert "context" not in rows
    scope = "\x1fsentiment\x1freviews\x1fen\x1fund"
    assert rows["id"].tolist() == [
        stable_hash([scope, "the same text here", "\x1fpositive"]),
        stable_hash([scope, "another text there", "\x1fnegative"]),
    ]
    assert "context" not in select_examples(rows, tasks=sentiment)


def test_row_without_context_has_the_id_of_a_corpus_without(curate):
    plain = curate([row()])["id"].tolist()
    with_one = curate([row(context=None), row(context="post: hi")])["id"].tolist()
    assert with_one[:1] == plain
    assert with_one[1] not in plain


def test_text_in_another_context_is_no_duplicate_and_no_conflict(curate, sentiment):
    given = [
        row(context="post: hi"),
        row(context="post: bye"),
        row(context="post: bye"),
        row(label="negative", context="post: why"),
        row("a rather long text that stands here twice", context="post: hi"),
        row("a rather long text that stands here twice!", context="post: hi"),
        row("a rather long text that stands here twice!", context="post: bye"),
    ]
    rows = curate(given, deduplication={"conflicting_labels": "reject", "near_threshold": 0.7})
    rejected = rows["rejected_by"].astype("string").fillna("").tolist()
    assert rejected == ["", "", "deduplication", "", "", "deduplication", ""]
    assert rows["conflicting_labels"].isna().all()
    assert rows["group_id"].nunique() == 3  # by the text: never in two splits
    examples = select_examples(rows, tasks=sentiment)
    assert contexts(examples)[:3] == ["post: hi", "post: bye", "post: why"]
    assert examples["context"].dtype == "string"


def test_labels_conflict_in_one_context(curate):
    rows = curate([row(context="post: hi"), row(label="negative", context="post: hi")])
    assert rows["conflicting_labels"].tolist() == ["'negative'", "'positive'"]


def test_equal_texts_share_a_split_in_whichever_context(curate):
    ratios = {"train": 0.4, "validation": 0.3, "test": 0.3}
    rows = curate([row(context=f"post {i}") for i in range(20)], ratios=ratios)
    assert rows["split"].nunique() == 1
    assert rows["rejected_by"].isna().all()


def test_text_of_test_is_taken_out_of_train_in_another_context(curate, sentiment, ingestion):
    given = [row(context="post: hi"), row(context="post: bye", split="test")]
    rows = curate(given)
    held_out = find_held_out_texts(rows, tasks=sentiment, parameters=ingestion.deduplication)
    kept = keep_out(
        rows,
        held_out={"reviews": lambda: held_out},
        tasks=sentiment,
        parameters=ingestion.deduplication,
    )
    assert kept["rejected_by"].astype(object).fillna("").tolist() == ["leakage", ""]


def test_rejected_rows_keep_their_context_in_the_quarantine(curate, sentiment):
    rows = curate([row(context="post: hi"), row(context="post: hi")])
    content = json.loads(select_rejected(rows, tasks=sentiment)["content"].iloc[0])
    assert content["context"] == "post: hi"


def label_counts(rows: pd.DataFrame) -> dict:
    kept = rows[rows["rejected_by"].isna()]
    keys = kept["context"].fillna("") + " | " + kept["culture"].astype(str)
    return dict(zip(keys, kept["label_counts"], strict=True))


def test_judgements_are_gathered_for_a_text_in_its_context(judge):
    lines = (
        "hi,so what,ann,GB,hate\n"
        "hi,so what,bob,GB,not_hate\n"
        "bye,so what,ann,GB,hate\n"
        "bye,so what,dan,SG,hate\n"
        ",so what,eve,SG,not_hate\n"
    )
    rows = judge({"corpus.csv": HEAD + lines}, **JUDGED)
    assert label_counts(rows) == {
        "post: hi | GB": [1.0, 1.0],
        "post: bye | GB": [0.0, 1.0],
        "post: bye | SG": [0.0, 1.0],
        " | SG": [1.0, 0.0],
    }
    assert rows["id"].is_unique
    assert rows["group_id"].nunique() == 1
    pooled = dict(zip(rows["id"], rows["pooled_label_counts"], strict=True))
    assert sorted(map(tuple, pooled.values())) == [(0, 2), (0, 2), (1, 0), (1, 1)]


def test_group_with_two_contexts_is_two_texts(judge):
    lines = "hi,so what,ann,GB,hate\nbye,so what,bob,GB,hate\n"
    rows = judge({"corpus.csv": HEAD + lines}, **JUDGED, group="g")
    assert label_counts(rows) == {"post: hi | GB": [0.0, 1.0], "post: bye | GB": [0.0, 1.0]}


def test_annotator_who_repeats_in_one_context_is_rejected(judge):
    lines = "hi,so what,ann,GB,hate\nhi,so what,ann,GB,hate\nbye,so what,ann,GB,hate\n"
    rows = judge({"corpus.csv": HEAD + lines}, **JUDGED)
    assert rows["rejection_reason"].dropna().tolist() == [
        "annotator 'ann' annotated the text before, with the same label"
    ]


def test_agreement_takes_a_text_in_two_contexts_for_two(judge, hate, ingestion):
    from ccnlp.corpora.agreement import measure_agreement

    lines = "".join(
        f"{post},so what,{name},{country},{label}\n"
        for post, label in (("hi", "hate"), ("bye", "not_hate"))
        for name, country in (("ann", "GB"), ("bob", "GB"), ("dan", "SG"), ("eve", "SG"))
    )
    rows = judge({"corpus.csv": HEAD + lines}, **JUDGED)
    found = measure_agreement({"reviews": lambda: rows}, hate, ingestion.agreement)
    summary = found.summaries["reviews"]
    assert summary["num_texts"] == 2


def test_corpora_share_no_rows_of_other_contexts(curate, sentiment):
    one, other = (curate([row(context=c), row("alike in both")]) for c in ("post: a", "post: b"))
    other["corpus"] = "others"
    corpora = {"reviews": lambda **_: one, "others": lambda **_: other}
    assert "context" in NEEDED
    shared = summarise(corpora, sentiment).fingerprints["reviews"]["num_rows_shared"]
    assert shared == {"others": 1}


def test_suite_of_behaviour_takes_no_context():
    from pydantic import ValidationError

    from ccnlp.behaviour.parameters import SuiteEntry

    entry = {
        "reader": "delimited",
        "path": "cases.csv",
        "task": "sentiment",
        "columns": {"text": "text", "label": "label"},
        "language": "en",
        "licence": "CC0-1.0",
        "functionality": {"column": "what"},
    }
    assert SuiteEntry.model_validate(entry).context is None
    with pytest.raises(ValidationError, match="context"):
        SuiteEntry.model_validate(entry | {"context": ["Title"]})
