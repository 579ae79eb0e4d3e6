import gzip
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


def test_column_that_cannot_be_read_matters_only_where_it_is_needed(
    read_dataset, dataset, tmp_path
):
    import pyarrow as pa

    from datasets import Dataset, concatenate_datasets

    late = pa.FixedSizeListArray.from_arrays(pa.array([2**40, 2], pa.timestamp("s")), 1)
    table = concatenate_datasets([dataset["train"], Dataset(pa.table({"late": late}))], axis=1)
    table.save_to_disk(str(tmp_path / "saved"))

    assert read_dataset("saved")["label"].tolist()[0] == "positive"
    with pytest.raises(CorpusError, match=r"column 'late' .* can't be read"):
        read_dataset("saved", group={"column": "late"})


@pytest.mark.parametrize("name", ["train.csv.gz", "train.csv"])
def test_packed_file_in_a_folder_is_refused_before_it_is_unpacked(read_files, tmp_path, name):
    content = gzip.compress(b"text,label\na,neutral\n")
    with pytest.raises(CorpusError) as error:
        read_files({f"packed/{name}": content}, reader="hugging_face", path="packed")
    assert str(error.value) == (
        f"corpus 'reviews': {tmp_path}/packed/{name} is packed (gzip), and what it unpacks to "
        "would not be limited: unpack it, or read it with the reader of its format (reader)"
    )


def test_values_of_placeholders_are_refused(read_dataset, dataset, tmp_path):
    dataset.save_to_disk(str(tmp_path / "saved"))
    message = r"path_values chooses files by placeholders, .* options.configurations"
    with pytest.raises(CorpusError, match=message):
        read_dataset("saved", path_values={"split": ["test"]})


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


CSV = "text,label,country,code\na,neutral,NA,007\nb,,US,1.50\nc,True,null,x\n"


@pytest.fixture
def read_csv(read_files):
    """Reads files of a folder `plain`; of the columns by which a file tells its types."""

    def read(*, language="en", **files):
        named = {f"plain/{name}.csv": content for name, content in files.items()}
        options = {"columns": {"text": "text", "label": "label"}, "path": "plain"}
        split = {"column": "split"}
        fields = {"group": {"column": "code"}, "domain": {"column": "country"}}
        return read_files(
            named, reader="hugging_face", language=language, split=split, **options, **fields
        )

    return read


def test_cells_of_csv_are_read_as_they_stand(read_csv):
    rows = read_csv(train=CSV)
    assert rows["domain"].tolist() == ["NA", "US", "null"]
    assert rows["group"].tolist() == ["007", "1.50", "x"]
    assert rows["label"].tolist()[0] == "neutral"
    reasons = rows["rejection_reason"].tolist()
    assert reasons[1] == "label is empty"
    assert "label 'True' is not one of" in reasons[2]


def test_files_of_tabs_and_several_splits_are_text_too(read_files):
    content = "text\tlabel\tcode\n{}\tneutral\t01\n"
    rows = read_files(
        {f"tabs/{split}.tsv": content.format(split) for split in ("train", "test")},
        reader="hugging_face",
        path="tabs",
        split={"column": "split"},
        group={"column": "code"},
    )
    assert rows["split"].tolist() == ["train", "test"]
    assert rows["group"].tolist() == ["01", "01"]


TYPED = """---
dataset_info:
  features:
  - name: text
    dtype: string
  - name: code
    dtype: int64
  - name: label
    dtype:
      class_label:
        names: {'0': negative, '1': neutral}
---
"""


def test_class_labels_that_a_dataset_of_csv_declares_have_their_names(read_files):
    content = "text,code,label\nNA,007,1\nb,,\n"
    rows = read_files(
        {"typed/README.md": TYPED, "typed/train.csv": content},
        reader="hugging_face",
        path="typed",
        split={"column": "split"},
        group={"column": "code"},
    )
    assert rows["text"].tolist()[0] == "NA"
    assert rows["group"].tolist()[0] == "007"
    assert rows["label"].tolist()[0] == "neutral"
    assert rows["rejection_reason"].tolist()[1] == "label is empty"


def test_own_columns_split_and_configuration_stay(read_files):
    content = "text,label,split,configuration\na,neutral,train,sw\nb,neutral,test,yo\n"
    rows = read_files(
        {"own/data.csv": content},
        reader="hugging_face",
        path="own",
        split={"column": "split"},
        language={"column": "configuration"},
        domain={"column": "dataset_split"},
        group={"column": "dataset_configuration"},
    )
    assert rows["split"].tolist() == ["train", "test"]
    assert rows["language"].tolist() == ["sw", "yo"]
    assert rows["domain"].tolist() == ["train", "train"]
    assert rows["group"].tolist() == ["default", "default"]


def test_split_that_is_missing_is_named_with_the_near_one(read_dataset, dataset, tmp_path):
    dataset.save_to_disk(str(tmp_path / "saved"))
    message = (
        r"corpus 'reviews': dataset 'saved' has no split 'trian'; did you mean 'train'\? "
        r"\(options.splits\)"
    )
    with pytest.raises(CorpusError, match=message):
        read_dataset("saved", options={"splits": ["test", "trian"]})


def test_saved_dataset_without_rows_is_refused(read_dataset, tmp_path):
    from datasets import Dataset

    Dataset.from_dict({"text": [], "label": []}).save_to_disk(str(tmp_path / "saved"))
    with pytest.raises(CorpusError, match="dataset 'saved' can't be loaded: a split of it has no"):
        read_dataset("saved")


def test_saved_dataset_without_splits_is_refused(read_dataset, tmp_path):
    from datasets import DatasetDict

    DatasetDict().save_to_disk(str(tmp_path / "saved"))
    with pytest.raises(CorpusError, match="saved has no rows"):
        read_dataset("saved")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("text,label\n", "a split of it has no rows"),
        ('text,label\na,neutral\n"b,neutral\nc,neutral\n', "EOF inside string starting at row"),
        ("text,label\na,neutral\nb,c,d,e\n", "Expected 2 fields in line 3, saw 4"),
        ("", "No columns to parse from file"),
    ],
)
def test_csv_that_cannot_be_read_is_told_with_the_cause(read_csv, content, reason):
    with pytest.raises(CorpusError, match=f"dataset 'plain' can't be loaded: .*{reason}"):
        read_csv(train=content)


def test_configuration_that_is_missing_is_named_with_the_near_one(read_dataset, tmp_path):
    for name in ("arabic", "english"):
        (tmp_path / "hub" / name).mkdir(parents=True)
        (tmp_path / "hub" / name / "train.csv").write_text("text,label\na,neutral\n")
    message = (
        r"dataset 'hub' has no configuration 'arabc'; did you mean 'arabic'\? "
        r"\(options.configurations\)"
    )
    with pytest.raises(CorpusError, match=message):
        read_dataset("hub", options={"configurations": ["arabc"]})


def test_configuration_of_a_dataset_without_any_is_refused(read_files):
    message = "dataset 'plain' has no configuration 'arabic'; it has none by name"
    with pytest.raises(CorpusError, match=message):
        read_files(
            {"plain/train.csv": CSV},
            reader="hugging_face",
            path="plain",
            options={"configurations": ["arabic"]},
        )


CONFIGURED = """---
configs:
- config_name: sw
  data_files: sw.csv
- config_name: yo
  data_files: yo.csv
---
"""


def test_configurations_that_must_be_chosen_are_listed(read_files):
    content = "text,label\na,neutral\n"
    files = {"two/README.md": CONFIGURED, "two/sw.csv": content, "two/yo.csv": content}
    message = (
        r"dataset 'two' has the configurations 'sw', 'yo'; name those to read "
        r"\(options.configurations\)"
    )
    with pytest.raises(CorpusError, match=message):
        read_files(files, reader="hugging_face", path="two")
    message = r"dataset 'two' has no configuration 'y'; did you mean 'yo'\?"
    with pytest.raises(CorpusError, match=message):
        read_files(files, reader="hugging_face", path="two", options={"configurations": ["y"]})


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
