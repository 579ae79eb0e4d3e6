"""From examples to token ids."""

from kedro.pipeline import Node, Pipeline

from ccnlp.pipelines.tokenisation import nodes


def create_pipeline() -> Pipeline:
    """The tokenisation pipeline."""
    return Pipeline(
        [
            Node(
                nodes.encode_examples,
                [
                    "examples@table",
                    "augmented_examples",
                    "encoder",
                    "params:tasks",
                    "params:tokenisation",
                    "params:culture",
                ],
                "features",
                name="encode_examples",
            ),
            Node(nodes.count_tokens, ["features", "encoder"], "vocabulary", name="count_tokens"),
            Node(nodes.report_tokens, "features", "tokenisation_report", name="report_tokens"),
        ],
        namespace="tokenisation",
        prefix_datasets_with_namespace=False,
    )
