import sqlite3
import subprocess
import sys
from dataclasses import replace

import pytest

from ccnlp.augmentation import store as store_module
from ccnlp.augmentation.store import Direction, TranslationStore
from ccnlp.errors import TranslationError

EN_ES = Direction("en", "es", "toy", "1", "beam=1")


def test_look_up_gives_what_was_added(store):
    store.add({"a": "x", "": "", "emoji 😀\0": "y\n"}, EN_ES)
    assert store.look_up(["a", "b", "", "emoji 😀\0"], EN_ES) == {
        "a": "x",
        "": "",
        "emoji 😀\0": "y\n",
    }
    assert len(store) == 3


def test_look_up_in_a_new_store(store):
    assert store.look_up(["a"], EN_ES) == {}


def test_look_up_many_texts(store):
    texts = {str(n): str(-n) for n in range(2000)}
    store.add(texts, EN_ES)
    assert store.look_up(texts, EN_ES) == texts


@pytest.mark.parametrize("field", ["source", "target", "engine", "revision", "decoding"])
def test_each_part_of_the_direction_keys(store, field):
    store.add({"a": "x"}, EN_ES)
    assert store.look_up(["a"], replace(EN_ES, **{field: "other"})) == {}


def test_adding_again_replaces(store):
    store.add({"a": "x"}, EN_ES)
    store.add({"a": "y"}, EN_ES)
    assert store.look_up(["a"], EN_ES) == {"a": "y"}
    assert len(store) == 1


def test_add_is_all_or_nothing(store):
    store.add({"a": "x"}, EN_ES)
    with pytest.raises(TranslationError):
        store.add({"b": "y", "c": None}, EN_ES)
    assert store.look_up(["a", "b", "c"], EN_ES) == {"a": "x"}


def test_reading_while_another_writes(store):
    store.add({"a": "x"}, EN_ES)
    with sqlite3.connect(store.path) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert store.look_up(["a"], EN_ES) == {"a": "x"}
    writer.close()


ADD = """
import os, signal, sys
from pathlib import Path
from ccnlp.augmentation import store as store_module
from ccnlp.augmentation.store import Direction, TranslationStore
for number in range(20):
    TranslationStore(Path(sys.argv[1])).add(
        {sys.argv[2] + str(number): "x"}, Direction("en", "es", "toy", "1", "beam=1")
    )
"""


def test_processes_may_open_a_new_store_at_once(store):
    command = [sys.executable, "-c", ADD, str(store.path)]
    processes = [subprocess.Popen([*command, name]) for name in "abcd"]
    assert [process.wait() for process in processes] == [0, 0, 0, 0]
    assert len(store) == 80


@pytest.fixture
def writer(store):
    """Another process' connection that writes to the new file."""
    store.path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(store.path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield connection
    connection.close()


def test_a_new_store_waits_for_another_process_that_writes(store, writer, monkeypatch):
    monkeypatch.setattr(store_module.time, "sleep", lambda _: writer.execute("COMMIT"))
    store.add({"a": "x"}, EN_ES)
    assert store.look_up(["a"], EN_ES) == {"a": "x"}


def test_a_new_store_does_not_wait_for_ever(store, writer, monkeypatch):
    monkeypatch.setattr(store_module, "SECONDS_TO_WAIT_FOR_A_LOCK", 0.0)
    with pytest.raises(TranslationError, match=r"can't be used \(database is locked\)"):
        store.add({"a": "x"}, EN_ES)


def test_another_schema_is_refused(store):
    store.add({"a": "x"}, EN_ES)
    with sqlite3.connect(store.path) as connection:
        connection.execute("PRAGMA user_version = 7")
    connection.close()
    with pytest.raises(
        TranslationError, match="has schema 7, and this version of ccnlp reads schema 1"
    ):
        store.look_up(["a"], EN_ES)


def test_a_file_that_is_no_store_is_refused(tmp_path):
    path = tmp_path / "translations.sqlite"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(
        TranslationError, match=r"can't be used .*; mend the permission or free space"
    ):
        TranslationStore(path).look_up(["a"], EN_ES)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TranslationError, match=r"file/translations.sqlite can't be used"):
        TranslationStore(tmp_path / "file" / "translations.sqlite").add({"a": "x"}, EN_ES)


def test_what_was_added_before_a_kill_is_there(store):
    script = ADD + "os.kill(os.getpid(), signal.SIGKILL)"
    command = [sys.executable, "-c", script, str(store.path), "a"]
    assert subprocess.run(command, check=False).returncode == -9
    assert store.look_up(["a0", "a19", "a20"], EN_ES) == {"a0": "x", "a19": "x"}
