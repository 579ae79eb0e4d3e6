import json
import shutil
from pathlib import Path

import pytest

from ccnlp import progress
from ccnlp.errors import ConfigurationError, ModelSourceError
from ccnlp.models.checkpoint import (
    EncoderCheckpoint,
    EncoderParameters,
    check_checkpoint,
    resolve_encoder,
)


@pytest.fixture
def folder(tiny_encoder, tmp_path) -> Path:
    """A copy of the tiny checkpoint, to break."""
    return Path(shutil.copytree(tiny_encoder.folder, tmp_path / "checkpoint"))


def edit_config(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def drop_model_type(folder: Path) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({"hidden_size": 32}))


def truncate_weights(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])


def leave_only_a_pickle(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def lose_a_shard(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    index = {"weight_map": {"a": "model-00001-of-00001.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def empty_the_index(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text("{}")


BROKEN = {
    "no folder": (shutil.rmtree, "is no folder; name a checkpoint folder in encoder.path"),
    "no config": (lambda f: (f / "config.json").unlink(), "has no config.json"),
    "torn config": (lambda f: (f / "config.json").write_text('{"a'), "config.json can't be read"),
    "other config": (lambda f: (f / "config.json").write_text("[]"), "no JSON object"),
    "no model type": (drop_model_type, "names no model_type"),
    "own code": (lambda f: edit_config(f, auto_map={"AutoModel": "x.Y"}), "run code from the"),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "has no tokenizer.json"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "has no weights"),
    "only a pickle": (leave_only_a_pickle, "only pytorch_model.bin, which would be unpickled"),
    "truncated weights": (truncate_weights, "model.safetensors is missing or broken"),
    "no shard": (lose_a_shard, "00001.safetensors is missing or broken"),
    "empty index": (empty_the_index, "names no files"),
}


def test_check_checkpoint_whole_folder_passes(folder) -> None:
    check_checkpoint(folder)


@pytest.mark.parametrize(("damage", "message"), BROKEN.values(), ids=BROKEN)
def test_check_checkpoint_broken_folder_says_what_is_wrong(folder, damage, message) -> None:
    damage(folder)
    with pytest.raises(ModelSourceError, match=message):
        check_checkpoint(folder)


def test_load_tokenizer_broken_file_says_which(folder) -> None:
    (folder / "tokenizer.json").write_text('{"version": "1.0"')
    checkpoint = EncoderCheckpoint(folder, name="x", source="path", revision="0")
    with pytest.raises(ModelSourceError, match=r"tokenizer\.json can't be read"):
        checkpoint.load_tokenizer()


@pytest.mark.parametrize(
    ("config", "length"),
    [
        ({"max_position_embeddings": 64}, 64),
        ({"max_position_embeddings": 66, "model_type": "xlm-roberta"}, 64),  # from the 3rd on
        ({"max_position_embeddings": 514}, 128),  # the tokenizer says less
        ({"max_position_embeddings": 64, "position_biased_input": False}, 128),  # relative ones
    ],
    ids=str,
)
def test_load_tokenizer_reads_no_more_than_the_encoder_has_positions(folder, config, length):
    edit_config(folder, **config)
    checkpoint = EncoderCheckpoint(folder, name="x", source="path", revision="0")

    assert checkpoint.load_tokenizer().model_max_length == length


def test_load_tokenizer_reads_the_files_once(folder) -> None:
    first = EncoderCheckpoint(folder=folder, name="x", source="path", revision="1")
    tokenizer = first.load_tokenizer()
    second = EncoderCheckpoint(folder=folder, name="y", source="hub", revision="2")

    assert second.load_tokenizer() is tokenizer


def test_load_tokenizer_reads_files_that_have_changed(folder) -> None:
    checkpoint = EncoderCheckpoint(folder=folder, name="x", source="path", revision="1")
    before = checkpoint.load_tokenizer()
    path = folder / "tokenizer.json"
    path.write_text(path.read_text(encoding="utf-8").replace("▁film", "▁films"), encoding="utf-8")

    after = checkpoint.load_tokenizer()

    assert "▁films" in after.get_vocab()
    assert "▁films" not in before.get_vocab()


def test_load_tokenizer_undoes_what_calls_have_left_in_it(folder, tmp_path) -> None:
    checkpoint = EncoderCheckpoint(folder=folder, name="x", source="path", revision="1")
    checkpoint.load_tokenizer().save_pretrained(tmp_path / "before")
    checkpoint.load_tokenizer()(["the film", "film"], truncation=True, max_length=3, padding=True)
    checkpoint.load_tokenizer().save_pretrained(tmp_path / "after")

    saved = [(tmp_path / name / "tokenizer.json").read_bytes() for name in ("before", "after")]
    assert saved[0] == saved[1]


def test_load_tokenizer_without_a_length_takes_the_encoders(folder) -> None:
    path = folder / "tokenizer_config.json"
    settings = json.loads(path.read_text())
    del settings["model_max_length"]
    path.write_text(json.dumps(settings))

    checkpoint = EncoderCheckpoint(folder, name="x", source="path", revision="0")

    assert checkpoint.load_tokenizer().model_max_length == 128


def test_resolve_encoder_reports_what_served(folder, encoder_parameters, tmp_path) -> None:
    parameters = encoder_parameters(source="path", path=folder, prefix="query: ")
    facts = []
    with progress.listening(facts.append):
        checkpoint = resolve_encoder(parameters, cache_folder=tmp_path)
    assert {fact.name: fact.value for fact in facts} == {
        "encoder_name": "checkpoint",
        "encoder_source": "path",
        "encoder_revision": checkpoint.revision,
    }
    assert checkpoint.prefix == "query: "


def test_resolve_encoder_unknown_source_suggests_the_near_one(encoder_parameters, tmp_path) -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'bundled'"):
        resolve_encoder(encoder_parameters(source="bundle"), cache_folder=tmp_path)


def test_encoder_parameters_misspelt_name_is_refused(encoder_parameters) -> None:
    values = encoder_parameters().model_dump() | {"revison": "x"}
    with pytest.raises(ValueError, match="revison"):
        EncoderParameters.model_validate(values)


def test_encoder_parameters_no_patience_is_refused(encoder_parameters) -> None:
    with pytest.raises(ValueError, match="timeout_seconds"):
        encoder_parameters(timeout_seconds=0)
