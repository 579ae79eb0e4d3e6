import json
import shutil

import pytest

from ccnlp.errors import ModelSourceError
from ccnlp.models.sources.path import PathSource


def test_resolve_folder_has_its_hash_as_revision(
    tiny_encoder, encoder_parameters, tmp_path
) -> None:
    copy = shutil.copytree(tiny_encoder.folder, tmp_path / "mine")
    first, second = (
        PathSource().resolve(encoder_parameters(path=folder), cache_folder=tmp_path)
        for folder in (tiny_encoder.folder, copy)
    )
    assert (second.name, second.source, second.folder) == ("mine", "path", copy)
    assert len(first.revision) == 16
    assert first.revision == second.revision
    (copy / "config.json").write_text((copy / "config.json").read_text() + "\n")
    changed = PathSource().resolve(encoder_parameters(path=copy), cache_folder=tmp_path)
    assert changed.revision != first.revision


def test_resolve_relative_folder_becomes_absolute(
    tiny_encoder, encoder_parameters, tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tiny_encoder.folder)
    checkpoint = PathSource().resolve(encoder_parameters(path="."), cache_folder=tmp_path)
    assert checkpoint.folder == tiny_encoder.folder.resolve()
    assert checkpoint.name == tiny_encoder.folder.name


def test_resolve_without_a_folder_says_where_to_set_it(encoder_parameters, tmp_path) -> None:
    with pytest.raises(ModelSourceError, match=r"encoder\.path is not set"):
        PathSource().resolve(encoder_parameters(), cache_folder=tmp_path)


def test_resolve_broken_folder_says_what_is_wrong(encoder_parameters, tmp_path) -> None:
    with pytest.raises(ModelSourceError, match=r"has no config\.json"):
        PathSource().resolve(encoder_parameters(path=tmp_path), cache_folder=tmp_path)


def test_resolve_folder_with_a_torn_tokenizer_says_so(
    tiny_encoder, encoder_parameters, tmp_path
) -> None:
    folder = shutil.copytree(tiny_encoder.folder, tmp_path / "mine")
    (folder / "tokenizer.json").write_text('{"version": "1.0"')

    with pytest.raises(ModelSourceError, match=r"mine/tokenizer\.json can't be read"):
        PathSource().resolve(encoder_parameters(path=folder), cache_folder=tmp_path)


def test_resolve_folder_of_an_unknown_architecture_says_so(
    tiny_encoder, encoder_parameters, tmp_path
) -> None:
    folder = shutil.copytree(tiny_encoder.folder, tmp_path / "mine")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "brt"}))

    with pytest.raises(ModelSourceError, match=r"config\.json can't be read by transformers.*brt"):
        PathSource().resolve(encoder_parameters(path=folder), cache_folder=tmp_path)
