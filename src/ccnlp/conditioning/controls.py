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
    positions = pd.Series(np.arange(len(examples)), index=examples.index)
    sorted_examples = examples[["id", *WITHIN]].assign(position=positions).sort_values("id")
    cultures = examples["culture"].to_numpy(copy=True)
    for _, rows in sorted_examples.groupby(list(WITHIN), observed=True):
        group_positions = rows["position"].to_numpy()
        cultures[group_positions] = cultures[generator.permutation(group_positions)]
    shuffled_cultures = pd.Series(cultures, index=examples.index, dtype=examples["culture"].dtype)
    return examples.assign(culture=shuffled_cultures)
