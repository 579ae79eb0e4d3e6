"""Controls: a gain that survives them is not a cultural gain."""

import numpy as np
import pandas as pd

from ccnlp.examples import require_columns

WITHIN = ("task", "language", "split")
"""A culture is dealt only to rows that agree in these."""


def shuffle_cultures(examples: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """The examples with their cultures dealt at random within task, language and split.

    So each culture has as many rows of each language and split as before, and a model that is told
    of them learns no more than how often each label is. What an example is given does not depend
    on the order of the rows.

    Args:
        examples: columns of `ccnlp.examples.COLUMNS`; ids are unique.
        seed: of the permutations.

    Raises:
        CorpusError: a column is missing.
    """
    require_columns(examples, ("id", "culture", *WITHIN), where="cultures to shuffle")
    generator = np.random.default_rng(seed)
    places = pd.Series(np.arange(len(examples)), index=examples.index)
    in_order = examples[["id", *WITHIN]].assign(place=places).sort_values("id")
    cultures = examples["culture"].to_numpy(copy=True)
    for _, rows in in_order.groupby(list(WITHIN), observed=True):
        place = rows["place"].to_numpy()
        cultures[place] = cultures[generator.permutation(place)]
    dealt = pd.Series(cultures, index=examples.index, dtype=examples["culture"].dtype)
    return examples.assign(culture=dealt)
