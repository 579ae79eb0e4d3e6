"""Places in a text, which move where the text before them is cleaned."""

from collections.abc import Sequence
from functools import partial

import pandas as pd

from ccnlp.corpora.cleaning import STAGE, CleaningParameters, clean_bounded
from ccnlp.corpora.quarantine import is_kept, reject


def follow_cleaning(
    rows: pd.DataFrame,
    raw_texts: "pd.Series[str]",
    columns: Sequence[str],
    parameters: CleaningParameters,
) -> pd.DataFrame:
    """The rows with their places where cleaning has moved them to.

    A place that can't be told, as in a text whose characters were decoded wrongly across its edge,
    is a reason to reject the row.

    Args:
        rows: of `clean_rows`, with `text`.
        raw_texts: the text of each row before it was cleaned.
        columns: each holds the first character of something in the text and the one behind its
            last, as two numbers in a list.
        parameters: `cleaning`.
    """
    changed_index = rows.index[is_kept(rows) & (rows["text"] != raw_texts)]
    for column in columns:
        old_spans, texts = rows[column].to_dict(), rows["text"].to_dict()
        moved_spans = {
            row: _move_span(old_spans[row], raw_texts[row], texts[row], parameters)
            for row in changed_index
        }
        reasons = {
            row: f"cleaning changed the text so that the place {old_spans[row]} of {column} "
            "can't be found in it"
            for row, span in moved_spans.items()
            if span is None
        }
        new_spans = {row: span for row, span in moved_spans.items() if span is not None}
        column_spans = pd.Series(
            [new_spans.get(row, old_span) for row, old_span in old_spans.items()], dtype="object"
        )
        rows = rows.assign(**{column: column_spans.set_axis(rows.index)})
        rows = reject(rows, pd.Series(reasons, dtype="string"), stage=STAGE)
    return rows


def _move_span(
    span: Sequence[str], raw_text: str, clean_text: str, parameters: CleaningParameters
) -> list[str] | None:
    """The place in the clean text: what stands there is the same, and so is all before it."""
    clean = partial(clean_bounded, parameters=parameters)
    start, end = map(int, span)
    covered, up_to_end = clean(raw_text[start:end]), clean(raw_text[:end])
    if not covered or not up_to_end.endswith(covered) or not clean_text.startswith(up_to_end):
        return None
    return [str(len(up_to_end) - len(covered)), str(len(up_to_end))]
