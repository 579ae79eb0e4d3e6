"""From token ids to a fine-tuned model."""

from kedro.pipeline import Node, Pipeline

from ccnlp.pipelines.training import nodes


def create_pipeline() -> Pipeline:
    """The training pipeline."""
    return Pipeline(
        [
            Node(
                nodes.check_groups,
                ["examples@table", "params:tasks", "params:training"],
                None,
                name="check_groups",
            ),
            Node(
                nodes.fine_tune,
                [
                    "features",
                    "vocabulary",
                    "encoder",
                    "training_checkpoints",
                    "params:tasks",
                    "params:tokenisation",
                    "params:training",
                    "params:culture",
                ],
                ["finetuned_model", "training_history"],
                name="fine_tune",
            ),
        ],
        namespace="training",
        prefix_datasets_with_namespace=False,
    )
