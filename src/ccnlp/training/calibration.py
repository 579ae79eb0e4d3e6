"""What tasks choose on validation rows once the weights are chosen, such as thresholds."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ccnlp.models.network import MultiTaskNetwork
from ccnlp.models.precision import PrecisionChoice
from ccnlp.tasks.base import Task
from ccnlp.training.features import FeatureRows
from ccnlp.training.validation import ValidationRows

if TYPE_CHECKING:
    import pyarrow as pa
    from transformers import PreTrainedTokenizerBase

logger = logging.getLogger(__name__)


def calibrate(
    network: MultiTaskNetwork,
    tasks: Mapping[str, Task],
    features: "Mapping[str, pa.Table]",
    *,
    tokenizer: "PreTrainedTokenizerBase",
    precision: PrecisionChoice,
) -> dict[str, Task]:
    """The tasks by name; those whose predictions depend on such numbers have theirs.

    Args:
        network: with its best weights.
        tasks: by name.
        features: by task, of all splits.
        tokenizer: that made the features.
        precision: of the products.

    Raises:
        CorpusError: a task to calibrate has no validation rows.
    """
    found = dict(tasks)
    for name, task in tasks.items():
        if not task.is_calibrated:
            continue
        rows = ValidationRows.of_split(features[name], FeatureRows.of(features[name]), task)
        predicted = rows.predict(network.eval(), task, tokenizer=tokenizer, precision=precision)
        chosen = task.calibrate(predicted[task.counts_in_score(predicted).to_numpy(dtype=bool)])
        for what, numbers in chosen.items():
            listed = ", ".join(f"{label} {number:.2f}" for label, number in numbers.items())
            logger.info("%s: %s chosen on validation: %s", name, what, listed)
        found[name] = task.calibrated(chosen)
    return found
