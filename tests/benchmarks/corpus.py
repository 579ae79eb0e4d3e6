"""The rows that are measured with: UMSAB where it is at hand, else the seed corpus."""

import os
from pathlib import Path

import pandas as pd
import yaml
from kedro.config import OmegaConfigLoader

from ccnlp.corpora.entry import CorporaParameters
from ccnlp.corpora.reading import read_corpus
from ccnlp.models.checkpoint import EncoderCheckpoint, EncoderParameters, resolve_encoder
from ccnlp.settings import CONFIG_LOADER_ARGS
from ccnlp.tasks.base import Task, build_tasks
from ccnlp.tasks.parameters import TasksParameters

PROJECT = Path(__file__).parents[2]


def load_parameters(name: str, *, environment: str = "base") -> dict[str, object]:
    """One file of the base parameters, with what an environment has otherwise."""
    text = (PROJECT / "conf" / "base" / "parameters" / f"{name}.yml").read_text(encoding="utf-8")
    parameters = dict(yaml.safe_load(text)[name])
    environment_file = PROJECT / "conf" / environment / "parameters" / f"{name}.yml"
    if environment != "base" and environment_file.exists():
        parameters.update(yaml.safe_load(environment_file.read_text(encoding="utf-8"))[name])
    return parameters


def load_tasks(environment: str = "base") -> dict[str, Task]:
    """The tasks of an environment."""
    parameters = load_parameters("tasks", environment=environment)
    return build_tasks(TasksParameters.model_validate(parameters))


def load_encoder_checkpoint() -> EncoderCheckpoint:
    """The bundled encoder, unpacked below data."""
    parameters = {**load_parameters("encoder"), "source": "bundled"}
    cache = PROJECT / "data" / "06_models" / "pretrained"
    return resolve_encoder(EncoderParameters.model_validate(parameters), cache_folder=cache)


def load_rows(limit: int) -> pd.DataFrame:
    """At most `limit` train rows and as many others, the same share of every language."""
    folder = PROJECT / os.environ.get("CCNLP_CORPORA_DIR", "not set")
    environment = "umsab" if (folder / "umsab").is_dir() else "base"
    loader = OmegaConfigLoader(str(PROJECT / "conf"), env=environment, **CONFIG_LOADER_ARGS)
    entries = CorporaParameters.model_validate(loader["parameters"]["corpora"]).entries()
    name, entry = next(iter(entries.items()))
    raw = PROJECT / "data" / "01_raw"
    rows = pd.concat(read_corpus(name, entry, raw_folder=raw, tasks=load_tasks()))
    rows = rows[rows["rejection_reason"].isna()].reset_index(drop=True)
    rows["id"] = rows.index.astype(str)
    groups = [rows["split"], rows["language"].astype(str)]
    share = limit / max(1, (rows["split"] == "train").sum())
    position = rows.groupby(groups).cumcount()
    size = rows.groupby(groups)["id"].transform("size")
    return rows[position < (size * min(1.0, share)).round()].reset_index(drop=True)
