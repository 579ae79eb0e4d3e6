"""From a trained model to what it does wrong: functional tests, swaps and perturbations."""

from kedro.pipeline import Node, Pipeline

from ccnlp.pipelines.behaviour import nodes

PARAMETERS = "params:behaviour"
MODELS = {"finetuned": "finetuned_model", "champion": "champion_model"}
"""By value of `behaviour.model`, the dataset that is judged."""


def create_pipeline(*, model: str = "finetuned") -> Pipeline:
    """The behaviour pipeline, on the model of that name."""
    return Pipeline(
        [*_make_cases(MODELS[model]), *_judge(), *_show()],
        namespace="behaviour",
        prefix_datasets_with_namespace=False,
    )


def _make_cases(model: str) -> list[Node]:
    return [
        Node(
            nodes.take_model,
            inputs=model,
            outputs=["judged_model", "judged_model_origin"],
            name="take_model",
        ),
        Node(
            nodes.read_suites,
            inputs=["judged_model", "raw_corpora", PARAMETERS, "params:ingestion"],
            outputs=["suite_cases", "rejected_cases"],
            name="read_suites",
        ),
        Node(
            nodes.select_texts,
            inputs=["examples@table", "judged_model", PARAMETERS],
            outputs="behaviour_texts",
            name="select_texts",
        ),
        Node(
            nodes.make_swaps,
            inputs=["behaviour_texts", PARAMETERS],
            outputs="swap_cases",
            name="make_swaps",
        ),
        Node(
            nodes.perturb_texts,
            inputs=["behaviour_texts", PARAMETERS],
            outputs="invariance_cases",
            name="perturb_texts",
        ),
    ]


def _judge() -> list[Node]:
    return [
        Node(
            nodes.predict_cases,
            inputs=[
                "judged_model",
                "suite_cases",
                "swap_cases",
                "invariance_cases",
                PARAMETERS,
            ],
            outputs="behaviour_predictions",
            name="predict_cases",
        ),
        Node(
            nodes.tabulate_behaviour,
            inputs=["behaviour_predictions", "behaviour_texts", PARAMETERS],
            outputs="behaviour_table",
            name="tabulate_behaviour",
        ),
        Node(
            nodes.list_failures,
            inputs="behaviour_predictions",
            outputs="behaviour_failures",
            name="list_failures",
        ),
    ]


def _show() -> list[Node]:
    return [
        Node(
            nodes.draw_behaviour,
            inputs=["behaviour_table", PARAMETERS],
            outputs=["behaviour_plot", "behaviour_languages_plot"],
            name="draw_behaviour",
        ),
        Node(
            nodes.write_behaviour_report,
            inputs=[
                "behaviour_table",
                "behaviour_failures",
                "rejected_cases",
                "judged_model_origin",
                PARAMETERS,
            ],
            outputs="behaviour_report",
            name="write_behaviour_report",
        ),
    ]
