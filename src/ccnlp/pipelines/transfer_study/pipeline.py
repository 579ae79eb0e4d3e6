"""How far what is learnt in one language carries to others."""

from kedro.pipeline import Pipeline

from ccnlp.pipelines.study import create_study, named_node
from ccnlp.pipelines.transfer_study import nodes
from ccnlp.studies.transfer import STUDY

MATRIX = ["transfer_study_scores", "examples@table"]
"""What the table and the heat map are made of."""


def create_pipeline() -> Pipeline:
    """The pipeline of the study."""
    return create_study(
        STUDY,
        train=nodes.train_transfer_arms,
        inputs={},
        draw=named_node(nodes.draw_transfer_study, MATRIX, "transfer_study_plot"),
        extra_nodes=[named_node(nodes.tabulate_transfer, MATRIX, "transfer_study_matrix")],
    )
