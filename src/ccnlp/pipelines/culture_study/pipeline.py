"""Whether it helps to tell the model of culture, with controls."""

from kedro.pipeline import Pipeline

from ccnlp.pipelines.culture_study import nodes
from ccnlp.pipelines.study import create_study


def create_pipeline() -> Pipeline:
    """The pipeline of the study."""
    return create_study(
        "culture_study",
        train=nodes.train_culture_arms,
        inputs={"conditioning": "params:culture"},
        score=nodes.score_culture_arms,
        compare=nodes.compare_culture_arms,
        judge=nodes.judge_conditioning,
        draw=nodes.draw_culture_study,
        write=nodes.write_culture_report,
    )
