import logging

import pytest

from ccnlp.corpora.agreement import measure_agreement
from ccnlp.progress import listening

HEAD = "ID,lang,text,annotator,country,label\n"
POSTS = (
    "1,en,an old post,ann,GB,hate\n1,en,an old post,bob,GB,hate\n"
    "1,en,an old post,dan,SG,not_hate\n1,en,an old post,eve,SG,not_hate\n"
    "2,en,another one,ann,GB,not_hate\n2,en,another one,dan,SG,not_hate\n"
)
ENTRY = {
    "culture": {"column": "country"},
    "language": {"column": "lang"},
    "group": {"column": "ID"},
    "annotations": {"annotator": {"column": "annotator"}},
}


@pytest.fixture
def measure(judge, hate, ingestion):
    def measure(content, **changes):
        rows = judge({"corpus.csv": HEAD + content}, **ENTRY | changes)
        parameters = ingestion.agreement.model_copy(update={"num_draws": 20, "num_shuffles": 5})
        return measure_agreement({"posts": lambda: rows}, hate, parameters)

    return measure


def test_corpus_with_annotations_has_its_figures(measure):
    measured = measure(POSTS)
    pair = measured.agreement.set_index("measure").loc["disagreement"]
    assert (pair["corpus"], pair["task"]) == ("posts", "hate")
    assert (pair["culture_a"], pair["culture_b"]) == ("GB", "SG")
    assert (pair["value"], pair["n"]) == (0.5, 2)
    assert measured.summaries["posts"]["num_annotations"] == 6


def test_contested_texts_say_what_each_culture_chose(measure):
    (row,) = measure(POSTS).contested.to_dict("records")
    assert row["text"] == "an old post"
    assert row["majorities"] == "GB: hate; SG: not_hate"


def test_label_shares_are_of_each_culture(measure):
    shares = measure(POSTS).label_shares.set_index(["culture", "label"])["share"]
    assert shares["GB", "hate"] == pytest.approx(2 / 3)


def test_culture_with_one_annotation_is_marked_small(measure):
    agreement = measure(POSTS + "2,en,another one,flo,NG,hate\n").agreement
    within = agreement[(agreement["kind"] == "within") & (agreement["culture_a"] == "NG")]
    assert within["is_small"].tolist() == [True]


def test_findings_are_logged_in_sentences(measure, caplog):
    caplog.set_level(logging.INFO)
    measure(POSTS)
    assert "posts: On 50.0 % of texts the two countries do not agree" in caplog.text


def test_main_figures_are_reported_for_the_record_of_the_run(measure):
    heard = []
    with listening(heard.append):
        measure(POSTS)
    (metrics,) = heard
    assert metrics.values["agreement/posts/between_consensus"] == 0.5
    assert "agreement/posts/all_alpha" in metrics.values


def test_translations_of_one_text_are_several_texts(measure):
    measured = measure(POSTS + "1,de,ein alter Post,ann,GB,not_hate\n")
    assert measured.summaries["posts"]["num_texts"] == 3


def test_contested_translations_are_shown_in_their_own_language(measure):
    german = "1,de,ein alter Post,ann,GB,hate\n1,de,ein alter Post,dan,SG,not_hate\n"
    contested = measure(POSTS + german).contested
    languages = contested["group_id"].str.split(" ").str[1]
    assert dict(zip(languages, contested["text"], strict=True)) == {
        "en": "an old post",
        "de": "ein alter Post",
    }


def test_corpora_without_single_annotations_have_no_figures(curate, sentiment, judge, ingestion):
    plain = curate([{"text": "a text"}])
    counted = judge(
        {"corpus.csv": "text,no,yes\na post,1,2\n"},
        columns={"text": "text"},
        annotations={"distribution": {"not_hate": "no", "hate": "yes"}},
    )
    corpora = {"plain": lambda: plain, "counted": lambda: counted}
    measured = measure_agreement(corpora, sentiment, ingestion.agreement)
    assert measured.agreement.empty
    assert measured.summaries == {}
