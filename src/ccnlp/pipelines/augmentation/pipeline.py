"""From train examples to their round trips through other languages."""

from kedro.pipeline import Node, Pipeline

from ccnlp.pipelines.augmentation import nodes

EXAMPLES = "examples@table"
PARAMETERS = "params:augmentation"


def create_pipeline(*, is_enabled: bool) -> Pipeline:
    """The augmentation pipeline; a single node where it is switched off."""
    return Pipeline(
        _back_translation() if is_enabled else _nothing(),
        namespace="augmentation",
        prefix_datasets_with_namespace=False,
    )


def _nothing() -> list[Node]:
    return [
        Node(
            nodes.skip_augmentation,
            EXAMPLES,
            [
                "augmented_examples",
                "augmentation_report",
                "augmentation_table",
                "augmentation_pairs",
                "translation_counts",
            ],
            name="skip_augmentation",
        )
    ]


def _back_translation() -> list[Node]:
    return [
        Node(
            nodes.select_rows,
            [EXAMPLES, "params:tasks", PARAMETERS],
            "selected_examples",
            name="select_rows",
        ),
        Node(
            nodes.translate_round_trips,
            ["selected_examples", "translations", PARAMETERS],
            ["translated_round_trips", "translation_counts"],
            name="translate_round_trips",
        ),
        Node(
            nodes.score_round_trips,
            ["translated_round_trips", EXAMPLES, "encoder", PARAMETERS],
            "scored_round_trips",
            name="score_round_trips",
        ),
        Node(
            nodes.filter_round_trips,
            ["scored_round_trips", EXAMPLES, PARAMETERS, "params:ingestion"],
            "round_trips",
            name="filter_round_trips",
        ),
        Node(
            nodes.build_augmented_examples,
            ["round_trips", EXAMPLES],
            "augmented_examples",
            name="build_augmented_examples",
        ),
        Node(
            nodes.build_augmentation_report,
            [EXAMPLES, "round_trips", "translation_counts", PARAMETERS],
            ["augmentation_report", "augmentation_table", "augmentation_pairs"],
            name="build_augmentation_report",
        ),
    ]
