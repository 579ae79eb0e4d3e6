import io
import json
import re
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ccnlp.corpora import arrow
from ccnlp.corpora.arrow import columns_of_arrow
from ccnlp.errors import CorpusError


def invalid() -> pa.Array:
    raw = pa.array([b"caf\xe9", b"good"], type=pa.binary())
    return pa.StringArray.from_buffers(2, *raw.buffers()[1:])


def parquet(**columns) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()


def read(read_files, content, **changes):
    return read_files(
        {"corpus.parquet": content}, reader="parquet", path="corpus.parquet", **changes
    )


def test_records_are_rows(read_files):
    content = parquet(text=["good", "bad"], label=["positive", "negative"])
    rows = read(read_files, content)
    assert rows["text"].tolist() == ["good", "bad"]
    assert rows["row"].tolist() == [1, 2]


def test_whole_numbers_kept_as_fractions_match_the_label_map(read_files):
    content = parquet(text=["a", "b"], label=[0.0, 2.0])
    rows = read(read_files, content, label_map={0: "negative", 2: "positive"})
    assert rows["label"].tolist() == ["negative", "positive"]


def test_nested_records_are_columns_with_a_dot(read_files):
    content = parquet(item=[{"text": "good"}], label=["positive"])
    rows = read(read_files, content, columns={"text": "item.text", "label": "label"})
    assert rows["text"].tolist() == ["good"]


def test_missing_text_goes_to_quarantine(read_files):
    content = parquet(text=["good", None], label=["positive", "negative"])
    rows = read(read_files, content)
    assert rows["rejection_reason"].tolist()[1] == "text is empty"


def test_invalid_utf_8_goes_to_quarantine(read_files):
    rows = read(read_files, parquet(text=invalid(), label=["positive", "positive"]))
    assert rows["rejection_reason"][0] == "invalid byte 0xe9 at character 4 of the row"
    assert rows["text"].tolist()[1] == "good"


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary()])
def test_bytes_are_text_in_utf_8(read_files, kind):
    text = pa.array(["mañana".encode(), b"caf\xe9", None], kind)
    rows = read(read_files, parquet(text=text, label=pa.array([b"positive"] * 3, kind)))
    assert rows[["text", "label"]].values.tolist()[0] == ["mañana", "positive"]
    assert rows["rejection_reason"].tolist()[1:] == [
        "invalid byte 0xe9 at character 4 of the row",
        "text is empty",
    ]
    assert json.loads(rows["content"][1]) == {"text": "caf\\xe9", "label": "positive"}


LATE = pa.array([2**40, 2], pa.timestamp("s"))
UNUSED = {
    "out of range": (LATE, "1099511627776000"),
    "time zone": (pa.array([1, 2], pa.timestamp("s", tz="Mars/Olympus")), "1000"),
    "duration": (pa.array([2**60, 2], pa.duration("s")), str(2**60)),
    "date": (pa.array([2**30, 2], pa.date32()), str(2**30)),
    "list": (pa.ListArray.from_arrays(pa.array([0, 1, 2], pa.int32()), invalid()), '["caf\\xe9"]'),
    "records": (
        pa.ListArray.from_arrays(
            pa.array([0, 1, 2], pa.int32()), pa.StructArray.from_arrays([invalid()], ["a"])
        ),
        '[{"a": "caf\\xe9"}]',
    ),
}


@pytest.mark.parametrize("name", UNUSED)
def test_values_that_python_does_not_know_cost_no_row(read_files, name):
    column, content = UNUSED[name]
    rows = read(read_files, parquet(text=["", "good"], label=["positive"] * 2, unused=column))
    assert rows["rejected_by"].isna().tolist() == [False, True]
    assert json.loads(rows["content"][0])["unused"] == content


def test_texts_kept_once_each_may_hold_invalid_bytes():
    column = pa.DictionaryArray.from_arrays(pa.array([1, 0, 1]), invalid())
    texts = columns_of_arrow(pa.table({"text": column}))["text"]
    assert [texts[0], texts[-2]] == ["good", "caf\udce9"]
    assert list(texts) == ["good", "caf\udce9", "good"]
    assert texts[1:] == ["caf\udce9", "good"]


def test_cells_that_nothing_needs_are_not_converted(read_files, monkeypatch):
    converted = []
    cells = arrow._cells

    def count(column, name):
        converted.append((name, len(column)))
        return cells(column, name)

    monkeypatch.setattr(arrow, "_cells", count)
    image = [bytes([i]) * 10 for i in range(3)]
    read(read_files, parquet(text=["a", "", "b"], label=["positive"] * 3, image=image))

    assert sorted(converted) == [("image", 1), ("label", 3), ("text", 3)]


def test_column_that_cannot_be_read_matters_only_where_it_is_needed(read_files):
    late = pa.MapArray.from_arrays(pa.array([0, 1, 2], pa.int32()), pa.array(["a", "b"]), LATE)
    content = parquet(text=["", "good"], label=["positive"] * 2, m=late)
    rows = read(read_files, content)
    assert rows["rejected_by"].isna().tolist() == [False, True]
    message = "column 'm' (map<string, timestamp"
    assert json.loads(rows["content"][0])["m"].startswith(f"({message}")
    with pytest.raises(CorpusError, match=re.escape(message)):
        read(read_files, content, group={"column": "m"})


def test_column_that_stands_twice_is_not_guessed(read_files):
    stream = io.BytesIO()
    table = pa.Table.from_arrays([["a"], ["positive"], ["b"]], names=["text", "label", "text"])
    pq.write_table(table, stream)
    with pytest.raises(CorpusError, match=r"no column 'text'; it has 'text \(1\)', 'label', 'te"):
        read(read_files, stream.getvalue())


def test_nested_column_with_the_name_of_another_is_not_guessed(read_files):
    content = parquet(**{"a.b": ["flat"], "a": [{"b": "nested"}], "label": ["positive"]})
    with pytest.raises(CorpusError, match=r"no column 'a.b'; it has 'a.b \(1\)', 'a.b \(2\)'"):
        read(read_files, content, columns={"text": "a.b", "label": "label"})


def test_member_of_an_archive_is_read(read_files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("data/a.parquet", parquet(text=["good"], label=["positive"]))
    rows = read_files({"corpus.zip": stream.getvalue()}, reader="parquet", path="corpus.zip")
    assert rows["source"].tolist() == ["corpus.zip!data/a.parquet"]


def test_file_of_another_format_is_refused(read_files):
    with pytest.raises(CorpusError, match=r"corpus.parquet is no readable Parquet file"):
        read(read_files, b"text,label\n")
