"""Whether back-translation helped, by language and culture."""

from kedro.pipeline import Pipeline

from ccnlp.pipelines.augmentation_study import nodes
from ccnlp.pipelines.study import create_study, named_node
from ccnlp.studies.augmentation import STUDY


def create_pipeline() -> Pipeline:
    """The pipeline of the study."""
    return create_study(
        STUDY,
        train=nodes.train_augmentation_arms,
        inputs={"augmented": "augmented_examples", "round_trips": "round_trips"},
        extra_nodes=[
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
