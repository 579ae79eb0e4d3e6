"""From a judged model to a version in the registry."""

from kedro.pipeline import Node, Pipeline

from ccnlp.pipelines.registration import nodes


def create_pipeline(*, has_passages: bool = False) -> Pipeline:
    """The registration pipeline; with the passages that queries find, where a task has some."""
    return Pipeline(
        [
            Node(
                nodes.decide_promotion,
                [
                    "gate_decision",
                    "finetuned_model",
                    "champion_version",
                    "params:tasks",
                    "params:culture",
                    "params:registration",
                ],
                "promotion_decision",
                name="decide_promotion",
            ),
            Node(
                nodes.package_model,
                [
                    "finetuned_model",
                    "promotion_decision",
                    "model_card",
                    "corpus_fingerprints",
                    "examples@table",
                    "thresholds",
                    "params:evaluation",
                    "params:registration",
                    *(["passage_index"] if has_passages else []),
                ],
                "registered_model",
                name="package_model",
            ),
        ],
        namespace="registration",
        prefix_datasets_with_namespace=False,
    )
