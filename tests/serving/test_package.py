import pandas as pd

from ccnlp.serving.package import provenance_tags, request_example


def test_tags_name_the_encoder_and_each_corpus(tiny_model):
    assert provenance_tags(tiny_model, {"seed": {"fingerprint": "01ab", "num_rows": 3}}) == {
        "encoder.name": "tiny",
        "encoder.source": "path",
        "encoder.revision": "seed-0",
        "data.seed": "01ab",
    }


def test_tags_name_the_conditioning(conditioned_model):
    assert provenance_tags(conditioned_model, {})["culture.conditioning"] == "embedding"


def test_example_is_the_shortest_test_texts_of_different_languages():
    rows = [
        ("train", "a", "en", "GB"),
        ("test", "bbb", "en", "GB"),
        ("test", "cc", "en", "US"),
        ("test", "dddd", "sw", "KE"),
        ("test", "eeeee", "tr", "TR"),
    ]
    examples = pd.DataFrame(rows, columns=["split", "text", "language", "culture"])
    assert request_example(examples).to_dict("records") == [
        {"text": "cc", "language": "en", "culture": "US"},
        {"text": "dddd", "language": "sw", "culture": "KE"},
    ]


def test_example_leaves_out_rows_of_tasks_without_text():
    rows = [("test", None, "en", "GB"), ("test", "a text of a task", "es", "MX")]
    examples = pd.DataFrame(rows, columns=["split", "text", "language", "culture"])
    assert request_example(examples)["language"].tolist() == ["es"]


def test_example_of_a_model_that_reads_contexts_has_one():
    rows = [
        ("test", "bbb", "en", "GB", "title: a"),
        ("test", "c", "en", "GB", None),
        ("train", "d", "es", "MX", "title: b"),
    ]
    examples = pd.DataFrame(rows, columns=["split", "text", "language", "culture", "context"])
    assert request_example(examples, reads_context=True).to_dict("records") == [
        {"text": "bbb", "context": "title: a", "language": "en", "culture": "GB"}
    ]
    assert "context" not in request_example(examples)
    made_up = request_example(examples.drop(columns="context"), reads_context=True)
    assert made_up["context"].tolist() == ["title: its title"]


def test_example_is_made_up_where_no_task_has_texts():
    examples = pd.DataFrame({"split": ["test"], "tokens": [["a", "b"]]})
    assert list(request_example(examples).columns) == ["text", "language", "culture"]
