import logging
from dataclasses import replace

import pytest

from ccnlp.errors import ModelSourceError
from ccnlp.models.sources.auto import AutoSource

COMMIT = "0" * 40


def test_resolve_path_that_is_set_comes_first(tiny_encoder, encoder_parameters, tmp_path) -> None:
    parameters = encoder_parameters(path=tiny_encoder.folder, revision=COMMIT)
    checkpoint = AutoSource().resolve(parameters, cache_folder=tmp_path)
    assert (checkpoint.source, checkpoint.folder) == ("path", tiny_encoder.folder)


def test_resolve_broken_path_is_no_reason_for_another_model(encoder_parameters, tmp_path) -> None:
    parameters = encoder_parameters(path=tmp_path / "nowhere")
    with pytest.raises(ModelSourceError, match=r"path: .*nowhere is no folder"):
        AutoSource().resolve(parameters, cache_folder=tmp_path)


@pytest.mark.parametrize(
    ("revision", "reason"), [(None, "pin a commit"), (COMMIT, "HF_HUB_OFFLINE is set")]
)
def test_resolve_without_hub_takes_the_bundled_one_and_says_why(
    bundled_encoder, encoder_parameters, caplog, revision, reason
) -> None:
    caplog.set_level(logging.INFO)
    parameters = encoder_parameters(revision=revision)
    checkpoint = AutoSource().resolve(parameters, cache_folder=bundled_encoder.folder.parent)
    assert replace(checkpoint, prefix=bundled_encoder.prefix) == bundled_encoder
    assert "encoder: hub does not serve" in caplog.text
    assert reason in caplog.text
    assert f"from bundled, revision {bundled_encoder.revision}" in caplog.text


def test_resolve_nothing_serves_names_every_reason(encoder_parameters, tmp_path) -> None:
    with pytest.raises(ModelSourceError, match=r"hub: .*pin a commit.*bundled: 'x/y' is not"):
        AutoSource().resolve(encoder_parameters(name="x/y"), cache_folder=tmp_path)


def test_find_gives_what_is_on_this_machine(
    bundled_encoder, tiny_encoder, encoder_parameters, tmp_path
) -> None:
    cache_folder = bundled_encoder.folder.parent
    path_parameters = encoder_parameters(path=tiny_encoder.folder, revision=COMMIT)

    found = AutoSource().find(encoder_parameters(revision=COMMIT), cache_folder=cache_folder)
    of_path = AutoSource().find(path_parameters, cache_folder=cache_folder)

    assert found is not None
    assert replace(found, prefix=bundled_encoder.prefix) == bundled_encoder
    assert found.hidden_size == 384
    assert of_path == AutoSource().resolve(path_parameters, cache_folder=cache_folder)
    assert AutoSource().find(encoder_parameters(), cache_folder=tmp_path) is None
    assert not list(tmp_path.iterdir())


def test_find_broken_path_is_told(encoder_parameters, tmp_path) -> None:
    with pytest.raises(ModelSourceError, match=r"nowhere is no folder"):
        AutoSource().find(encoder_parameters(path=tmp_path / "nowhere"), cache_folder=tmp_path)
