from pathlib import Path

import pytest
import yaml

from ccnlp.evaluation.parameters import EvaluationParameters

PARAMETERS_FILE = Path(__file__).parents[2] / "conf" / "base" / "parameters" / "evaluation.yml"


@pytest.fixture
def evaluation_parameters() -> EvaluationParameters:
    """The defaults, with few draws."""
    values = yaml.safe_load(PARAMETERS_FILE.read_text(encoding="utf-8"))["evaluation"]
    return EvaluationParameters.model_validate({**values, "num_draws": 200})
