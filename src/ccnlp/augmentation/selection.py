"""Which train rows are back-translated: the rarest label in the rarest culture first."""

import math
from collections.abc import Mapping
from functools import partial

import pandas as pd

from ccnlp.augmentation.parameters import AugmentationParameters, Chain
from ccnlp.augmentation.routes import routes_for
from ccnlp.cultures import for_language
from ccnlp.examples import require_columns, stable_hash

TEXT = "text"
LABEL = "label"


def select_rows(examples: pd.DataFrame, parameters: AugmentationParameters) -> pd.DataFrame:
    """The rows to translate, in the order of `examples`: a share of each language with a route.

    Only native train rows with a text and a label are taken, up to `max_characters` long. Where
    people judged the texts, the label is the majority of the row's own culture, whatever the task's
    view of the judgements; a row whose annotators are tied has none and is not taken. Within a
    language, rows are taken from the cell of label and culture that has the fewest rows, counting
    those already taken twice, so that cells grow alike; within a cell by a hash of the id, so that
    neither the order nor the number of other rows decides.
    """
    require_columns(examples, [TEXT, LABEL], where="augmentation")
    candidates = examples[is_candidate(examples, parameters)]
    share_of = partial(for_language, parameters.share_by_language, default=parameters.share)
    selected = [
        _rarest_first(rows).head(math.ceil(share_of(str(language)) * len(rows)))
        for language, rows in candidates.groupby("language", observed=True)
    ]
    if not selected:
        return candidates.reset_index(drop=True)
    return examples.loc[pd.concat(selected).index.sort_values()].reset_index(drop=True)


def is_candidate(examples: pd.DataFrame, parameters: AugmentationParameters) -> "pd.Series[bool]":
    """Which rows could be back-translated, were the share 1."""
    texts = examples[TEXT].fillna("").astype(str)
    return (
        (examples["split"] == "train")
        & (examples["origin"] == "native")
        & examples[LABEL].notna()
        & (texts.str.strip() != "")
        & (texts.str.len() <= parameters.max_characters)
        & examples["language"].isin(routed_languages(examples, parameters.routes))
    )


def routed_languages(
    examples: pd.DataFrame, routes: Mapping[str, tuple[Chain, ...] | None]
) -> list[str]:
    """The languages of the examples that have a route."""
    languages = sorted(examples["language"].dropna().unique())
    return [language for language in languages if routes_for(language, routes)]


def _rarest_first(rows: pd.DataFrame) -> pd.DataFrame:
    cell_columns = [rows["task"], rows[LABEL], rows["culture"].fillna("und")]
    order = rows["id"].map(lambda row_id: stable_hash(["selection", row_id]))
    by_hash = rows.assign(_order=order).sort_values("_order")
    size = by_hash.groupby(cell_columns, observed=True)["id"].transform("size")
    rank = by_hash.groupby(cell_columns, observed=True).cumcount()
    ranked = by_hash.assign(_filled=size + rank).sort_values(["_filled", "_order"])
    return ranked.drop(columns=["_filled", "_order"])
