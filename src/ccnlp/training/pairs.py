"""Round trips as partners of their texts, instead of training rows of their own."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from ccnlp.errors import ConfigurationError
from ccnlp.tokenisation.encoding import PARENT
from ccnlp.training.groups import Rows

NO_PARTNER = -1


def find_partners(table: pa.Table, rows: Rows) -> tuple[Rows, Rows]:
    """The training rows that are no round trip, and the partner of each row of the table.

    The partner is the first of a text's round trips, or `NO_PARTNER`; shape (rows of the table,).

    Args:
        table: features of one task.
        rows: its training rows.
    """
    partners = np.full(table.num_rows, NO_PARTNER, dtype=np.int64)
    if PARENT not in table.column_names:
        return rows, partners
    parents = table[PARENT].to_pandas().iloc[rows]
    is_round_trip = parents.notna().to_numpy()
    row_of_parent = dict(zip(parents[is_round_trip][::-1], rows[is_round_trip][::-1], strict=True))
    text_rows = rows[~is_round_trip]
    ids = table["id"].to_pandas().iloc[text_rows]
    partners[text_rows] = [row_of_parent.get(key, NO_PARTNER) for key in ids]
    return text_rows, partners


def pair_up(
    features: Mapping[str, pa.Table], rows: Mapping[str, Rows]
) -> tuple[dict[str, Rows], dict[str, Rows]]:
    """By task, what `find_partners` gives.

    Raises:
        ConfigurationError: no row has a partner.
    """
    pairs = {name: find_partners(table, rows[name]) for name, table in features.items()}
    partners = {name: task_partners for name, (_, task_partners) in pairs.items()}
    if all((task_partners == NO_PARTNER).all() for task_partners in partners.values()):
        raise ConfigurationError(
            "training.regularisation.pair_consistency_weight is above 0, but no training text has "
            "a round trip to agree with; set it to 0 (parameters/training.yml), or translate: "
            "kedro run --pipelines augmentation,tokenisation"
        )
    return {name: text_rows for name, (text_rows, _) in pairs.items()}, partners
