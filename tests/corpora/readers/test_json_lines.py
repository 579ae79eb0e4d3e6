import json
import re

import pytest

from ccnlp.errors import CorpusError

ROWS = [{"text": "good", "label": "positive"}, {"text": "bad", "label": "negative"}]


@pytest.fixture
def read_json(read_files):
    def read(content, **changes):
        return read_files(
            {"corpus.json": content}, reader="json_lines", path="corpus.json", **changes
        )

    return read


def test_objects_a_line_are_rows(read_json):
    rows = read_json("\n".join(map(json.dumps, ROWS)) + "\n\n")
    assert rows["text"].tolist() == ["good", "bad"]
    assert rows["row"].tolist() == [1, 2]


def test_array_is_read_as_records(read_json):
    assert read_json(json.dumps(ROWS, indent=2))["text"].tolist() == ["good", "bad"]


@pytest.mark.parametrize(
    ("document", "records"),
    [
        ({"data": {"items": ROWS}}, "data.items"),
        ({"7": ROWS[0], "9": ROWS[1]}, "."),
    ],
)
def test_document_is_read_where_the_options_say(read_json, document, records):
    rows = read_json(json.dumps(document, indent=2), options={"records": records})
    assert rows["text"].tolist() == ["good", "bad"]


def test_key_of_a_record_is_a_column(read_json):
    document = {"a": ROWS[0], "b": ROWS[1]}
    rows = read_json(json.dumps(document), options={"records": "."}, group={"column": "key"})
    assert rows["group"].tolist() == ["a", "b"]


def test_nested_objects_are_columns_with_a_dot(read_json):
    row = {"content": {"body": "good"}, "label": "positive"}
    rows = read_json(json.dumps(row), columns={"text": "content.body", "label": "label"})
    assert rows["text"].tolist() == ["good"]


def test_name_that_is_no_text_stands_in_the_quarantine_with_escapes(read_json):
    rows = read_json('{"text": "good", "label": "bad", "no\\ud83dte": 1}')
    assert json.loads(rows["content"][0]) == {"text": "good", "label": "bad", "no\\ud83dte": "1"}


def test_numbers_and_truth_values_are_labels(read_json):
    lines = [{"text": "a", "label": 1}, {"text": "b", "label": 2.0}, {"text": "c", "label": True}]
    rows = read_json(
        "\n".join(map(json.dumps, lines)),
        label_map={1: "negative", 2: "neutral", "true": "positive"},
    )
    assert rows["label"].tolist() == ["negative", "neutral", "positive"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"text": "good"', "no JSON: Expecting"),
        ('["good", "positive"]', "a JSON list instead of an object"),
        ('{"text": ["good"], "label": "positive"}', "text is a list instead of text"),
        ('{"text": "a", "label": "positive", "b.c": 1, "b": {"c": 2}}', "two values of 'b.c'"),
        ('{"text": {"a": 1}, "label": "positive"}', "text is an object instead of text"),
        ('{"text": "a", "label": "positive", "text": "b"}', "two values of 'text'"),
        ('{"text": "a", "b": {"c": 1, "c": 1}}', "two values of 'b.c'"),
        ('{"text": null, "label": "positive"}', "text is empty"),
        ('{"text": "a\\ud83d", "label": "positive"}', "half a surrogate pair, U\\+D83D"),
        ('{"text": "a\\u0000", "label": "positive"}', "null bytes in the row"),
    ],
)
def test_bad_line_goes_to_quarantine(read_json, line, reason):
    rows = read_json(json.dumps(ROWS[0]) + "\n" + line + "\n" + json.dumps(ROWS[1]) + "\n")
    assert rows["rejected_by"].isna().tolist() == [True, False, True]
    assert rows["row"].tolist() == [1, 2, 3]
    assert re.match(reason, rows["rejection_reason"][1])


def nested(depth: int, *, start: str = '{"a": ', end: str = "}") -> str:
    return f'{{"text": "good", "label": "positive", "b": {start * depth}1{end * depth}}}'


@pytest.mark.parametrize("depth", [200, 600, 800, 900, 960, 1200, 5000])
def test_objects_that_stand_in_each_other_too_deep_cost_no_other_row(read_json, depth):
    lines = [json.dumps(ROWS[0]), nested(depth), json.dumps(ROWS[1])]
    rows = read_json("\n".join(lines))
    assert rows["rejected_by"].isna()[[0, 2]].all()
    reason = rows["rejection_reason"].fillna("")[1]
    assert depth < 1000 or "too deep" in reason or "no JSON: maximum recursion" in reason


@pytest.mark.parametrize("depth", [200, 900, 1200])
def test_lists_that_stand_in_each_other_too_deep_cost_no_other_row(read_json, depth):
    bad = nested(depth, start="[", end="]").replace("positive", "no label")
    rows = read_json("\n".join([json.dumps({**ROWS[0], "b": "news"}), bad]), domain={"column": "b"})
    assert rows["rejected_by"].isna().tolist() == [True, False]


def test_record_of_a_document_that_names_a_value_twice_goes_to_quarantine(read_json):
    document = '{"x": {"text": "a", "text": "b"}, "y": {"text": "good", "label": "positive"}}'
    rows = read_json(document, options={"records": "."}, group={"column": "key"})
    assert rows["rejection_reason"].fillna("").tolist() == ["two values of 'text'", ""]
    assert rows["group"].fillna("").tolist() == ["", "y"]


def test_document_that_holds_its_records_twice_is_refused(read_json):
    with pytest.raises(CorpusError, match=r"the document has 'data' twice \(options.records\)"):
        read_json('{"data": [], "data": []}', options={"records": "data"})


def test_rows_of_different_columns_are_read(read_json):
    lines = [{**ROWS[0], "place": "KE"}, ROWS[1]]
    rows = read_json("\n".join(map(json.dumps, lines)), culture={"column": "place"})
    assert rows["culture"].tolist() == ["KE", "und"]


@pytest.mark.parametrize("field", ["culture", "domain", "group"])
def test_object_is_no_value_of_a_field(read_json, field):
    lines = [{**ROWS[0], "place": {"code": "KE"}}, {**ROWS[1], "place": "KE"}]
    rows = read_json("\n".join(map(json.dumps, lines)), **{field: {"column": "place"}})
    assert rows["rejection_reason"][0] == f"{field} is an object instead of text (column 'place')"
    assert json.loads(rows["content"][0]) == {**ROWS[0], "place.code": "KE"}
    assert rows[field].tolist()[1] == "KE"


def test_document_without_options_is_refused_with_the_way_on(read_json):
    with pytest.raises(CorpusError, match=r"one JSON document.*options.records"):
        read_json(json.dumps({"data": ROWS}, indent=2))


def test_document_without_the_place_is_refused(read_json):
    with pytest.raises(CorpusError, match="the document has no 'rows'"):
        read_json(json.dumps({"data": ROWS}), options={"records": "rows"})


def test_place_that_holds_no_records_is_refused(read_json):
    with pytest.raises(CorpusError, match="'name' holds a str instead of records"):
        read_json(json.dumps({"name": "x"}), options={"records": "name"})


def test_broken_document_is_refused(read_json):
    with pytest.raises(CorpusError, match=r"corpus.json is no JSON document"):
        read_json("[\n" + json.dumps(ROWS[0]))


def test_document_too_large_for_memory_is_refused(read_json, monkeypatch):
    from ccnlp.corpora import decoding

    monkeypatch.setattr(decoding, "MAX_DOCUMENT_CHARACTERS", 40)
    with pytest.raises(CorpusError, match="one document of more than 40 characters"):
        read_json("[\n" + json.dumps(ROWS))


def test_line_too_long_for_memory_is_refused(read_json, monkeypatch):
    from ccnlp.corpora import decoding

    monkeypatch.setattr(decoding, "MAX_LINE_CHARACTERS", 40)
    with pytest.raises(CorpusError, match="line 2 is longer than 40 characters"):
        read_json("{}\n" + json.dumps({"text": "good " * 20}))


def test_record_that_cannot_be_flattened_for_its_depth_goes_to_quarantine(read_json, monkeypatch):
    from ccnlp.corpora.readers import json_lines

    def refuse(record):
        if record["text"] == "bad":
            raise RecursionError
        return record

    monkeypatch.setattr(json_lines, "flatten_record", refuse)
    rows = read_json("\n".join(map(json.dumps, ROWS)))
    reasons = rows["rejection_reason"].fillna("").tolist()
    assert reasons == ["", "objects stand in each other too deep"]
