"""Letters of training texts that are changed at random, so that other spellings are understood."""

import logging
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow as pa
import regex

from ccnlp.errors import ConfigurationError
from ccnlp.tasks.base import Task
from ccnlp.tokenisation.notes import MEND, with_note

logger = logging.getLogger(__name__)

WORD = regex.compile(r"[\p{L}\p{M}]{2,}")
LETTER = regex.compile(r"\p{L}")
NOISED_BY = b"ccnlp.character_noise"
"""Where a table of features says how large a share of the words of its train rows was changed."""


def add_noise(examples: pd.DataFrame, tasks: Mapping[str, Task], *, share: float) -> pd.DataFrame:
    """The examples, with a letter changed in a share of the words that tasks are trained on.

    A letter is left out, replaced, or put in front of another; new ones are letters of the train
    rows in the language. A model that can't trust each piece of a word looks at the others, and so
    understands dialects and relatives of its languages better (Aepli and Sennrich 2022, "Improving
    Zero-Shot Cross-lingual Transfer Between Closely Related Languages by Injecting Character-Level
    Noise"). The same row is always changed in the same way. Tasks whose answers are places in a
    text, and those that find passages, are left as they are, which is told.

    Args:
        examples: of all tasks and splits.
        tasks: by the name that `examples["task"]` holds.
        share: of words of two letters or more, 0..1; 0 changes nothing.
    """
    if not share:
        return examples
    numbered = examples.reset_index(drop=True)
    noised = [
        _add_noise_to_task(task, rows, share) if (task := tasks.get(str(name))) else rows
        for name, rows in numbered.groupby("task", sort=False)
    ]
    return pd.concat(noised).sort_index().set_axis(examples.index) if noised else examples


def can_be_noised(task: Task) -> bool:
    """Whether a word of the task's rows may become longer or shorter."""
    has_spans = bool(task.span_columns) or task.quoted_column is not None
    return not has_spans and not task.is_settled_together


def _add_noise_to_task(task: Task, rows: pd.DataFrame, share: float) -> pd.DataFrame:
    if not can_be_noised(task):
        logger.info("%s: no letters are changed, as places or passages are asked for", task.name)
        return rows
    is_train = rows["split"] == "train"
    languages = rows[is_train].groupby("language", sort=False)
    noised = [_add_noise_to_language(task, language_rows, share) for _, language_rows in languages]
    logger.info(
        "%s: a letter is changed in %g %% of the words of %s rows",
        task.name,
        100 * share,
        f"{int(is_train.sum()):,}",
    )
    return pd.concat([rows[~is_train], *noised])


def _add_noise_to_language(task: Task, rows: pd.DataFrame, share: float) -> pd.DataFrame:
    """Rows of one language."""
    columns = list(task.input_columns)
    texts = (text for name in columns for cell in rows[name] for text in _texts(cell))
    letters = sorted({letter for text in texts for letter in LETTER.findall(text)})
    if not letters:
        return rows
    noised = {
        name: [
            _Noise(share, letters, random.Random(f"{name} {key}")).apply(cell)
            for key, cell in zip(rows["id"], rows[name], strict=True)
        ]
        for name in columns
    }
    return rows.assign(
        **{
            name: pd.Series(cells, rows.index).astype(rows[name].dtype)
            for name, cells in noised.items()
        }
    )


def _texts(cell: Any) -> Iterable[str]:
    """The words of a list, or the one text."""
    return [cell] if isinstance(cell, str) else cell


@dataclass(frozen=True)
class _Noise:
    share: float
    letters: Sequence[str] = field(repr=False)
    generator: random.Random

    def apply(self, cell: Any) -> Any:
        """A text, or a list of words, with its changes."""
        if isinstance(cell, str):
            return WORD.sub(self._change_word, cell)
        return [WORD.sub(self._change_word, word) for word in cell]

    def _change_word(self, match: "regex.Match[str]") -> str:
        word = str(match[0])
        if self.generator.random() >= self.share:
            return word
        position = self.generator.randrange(len(word))
        letter = self.generator.choice(self.letters)
        before, after = word[:position], word[position + 1 :]
        candidates = [before + letter + after, before + letter + word[position:]]
        if len(word) > 2:
            candidates.append(before + after)
        return str(self.generator.choice(candidates))


def note_noise(features: Mapping[str, pa.Table], *, share: float) -> dict[str, pa.Table]:
    """The tables of features, which remember the noise of their words, where they have some."""
    if not share:
        return dict(features)
    return {task: with_note(table, NOISED_BY, str(share)) for task, table in features.items()}


def check_noise(features: Mapping[str, pa.Table], *, share: float) -> None:
    """Checks that train rows were tokenised with the noise that is configured.

    Raises:
        ConfigurationError: they were with another share of words, or without.
    """
    for task, table in features.items():
        noted_share = float((table.schema.metadata or {}).get(NOISED_BY, b"0"))
        if noted_share != share:
            raise ConfigurationError(
                f"task {task!r} was tokenised with tokenisation.character_noise {noted_share:g}, "
                f"which is {share:g} now (parameters/tokenisation.yml); {MEND}"
            )
