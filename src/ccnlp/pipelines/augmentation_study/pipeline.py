"""Whether back-translation helped, by language and culture."""

from kedro.pipeline import Pipeline

from ccnlp.pipelines.augmentation_study import nodes
from ccnlp.pipelines.study import create_study, named_node


def create_pipeline() -> Pipeline:
    """The pipeline of the study."""
    return create_study(
        "augmentation_study",
        train=nodes.train_augmentation_arms,
        inputs={"augmented": "augmented_examples", "round_trips": "round_trips"},
        score=nodes.score_augmentation_arms,
        compare=nodes.compare_augmentation_arms,
        judge=nodes.judge_augmentation,
        draw=nodes.draw_augmentation_study,
        write=nodes.write_augmentation_report,
        others=[
            named_node(
                nodes.recommend_augmentation,
                [
                    "augmentation_study_verdicts",
                    "examples@table",
                    "params:augmentation",
                    "params:augmentation_study",
                ],
                "recommended_augmentation",
            )
        ],
    )
