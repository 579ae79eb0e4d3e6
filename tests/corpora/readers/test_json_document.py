import gzip
import json

import pytest

from ccnlp.errors import CorpusError

COLUMNS = {"columns": {"text": "text.reply", "label": "label"}}
RECORDS = {
    "7": {"text": {"reply": "first"}, "label": "positive"},
    "9": {"text": {"reply": "second"}, "label": "neutral"},
}


def read(read_files, content, **changes):
    content = content if isinstance(content, str | bytes) else json.dumps(content)
    name = changes.setdefault("path", "corpus.json")
    return read_files({name: content}, reader="json", **{**COLUMNS, **changes})


def test_object_of_records_has_its_keys_in_a_column(read_files):
    rows = read(read_files, RECORDS, group={"column": "item"}, options={"key": "item"})
    assert rows[["text", "label", "group", "row"]].to_numpy().tolist() == [
        ["first", "positive", "7", 1],
        ["second", "neutral", "9", 2],
    ]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    ("document", "records"), [(lambda r: r, "."), (lambda r: {"a": {"b": r}}, "a.b")]
)
def test_array_of_records_is_read_wherever_it_stands(read_files, indent, document, records):
    content = json.dumps(document(list(RECORDS.values())), indent=indent)
    rows = read(read_files, content, options={"records": records})
    assert rows["text"].tolist() == ["first", "second"]


def test_items_that_are_no_records_are_rejected_one_by_one(read_files):
    rows = read(read_files, [*RECORDS.values(), 3])
    assert rows["rejection_reason"].iloc[2] == "a JSON int instead of an object"


def test_packed_document_is_read_within_the_limit(read_files):
    packed = gzip.compress(json.dumps(RECORDS).encode())
    assert len(read(read_files, packed, path="corpus.json.gz")) == 2
    with pytest.raises(CorpusError, match="unpacks to more than 20 bytes"):
        read(read_files, packed, path="corpus.json.gz", max_unpacked_bytes=20)


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ('{"7": {', {}, "corpus.json is no JSON document"),
        ('{"a": 1}\n{"a": 2}', {}, "corpus.json is no JSON document: Extra data"),
        ("3", {}, "'.' holds a int instead of records"),
        ("{}", {}, "corpus.json has no rows"),
        (RECORDS, {"records": "data"}, "the document has no 'data' (options.records)"),
        (
            '{"7": {"key": "x", "label": "positive"}}',
            {},
            "the record '7' has a column 'key' itself",
        ),
    ],
)
def test_documents_without_records_are_refused(read_files, content, options, message):
    with pytest.raises(CorpusError) as error:
        read(read_files, content, options=options)
    assert message in str(error.value)
