"""Questions on paragraphs of articles, in the nested JSON of SQuAD 1.1 and 2.0."""

import json
from collections.abc import Iterator
from typing import ClassVar

from ccnlp.corpora.decoding import TextFile, TextOptions, TextReader, broken_row
from ccnlp.corpora.files import SourceFile
from ccnlp.corpora.raw import READERS, BrokenRow, ParsedRow, RawBatch, collect, columns_of_records
from ccnlp.corpora.readers.json_lines import parse_document
from ccnlp.errors import CorpusError

Question = dict[str, object]
Rows = Iterator[ParsedRow[Question] | BrokenRow]


@READERS.register("squad")
class SquadReader(TextReader[TextOptions]):
    """A row a question (Rajpurkar et al. 2016, 2018), with the number of the question in the file.

    Columns: `id`; `title` of the article; `paragraph`, the id of the paragraph's first question,
    which files that are translations of each other share; `context`, the paragraph; `question`;
    `answers.text` and `answers.answer_start`, lists, which are empty where there is no answer; and
    `is_impossible`, missing in SQuAD 1.1.
    """

    options_type: ClassVar[type[TextOptions]] = TextOptions
    suffixes: ClassVar[tuple[str, ...]] = (".json",)

    def read_text(self, text: TextFile, source: SourceFile) -> Iterator[RawBatch]:
        """Questions, paragraphs and articles of another form are broken."""
        document = parse_document(text.read(), source)
        articles = document.get("data") if isinstance(document, dict) else None
        if not isinstance(articles, list):
            raise CorpusError(
                f"{source.name} is not in the format of SQuAD: the document has no list 'data'"
            )
        return collect(_number(_questions(articles)), columns_of_records)


def _number(questions: "Iterator[Question | tuple[str, object]]") -> Rows:
    for number, question in enumerate(questions, start=1):
        if isinstance(question, tuple):
            reason, item = question
            yield broken_row(number, reason, json.dumps(item, ensure_ascii=False))
        else:
            size = len(str(question["context"])) + len(str(question["question"]))
            yield number, question, size


def _questions(articles: list[object]) -> "Iterator[Question | tuple[str, object]]":
    """The questions; of what has another form, why, and what it is."""
    for article in articles:
        paragraphs = _list_in(article, "paragraphs")
        if paragraphs is None:
            yield "the article has no list 'paragraphs'", article
            continue
        for paragraph in paragraphs:
            questions = _list_in(paragraph, "qas")
            if questions is None:
                yield "the paragraph has no list 'qas'", paragraph
                continue
            paragraph_columns = {
                "title": _value(article, "title"),
                "paragraph": _value(questions[0], "id") if questions else None,
                "context": _value(paragraph, "context"),
            }
            for question in questions:
                reason = _why_unusable(question)
                yield (reason, question) if reason else paragraph_columns | _columns(question)


def _why_unusable(question: object) -> str | None:
    if not isinstance(question, dict):
        return f"the question is a JSON {type(question).__name__} instead of an object"
    answers = question.get("answers")
    if not isinstance(answers, list):
        return "the question has no list 'answers'"
    if not all(isinstance(answer, dict) for answer in answers):
        return "an answer is no JSON object"
    if question.get("is_impossible") is True and answers:
        return "the question is_impossible, and yet it has answers"
    if question.get("is_impossible") is False and not answers:
        return "the question has no answers, and yet it is not is_impossible"
    return None


def _columns(question: object) -> Question:
    """The columns of a question that can be used."""
    answers = _list_in(question, "answers") or []
    return {
        "id": _value(question, "id"),
        "question": _value(question, "question"),
        "answers.text": [_value(answer, "text") for answer in answers],
        "answers.answer_start": [_value(answer, "answer_start") for answer in answers],
        "is_impossible": _value(question, "is_impossible"),
    }


def _list_in(item: object, name: str) -> list[object] | None:
    value = _value(item, name)
    return value if isinstance(value, list) else None


def _value(item: object, name: str) -> object:
    return item.get(name) if isinstance(item, dict) else None
