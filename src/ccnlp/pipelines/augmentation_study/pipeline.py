"""Whether back-translation helped, by language and culture."""

from kedro.pipeline import Node, Pipeline

from ccnlp.pipelines.augmentation_study import nodes

PREDICTIONS, COMPARISON, VERDICTS = (
    f"augmentation_study_{what}" for what in ("predictions", "comparison", "verdicts")
)
STUDY = "params:augmentation_study"


def create_pipeline() -> Pipeline:
    """The pipeline of the study; it is no part of the main job."""
    return Pipeline(
        [*_train(), *_judge(), *_show()],
        namespace="augmentation_study",
        prefix_datasets_with_namespace=False,
    )


def _train() -> list[Node]:
    return [
        Node(
            nodes.train_augmentation_arms,
            {
                "examples": "examples@table",
                "augmented": "augmented_examples",
                "round_trips": "round_trips",
                "encoder": "encoder",
                "checkpoints": "study_checkpoints",
                "tasks": "params:tasks",
                "tokenisation": "params:tokenisation",
                "training": "params:training",
                "study": STUDY,
            },
            PREDICTIONS,
            name="train_augmentation_arms",
        ),
    ]


def _judge() -> list[Node]:
    return [
        Node(
            nodes.compare_augmentation_arms,
            [PREDICTIONS, "params:tasks", "params:evaluation", STUDY],
            COMPARISON,
            name="compare_augmentation_arms",
        ),
        Node(nodes.judge_augmentation, COMPARISON, VERDICTS, name="judge_augmentation"),
        Node(
            nodes.recommend_augmentation,
            [VERDICTS, "examples@table", "params:augmentation"],
            "recommended_augmentation",
            name="recommend_augmentation",
        ),
    ]


def _show() -> list[Node]:
    return [
        Node(
            nodes.draw_augmentation_study,
            COMPARISON,
            "augmentation_study_plot",
            name="draw_augmentation_study",
        ),
        Node(
            nodes.write_augmentation_report,
            [VERDICTS, COMPARISON, "augmentation_study_plot", STUDY],
            "augmentation_study_report",
            name="write_augmentation_report",
        ),
    ]
