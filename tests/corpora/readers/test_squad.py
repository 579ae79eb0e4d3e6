"""Questions on paragraphs in the format of SQuAD, with all that may be wrong with them."""

import copy
import json

import pandas as pd
import pytest

from ccnlp.corpora.curation import curate_corpus
from ccnlp.corpora.entry import CorporaParameters
from ccnlp.corpora.reading import read_corpus
from ccnlp.corpora.selection import select_examples, select_rejected
from ccnlp.errors import CorpusError
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

ENTRY = {
    "reader": "squad",
    "path": "quiz.{language}.json",
    "task": "answers",
    "columns": {
        "question": "question",
        "passage": "context",
        "answer": "answers.text",
        "answer_start": "answers.answer_start",
    },
    "language": {"column": "language"},
    "group": {"column": "paragraph"},
    "ratios": {"train": 0.5, "validation": 0.2, "test": 0.3},
    "licence": "mine",
}
BRIDGE = "The  old bridge of Avery was built in 1846 by Ada Holt."
BRUECKE = "Die alte Brücke von Avery wurde 1846 von Ada Holt gebaut."


def a_question(text, answer, start, **others):
    answers = [] if answer is None else [{"text": answer, "answer_start": start}]
    return {"id": f"id {text}", "question": text, "answers": answers, **others}


def a_paragraph(context, *questions):
    return {"context": context, "qas": list(questions)}


def a_document(*paragraphs):
    return {"version": "1.1", "data": [{"title": "Avery", "paragraphs": list(paragraphs)}]}


ENGLISH = a_document(
    a_paragraph(
        BRIDGE,
        a_question("Who built the bridge?", "Ada Holt", 46) | {"id": "q1"},
        a_question("By whom was the bridge built?", "Ada Holt", 46) | {"id": "q2"},
    )
)
GERMAN = a_document(
    a_paragraph(BRUECKE, a_question("Wer baute die Brücke?", "Ada Holt", 41) | {"id": "q1"})
)


@pytest.fixture
def tasks():
    answers = {"max_tokens": 8, "stride_tokens": 4, "may_be_missing": False}
    entry = {"kind": "question_answering", "loss_weight": 1.0, "options": answers}
    return build_tasks(TasksParameters.model_validate({"answers": entry}))


@pytest.fixture
def read(tmp_path, tasks, ingestion):
    """Curates documents by language as one corpus."""

    def read(**documents):
        for language, document in documents.items():
            path = tmp_path / f"quiz.{language}.json"
            path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
        entry = CorporaParameters.model_validate({"quiz": ENTRY}).entries()["quiz"]
        batches = read_corpus("quiz", entry, raw_folder=tmp_path, tasks=tasks)
        return curate_corpus(
            "quiz",
            batches,
            task=tasks["answers"],
            ratios=entry.ratios,
            parameters=ingestion,
        )

    return read


def test_questions_are_rows_and_translations_of_a_paragraph_one_group(read, tasks):
    rows = select_examples(read(en=ENGLISH, de=GERMAN), tasks=tasks)

    assert rows["question"].tolist() == [
        "Wer baute die Brücke?",
        "Who built the bridge?",
        "By whom was the bridge built?",
    ]
    assert rows["language"].tolist() == ["de", "en", "en"]
    assert rows["passage"].tolist() == [BRUECKE, BRIDGE, BRIDGE]  # with both of its blanks
    assert [list(answer) for answer in rows["answer"]] == [["Ada Holt"]] * 3
    assert rows["group_id"].nunique() == 1
    assert rows["split"].nunique() == 1
    assert rows["id"].nunique() == 3


def test_paragraphs_without_a_name_are_groups_by_their_text(read, monkeypatch):
    monkeypatch.delitem(ENTRY, "group")

    rows = read(en=ENGLISH, de=GERMAN)

    assert rows.groupby("passage")["group_id"].nunique().tolist() == [1, 1]
    assert rows["group_id"].nunique() == 2


def test_language_is_that_of_the_passage(read):
    mixed = a_document(a_paragraph(BRUECKE, a_question("Who built it?", "Ada Holt", 41)))

    rows = read(de=mixed)

    assert rows["detected_language"].tolist() == ["de"]


def test_same_question_with_the_same_answer_is_a_repetition(read):
    paragraph = copy.deepcopy(ENGLISH["data"][0]["paragraphs"][0])
    paragraph["qas"].append(a_question("By whom was the bridge built??", "Ada Holt", 46))
    paragraph["qas"].append(a_question("Who built the BRIDGE?", "Ada Holt", 46))

    reasons = read(en=a_document(paragraph))["rejection_reason"].fillna("").tolist()

    assert reasons[:2] == ["", ""]
    assert reasons[2].startswith("nearly the same text as example")
    assert reasons[3].startswith("the same text as example")


FINE = a_question("Who built the bridge?", "Ada Holt", 46)


@pytest.mark.parametrize(
    ("paragraph", "reason"),
    [
        (
            a_paragraph(BRIDGE, FINE, a_question("Which bridge?", "old bridge", 4)),
            "the answer 'old bridge' is not at character 4 of the passage, but ' old bridg'; it "
            "stands at 5",
        ),
        (
            a_paragraph(BRIDGE, FINE, a_question("Which one?", "old", -5)),
            "answer_start -5 is outside the passage, which has 55 characters",
        ),
        (
            a_paragraph(BRIDGE, FINE, a_question("Which one?", "old", 500)),
            "answer_start 500 is outside the passage, which has 55 characters",
        ),
        (
            a_paragraph(BRIDGE, FINE, a_question("Where is it?", None, 0)),
            "the question has no answer, which tasks.answers.options.may_be_missing does not allow "
            "(parameters/tasks.yml)",
        ),
        (a_paragraph(BRIDGE, FINE, a_question(" ", "old", 5)), "question is empty"),
        (a_paragraph(BRIDGE, FINE, a_question("\u200b", "old", 5)), "the question is empty"),
        (
            a_paragraph(BRIDGE, FINE, a_question("Which?", "old", None)),
            "answer_start has an item that is no text",
        ),
        (a_paragraph(BRIDGE, FINE, {"id": "x", "question": "Which?"}),
         "the question has no list 'answers'"),
        (a_paragraph(BRIDGE, FINE, {"question": "Which?", "answers": [3]}),
         "an answer is no JSON object"),
        (a_paragraph(BRIDGE, FINE, "Which?"),
         "the question is a JSON str instead of an object"),
        (
            a_paragraph(BRIDGE, FINE, a_question("Which?", "old", 5, is_impossible=True)),
            "the question is_impossible, and yet it has answers",
        ),
        (
            a_paragraph(BRIDGE, FINE, a_question("Which?", None, 0, is_impossible=False)),
            "the question has no answers, and yet it is not is_impossible",
        ),
    ],
)  # fmt: skip
def test_question_that_can_not_be_used_is_rejected_alone(read, tasks, paragraph, reason):
    rows = read(en=a_document(paragraph))

    assert rows["rejection_reason"].fillna("").tolist() == ["", reason]
    (content,) = select_rejected(rows, tasks=tasks)["content"]
    assert json.loads(content)


@pytest.mark.parametrize(
    ("paragraph", "reasons"),
    [
        (a_paragraph("", FINE), ["passage is empty"]),
        (a_paragraph("  ", FINE), ["passage is empty"]),
        (a_paragraph("\u200b\u200b", a_question("Who?", "\u200b", 0)), ["the passage is empty"]),
        (
            a_paragraph("x" * 60_000, a_question("Who?", "x", 0)),
            [
                "the passage has 60,000 characters, more than 50,000 "
                "(ingestion.cleaning.max_characters)"
            ],
        ),
        ({"context": BRIDGE}, ["the paragraph has no list 'qas'"]),
        (3, ["the paragraph has no list 'qas'"]),
    ],
)
def test_paragraph_that_can_not_be_used_is_rejected(read, paragraph, reasons):
    rows = read(en=a_document(ENGLISH["data"][0]["paragraphs"][0], paragraph))

    assert rows["rejection_reason"].dropna().tolist() == reasons
    assert rows["rejected_by"].isna().sum() == 2


def test_article_without_paragraphs_is_rejected(read):
    document = {"data": [*ENGLISH["data"], {"title": "Nothing"}]}

    assert read(en=document)["rejection_reason"].dropna().tolist() == [
        "the article has no list 'paragraphs'"
    ]


def test_question_of_squad_two_without_an_answer_is_kept_where_allowed(read, tasks, monkeypatch):
    options = tasks["answers"].options.model_copy(update={"may_be_missing": True})
    monkeypatch.setattr(tasks["answers"], "options", options)
    paragraph = a_paragraph(
        BRIDGE, FINE, a_question("Who burnt it?", None, 0, is_impossible=True, plausible_answers=[])
    )

    rows = select_examples(read(en=a_document(paragraph)), tasks=tasks)

    assert [list(answer) for answer in rows["answer"]] == [["Ada Holt"], []]
    assert tasks["answers"].reference(rows).tolist()[1] == "[]"


def test_several_accepted_answers_are_kept(read, tasks):
    question = a_question("Who built the bridge?", "Ada Holt", 46)
    question["answers"].append({"text": "Holt", "answer_start": 50})

    rows = select_examples(read(en=a_document(a_paragraph(BRIDGE, question))), tasks=tasks)

    assert list(rows["answer"].iloc[0]) == ["Ada Holt", "Holt"]
    assert list(rows["answer_start"].iloc[0]) == ["46", "50"]


@pytest.mark.parametrize("document", [[], {"version": "1.1"}, {"data": {"a": 1}}, 3])
def test_document_of_another_format_is_refused(read, document):
    with pytest.raises(CorpusError, match=r"quiz\.en\.json is not in the format of SQuAD"):
        read(en=document)


def test_document_that_is_no_json_is_refused(tmp_path, tasks):
    (tmp_path / "quiz.en.json").write_text("{", encoding="utf-8")
    entry = CorporaParameters.model_validate({"quiz": ENTRY}).entries()["quiz"]

    with pytest.raises(CorpusError, match=r"quiz\.en\.json is no JSON document"):
        pd.concat(read_corpus("quiz", entry, raw_folder=tmp_path, tasks=tasks))
