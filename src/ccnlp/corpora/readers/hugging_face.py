"""A dataset of the `datasets` library: a folder, or a name on the hub."""

import os
import re
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from ccnlp.corpora.arrow import Convert, columns_of_arrow
from ccnlp.corpora.files import FileSelection, SourceFile
from ccnlp.corpora.raw import READERS, RawBatch, Reader, ReaderOptions
from ccnlp.errors import CorpusError, did_you_mean
from ccnlp.network import is_reachable
from ccnlp.progress import Fact, report

if TYPE_CHECKING:
    from datasets.packaged_modules.csv.csv import CsvConfig

    from datasets import Dataset, DatasetDict, Features

PARQUET_REVISION = "refs/convert/parquet"
"""The branch in which the hub keeps every dataset as data files, a folder a configuration."""
ROWS_PER_BATCH = 10_000
CONFIGURATION_MISSING = re.compile(r"available configs: \[(.*)\]")
GENERATION_ERROR = "An error occurred while generating the dataset"
"""All that the library says of a broken file; the cause says what is broken."""


class HuggingFaceOptions(ReaderOptions):
    """Which part of which version."""

    configurations: list[str] | None = Field(
        default=None, description="configurations to read, such as languages; the only one if null"
    )
    splits: list[str] | None = Field(default=None, description="splits to read; all if null")
    revision: str | None = Field(
        default=None, description="commit on the hub, or refs/convert/parquet"
    )
    timeout_seconds: float = Field(default=3.0, gt=0, description="for the hub's first answer")
    if_unreachable: str = Field(
        default="or put the files on this machine and name their folder in path",
        description="what else to do where the hub can't be reached, for the message",
    )


@READERS.register("hugging_face")
class HuggingFaceReader(Reader[HuggingFaceOptions]):
    """Gives the dataset's columns, class labels by their names, and its splits and configurations.

    The latter two are the columns `split` and `configuration`; where the data has such a column of
    its own, that one stays, and the dataset's is `dataset_split` or `dataset_configuration`.

    The cells of csv files are text as it stands there. Only data files are read: a dataset that is
    a script is refused and never run.
    """

    options_type: ClassVar[type[HuggingFaceOptions]] = HuggingFaceOptions

    def find(self, selection: FileSelection, raw_folder: Path) -> list[SourceFile]:
        """The folders below `raw_folder` where there are such, else names on the hub.

        Raises:
            CorpusError: the entry gives values of placeholders, which a dataset has none of.
        """
        if selection.path_values:
            raise CorpusError(
                "path_values chooses files by placeholders, which the reader hugging_face does not "
                "have; options.configurations and options.splits choose what is read (path_values)"
            )
        folders = {name: raw_folder / name for name in selection.path}
        return [
            SourceFile(folder if folder.is_dir() else Path(name), name)
            for name, folder in sorted(folders.items())
        ]

    def read(self, source: SourceFile) -> Iterator[RawBatch]:
        """Configuration by configuration, split by split; records are numbered throughout."""
        revision = None if source.path.is_dir() else self._pin_revision(source.name)
        first_row = 1
        configurations: list[str | None] = [None]
        for configuration in self.options.configurations or configurations:
            loaded = self._load(source, configuration, revision)
            for split in self._splits_to_read(loaded, _dataset_name(source.name, configuration)):
                dataset = loaded[split]
                converters = _class_name_converters(dataset.features)
                for batch in dataset.with_format("arrow").iter(ROWS_PER_BATCH):
                    size = len(batch)
                    columns = columns_of_arrow(batch, converters)
                    dataset_columns = {"split": split, "configuration": configuration or "default"}
                    for name, value in dataset_columns.items():
                        columns[f"dataset_{name}" if name in columns else name] = [value] * size
                    yield RawBatch(columns, list(range(first_row, first_row + size)))
                    first_row += size

    def _splits_to_read(self, loaded: "dict[str, Dataset]", dataset_name: str) -> list[str]:
        wanted = self.options.splits
        for split in wanted or []:
            if split not in loaded:
                raise CorpusError(
                    f"{dataset_name} has no split {split!r}; {did_you_mean(split, loaded)} "
                    "(options.splits)"
                )
        return [split for split in loaded if wanted is None or split in wanted]

    def _load(
        self, source: SourceFile, configuration: str | None, revision: str | None
    ) -> "dict[str, Dataset]":
        from datasets import DatasetDict, disable_progress_bars, load_from_disk

        disable_progress_bars()
        folder = source.path / (configuration or "")
        try:
            if source.path.is_dir() and _is_saved(folder):
                loaded = load_from_disk(str(folder))
            elif folder.is_dir():
                loaded = _load_data_files(str(folder))
            elif source.path.is_dir():
                loaded = _load_data_files(str(source.path), configuration)
            elif self.options.revision == PARQUET_REVISION:
                loaded = _load_data_files(source.name, data_dir=configuration, revision=revision)
            else:
                loaded = _load_data_files(source.name, configuration, revision=revision)
        except CorpusError:
            raise
        except Exception as error:  # the library raises nearly every kind
            configurations = _configurations_in(source.path)
            raise CorpusError(
                _cannot_load(source.name, configuration, configurations, error)
            ) from error
        return dict(loaded) if isinstance(loaded, DatasetDict) else {"train": loaded}

    def _pin_revision(self, name: str) -> str:
        """The commit that the revision stands for now.

        Raises:
            CorpusError: none is given, or the hub can't be reached or does not have it.
        """
        from huggingface_hub import HfApi, constants

        problem = f"dataset {name!r} is no folder here"
        if self.options.revision is None:
            raise CorpusError(f"{problem}, and options.revision pins no version of it on the hub")
        endpoint = os.environ.get("HF_ENDPOINT", constants.ENDPOINT)
        timeout = self.options.timeout_seconds
        if constants.HF_HUB_OFFLINE or not is_reachable(endpoint, timeout):
            raise CorpusError(
                f"{problem}, and the hub can't be reached; check the network, "
                f"{self.options.if_unreachable}"
            )
        try:
            info = HfApi().dataset_info(name, revision=self.options.revision, timeout=timeout)
        except Exception as error:
            raise CorpusError(f"{problem}, and the hub does not give it: {error}") from error
        report(Fact(f"dataset {name}", f"{self.options.revision} at {info.sha}"))
        return str(info.sha)


def _is_saved(folder: Path) -> bool:
    return (folder / "dataset_dict.json").exists() or (folder / "state.json").exists()


def _configurations_in(folder: Path) -> list[str]:
    """The folders in a dataset's folder, which are its configurations where it names none."""
    paths = folder.iterdir() if folder.is_dir() else []
    return [path.name for path in paths if path.is_dir() and not path.name.startswith(".")]


def _load_data_files(
    path: str, configuration: str | None = None, **where: str | None
) -> "DatasetDict":
    """The splits of data files.

    The library guesses the types of csv, by which `007` is a number and Namibia, `NA`, is missing:
    all cells are read as text, but for class labels that the dataset declares.
    """
    from datasets.packaged_modules.csv.csv import CsvConfig

    from datasets import load_dataset, load_dataset_builder

    builder = load_dataset_builder(path, configuration, **where)
    config = builder.config
    _refuse_packed(list(chain.from_iterable((config.data_files or {}).values())))
    as_text = _csv_as_text(config, builder.info.features) if isinstance(config, CsvConfig) else {}
    return load_dataset(path, configuration, **where, **as_text)


def _refuse_packed(files: list[str]) -> None:
    """Raises CorpusError for files on this machine that the library would unpack without limit."""
    from datasets.utils.extract import Extractor

    for file in files:
        packing = Extractor.infer_extractor_format(file) if Path(file).is_file() else None
        if packing:
            raise CorpusError(
                f"{file} is packed ({packing}), and what it unpacks to would not be limited: "
                "unpack it, or read it with the reader of its format (reader)"
            )


def _csv_as_text(config: "CsvConfig", declared: "Features | None") -> dict[str, object]:
    import pandas as pd

    from datasets import ClassLabel, Features, Value

    first_file = next(chain.from_iterable(config.data_files.values()))
    arguments = config.pd_read_csv_kwargs | {"nrows": 0, "chunksize": None}
    names = map(str, pd.read_csv(first_file, **arguments).columns)
    text = Value("string")
    types = {name: (declared or {}).get(name, text) for name in names}
    features = {
        name: feature if isinstance(feature, ClassLabel) else text
        for name, feature in types.items()
    }
    return {"features": Features(features), "keep_default_na": False, "na_values": [""]}


def _dataset_name(name: str, configuration: str | None) -> str:
    return f"dataset {name!r}" + (f" ({configuration})" if configuration else "")


def _cannot_load(
    name: str, configuration: str | None, configurations: list[str], error: Exception
) -> str:
    text = str(error)
    if configuration and _is_unknown_configuration(error):
        available = re.findall(r"'([^']+)'", text.partition("Available: ")[2])
        others = sorted({*configurations, *available} - {"default"})
        hint = did_you_mean(configuration, others) if others else "it has none by name"
        return (
            f"dataset {name!r} has no configuration {configuration!r}; {hint} "
            "(options.configurations)"
        )
    if match := CONFIGURATION_MISSING.search(text):
        return (
            f"dataset {name!r} has the configurations {match[1]}; name those to read "
            "(options.configurations)"
        )
    if isinstance(error, IndexError) or "corresponds to no data" in text:
        text = "a split of it has no rows"
    elif isinstance(error.__cause__, Exception) and GENERATION_ERROR in text:
        text = str(error.__cause__)
    hint = (
        f"; a dataset that is a script is never run: try options.revision {PARQUET_REVISION}"
        if "script" in text.lower()
        else ""
    )
    return f"{_dataset_name(name, configuration)} can't be loaded: {text}{hint}"


def _is_unknown_configuration(error: Exception) -> bool:
    return isinstance(error, FileNotFoundError) or (
        isinstance(error, ValueError) and "BuilderConfig" in str(error)
    )


def _class_name_converters(features: "Features") -> dict[str, Convert]:
    """By column of class labels, or of lists of them, what gives their names."""
    from datasets import ClassLabel

    item_features = {
        name: getattr(feature, "feature", feature) for name, feature in features.items()
    }
    return {
        name: partial(_class_name, names=feature.names)
        for name, feature in item_features.items()
        if isinstance(feature, ClassLabel)
    }


def _class_name(cell: object, names: list[str]) -> object:
    """The name, or the names of a list; `None` for the -1 by which hubs mark rows without one."""
    if isinstance(cell, list):
        return [_class_name(item, names) for item in cell]
    return names[cell] if isinstance(cell, int) and 0 <= cell < len(names) else None
