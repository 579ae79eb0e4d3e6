import shutil
from pathlib import Path

import pytest

import ccnlp.pipelines.ingestion.nodes
from ccnlp.errors import ModelSourceError
from ccnlp.models.checkpoint import SOURCES, EncoderParameters, resolve_encoder


@pytest.fixture(scope="module")
def registry(tiny_encoder, tmp_path_factory):
    """A registry with one version of the model `small`, which has the alias `champion`."""
    from mlflow import MlflowClient

    folder = tmp_path_factory.mktemp("registry")
    shutil.copytree(tiny_encoder.folder, folder / "version" / "artifacts" / "model")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", uri)
        client = MlflowClient(uri)
        client.create_registered_model("small")
        client.create_model_version("small", source=(folder / "version").as_uri())
        client.set_registered_model_alias("small", "champion", "1")
        yield client


def resolve(wanted: str | None, cache_folder: Path):
    parameters = EncoderParameters(
        source="registry",
        name="ignored",
        revision=None,
        path=None,
        registered_version=wanted,
        prefix="",
        timeout_seconds=1,
    )
    return resolve_encoder(parameters, cache_folder=cache_folder)


def test_source_is_registered_with_any_pipeline() -> None:
    assert ccnlp.pipelines.ingestion.nodes
    assert "registry" in SOURCES


@pytest.mark.parametrize("wanted", ["small/1", "small@champion"])
def test_resolve_copies_the_versions_encoder(registry, tiny_encoder, tmp_path, wanted) -> None:
    checkpoint = resolve(wanted, tmp_path)
    assert (checkpoint.name, checkpoint.source, checkpoint.revision) == (
        "small",
        "registry",
        "small/1",
    )
    assert [path.name for path in tmp_path.iterdir()] == [checkpoint.folder.name]
    copied = {path.name: path.read_bytes() for path in checkpoint.folder.iterdir()}
    assert copied == {path.name: path.read_bytes() for path in tiny_encoder.folder.iterdir()}


def test_resolve_copy_that_is_there_is_used_again(registry, tmp_path) -> None:
    first = resolve("small/1", tmp_path)
    (first.folder / "mark").write_text("")
    assert (resolve("small@champion", tmp_path).folder / "mark").exists()


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (None, r"encoder\.registered_version is not set"),
        ("small", "write name/version or name@alias"),
        ("small/7", "'small/7' can't be had"),
        ("small@nobody", "'small@nobody' can't be had"),
        ("other/1", "'other/1' can't be had"),
    ],
)
def test_resolve_what_is_not_there_says_so(registry, tmp_path, wanted, message) -> None:
    with pytest.raises(ModelSourceError, match=message):
        resolve(wanted, tmp_path)
