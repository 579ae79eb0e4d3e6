import io
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ccnlp.errors import CorpusError


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
    raw = pa.array([b"caf\xe9", b"good"], type=pa.binary())
    text = pa.StringArray.from_buffers(2, *raw.buffers()[1:])
    rows = read(read_files, parquet(text=text, label=["positive", "positive"]))
    assert rows["rejection_reason"][0] == "invalid byte 0xe9 at character 4 of the row"
    assert rows["text"].tolist()[1] == "good"


def test_member_of_an_archive_is_read(read_files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("data/a.parquet", parquet(text=["good"], label=["positive"]))
    rows = read_files({"corpus.zip": stream.getvalue()}, reader="parquet", path="corpus.zip")
    assert rows["source"].tolist() == ["corpus.zip!data/a.parquet"]


def test_file_of_another_format_is_refused(read_files):
    with pytest.raises(CorpusError, match=r"corpus.parquet is no readable Parquet file"):
        read(read_files, b"text,label\n")
