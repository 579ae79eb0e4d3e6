"""Places in a text, which move where the text before them is cleaned."""

from collections.abc import Sequence
from functools import partial

import pandas as pd

from ccnlp.corpora.cleaning import STAGE, CleaningParameters, clean_bounded
from ccnlp.corpora.quarantine import is_kept, reject


def follow_cleaning(
    rows: pd.DataFrame,
    before: "pd.Series[str]",
    columns: Sequence[str],
    parameters: CleaningParameters,
) -> pd.DataFrame:
    """The rows with their places where cleaning has moved them to.

    A place that can't be told, as in a text whose characters were decoded wrongly across its edge,
    is a reason to reject the row.

    Args:
        rows: of `clean_rows`, with `text`.
        before: the text of each row before it was cleaned.
        columns: each holds the first character of something in the text and the one behind its
            last, as two numbers in a list.
        parameters: `cleaning`.
    """
    changed = rows.index[is_kept(rows) & (rows["text"] != before)]
    for column in columns:
        cells, texts = rows[column].to_dict(), rows["text"].to_dict()
        moved = {row: _moved(cells[row], before[row], texts[row], parameters) for row in changed}
        lost = {
            row: f"cleaning changed the text so that the place {cells[row]} of {column} can't be "
            "found in it"
            for row, place in moved.items()
            if place is None
        }
        found = {row: place for row, place in moved.items() if place is not None}
        own = pd.Series([found.get(row, cell) for row, cell in cells.items()], dtype="object")
        rows = rows.assign(**{column: own.set_axis(rows.index)})
        rows = reject(rows, pd.Series(lost, dtype="string"), stage=STAGE)
    return rows


def _moved(
    place: Sequence[str], before: str, after: str, parameters: CleaningParameters
) -> list[str] | None:
    """The place in the clean text: what stands there is the same, and so is all before it."""
    clean = partial(clean_bounded, parameters=parameters)
    start, end = map(int, place)
    own, up_to = clean(before[start:end]), clean(before[:end])
    if not own or not up_to.endswith(own) or not after.startswith(up_to):
        return None
    return [str(len(up_to) - len(own)), str(len(up_to))]
