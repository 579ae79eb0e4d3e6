"""Whether it helps to tell the model of culture, with controls."""

from kedro.pipeline import Pipeline

from ccnlp.pipelines.culture_study import nodes
from ccnlp.pipelines.study import create_study
from ccnlp.studies.culture import STUDY


def create_pipeline() -> Pipeline:
    """The pipeline of the study."""
    return create_study(
        STUDY, train=nodes.train_culture_arms, inputs={"conditioning": "params:culture"}
    )
