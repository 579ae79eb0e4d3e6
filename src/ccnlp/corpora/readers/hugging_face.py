"""A dataset of the `datasets` library: a folder, or a name on the hub."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from ccnlp.corpora.arrow import columns_of_arrow
from ccnlp.corpora.entry import CorpusEntry
from ccnlp.corpora.files import SourceFile
from ccnlp.corpora.raw import READERS, RawBatch, Reader, ReaderOptions
from ccnlp.errors import CorpusError
from ccnlp.network import is_reachable
from ccnlp.progress import Fact, report

if TYPE_CHECKING:
    from datasets import Dataset, Features

PARQUET_REVISION = "refs/convert/parquet"
"""The branch in which the hub keeps every dataset as data files, a folder a configuration."""
ROWS_PER_BATCH = 10_000


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
    """Gives the dataset's columns, class labels by their names, and `split`, `configuration`.

    Only data files are read: a dataset that is a script is refused and never run.
    """

    options_type: ClassVar[type[HuggingFaceOptions]] = HuggingFaceOptions

    def find(self, entry: CorpusEntry, raw_folder: Path) -> list[SourceFile]:
        """The folders below `raw_folder` where there are such, else names on the hub."""
        folders = {name: raw_folder / name for name in entry.path}
        return [
            SourceFile(folder if folder.is_dir() else Path(name), name)
            for name, folder in sorted(folders.items())
        ]

    def read(self, source: SourceFile) -> Iterator[RawBatch]:
        """Configuration by configuration, split by split; records are numbered throughout."""
        revision = None if source.path.is_dir() else self._pin_revision(source.name)
        first = 1
        configurations: list[str | None] = [None]
        for configuration in self.options.configurations or configurations:
            for split, dataset in self._load(source, configuration, revision).items():
                if self.options.splits is not None and split not in self.options.splits:
                    continue
                for batch in dataset.with_format("arrow").iter(ROWS_PER_BATCH):
                    size = len(batch)
                    columns = _with_class_names(columns_of_arrow(batch), dataset.features)
                    columns["split"] = [split] * size
                    columns["configuration"] = [configuration or "default"] * size
                    yield RawBatch(columns, list(range(first, first + size)))
                    first += size

    def _load(
        self, source: SourceFile, configuration: str | None, revision: str | None
    ) -> "dict[str, Dataset]":
        from datasets import DatasetDict, disable_progress_bars, load_dataset, load_from_disk

        disable_progress_bars()
        folder = source.path / (configuration or "")
        try:
            if source.path.is_dir() and _is_saved(folder):
                loaded = load_from_disk(str(folder))
            elif folder.is_dir():
                loaded = load_dataset(str(folder))
            elif source.path.is_dir():
                loaded = load_dataset(str(source.path), configuration)
            elif self.options.revision == PARQUET_REVISION:
                loaded = load_dataset(source.name, data_dir=configuration, revision=revision)
            else:
                loaded = load_dataset(source.name, configuration, revision=revision)
        except Exception as error:  # the library raises nearly every kind
            raise CorpusError(_cannot_load(source.name, configuration, error)) from error
        return dict(loaded) if isinstance(loaded, DatasetDict) else {"train": loaded}

    def _pin_revision(self, name: str) -> str:
        """The commit that the revision stands for now.

        Raises:
            CorpusError: none is given, or the hub can't be reached or does not have it.
        """
        from huggingface_hub import HfApi, constants

        what = f"dataset {name!r} is no folder here"
        if self.options.revision is None:
            raise CorpusError(f"{what}, and options.revision pins no version of it on the hub")
        endpoint = os.environ.get("HF_ENDPOINT", constants.ENDPOINT)
        timeout = self.options.timeout_seconds
        if constants.HF_HUB_OFFLINE or not is_reachable(endpoint, timeout):
            raise CorpusError(
                f"{what}, and the hub can't be reached; check the network, "
                f"{self.options.if_unreachable}"
            )
        try:
            info = HfApi().dataset_info(name, revision=self.options.revision, timeout=timeout)
        except Exception as error:
            raise CorpusError(f"{what}, and the hub does not give it: {error}") from error
        report(Fact(f"dataset {name}", f"{self.options.revision} at {info.sha}"))
        return str(info.sha)


def _is_saved(folder: Path) -> bool:
    return (folder / "dataset_dict.json").exists() or (folder / "state.json").exists()


def _cannot_load(name: str, configuration: str | None, error: Exception) -> str:
    which = f" ({configuration})" if configuration else ""
    hint = (
        f"; a dataset that is a script is never run: try options.revision {PARQUET_REVISION}"
        if "script" in str(error).lower()
        else ""
    )
    return f"dataset {name!r}{which} can't be loaded: {error}{hint}"


def _with_class_names(
    columns: dict[str, list[object]], features: "Features"
) -> dict[str, list[object]]:
    from datasets import ClassLabel

    named = dict(columns)
    for name, feature in features.items():
        classes = getattr(feature, "feature", feature)  # those of a list's items
        if isinstance(classes, ClassLabel):
            named[name] = [_class_name(cell, classes.names) for cell in columns[name]]
    return named


def _class_name(cell: object, names: list[str]) -> object:
    """The name, or the names of a list; `None` for the -1 by which hubs mark rows without one."""
    if isinstance(cell, list):
        return [_class_name(item, names) for item in cell]
    return names[cell] if isinstance(cell, int) and 0 <= cell < len(names) else None
