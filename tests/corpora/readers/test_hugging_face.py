import time

import pytest

from ccnlp.errors import CorpusError


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


@pytest.fixture
def dataset():
    from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

    names = ClassLabel(names=["negative", "neutral", "positive"])
    features = Features({"text": Value("string"), "label": names})
    return DatasetDict(
        {
            split: Dataset.from_dict(
                {"text": [f"good {split}", "not labelled"], "label": [2, -1]}, features=features
            )
            for split in ("train", "test")
        }
    )


@pytest.fixture
def read_dataset(read_files):
    def read(path, **changes):
        return read_files(
            {}, reader="hugging_face", path=path, split={"column": "split"}, **changes
        )

    return read


def test_saved_folder_gives_class_names_and_splits(read_dataset, dataset, tmp_path):
    dataset.save_to_disk(str(tmp_path / "saved"))
    rows = read_dataset("saved")
    assert rows["split"].tolist() == ["train", "train", "test", "test"]
    assert rows["label"].tolist()[0] == "positive"
    assert rows["row"].tolist() == [1, 2, 3, 4]


def test_row_without_label_goes_to_quarantine(read_dataset, dataset, tmp_path):
    dataset.save_to_disk(str(tmp_path / "saved"))
    assert read_dataset("saved")["rejection_reason"].tolist()[1] == "label is empty"


def test_folder_of_data_files_gives_its_configurations(read_dataset, dataset, tmp_path):
    for configuration in ("arabic", "english"):
        for split, table in dataset.items():
            folder = tmp_path / "hub" / configuration / split
            folder.mkdir(parents=True)
            table.to_parquet(str(folder / "0000.parquet"))
    rows = read_dataset(
        "hub",
        options={"configurations": ["arabic", "english"], "splits": ["test"]},
        language={"column": "configuration", "map": {"arabic": "ar", "english": "en"}},
    )
    assert rows["language"].tolist() == ["ar", "ar", "en", "en"]
    assert set(rows["split"]) == {"test"}


def test_script_is_refused_and_never_run(read_dataset, tmp_path):
    folder = tmp_path / "scripted"
    folder.mkdir()
    (folder / "scripted.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(CorpusError, match=r"never run: try options.revision refs/convert/parquet"):
        read_dataset("scripted")
    assert not (tmp_path / "ran").exists()


def test_hub_without_pinned_revision_is_refused(read_dataset):
    with pytest.raises(CorpusError, match=r"options.revision pins no version of it on the hub"):
        read_dataset("someone/reviews")


def test_hub_that_cannot_be_reached_is_told_at_once(read_dataset, monkeypatch):
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nothing listens there
    for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.delenv(variable, raising=False)
    start = time.monotonic()
    with pytest.raises(CorpusError, match="the hub can't be reached; check the network"):
        read_dataset("someone/reviews", options={"revision": "abc"})
    assert time.monotonic() - start < 5


def test_folder_without_data_is_refused(read_dataset, tmp_path):
    (tmp_path / "nothing").mkdir()
    with pytest.raises(CorpusError, match="dataset 'nothing' can't be loaded"):
        read_dataset("nothing")
