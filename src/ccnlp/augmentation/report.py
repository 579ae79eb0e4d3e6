"""What augmentation asked for, got, rejected and kept."""

from typing import Any

import pandas as pd

from ccnlp.augmentation.back_translation import DUPLICATE, HELD_OUT
from ccnlp.augmentation.filtering import score_column
from ccnlp.augmentation.parameters import AugmentationParameters
from ccnlp.augmentation.routes import routes_for
from ccnlp.augmentation.selection import is_candidate

PAIRS_PER_ROUTE = 8

PAIR_COLUMNS = [
    "language", "pivot", "label", "original", "pivot_text", "candidate", "rejected_by",
]  # fmt: skip
COUNTS = ["train_rows", "translatable", "asked", "translated"]
OUTCOMES = ["rejected", "kept"]


def count_round_trips(
    examples: pd.DataFrame, round_trips: pd.DataFrame, parameters: AugmentationParameters
) -> pd.DataFrame:
    """A row a language and route: train rows, asked, translated, rejections by filter, kept.

    `translatable` are the train rows that could be asked for, `asked` those that were, as `share`
    says, and `translated` those that came back with text. Languages of the data without a route
    have one row, with an empty `pivot`. A candidate that two filters reject counts for both, so
    that the filters' columns may add up to more than `rejected`.
    """
    filters = [*parameters.filters, HELD_OUT, DUPLICATE]
    native_train = examples[(examples["split"] == "train") & (examples["origin"] == "native")]
    rows = []
    for language, native_rows in native_train.groupby("language", observed=True):
        routes = routes_for(str(language), parameters.routes)
        for pivot in [route.pivot for route in routes] or [""]:
            trips = round_trips[
                (round_trips["language"] == language) & (round_trips["pivot"] == pivot)
            ]
            rejected_by = trips["rejected_by"].fillna("").str.split(",")
            rows.append(
                {
                    "language": language,
                    "pivot": pivot,
                    "train_rows": len(native_rows),
                    "translatable": int(is_candidate(native_rows, parameters).sum()),
                    "asked": len(trips),
                    "translated": int(trips["candidate"].str.strip().ne("").sum()),
                    **{
                        count_column(name): sum(
                            name in filter_names for filter_names in rejected_by
                        )
                        for name in filters
                    },
                    "rejected": int(trips["rejected_by"].notna().sum()),
                    "kept": int(trips["rejected_by"].isna().sum()),
                }
            )
    filter_columns = map(count_column, filters)
    return pd.DataFrame(rows, columns=["language", "pivot", *COUNTS, *filter_columns, *OUTCOMES])


def count_column(name: str) -> str:
    """The column that counts what a filter rejected."""
    return f"rejected_by_{name}"


def summarise(
    table: pd.DataFrame, translation_counts: pd.DataFrame, parameters: AugmentationParameters
) -> dict[str, Any]:
    """Totals, languages without a route, and how much the store spared."""
    filters = [*parameters.filters, HELD_OUT, DUPLICATE]
    with_route = table[table["pivot"] != ""]
    per_language = table.drop_duplicates("language")
    return {
        "is_enabled": True,
        "translator": parameters.translator.name,
        "train_rows": int(per_language["train_rows"].sum()),
        "asked": int(table["asked"].sum()),
        "translated": int(table["translated"].sum()),
        "rejected": int(table["rejected"].sum()),
        "kept": int(table["kept"].sum()),
        "rejected_by": {name: int(table[count_column(name)].sum()) for name in filters},
        "kept_by_language": with_route.groupby("language")["kept"].sum().astype(int).to_dict(),
        "languages_without_route": table.loc[table["pivot"] == "", "language"].tolist(),
        "texts_asked_of_store": int(translation_counts["asked"].sum()),
        "texts_found_in_store": int(translation_counts["stored"].sum()),
        "texts_asked_of_translator": int(translation_counts["translated"].sum()),
        "revisions": sorted(
            {
                f"{row.source}>{row.target}: {row.revision}"
                for row in translation_counts.itertuples()
            }
        ),
    }


def sample_pairs(round_trips: pd.DataFrame, parameters: AugmentationParameters) -> pd.DataFrame:
    """Originals and candidates side by side: of each route a few kept, then a few rejected.

    The choice is by id, so that a rerun shows the same pairs.
    """
    scores = [score_column(name) for name in parameters.filters]
    is_kept = round_trips["rejected_by"].isna()
    ordered = round_trips.assign(_is_rejected=~is_kept).sort_values(
        ["language", "pivot", "_is_rejected", "id"]
    )
    groups = ordered.groupby(["language", "pivot", "_is_rejected"], observed=True)
    return (
        groups.head(PAIRS_PER_ROUTE // 2)[[*PAIR_COLUMNS, *scores]].round(3).reset_index(drop=True)
    )


def empty_tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The counts by route and the pairs of a run that translated nothing."""
    columns = ["language", "pivot", *COUNTS, *OUTCOMES]
    return pd.DataFrame(columns=columns), pd.DataFrame(columns=PAIR_COLUMNS)
