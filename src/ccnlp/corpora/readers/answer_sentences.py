"""Questions with the sentences that answer them, in every language of parallel documents."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel, Field, ValidationError

from ccnlp.corpora.decoding import TextFile, TextOptions, TextReader, broken_row, open_text
from ccnlp.corpora.files import SourceFile
from ccnlp.corpora.raw import (
    READERS,
    BrokenRow,
    ParsedRow,
    RawBatch,
    collect,
    columns_of_records,
)
from ccnlp.corpora.readers.json_lines import parse_document
from ccnlp.corpora.values import problems_of
from ccnlp.errors import CorpusError


class AnswerSentencesOptions(TextOptions):
    """Where the sentences stand."""

    passages: dict[str, str] = Field(
        min_length=1,
        description="by BCP-47 tag of the sentences, their document, such as {en: corpus/en.json}, "
        "with the placeholders of `path`; questions have the same ids in all of them",
    )


class _Answer(BaseModel):
    answer_start: int = Field(ge=0)


class _Question(BaseModel):
    id: str
    question: str
    answers: list[_Answer]


class _Paragraph(BaseModel):
    context: str
    sentence_breaks: list[tuple[int, int]]
    qas: list[_Question]

    def sentence_at(self, offset: int) -> int | None:
        """The sentence in which a character stands, `None` between two."""
        number = bisect_right([start for start, _ in self.sentence_breaks], offset) - 1
        return number if number >= 0 and offset < self.sentence_breaks[number][1] else None


class _Article(BaseModel):
    paragraphs: list[_Paragraph]


class _Document(BaseModel):
    data: list[_Article]


@dataclass(frozen=True)
class _Sentences:
    """The sentences of one language.

    Attributes:
        texts: of each paragraph.
        answers: by question, its paragraph and the sentences that answer it.
        questions: by paragraph and sentence, what it answers.
    """

    texts: list[list[str]]
    answers: dict[str, tuple[int, list[int]]]
    questions: dict[tuple[int, int], list[str]]


@READERS.register("answer_sentences")
class AnswerSentencesReader(TextReader[AnswerSentencesOptions]):
    """A row a question and sentence that answers it, in each of the languages of `passages`.

    Reads documents of SQuAD's form whose paragraphs have `sentence_breaks`, spans of characters
    (Roy et al. 2020, "LAReQA"). What answers is the sentence in which an annotated answer begins.
    Columns are `query`, `passage`, `passage_language`; `question`, its id; `answers`, the ids of
    all questions that the sentence answers; `others`, the sentences of its paragraph that do not
    answer the question; and `paragraph`, the number of that, alike in all languages.
    """

    options_type: ClassVar[type[AnswerSentencesOptions]] = AnswerSentencesOptions
    suffixes: ClassVar[tuple[str, ...]] = (".json",)

    def read_text(self, text: TextFile, source: SourceFile) -> Iterator[RawBatch]:
        """A question that no sentence answers in some language is broken for that language."""
        sentences = {
            language: self._read_sentences(source.beside(path))
            for language, path in self.options.passages.items()
        }
        return collect(_rows(_parse(text, source), sentences), columns_of_records)

    def _read_sentences(self, source: SourceFile) -> _Sentences:
        with open_text(source, self.options.encoding) as text:
            return _collect_sentences(_parse(text, source))


def _parse(text: TextFile, source: SourceFile) -> list[_Paragraph]:
    """The paragraphs of a document.

    Raises:
        CorpusError: it is none of the form, or a sentence lies outside its paragraph.
    """
    try:
        document = _Document.model_validate(parse_document(text.read(), source))
    except ValidationError as error:
        raise CorpusError(
            f"{source.name} is no document of questions with sentence_breaks: {problems_of(error)}"
        ) from None
    paragraphs = [paragraph for article in document.data for paragraph in article.paragraphs]
    for number, paragraph in enumerate(paragraphs, start=1):
        previous_end = 0
        for start, end in paragraph.sentence_breaks:
            if not previous_end <= start <= end <= len(paragraph.context):
                raise CorpusError(
                    f"{source.name}: paragraph {number} has {len(paragraph.context)} characters, "
                    f"and its sentence_breaks a sentence from {start} to {end} after {previous_end}"
                )
            previous_end = end
    return paragraphs


def _collect_sentences(paragraphs: list[_Paragraph]) -> _Sentences:
    sentences = _Sentences([], {}, {})
    for number, paragraph in enumerate(paragraphs):
        spans = paragraph.sentence_breaks
        sentences.texts.append([paragraph.context[start:end].strip() for start, end in spans])
        for question in paragraph.qas:
            numbers = [paragraph.sentence_at(answer.answer_start) for answer in question.answers]
            sentence_numbers = [n for n in dict.fromkeys(numbers) if n is not None]
            sentences.answers[question.id] = (number, sentence_numbers)
            for sentence_number in sentence_numbers:
                sentences.questions.setdefault((number, sentence_number), []).append(question.id)
    return sentences


def _rows(
    paragraphs: list[_Paragraph], sentences: dict[str, _Sentences]
) -> Iterator[ParsedRow[dict[str, object]] | BrokenRow]:
    questions = (question for paragraph in paragraphs for question in paragraph.qas)
    for number, question in enumerate(questions, start=1):
        for language, language_sentences in sentences.items():
            paragraph, sentence_numbers = language_sentences.answers.get(question.id, (0, []))
            if not sentence_numbers:
                problem = (
                    "answers it" if question.id in language_sentences.answers else "is there for it"
                )
                reason = f"no sentence in {language!r} {problem} (question {question.id!r})"
                yield broken_row(number, reason, question.question)
            texts = language_sentences.texts[paragraph] if sentence_numbers else []
            answer_texts = {texts[sentence_number] for sentence_number in sentence_numbers}
            for sentence_number in sentence_numbers:
                row: dict[str, object] = {
                    "query": question.question,
                    "passage": texts[sentence_number],
                    "passage_language": language,
                    "question": question.id,
                    "answers": language_sentences.questions[paragraph, sentence_number],
                    "others": [text for text in texts if text not in answer_texts],
                    "paragraph": paragraph + 1,
                }
                yield number, row, sum(map(len, texts))
