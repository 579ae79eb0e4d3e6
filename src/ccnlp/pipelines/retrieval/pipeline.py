"""From examples and a model to an index of their passages."""

from kedro.pipeline import Node, Pipeline

from ccnlp.pipelines.retrieval import nodes

MODELS = {"finetuned": "finetuned_model", "encoder": "encoder"}
"""By value of `retrieval.model`, the dataset whose vectors are taken."""


def create_pipeline(*, model: str = "finetuned") -> Pipeline:
    """The retrieval pipeline, with the vectors of the model of that name."""
    return Pipeline(
        [
            Node(
                nodes.list_passages,
                ["examples@table", "params:tasks", "params:retrieval"],
                "passages",
                name="list_passages",
            ),
            Node(
                nodes.build_passage_index,
                ["passages", MODELS[model], "params:tasks", "params:retrieval"],
                "passage_index",
                name="build_passage_index",
            ),
        ],
        namespace="retrieval",
        prefix_datasets_with_namespace=False,
    )
