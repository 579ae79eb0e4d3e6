"""The part of the task contract that ingestion uses: the columns of rows and what they hold."""

from typing import ClassVar

import pandas as pd

from ccnlp.corpora.tokens import join_tokens


class Columns:
    """The columns of a task's rows: what is read, and what is learnt."""

    input_columns: ClassVar[tuple[str, ...]]
    target_columns: ClassVar[tuple[str, ...]]
    list_columns: ClassVar[tuple[str, ...]] = ()
    """Those that hold lists, such as tokens and their tags; the others hold text."""
    emptiable_columns: ClassVar[tuple[str, ...]] = ()
    """Those of them that may be empty, as a set of labels is where none applies."""
    span_columns: ClassVar[tuple[str, ...]] = ()
    """Inputs that say where in `text` something stands: its first character and the one behind its
    last, as two numbers in a list; they are among `list_columns`."""
    optional_columns: ClassVar[tuple[str, ...]] = ()
    """Further columns, which a corpus may have and a row may miss."""
    key_columns: ClassVar[tuple[str, ...]] = ()
    """Inputs that tell which rows are the same, and in what language; all of them if empty."""
    annotation_columns: ClassVar[tuple[str, ...]] = ()
    """Those that count the annotators' labels, where the target is made of them."""
    quoted_column: ClassVar[str | None] = None
    """The input that targets and predictions are cut out of, such as a passage.

    It stays as it is, since targets count its characters; the language of a row is its language;
    rows that share it are one group where the corpus names none; and predictions are written with
    it.
    """

    @property
    def text_columns(self) -> tuple[str, ...]:
        """The inputs that hold what is said, without those that say where something stands."""
        return tuple(name for name in self.input_columns if name not in self.span_columns)

    def texts(self, rows: pd.DataFrame) -> list[str]:
        """What each row says, as one text, for systems that count words or embed one text."""
        columns = [
            rows[name].map(join_tokens) if name in self.list_columns else rows[name].astype(str)
            for name in self.text_columns
        ]
        return [" ".join(cells) for cells in zip(*columns, strict=True)]
