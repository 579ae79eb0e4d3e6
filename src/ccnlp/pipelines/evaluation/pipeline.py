"""From models and examples to predictions, scores, pictures and a report."""

from kedro.pipeline import Node, Pipeline

from ccnlp.evaluation.systems import SYSTEMS
from ccnlp.pipelines.evaluation import nodes

FIGURES = (
    "scores_by_culture_plot",
    "scores_by_language_plot",
    "confusion_plot",
    "reliability_plot",
    "risk_coverage_plot",
    "labels_plot",
)
EXAMPLES, TASKS, PARAMETERS = "examples@table", "params:tasks", "params:evaluation"


AGREEMENT_FIGURES = ("disagreement_plot", "alphas_plot")


def create_pipeline(*, has_annotations: bool = False, is_conditioned: bool = False) -> Pipeline:
    """The evaluation pipeline.

    Its report tells of the annotators where a corpus has some, and of the texts that cultures are
    answered differently where the model is told of culture.
    """
    return Pipeline(
        [
            *_predict(),
            *_score(),
            *(_set_cultures_apart() if is_conditioned else []),
            *_draw(),
            *_write(has_annotations, is_conditioned),
        ],
        namespace="evaluation",
        prefix_datasets_with_namespace=False,
    )


def _predict() -> list[Node]:
    return [
        Node(
            nodes.predict_majority,
            inputs=[EXAMPLES, TASKS, PARAMETERS],
            outputs="majority_predictions",
            name="predict_majority",
        ),
        Node(
            nodes.predict_tfidf,
            inputs=[EXAMPLES, TASKS, PARAMETERS],
            outputs="tfidf_predictions",
            name="predict_tfidf",
        ),
        Node(
            nodes.predict_probe,
            inputs=[EXAMPLES, "encoder", TASKS, PARAMETERS],
            outputs="probe_predictions",
            name="predict_probe",
        ),
        Node(
            nodes.predict_champion,
            inputs=[EXAMPLES, "champion_model", TASKS, PARAMETERS],
            outputs="champion_predictions",
            name="predict_champion",
        ),
        Node(
            nodes.predict_finetuned,
            inputs=[EXAMPLES, "finetuned_model", TASKS, "params:culture", PARAMETERS],
            outputs="finetuned_predictions",
            name="predict_finetuned",
        ),
        Node(
            nodes.combine_predictions,
            inputs=[
                TASKS,
                "params:training",
                PARAMETERS,
                *(f"{system}_predictions" for system in SYSTEMS),
            ],
            outputs=["predictions", "thresholds"],
            name="combine_predictions",
        ),
    ]


def _score() -> list[Node]:
    return [
        Node(
            nodes.score_predictions,
            inputs=["predictions", "champion_version", TASKS, PARAMETERS],
            outputs=["scores", "scores_origin"],
            name="score_predictions",
        ),
        Node(
            nodes.compare_with_champion,
            inputs=["predictions", "champion_version", TASKS, PARAMETERS],
            outputs="champion_comparison",
            name="compare_with_champion",
        ),
        Node(
            nodes.measure_fairness,
            inputs=["predictions", "scores", TASKS, PARAMETERS],
            outputs=["disparities", "fairness"],
            name="measure_fairness",
        ),
        Node(
            nodes.measure_abstention,
            inputs=["predictions", "thresholds", TASKS, PARAMETERS],
            outputs="abstention",
            name="measure_abstention",
        ),
        Node(
            nodes.judge_promotion,
            inputs=[
                "scores",
                "champion_comparison",
                "scores_origin",
                "finetuned_model",
                "champion_model",
                "champion_version",
                "params:registration",
            ],
            outputs=["gate_decision", "gate_table"],
            name="judge_promotion",
        ),
        Node(
            nodes.compare_with_published,
            inputs=["scores", PARAMETERS],
            outputs="benchmark_table",
            name="compare_with_published",
        ),
    ]


def _set_cultures_apart() -> list[Node]:
    return [
        Node(
            nodes.predict_by_culture,
            inputs=[EXAMPLES, "finetuned_model", TASKS, PARAMETERS],
            outputs="culture_predictions",
            name="predict_by_culture",
        ),
        Node(
            nodes.summarise_disagreement,
            inputs=["culture_predictions", PARAMETERS],
            outputs="contested_report",
            name="summarise_disagreement",
        ),
    ]


def _draw() -> list[Node]:
    return [
        Node(
            nodes.draw_scores,
            inputs="scores",
            outputs=["scores_by_culture_plot", "scores_by_language_plot"],
            name="draw_scores",
        ),
        Node(
            nodes.draw_predictions,
            inputs=["predictions", TASKS],
            outputs=["confusion_plot", "reliability_plot"],
            name="draw_predictions",
        ),
        Node(
            nodes.draw_abstention,
            inputs=["predictions", "thresholds", TASKS],
            outputs="risk_coverage_plot",
            name="draw_abstention",
        ),
        Node(
            nodes.draw_labels,
            inputs=[EXAMPLES, TASKS],
            outputs="labels_plot",
            name="draw_labels",
        ),
    ]


def _write(has_annotations: bool, is_conditioned: bool) -> list[Node]:
    agreement = {"agreement": "agreement_report"} if has_annotations else {}
    contested = {"contested": "contested_report"} if is_conditioned else {}
    figures = (*FIGURES, *(AGREEMENT_FIGURES if has_annotations else ()))
    return [
        Node(
            nodes.write_report,
            inputs={
                "scores": "scores",
                "disparities": "disparities",
                "gaps": "fairness",
                "gate_decision": "gate_decision",
                "predictions": "predictions",
                "thresholds": "thresholds",
                "abstention": "abstention",
                "examples": EXAMPLES,
                "tasks": TASKS,
                "corpora": "corpus_fingerprints",
                "encoder": "encoder",
                "culture": "params:culture",
                "evaluation": PARAMETERS,
                "ingestion": "ingestion_report",
                "augmentation": "augmentation_report",
                "augmentation_table": "augmentation_table",
                "augmentation_pairs": "augmentation_pairs",
                "tokenisation": "tokenisation_report",
                **agreement,
                **contested,
                **{figure: figure for figure in figures},
            },
            outputs="evaluation_report",
            name="write_report",
        ),
        Node(
            nodes.write_model_card,
            inputs=[
                "scores",
                "corpus_fingerprints",
                "encoder",
                PARAMETERS,
                "params:tokenisation",
                "params:culture",
                "thresholds",
                "abstention",
                "params:tasks",
            ],
            outputs="model_card",
            name="write_model_card",
        ),
    ]
