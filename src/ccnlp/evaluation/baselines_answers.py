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

    In the sentence with the largest overlap with the question, the stretch of other words is taken
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
    passage = str(task.quoted_column)
    (question,) = [column for column in task.input_columns if column != passage]
    passages = pd.concat([train[passage], rows[passage]]).unique()
    weights = _weigh(passages)
    read = {text: _sentences(text) for text in rows[passage].unique()}
    found = [
        _find(asked, text, read[text], weights)
        for asked, text in zip(rows[question], rows[passage], strict=True)
    ]
    return pd.DataFrame(
        {
            "prediction": [answer for answer, _ in found],
            "confidence": [share for _, share in found],
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
        found = [match for match in WORD.finditer(text) if regex.search(r"\w", match[0])]
        return cls(
            [regex.sub(r"^\W+|\W+$", "", match[0]).lower() for match in found],
            [offset + match.start() + _edge(match[0]) for match in found],
            [offset + match.end() - _edge(match[0][::-1]) for match in found],
        )


def _edge(word: str) -> int:
    """Characters in front of the first letter or digit."""
    first = regex.search(r"\w", word)
    return first.start() if first else 0


def _sentences(passage: str) -> list[_Words]:
    parts = [_Words.of(match[0], match.start()) for match in SENTENCE.finditer(passage)]
    return [part for part in parts if part.words]


def _weigh(passages: Iterable[str]) -> Weights:
    """Inverse document frequencies of the words of passages."""
    counts: Counter[str] = Counter()
    size = 0
    for passage in passages:
        counts.update(set(_Words.of(passage).words))
        size += 1
    return {word: float(np.log((1 + size) / (1 + count)) + 1) for word, count in counts.items()}


def _find(
    question: str, passage: str, sentences: list[_Words], weights: Weights
) -> tuple[str, float]:
    """The answer as predictions hold it, and its confidence."""
    asked = set(_Words.of(question).words)
    total = sum(weights.get(word, 0.0) for word in asked)
    if not sentences:
        return write_answer([]), 0.0
    overlaps = [
        sum(weights[word] for word in asked.intersection(sentence.words)) for sentence in sentences
    ]
    best = int(np.argmax(overlaps))
    start, end = _best_stretch(sentences[best], asked, weights)
    answer = {"text": passage[start:end], "start": start}
    return write_answer([answer]), overlaps[best] / total if total else 0.0


def _best_stretch(sentence: _Words, asked: set[str], weights: Weights) -> tuple[int, int]:
    """The characters of words that are none of the question's, and stand among those.

    Of the stretches between the question's words, cut to `MAX_WORDS`, the one whose own words and
    those of the question around it, to each side half as many as the question has, weigh most; the
    first on a tie. The whole sentence where all of its words are the question's.
    """
    is_asked = np.array([word in asked for word in sentence.words])
    weight = np.array([weights[word] for word in sentence.words])
    near = np.concatenate([[0.0], np.cumsum(weight * is_asked)])
    own = np.concatenate([[0.0], np.cumsum(weight)])
    edges = np.flatnonzero(np.diff(np.concatenate([[1], is_asked, [1]])))
    firsts = edges[::2]
    lasts = np.minimum(edges[1::2], firsts + MAX_WORDS)
    if not len(firsts):
        return sentence.starts[0], sentence.ends[-1]
    reach = (len(asked) + 1) // 2
    left, right = np.maximum(firsts - reach, 0), np.minimum(lasts + reach, len(weight))
    best = int(np.argmax(near[right] - near[left] + own[lasts] - own[firsts]))
    return sentence.starts[firsts[best]], sentence.ends[lasts[best] - 1]
