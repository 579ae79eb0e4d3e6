"""How far what is learnt in one language carries to others."""

from kedro.pipeline import Pipeline

from ccnlp.pipelines.study import create_study, named_node
from ccnlp.pipelines.transfer_study import nodes

MATRIX = ["transfer_study_scores", "examples@table"]
"""What the table and the heat map are made of."""


def create_pipeline() -> Pipeline:
    """The pipeline of the study."""
    return create_study(
        "transfer_study",
        train=nodes.train_transfer_arms,
        inputs={},
        score=nodes.score_transfer_arms,
        compare=nodes.compare_transfer_arms,
        judge=nodes.judge_transfer,
        draw=nodes.draw_transfer_study,
        draws=MATRIX,
        write=nodes.write_transfer_report,
        others=[named_node(nodes.tabulate_transfer, MATRIX, "transfer_study_matrix")],
    )
