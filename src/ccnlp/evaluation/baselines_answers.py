"""Answers that are found by counting words, which a reading model must beat."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import regex

from ccnlp.tasks.answer_matching import WORD
from ccnlp.tasks.base import Task
from ccnlp.tasks.tallied import write_answer

MAX_WORDS = 8
"""Of an answer; of XQuAD's in English nine in ten are no longer."""

SENTENCE = regex.compile(r"[^.!?。！？।؟]+[.!?。！？।؟]*(?:(?=\d)[^.!?。！？।؟]+[.!?。！？।؟]*)*")
"""Up to the mark that ends it; a dot in front of a digit ends none."""

Weights = dict[str, float]


def predict_by_overlap(train: pd.DataFrame, rows: pd.DataFrame, task: Task) -> pd.DataFrame:
    """The words of each passage that stand nearest to those of the question.

    In the sentence with the largest overlap with the question, the span of other words is taken
    whose window holds most of the question and of itself, all weighed by inverse document frequency
    in the passages: the sliding window of Richardson, Burges and Renshaw (2013), over candidates of
    the best sentence as Rajpurkar et al. (2016, section 5.1) have them, without their parser. It
    never says that there is no answer.

    Confidence is the share of the question's weight that the sentence has, 0..1.

    Args:
        train: whose passages count beside those of `rows`; nothing is learnt from the answers.
        rows: to predict, with `question` and `passage`.
        task: of the rows; its `quoted_column` is the passage.
    """
    passage_column = str(task.quoted_column)
    (question_column,) = [column for column in task.input_columns if column != passage_column]
    passages = pd.concat([train[passage_column], rows[passage_column]]).unique()
    weights = _weigh(passages)
    sentences_of = {passage: _sentences(passage) for passage in rows[passage_column].unique()}
    answers = [
        _find_answer(question, passage, sentences_of[passage], weights)
        for question, passage in zip(rows[question_column], rows[passage_column], strict=True)
    ]
    return pd.DataFrame(
        {
            "prediction": [answer for answer, _ in answers],
            "confidence": [share for _, share in answers],
            "probabilities": None,
        }
    )


@dataclass(frozen=True)
class _Words:
    """Words of a text in small letters, with the characters where each begins and ends."""

    words: list[str]
    starts: list[int]
    ends: list[int]

    @classmethod
    def of(cls, text: str, offset: int = 0) -> "_Words":
        matches = [match for match in WORD.finditer(text) if regex.search(r"\w", match[0])]
        return cls(
            [regex.sub(r"^\W+|\W+$", "", match[0]).lower() for match in matches],
            [offset + match.start() + _num_leading_marks(match[0]) for match in matches],
            [offset + match.end() - _num_leading_marks(match[0][::-1]) for match in matches],
        )


def _num_leading_marks(word: str) -> int:
    """Characters in front of the first letter or digit."""
    first = regex.search(r"\w", word)
    return first.start() if first else 0


def _sentences(passage: str) -> list[_Words]:
    sentences = [_Words.of(match[0], match.start()) for match in SENTENCE.finditer(passage)]
    return [sentence for sentence in sentences if sentence.words]


def _weigh(passages: Iterable[str]) -> Weights:
    """Inverse document frequencies of the words of passages."""
    counts: Counter[str] = Counter()
    num_passages = 0
    for passage in passages:
        counts.update(set(_Words.of(passage).words))
        num_passages += 1
    return {
        word: float(np.log((1 + num_passages) / (1 + count)) + 1) for word, count in counts.items()
    }


def _find_answer(
    question: str, passage: str, sentences: list[_Words], weights: Weights
) -> tuple[str, float]:
    """The answer as predictions hold it, and its confidence."""
    question_words = set(_Words.of(question).words)
    total_weight = sum(weights.get(word, 0.0) for word in question_words)
    if not sentences:
        return write_answer([]), 0.0
    overlaps = [
        sum(weights[word] for word in question_words.intersection(sentence.words))
        for sentence in sentences
    ]
    best = int(np.argmax(overlaps))
    start, end = _best_span(sentences[best], question_words, weights)
    answer = {"text": passage[start:end], "start": start}
    return write_answer([answer]), overlaps[best] / total_weight if total_weight else 0.0


def _best_span(sentence: _Words, question_words: set[str], weights: Weights) -> tuple[int, int]:
    """Where the best span between words of the question begins and ends, in characters.

    Of the spans between the question's words, cut to `MAX_WORDS`, the one whose own words and
    those of the question around it, to each side half as many as the question has, weigh most; the
    first on a tie. The whole sentence where all of its words are the question's.
    """
    is_question_word = np.array([word in question_words for word in sentence.words])
    word_weights = np.array([weights[word] for word in sentence.words])
    question_sums = np.concatenate([[0.0], np.cumsum(word_weights * is_question_word)])
    word_sums = np.concatenate([[0.0], np.cumsum(word_weights)])
    edges = np.flatnonzero(np.diff(np.concatenate([[1], is_question_word, [1]])))
    starts = edges[::2]
    ends = np.minimum(edges[1::2], starts + MAX_WORDS)
    if not len(starts):
        return sentence.starts[0], sentence.ends[-1]
    reach = (len(question_words) + 1) // 2
    left, right = np.maximum(starts - reach, 0), np.minimum(ends + reach, len(word_weights))
    window_weights = (
        question_sums[right] - question_sums[left] + word_sums[ends] - word_sums[starts]
    )
    best = int(np.argmax(window_weights))
    return sentence.starts[starts[best]], sentence.ends[ends[best] - 1]
