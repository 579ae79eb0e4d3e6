import html
import json
import re
from dataclasses import replace

import pandas as pd
import pytest
import yaml

from ccnlp.evaluation import prediction_plots, report, score_plots
from ccnlp.evaluation.abstention import measure_abstention, thresholds_of
from ccnlp.evaluation.abstention_view import AbstentionTables
from ccnlp.evaluation.fairness import measure_fairness
from ccnlp.evaluation.fairness_view import FairnessTables
from ccnlp.evaluation.parameters import AbstentionParameters, PublishedScores
from ccnlp.evaluation.scores import score_predictions
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

ATTACK = "<script>alert('x')</script>"
LABELS = {"sentiment": ("negative", "neutral", "positive")}
CULTURES = ("MX", "ES", ATTACK)


@pytest.fixture
def examples(make_examples):
    rows = [
        ("es", culture, split, f"{ATTACK} & texto {number}", LABELS["sentiment"][number % 3])
        for split in ("train", "test")
        for culture in CULTURES
        for number in range(40 if culture != "ES" else 9)
    ]
    return make_examples(rows, corpus="seed_corpus")


@pytest.fixture
def predictions(examples, make_predictions):
    test = examples[examples["split"] == "test"]
    reference = test["label"].tolist()
    answers = ["positive" if row % 4 == 0 else label for row, label in enumerate(reference)]
    table = make_predictions(
        reference,
        {
            "majority": ["negative"] * len(test),
            "tfidf": ["positive"] * len(test),
            "finetuned": answers,
        },
        corpus="seed_corpus",
    )
    num_systems = len(table) // len(test)
    return table.assign(
        example_id=test["id"].tolist() * num_systems, culture=test["culture"].tolist() * num_systems
    )


@pytest.fixture
def judgement(predictions, tasks, parameters, encoder):
    corpora = {
        "seed_corpus": {
            "num_rows": 178,
            "licence": f"CC0 {ATTACK}",
            "fingerprint": "f00d",
            "languages": ["es"],
            "cultures": list(CULTURES),
        }
    }
    scores = score_predictions(predictions, tasks, parameters)
    return report.Judgement(scores, corpora, encoder, parameters)


@pytest.fixture
def figures(judgement, predictions, examples):
    return [
        score_plots.draw_scores(judgement.scores, slice_name="language_culture"),
        prediction_plots.draw_confusion(predictions, labels=LABELS),
        prediction_plots.draw_reliability(predictions),
        prediction_plots.draw_labels(examples, labels=LABELS),
    ]


@pytest.fixture
def page(judgement, predictions, examples, tasks, figures):
    failures = report.list_failures(predictions, examples, tasks, per_culture=2)
    stages = {"Ingestion": {"num_rows_read": 1234, "reasons": [{"reason": ATTACK, "num_rows": 2}]}}
    return report.render_report(judgement, failures=failures, figures=figures, stages=stages)


def without_plotly(page):
    """The page without the library, whose source holds every sort of string."""
    start = page.index("<script>") + len("<script>")
    return page[:start] + page[page.index("</script>", start) :]


def test_page_says_in_its_ingestion_how_far_people_agree(judgement, predictions, examples, tasks):
    failures = report.list_failures(predictions, examples, tasks, per_culture=2)
    summaries = {ATTACK: {"sentences": ["On 43.7 % of texts they do not agree."], "num_texts": 3}}
    page = report.render_report(
        judgement,
        failures=failures,
        figures=[],
        stages={"Ingestion": {"num_rows_read": 1234}, "Tokenisation": {"rows": 1}},
        findings={"Ingestion": report.describe_agreement(summaries)},
    )
    text = html.unescape(without_plotly(page))
    stage = text[text.index("<h3>Ingestion</h3>") : text.index("<h3>Tokenisation</h3>")]
    assert f"<h4>How far the people who labelled {ATTACK} agree</h4>" in stage
    assert "<p>On 43.7 % of texts they do not agree.</p>" in stage


def test_page_without_annotations_does_not_speak_of_them(page):
    assert "<h4>" not in without_plotly(page)


def test_page_is_one_file_that_loads_nothing(page):
    source = without_plotly(page)
    assert not re.findall(r"""(?:src|href)=["'](?!#)""", source)
    assert "@import" not in source
    assert "Plotly.newPlot" in source


def test_page_escapes_texts_and_culture_keys(page):
    source = without_plotly(page)
    assert "alert('x')</script>" not in source
    assert "<script>alert" not in source
    assert f"es-{ATTACK}" in html.unescape(source)  # a reader sees them as they are
    assert f"{ATTACK} & texto" in html.unescape(source)


def test_page_holds_each_figure_as_json(page, figures):
    source = without_plotly(page)
    found = re.findall(r"const figure = (\{.*\});", source)
    assert len(found) == len(figures)
    for text in found:
        content = json.loads(text)
        assert content["data"]
        assert content["layout"]["title"] is None


def test_page_says_what_the_scores_say(page):
    text = html.unescape(without_plotly(page))
    assert "“Fine-tuned” reaches a macro-F1 of" in text
    assert "better than “TF-IDF”" in text
    assert "1 language and culture has few test rows: read their intervals" in text
    assert not re.search(r"\bnan\b", text)
    assert "Spanish, Mexico" in text
    assert "200 bootstrap resamples (seed 0)" in text
    assert "1,234" in text


def test_page_tells_the_distance_to_the_annotators_where_there_is_one(
    page, predictions, tasks, parameters, judgement, figures
):
    distances = predictions["system"].map({"majority": 0.5, "tfidf": 0.4, "finetuned": 0.123})
    measured = predictions.assign(jensen_shannon_distance=distances, cross_entropy=1.0)
    scores = score_predictions(measured, tasks, parameters)
    measured_page = report.render_report(
        replace(judgement, scores=scores),
        failures=pd.DataFrame(),
        figures=figures,
        stages={},
    )

    assert "distance to the annotators" not in without_plotly(page)
    assert "distance to the annotators</th>" in without_plotly(measured_page)
    assert "<b>12.3</b>" in measured_page


def test_page_and_card_do_without_slices(judgement, predictions, examples, tasks, parameters):
    bare = parameters.model_copy(update={"slices": {}})
    scores = score_predictions(predictions, tasks, bare)
    figure = score_plots.draw_scores(scores, slice_name="language")
    assert figure.layout.title.text == "No scores on test"
    judgement = replace(judgement, scores=scores, parameters=bare)
    failures = report.list_failures(predictions, examples, tasks, per_culture=0)
    page = report.render_report(judgement, failures=failures, figures=[figure], stages={})
    assert "“Fine-tuned” reaches a macro-F1 of" in html.unescape(without_plotly(page))
    assert "macro-F1" in report.render_model_card(judgement, max_length_tokens=64)


def test_page_warns_of_a_demonstration_corpus_only(page, judgement, predictions, examples, tasks):
    assert "say nothing about the world" in without_plotly(page)
    corpora = {"reviews": judgement.corpora["seed_corpus"]}
    other = report.render_report(
        replace(judgement, corpora=corpora),
        failures=report.list_failures(predictions, examples, tasks, per_culture=0),
        figures=[],
        stages={},
    )
    assert "say nothing about the world" not in without_plotly(other)
    assert "No errors on test to show" in other


def test_page_shows_published_scores_beside_ours(judgement):
    published = PublishedScores(
        corpus="seed_corpus",
        metric="macro_f1",
        source="A. Nonymous, 2020",
        systems={"fastText": {"es": 51.5, "average": 49.5}},
    )
    parameters = judgement.parameters.model_copy(update={"published": published})
    page = report.render_report(
        replace(judgement, parameters=parameters),
        failures=pd.DataFrame(),
        figures=[],
        stages={},
    )
    assert "beside A. Nonymous, 2020" in page
    assert "51.5" in page


@pytest.fixture
def with_gate(judgement, predictions, tasks, parameters):
    """The judgement with what the gate found between two cultures."""

    def with_gate(**gate):
        tables = measure_fairness(predictions, judgement.scores, tasks, parameters)
        decided = {"alias": "challenger", "outcome": "failed", "reasons": [ATTACK]}
        decided |= {"metrics": {"sentiment": "macro_f1"}}
        parts = [("MX", "regressed"), (ATTACK, "improved"), ("ES", "too small")]
        comparisons = [
            {"task": "sentiment", "slice": "culture", "group": group, "verdict": verdict}
            for group, verdict in parts
        ]
        decision = {**decided, "comparisons": comparisons, **gate}
        return replace(judgement, fairness=FairnessTables(*tables, decision))

    return with_gate


def render(judgement):
    page = report.render_report(judgement, failures=pd.DataFrame(), figures=[], stages={})
    return without_plotly(page)


def test_page_tells_whom_the_model_serves_worse(with_gate):
    source = render(with_gate())
    assert "alert('x')</script>" not in source
    text = html.unescape(source)
    assert "Whom does it serve worse?" in text
    assert "None of the 2 groups by culture that have 30 test rows or more is shown" in text
    assert "1 group is too small to say anything." in text
    assert "too few rows to say" in text
    assert "How far groups lie apart" in text
    assert not re.search(r"\bnan\b", text)


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        ("passed", "Passed: the model becomes the champion."),
        ("failed", "Failed: the model stays a challenger."),
        ("inconclusive", "Inconclusive, which is no pass: the model stays a challenger."),
    ],
)
def test_page_tells_what_the_gate_decided_and_why(with_gate, outcome, sentence):
    text = html.unescape(render(with_gate(outcome=outcome)))
    assert sentence in text
    assert f"<li>{ATTACK}</li>" in text
    assert "culture MX" in text
    assert "Judged by macro-F1." in text


def test_page_tells_the_metric_of_the_gate(with_gate):
    text = html.unescape(render(with_gate(metrics={"t": "distribution_similarity"})))
    assert "Judged by distribution similarity." in text


def test_page_without_a_gate_has_no_section_on_it(page):
    assert "What the gate decided" not in without_plotly(page)


def test_card_tells_the_decision_and_escapes_it():
    decision = {
        "alias": "champion", "gate_alias": "challenger", "outcome": "failed", "comparisons": [],
        "reasons": [ATTACK], "override": {"alias": "champion", "by": ATTACK, "reason": "Why not."},
        "metrics": {"a": "macro_f1", "b": "distribution_similarity"},
    }  # fmt: skip
    card = report.with_promotion("# Model card\n", decision)
    assert card.startswith("# Model card\n\n## Promotion\n\nRegistered as champion by")
    assert "Why not. The gate would have decided for challenger." in card
    assert "Gate by macro-F1 for a, distribution similarity for b: failed, for challenger." in card
    assert "<script>" not in card
    plain = report.with_promotion("# Card\n\n## Use\n\nAny.\n", {**decision, "override": None})
    assert "Registered as" not in plain
    assert plain.index("## Promotion") < plain.index("## Use\n\nAny.\n")


def test_row_without_a_reference_is_no_failure(predictions, examples, tasks):
    reference = predictions["reference"].astype("string").mask(predictions["culture"] == "MX")
    failures = report.list_failures(
        predictions.assign(reference=reference), examples, tasks, per_culture=3
    )
    assert set(failures["place"]) == {"es-ES", f"es-{ATTACK}"}


def test_failures_are_the_surest_errors_of_each_culture(predictions, examples, tasks):
    confident = predictions.assign(confidence=[0.5 + row / 1000 for row in range(len(predictions))])
    failures = report.list_failures(confident, examples, tasks, per_culture=3)
    assert failures.groupby("place").size().to_dict() == {
        "es-ES": 2,  # all there are
        "es-MX": 3,
        f"es-{ATTACK}": 3,
    }
    assert (failures["reference"] != failures["prediction"]).all()
    mexico = failures[failures["place"] == "es-MX"]["confidence"]
    wrong = confident[
        (confident["system"] == "finetuned")
        & (confident["culture"] == "MX")
        & (confident["reference"] != confident["prediction"])
    ]
    assert mexico.tolist() == sorted(wrong["confidence"], reverse=True)[:3]


def test_long_text_of_a_failure_is_cut(predictions, examples, tasks):
    long = examples.assign(text="ha " * 1000)
    texts = report.list_failures(predictions, long, tasks, per_culture=1)["text"]
    assert texts.str.len().max() < 420
    assert texts.str.endswith("…").all()


def test_without_test_rows_the_page_says_so(judgement, predictions, tasks):
    validation = predictions.assign(split="validation")
    scores = score_predictions(validation, tasks, judgement.parameters)
    page = report.render_report(
        replace(judgement, scores=scores),
        failures=report.list_failures(
            validation, pd.DataFrame({"id": [], "text": []}), tasks, per_culture=1
        ),
        figures=[score_plots.draw_scores(scores, slice_name="language")],
        stages={},
    )
    assert "There are no test rows, so nothing was judged." in page


def test_model_card_has_metadata_that_hubs_read(judgement):
    with_hub_tasks = replace(judgement, hub_tasks={"sentiment": "text-classification"})
    card = report.render_model_card(with_hub_tasks, max_length_tokens=64)
    front_matter = yaml.safe_load(card.split("---\n")[1])
    assert front_matter["language"] == ["es"]
    assert front_matter["pipeline_tag"] == "text-classification"
    result = front_matter["model-index"][0]["results"][0]
    assert result["task"] == {"type": "text-classification", "name": "sentiment"}
    assert front_matter["metrics"] == ["f1"]
    assert result["metrics"][0]["name"] == "macro-F1, all rows"
    assert 0 < result["metrics"][0]["value"] < 100


def test_model_card_lists_cultures_and_escapes_them(judgement):
    body = report.render_model_card(judgement, max_length_tokens=64).split("---\n", 2)[2]
    assert "longer than 64 tokens" in body
    assert "<script>" not in body
    assert "| es-MX (Spanish, Mexico) | 40 |" in body
    assert "| es-ES (Spanish, Spain) | 9 \\* |" in body
    assert "## Intended use" in body
    assert "## Limits" in body


@pytest.fixture
def with_abstention(judgement, predictions, parameters):
    """The judgement with thresholds that were chosen on rows like those of test."""
    copies = [
        predictions.assign(split="validation", example_id=f"v{n}-" + predictions["example_id"])
        for n in range(3)
    ]
    both = pd.concat([predictions, *copies], ignore_index=True)
    both = both.assign(group_id=both["example_id"], is_seen=False)
    lenient = AbstentionParameters(max_error_rate=0.4)
    lenient_parameters = parameters.model_copy(update={"abstention": lenient})
    thresholds = thresholds_of(both, lenient_parameters, weights="0a", languages=None)
    table = measure_abstention(both, thresholds.tasks, lenient_parameters)
    return replace(judgement, abstention=AbstentionTables(thresholds, table))


def test_page_and_card_tell_when_the_model_answers(with_abstention):
    source = render(with_abstention)
    assert "alert('x')</script>" not in source
    text = html.unescape(source)
    assert "When does it answer?" in text
    assert "“Fine-tuned” answers where its confidence is 90.0 % or more" in text
    assert "at most 40 % of the answers are wrong" in text
    assert "no threshold" in text  # of TF-IDF
    assert "Fine-tuned, by culture" in text
    assert not re.search(r"\bnan\b", text)
    card = report.render_model_card(with_abstention, max_length_tokens=64).split("---\n", 2)[2]
    assert "answers where its confidence is 90.0 % or more" in card
    assert card.index("## Abstention") < card.index("## Limits")
    assert "<script>" not in card


def test_page_and_card_without_thresholds_do_not_speak_of_them(page, judgement):
    assert "When does it answer?" not in without_plotly(page)
    assert "## Abstention" not in report.render_model_card(judgement, max_length_tokens=64)


def test_page_shows_contested_texts_escaped(judgement):
    summary = {
        "num_texts": 9, "num_contested": 1, "median": 0.05, "min_disagreement": 0.1,
        "num_judged": 0, "correlation": None, "low": None, "high": None,
        "texts": [
            {
                "text": ATTACK, "language": "es", "disagreement": 0.31,
                "answers": {"MX": "positive", ATTACK: "negative"},
            }
        ],
    }  # fmt: skip
    source = render(replace(judgement, contested={"sentiment": summary}))
    assert "alert('x')</script>" not in source
    text = html.unescape(source)
    assert "lie 0.1 or more apart on 1 of 9 test texts" in text
    assert "0.31" in text
    assert f"positive: MX; negative: {ATTACK}" in text


def test_failures_show_all_texts_of_a_row(make_predictions):
    entry = {"kind": "pair_classification", "loss_weight": 1, "labels": ["no", "yes"]}
    tasks = build_tasks(TasksParameters.model_validate({"inference": entry}))
    examples = pd.DataFrame(
        {"id": ["e0000"], "task": "inference", "text": ["It rains."], "other_text": ["It is wet."]}
    )
    predictions = make_predictions(["yes"], {"finetuned": ["no"]}, task="inference")

    failures = report.list_failures(predictions, examples, tasks, per_culture=2)

    assert failures["text"].tolist() == ["It rains. It is wet."]


def test_answers_that_are_not_just_right_or_wrong_are_no_failures(make_predictions):
    entry = {"kind": "pair_similarity", "loss_weight": 1, "options": {"score_range": [0, 5]}}
    tasks = build_tasks(TasksParameters.model_validate({"likeness": entry}))
    examples = pd.DataFrame(
        {"id": ["e0000"], "task": "likeness", "text": ["It rains."], "other_text": ["It is wet."]}
    )
    predictions = make_predictions(["2.5"], {"finetuned": ["2.53"]}, task="likeness")

    assert report.list_failures(predictions, examples, tasks, per_culture=2).empty
