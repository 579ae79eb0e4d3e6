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
    calibrated = dict(tasks)
    for name, task in tasks.items():
        if not task.is_calibrated:
            continue
        rows = ValidationRows.of_split(features[name], FeatureRows.of(features[name]), task)
        predictions = rows.predict(network.eval(), task, tokenizer=tokenizer, precision=precision)
        is_counted = task.counts_in_score(predictions).to_numpy(dtype=bool)
        calibration = task.calibrate(predictions[is_counted])
        for parameter, values in calibration.items():
            listed = ", ".join(f"{label} {value:.2f}" for label, value in values.items())
            logger.info("%s: %s chosen on validation: %s", name, parameter, listed)
        calibrated[name] = task.calibrated(calibration)
    return calibrated
