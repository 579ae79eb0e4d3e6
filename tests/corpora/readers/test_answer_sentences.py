"""Questions and the sentences that answer them, in documents of a few lines."""

import json

import pandas as pd
import pytest

from ccnlp.corpora.entry import CorporaParameters
from ccnlp.corpora.reading import read_corpus
from ccnlp.errors import ConfigurationError, CorpusError
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

RETRIEVAL = {
    "query_prefix": "",
    "passage_prefix": "",
    "temperature": 0.05,
    "is_symmetric": True,
    "negatives": "given",
    "num_negatives": 1,
    "dimensions": [],
}
TASKS = {"finding": {"kind": "retrieval", "loss_weight": 1, "options": RETRIEVAL}}

ENGLISH = "The mill is old. It stands by the river.  It burnt in 1901."
SPANISH = "El molino es viejo y está junto al río. Se quemó en 1901."


def document(context, breaks, *questions):
    """Questions are their id, their text, and where their answers start."""
    qas = [
        {"id": key, "question": text, "answers": [{"text": "x", "answer_start": s} for s in starts]}
        for key, text, *starts in questions
    ]
    paragraph = {"context": context, "sentence_breaks": breaks, "qas": qas}
    return {"data": [{"title": "t", "paragraphs": [paragraph]}]}


def english(**changes):
    made = document(
        ENGLISH,
        [[0, 16], [17, 40], [42, 59]],
        ("age", "How old is the mill?", 12),
        ("place", "Where is it?", 26),
        ("fire", "When did it burn?", 54),
    )
    made["data"][0]["paragraphs"][0].update(changes)
    return made


def spanish():
    return document(
        SPANISH,
        [[0, 39], [40, 57]],
        ("age", "¿Qué edad tiene el molino?", 13),
        ("place", "¿Dónde está?", 23),
        ("fire", "¿Cuándo se quemó?", 52),
    )


@pytest.fixture
def read(tmp_path):
    """Writes documents by language, and reads the questions of all of them."""

    def read(**documents):
        for language, content in documents.items():
            (tmp_path / f"{language}.json").write_text(json.dumps(content), encoding="utf-8")
        entry = {
            "reader": "answer_sentences",
            "path": "{language}.json",
            "options": {"passages": {language: f"{language}.json" for language in documents}},
            "task": "finding",
            "columns": {
                "query": "query",
                "passage": "passage",
                "passage_language": "passage_language",
                "query_group": "question",
                "passage_groups": "answers",
                "negatives": "others",
            },
            "language": {"column": "language"},
            "group": {"column": "paragraph"},
            "split": "test",
            "licence": "mine",
        }
        return pd.concat(
            read_corpus(
                "mills",
                CorporaParameters.model_validate({"mills": entry}).entries()["mills"],
                raw_folder=tmp_path,
                tasks=build_tasks(TasksParameters.model_validate(TASKS)),
            ),
            ignore_index=True,
        )

    return read


def test_row_is_a_question_and_a_sentence_of_each_language(read):
    rows = read(en=english(), es=spanish())

    assert rows["rejection_reason"].isna().all()
    assert len(rows) == 2 * 3 * 2
    of_place = rows[rows["query_group"] == "place"]
    assert of_place[["query", "language", "passage", "passage_language"]].to_numpy().tolist() == [
        ["Where is it?", "en", "It stands by the river.", "en"],
        ["Where is it?", "en", "El molino es viejo y está junto al río.", "es"],
        ["¿Dónde está?", "es", "It stands by the river.", "en"],
        ["¿Dónde está?", "es", "El molino es viejo y está junto al río.", "es"],
    ]
    assert of_place["passage_groups"].tolist() == [["place"], ["age", "place"]] * 2
    assert (
        of_place["negatives"].tolist()
        == [
            ["The mill is old.", "It burnt in 1901."],
            ["Se quemó en 1901."],
        ]
        * 2
    )
    assert of_place["group"].tolist() == ["1"] * 4


def test_question_with_answers_in_two_sentences_has_both(read):
    twice = document(ENGLISH, [[0, 16], [17, 40], [42, 59]], ("age", "How old?", 12, 54, 0))

    rows = read(en=twice)

    assert rows["passage"].tolist() == ["The mill is old.", "It burnt in 1901."]
    assert rows["negatives"].tolist() == [["It stands by the river."]] * 2


def test_sentence_that_stands_twice_in_a_paragraph_is_not_its_own_negative(read):
    breaks = [[0, 4], [5, 9], [10, 14]]

    rows = read(en=document("Yes. Yes. Now.", breaks, ("sure", "Is it?", 0)))

    assert rows["rejection_reason"].isna().all()
    assert rows["negatives"].tolist() == [["Now."]]


def test_only_sentence_of_a_paragraph_has_no_negatives(read):
    rows = read(en=document("It burnt.", [[0, 9]], ("fire", "What happened?", 3)))

    assert rows["rejection_reason"].isna().all()
    assert rows["negatives"].isna().all()


@pytest.mark.parametrize("start", [41, 59, 99])
def test_question_that_no_sentence_answers_is_rejected(read, start):
    breaks = [[0, 16], [17, 40], [42, 59]]
    lost = document(ENGLISH, breaks, ("age", "How old?", 12), ("lost", "What?", start))

    rows = read(en=lost)

    assert rows["rejection_reason"].isna().tolist() == [True, False]
    assert rows["rejection_reason"][1] == "no sentence in 'en' answers it (question 'lost')"
    assert "What?" in rows["content"][1]


def test_question_without_answers_is_rejected(read):
    rows = read(en=document(ENGLISH, [[0, 16]], ("age", "How old?", 12), ("none", "What?")))

    assert rows["rejection_reason"][1] == "no sentence in 'en' answers it (question 'none')"


def test_question_that_another_language_lacks_is_rejected_for_that_language(read):
    rows = read(en=english(), es=document(SPANISH, [[0, 39]], ("age", "¿Qué edad?", 13)))

    reasons = rows["rejection_reason"].dropna()
    assert reasons.tolist() == [
        f"no sentence in 'es' is there for it (question '{key}')" for key in ("place", "fire")
    ]


def test_empty_question_is_rejected(read):
    rows = read(en=document(ENGLISH, [[0, 16]], ("a", " ", 12), ("b", "How old?", 12)))

    assert rows["rejection_reason"].tolist()[0] == "query is empty"


def test_empty_sentence_that_answers_is_rejected(read):
    rows = read(en=document("Old.   New.", [[0, 4], [5, 6], [7, 11]], ("a", "?", 5), ("b", "!", 0)))

    assert rows["rejection_reason"].tolist()[0] == "passage is empty"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"data": [{"title": "t"}]}, r"en\.json is no document of questions with sentence_breaks"),
        ([], r"en\.json is no document of questions"),
        (english(sentence_breaks=[[0, 99]]), r"paragraph 1 has 59 characters.* 0 to 99 after 0"),
        (english(sentence_breaks=[[5, 9], [7, 12]]), r"a sentence from 7 to 12 after 9"),
    ],
)
def test_document_of_another_form_is_refused(read, content, message):
    with pytest.raises(CorpusError, match=message):
        read(en=content)


def test_passages_must_be_named(tmp_path):
    from ccnlp.corpora.raw import build_reader

    with pytest.raises(ConfigurationError, match=r"'answer_sentences': passages"):
        build_reader("answer_sentences", {"passages": {}}, where="corpus 'mills'")
