import os

import pytest

from ccnlp.folders import replacing, scratch


def test_replacing_puts_the_new_folder_in_place_of_the_old(tmp_path):
    folder = tmp_path / "parent" / "folder"
    for content in ("old", "new"):
        with replacing(folder) as partial:
            (partial / content).touch()

    assert [path.name for path in folder.iterdir()] == ["new"]
    assert [path.name for path in folder.parent.iterdir()] == ["folder"]


def test_replacing_keeps_the_old_folder_when_the_block_fails(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "old").touch()

    def write():
        with replacing(folder) as partial:
            (partial / "new").touch()
            raise OSError("no space on the disk")

    with pytest.raises(OSError, match="disk"):
        write()

    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
    assert [path.name for path in folder.iterdir()] == ["old"]


def test_replacing_removes_what_a_killed_process_left_but_not_what_a_living_one_writes(tmp_path):
    dead, living = ".folder.partial-999999999-abc", ".folder.partial-1-abc"
    for name in (dead, living):
        (tmp_path / name).mkdir()

    with replacing(tmp_path / "folder"):
        pass

    assert sorted(path.name for path in tmp_path.iterdir()) == [living, "folder"]


def test_replacing_removes_what_an_earlier_process_of_the_same_number_left(tmp_path):
    left_over = tmp_path / f".folder.partial-{os.getpid()}-abc"
    left_over.mkdir()
    os.utime(left_over, (1_000_000_000, 1_000_000_000))

    with replacing(tmp_path / "folder"):
        pass

    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_scratch_is_gone_after_the_block(tmp_path):
    with scratch(tmp_path / "folder") as partial:
        (partial / "file").touch()

    assert list(tmp_path.iterdir()) == []
