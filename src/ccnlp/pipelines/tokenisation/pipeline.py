"""From examples to token ids."""

from kedro.pipeline import Node, Pipeline

from ccnlp.pipelines.tokenisation import nodes


def create_pipeline(*, mines_negatives: bool = False) -> Pipeline:
    """The tokenisation pipeline; with hard negatives where a task asks for mined ones."""
    return Pipeline(
        [
            *(_mine_negatives() if mines_negatives else []),
            Node(
                nodes.encode_examples,
                [
                    "examples@table",
                    "augmented_examples",
                    "encoder",
                    "params:tasks",
                    "params:tokenisation",
                    "params:culture",
                    *(["mined_negatives"] if mines_negatives else []),
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


def _mine_negatives() -> list[Node]:
    return [
        Node(
            nodes.mine_negatives,
            ["examples@table", "encoder", "params:tasks", "params:tokenisation"],
            "mined_negatives",
            name="mine_negatives",
        )
    ]
