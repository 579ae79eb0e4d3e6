from dataclasses import replace

import pytest
from kedro.io.core import DatasetError

from ccnlp.datasets.encoder_checkpoint_dataset import EncoderCheckpointDataset


def test_load_gives_what_was_saved_with_an_absolute_folder(
    tiny_encoder, tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tiny_encoder.folder.parent)
    relative = replace(
        tiny_encoder, folder=tiny_encoder.folder.relative_to(tiny_encoder.folder.parent)
    )
    dataset = EncoderCheckpointDataset(filepath=str(tmp_path / "new" / "encoder.json"))
    assert not dataset.exists()
    dataset.save(relative)
    monkeypatch.chdir(tmp_path)
    assert dataset.exists()
    assert dataset.load() == tiny_encoder


def test_load_folder_gone_says_how_to_get_it_back(tiny_encoder, tmp_path) -> None:
    dataset = EncoderCheckpointDataset(filepath=str(tmp_path / "encoder.json"))
    dataset.save(replace(tiny_encoder, folder=tmp_path / "gone"))
    assert not dataset.exists()
    with pytest.raises(DatasetError, match=r"gone is gone; run `kedro run --pipelines ingestion`"):
        dataset.load()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "line 1 column 2"),
        ("{}", "no 'folder'"),
        ('{"folder": "x"}', "missing 3 required"),
        ('{"folder": 5}', "not 'int'|not int"),
        ("[]", "not a mapping"),
        ("null", "not a mapping"),
        ('{"folder": "x", "name": "e5", "source": "hub", "revision": "1", "more": 1}', "'more'"),
    ],
)
def test_load_other_content_says_how_to_mend_it(tmp_path, content, reason) -> None:
    path = tmp_path / "encoder.json"
    path.write_text(content)
    with pytest.raises(
        DatasetError, match=rf"encoder\.json is no note of an encoder \(.*({reason}).*\); run.*inge"
    ):
        EncoderCheckpointDataset(filepath=str(path)).load()
