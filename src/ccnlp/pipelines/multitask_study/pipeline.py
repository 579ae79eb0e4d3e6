"""Whether tasks are learnt better together than each alone."""

from kedro.pipeline import Pipeline

from ccnlp.pipelines.multitask_study import nodes
from ccnlp.pipelines.study import create_study
from ccnlp.studies.multitask import STUDY


def create_pipeline() -> Pipeline:
    """The pipeline of the study."""
    return create_study(
        STUDY, train=nodes.train_multitask_arms, inputs={"culture": "params:culture"}
    )
