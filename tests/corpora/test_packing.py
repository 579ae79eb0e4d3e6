import gzip
import io
import zipfile

import pytest

from ccnlp.corpora.packing import UnpackLimit, open_unpacked
from ccnlp.errors import CorpusError


def read(path, *, member=None, max_bytes=10**9, limit=None):
    limit = limit or UnpackLimit(max_bytes)
    with open_unpacked(path, member, name=path.name, limit=limit) as stream:
        return stream.read()


def test_plain_file_is_opened_without_limit(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"0" * 100)
    assert len(read(tmp_path / "a.csv", max_bytes=1)) == 100


def test_gzip_within_an_archive_is_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv.gz", gzip.compress(b"good"))
    assert read(tmp_path / "a.zip", member="a.csv.gz") == b"good"


def test_gzip_bomb_is_refused(tmp_path):
    (tmp_path / "bomb.csv.gz").write_bytes(gzip.compress(b"0" * 10_000_000))
    with pytest.raises(
        CorpusError, match=r"bomb.csv.gz: the corpus unpacks to more than 1,000,000"
    ):
        read(tmp_path / "bomb.csv.gz", max_bytes=1_000_000)


def test_archive_whose_stated_size_lies_is_refused(tmp_path):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"0" * 100_000)
    lie = content.getvalue().replace((100_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    (tmp_path / "a.zip").write_bytes(lie)
    with pytest.raises(CorpusError, match=r"a.zip can't be unpacked: Bad CRC-32 for file 'a.csv'"):
        read(tmp_path / "a.zip", member="a.csv", max_bytes=1000)


def test_files_of_a_corpus_share_the_limit(tmp_path):
    for name in ("a.gz", "b.gz"):
        (tmp_path / name).write_bytes(gzip.compress(b"0" * 600))
    limit = UnpackLimit(1000)
    assert len(read(tmp_path / "a.gz", limit=limit)) == 600
    with pytest.raises(CorpusError, match=r"b.gz: the corpus unpacks to more than 1,000 bytes"):
        read(tmp_path / "b.gz", limit=limit)


@pytest.mark.parametrize(
    "content", [b"no gzip at all", gzip.compress(b"good" * 1000)[:-20], b"\x1f\x8b"]
)
def test_broken_gzip_is_refused(tmp_path, content):
    (tmp_path / "a.csv.gz").write_bytes(content)
    with pytest.raises(CorpusError, match=r"a.csv.gz can't be unpacked"):
        read(tmp_path / "a.csv.gz")


def test_unreadable_file_is_refused(tmp_path):
    with pytest.raises(CorpusError, match=r"a.csv can't be opened"):
        read(tmp_path / "a.csv")
