import io
import os
import stat
import zipfile
from pathlib import Path

import pytest

from ccnlp.corpora.files import find_sources
from ccnlp.errors import CorpusError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "news/en/train.csv",
        "news/en/test.csv",
        "news/sw/train.csv",
        "news/all/train.csv",
        "news/README.md",
        "news/.hidden.csv",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def find(folder, *path, path_values=None, max_unpacked_bytes=10**9):
    return find_sources(
        path,
        raw_folder=folder,
        path_values=path_values or {},
        accepts=lambda name: name.endswith(".csv"),
        max_unpacked_bytes=max_unpacked_bytes,
    )


def names(sources):
    return [source.name for source in sources]


def archive(members: dict[str, bytes], *, link: str | None = None) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
        if link:
            info = zipfile.ZipInfo(link)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            opened.writestr(info, "/etc/passwd")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("news/en/test.csv", ["news/en/test.csv"]),
        ("news/en", ["news/en/test.csv", "news/en/train.csv"]),
        ("news/*/test.csv", ["news/en/test.csv"]),
        ("news/e?/t[re]*.csv", ["news/en/test.csv", "news/en/train.csv"]),
        ("**/sw/*.csv", ["news/sw/train.csv"]),
    ],
)
def test_file_folder_and_glob_give_sorted_files(folder, path, found):
    assert names(find(folder, path)) == found


def test_list_gives_each_file_once(folder):
    found = names(find(folder, "news/sw/train.csv", "news/*/train.csv", "news/sw"))
    assert found == ["news/all/train.csv", "news/en/train.csv", "news/sw/train.csv"]


def test_folder_leaves_out_other_formats_and_hidden_files(folder):
    assert "news/README.md" not in names(find(folder, "news"))
    assert "news/.hidden.csv" not in names(find(folder, "news"))


def test_pattern_takes_hidden_files_only_where_it_names_them(folder):
    (folder / "news/en/._train.csv").write_text("of macOS")
    assert names(find(folder, "news/en/*.csv")) == ["news/en/test.csv", "news/en/train.csv"]
    assert names(find(folder, "news/*/.*.csv")) == ["news/en/._train.csv"]
    assert names(find(folder, "**/.hid*.csv")) == ["news/.hidden.csv"]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("linked", ["linked/own.csv", "linked/sw/train.csv"]),
        ("linked/*/train.csv", ["linked/sw/train.csv"]),
        ("linked/{language}/{split}.csv", ["linked/sw/train.csv"]),
        ("linked/**/*.csv", ["linked/own.csv", "linked/sw/train.csv"]),
    ],
)
def test_linked_folder_is_read(folder, path, found):
    (folder / "linked").mkdir()
    (folder / "linked/own.csv").write_text("x")
    (folder / "linked/sw").symlink_to(folder / "news/sw")
    assert names(find(folder, path)) == found


@pytest.mark.parametrize("path", ["news/sw", "news/sw/**/*.csv"])
def test_link_to_a_folder_that_it_stands_in_is_not_followed(folder, path):
    (folder / "news/sw/back").symlink_to(folder / "news/sw")
    (folder / "other").mkdir()
    (folder / "other/back").symlink_to(folder / "news/sw")
    (folder / "news/sw/over").symlink_to(folder / "other")
    assert names(find(folder, path)) == ["news/sw/train.csv"]


@pytest.mark.parametrize("path", ["news/sw", "news/sw/**/*.csv", "news/sw/*/*.csv"])
def test_link_that_leads_nowhere_is_refused(folder, path):
    (folder / "news/sw/itself").symlink_to(folder / "news/sw/itself")
    with pytest.raises(CorpusError, match=r"itself can't be read: Too many levels of .* \(path\)"):
        find(folder, path)


def test_link_to_a_file_that_is_gone_is_told_when_it_is_read(folder):
    (folder / "news/sw/gone.csv").symlink_to(folder / "nowhere.csv")
    gone, _ = find(folder, "news/sw")
    with pytest.raises(CorpusError, match=r"news/sw/gone.csv can't be opened: .*No such file"):
        gone.open()


@pytest.fixture
def unreadable(folder, monkeypatch) -> Path:
    """A folder of a corpus that may not be looked into, whoever runs the tests."""
    (folder / "news/secret").mkdir()
    scandir = os.scandir

    def refuse(path):
        if Path(path).name == "secret":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    return folder


@pytest.mark.parametrize("path", ["news", "**/*.csv", "news/*/train.csv", "news/{x}/train.csv"])
def test_folder_that_cannot_be_read_is_refused(unreadable, path):
    message = r"news/secret can't be read: Permission denied \(path\)"
    with pytest.raises(CorpusError, match=message):
        find(unreadable, path)


@pytest.mark.parametrize("path", ["news/s?/train.csv", "news/.hid*.csv", "news/e*/**/*.csv"])
def test_folder_that_the_pattern_leaves_out_need_not_be_readable(unreadable, path):
    assert find(unreadable, path)


def test_absolute_path_is_named_in_full(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    assert names(find(elsewhere, str(folder / "news/sw"))) == [str(folder / "news/sw/train.csv")]


def test_file_whose_name_looks_like_a_pattern_is_found(tmp_path):
    (tmp_path / "a[1]!.csv").write_text("x")
    assert names(find(tmp_path, "a[1]!.csv")) == ["a[1]!.csv"]


def test_placeholders_capture_parts_of_the_path(folder):
    captures = [source.captures for source in find(folder, "news/{language}/{split}.csv")]
    assert captures == [
        {"language": "all", "split": "train"},
        {"language": "en", "split": "test"},
        {"language": "en", "split": "train"},
        {"language": "sw", "split": "train"},
    ]


def test_path_values_limit_what_is_read(folder):
    found = find(folder, "news/{language}/train.csv", path_values={"language": ["en", "sw"]})
    assert names(found) == ["news/en/train.csv", "news/sw/train.csv"]


def test_listed_value_without_file_is_refused(folder):
    with pytest.raises(
        CorpusError, match=r"fr/train.csv does not exist; .*news has README.md, all"
    ):
        find(folder, "news/{language}/train.csv", path_values={"language": ["en", "fr"]})


def test_values_of_an_unknown_placeholder_are_refused(folder):
    with pytest.raises(CorpusError, match=r"path has no placeholder \['lang'\]"):
        find(folder, "news/{language}/train.csv", path_values={"lang": ["en"]})


def test_placeholder_without_values_is_refused(folder):
    with pytest.raises(CorpusError, match=r"no value of the placeholder \{x\} is listed \(path_va"):
        find(folder, "news/{x}/train.csv", path_values={"x": []})


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("a[z-a]*.csv", r"a\[z-a\]\*.csv is no pattern of paths: bad character range z-a \(path\)"),
        ("a{1}.csv", r"a\{1\}.csv: the placeholder \{1\} must have a name such as \{language\}"),
    ],
)
def test_pattern_that_is_none_is_refused(folder, path, message):
    with pytest.raises(CorpusError, match=message):
        find(folder, path)
    (folder / "all.zip").write_bytes(archive({"a.csv": b""}))
    with pytest.raises(CorpusError, match=message):
        find(folder, f"all.zip!{path}")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("news/en/valid.csv", "valid.csv does not exist; .*en has test.csv, train.csv"),
        ("nowhere/valid.csv", "valid.csv does not exist; .* has news"),
        ("news/*/valid.csv", r"no file matches .*valid.csv; .*news has README.md, all, en, sw"),
        ("news/{x}/valid.csv", "no file matches"),
    ],
)
def test_missing_file_names_what_is_near(folder, path, message):
    with pytest.raises(CorpusError, match=message):
        find(folder, path)


def test_folder_without_files_of_the_format_is_refused(folder):
    (folder / "empty").mkdir()
    with pytest.raises(CorpusError, match="has no file of the reader's format"):
        find(folder, "empty")


def test_members_of_an_archive_are_found_by_format(folder):
    content = archive({"b.csv": b"b", "a/c.csv": b"c", "notes.txt": b"", "__MACOSX/b.csv": b""})
    (folder / "all.zip").write_bytes(content)
    found = find(folder, "all.zip")
    assert names(found) == ["all.zip!a/c.csv", "all.zip!b.csv"]
    with found[0].open() as stream:
        assert stream.read() == b"c"


def test_members_of_an_archive_are_found_by_pattern_with_captures(folder):
    (folder / "all.zip").write_bytes(archive({"en/a.txt": b"", "sw/a.txt": b"", "b.txt": b""}))
    found = find(folder, "all.zip!{language}/*.txt")
    assert [source.captures["language"] for source in found] == ["en", "sw"]


def test_archive_without_such_members_is_refused(folder):
    (folder / "all.zip").write_bytes(archive({"a.txt": b""}))
    with pytest.raises(CorpusError, match=r"no member matches '\*.csv'; it has a.txt"):
        find(folder, "all.zip!*.csv")


def test_pattern_of_members_beside_a_plain_file_is_refused(folder):
    with pytest.raises(CorpusError, match=r"train.csv is no .zip archive"):
        find(folder, "news/en/train.csv!*.csv")


@pytest.mark.parametrize(
    "member",
    ["../outside.csv", "a/../../outside.csv", "/etc/outside.csv", "..\\outside.csv", "C:/x.csv"],
)
def test_archive_whose_member_points_outside_is_refused(folder, member):
    (folder / "bad.zip").write_bytes(archive({"fine.csv": b"", member: b""}))
    with pytest.raises(CorpusError, match="points outside; refused"):
        find(folder, "bad.zip!fine.csv")


def test_archive_with_a_link_is_refused(folder):
    (folder / "bad.zip").write_bytes(archive({"fine.csv": b""}, link="link.csv"))
    with pytest.raises(CorpusError, match=r"member 'link.csv' is a link; refused"):
        find(folder, "bad.zip")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_archive_with_two_members_of_one_name_is_refused(folder):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as opened:
        opened.writestr("a.csv", "one")
        opened.writestr("a.csv", "two")
    (folder / "bad.zip").write_bytes(stream.getvalue())
    with pytest.raises(CorpusError, match=r"bad.zip has more than one member 'a.csv'; refused"):
        find(folder, "bad.zip")


@pytest.mark.parametrize("member", [".", "./."])
def test_archive_whose_member_names_no_file_is_refused(folder, member):
    (folder / "bad.zip").write_bytes(archive({member: b""}))
    with pytest.raises(CorpusError, match=f"member '{member}' names no file; refused"):
        find(folder, "bad.zip")


def test_archive_that_states_too_large_a_size_is_refused_before_reading(folder):
    (folder / "bomb.zip").write_bytes(archive({"a.csv": b"0" * 600, "b.csv": b"0" * 600}))
    with pytest.raises(CorpusError, match=r"more than 1,000 bytes.*raise max_unpacked_bytes"):
        find(folder, "bomb.zip", max_unpacked_bytes=1000)


def test_broken_archive_is_refused(folder):
    (folder / "bad.zip").write_bytes(b"PK no archive")
    with pytest.raises(CorpusError, match=r"bad.zip is no readable .zip archive"):
        find(folder, "bad.zip")


@pytest.mark.parametrize("name", ["a.tar.gz", "a.csv.GZ.gz"])
def test_other_packings_are_refused(folder, name):
    (folder / name).write_bytes(b"")
    with pytest.raises(CorpusError, match=r"plain, .gz and .zip files are read; unpack it first"):
        find(folder, name)


def test_spreadsheet_is_refused_with_the_way_on(folder):
    (folder / "a.XLSX").write_bytes(b"")
    with pytest.raises(CorpusError, match=r"a.XLSX is a spreadsheet: save it as csv \(path\)"):
        find(folder, "a.XLSX")
