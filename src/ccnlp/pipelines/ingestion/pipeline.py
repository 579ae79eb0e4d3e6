"""From corpora and a model source to examples and a local encoder."""

from kedro.pipeline import Node, Pipeline

from ccnlp.pipelines.ingestion import nodes

TASKS, PARAMETERS = "params:tasks", "params:ingestion"


def create_pipeline(*, has_annotations: bool = False) -> Pipeline:
    """The ingestion pipeline; with the agreement of annotators where a corpus has annotations."""
    return Pipeline(
        [*_curate(), *_select(), *_show(), *(_measure_agreement() if has_annotations else [])],
        namespace="ingestion",
        prefix_datasets_with_namespace=False,
    )


def _curate() -> list[Node]:
    return [
        Node(
            nodes.curate_corpora,
            inputs=["params:corpora", TASKS, PARAMETERS, "raw_corpora"],
            outputs="curated_corpora",
            name="curate_corpora",
        ),
        Node(
            nodes.find_held_out_texts,
            inputs=["curated_corpora", TASKS, PARAMETERS],
            outputs="held_out_texts",
            name="find_held_out_texts",
        ),
        Node(
            nodes.clear_held_out_texts,
            inputs=["held_out_texts", PARAMETERS],
            outputs="cleared_held_out_texts",
            name="clear_held_out_texts",
        ),
        Node(
            nodes.remove_leaks,
            inputs=["curated_corpora", "cleared_held_out_texts", TASKS, PARAMETERS],
            outputs="checked_corpora",
            name="remove_leaks",
        ),
        Node(
            nodes.summarise_corpora,
            inputs=["checked_corpora", TASKS],
            outputs=["ingestion_table", "rejection_table", "conflict_table", "corpus_fingerprints"],
            name="summarise_corpora",
        ),
    ]


def _select() -> list[Node]:
    return [
        Node(
            nodes.resolve_encoder,
            inputs=["params:encoder", "pretrained_encoders"],
            outputs="encoder",
            name="resolve_encoder",
        ),
        Node(
            nodes.check_corpora,
            inputs=["checked_corpora", "ingestion_table", "ingestion_report", TASKS],
            outputs="accepted_corpora",
            name="check_corpora",
        ),
        Node(
            nodes.select_examples,
            inputs=["accepted_corpora", TASKS],
            outputs="examples@partitions",
            name="select_examples",
        ),
        Node(
            nodes.select_rejected_examples,
            inputs=["checked_corpora", TASKS],
            outputs="rejected_examples",
            name="select_rejected_examples",
        ),
    ]


def _show() -> list[Node]:
    return [
        Node(
            nodes.report_ingestion,
            inputs=["ingestion_table", "rejection_table", "conflict_table", "corpus_fingerprints"],
            outputs="ingestion_report",
            name="report_ingestion",
        ),
        Node(
            nodes.describe_cultures,
            inputs=["ingestion_table", "params:culture"],
            outputs="culture_table",
            name="describe_cultures",
        ),
        Node(
            nodes.draw_ingestion,
            inputs=["ingestion_table", "rejection_table"],
            outputs=["languages_plot", "cultures_plot", "rejections_plot"],
            name="draw_ingestion",
        ),
    ]


def _measure_agreement() -> list[Node]:
    return [
        Node(
            nodes.select_annotations,
            inputs="accepted_corpora",
            outputs="annotations",
            name="select_annotations",
        ),
        Node(
            nodes.measure_agreement,
            inputs=["accepted_corpora", TASKS, PARAMETERS],
            outputs=[
                "agreement_table",
                "contested_table",
                "label_share_table",
                "agreement_report",
            ],
            name="measure_agreement",
        ),
        Node(
            nodes.draw_agreement,
            inputs="agreement_table",
            outputs=["disagreement_plot", "alphas_plot"],
            name="draw_agreement",
        ),
    ]
