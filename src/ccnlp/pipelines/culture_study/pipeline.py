"""Whether it helps to tell the model of culture, with controls."""

from kedro.pipeline import Node, Pipeline

from ccnlp.pipelines.culture_study import nodes

PREDICTIONS, COMPARISON, VERDICTS = (
    f"culture_study_{what}" for what in ("predictions", "comparison", "verdicts")
)
STUDY = "params:culture_study"


def create_pipeline() -> Pipeline:
    """The pipeline of the study; it is no part of the main job."""
    return Pipeline(
        [*_train(), *_judge(), *_show()],
        namespace="culture_study",
        prefix_datasets_with_namespace=False,
    )


def _train() -> list[Node]:
    return [
        Node(
            nodes.train_culture_arms,
            {
                "examples": "examples@table",
                "encoder": "encoder",
                "checkpoints": "study_checkpoints",
                "tasks": "params:tasks",
                "tokenisation": "params:tokenisation",
                "training": "params:training",
                "conditioning": "params:culture",
                "study": STUDY,
            },
            PREDICTIONS,
            name="train_culture_arms",
        ),
    ]


def _judge() -> list[Node]:
    return [
        Node(
            nodes.compare_culture_arms,
            [PREDICTIONS, "params:tasks", "params:evaluation", STUDY],
            COMPARISON,
            name="compare_culture_arms",
        ),
        Node(nodes.judge_conditioning, COMPARISON, VERDICTS, name="judge_conditioning"),
    ]


def _show() -> list[Node]:
    return [
        Node(nodes.draw_culture_study, COMPARISON, "culture_study_plot", name="draw_culture_study"),
        Node(
            nodes.write_culture_report,
            [VERDICTS, COMPARISON, "culture_study_plot", STUDY],
            "culture_study_report",
            name="write_culture_report",
        ),
    ]
