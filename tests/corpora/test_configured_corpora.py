"""The entries that the project ships, and what environments do to them."""

from pathlib import Path

import pytest
import yaml
from kedro.config import OmegaConfigLoader
from omegaconf.errors import InterpolationResolutionError

from ccnlp.corpora.entry import CorporaParameters, CorpusEntry
from ccnlp.corpora.fields import build_fields
from ccnlp.corpora.raw import build_reader
from ccnlp.corpora.readable_task import check_entry
from ccnlp.corpora.values import ColumnField
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.settings import CONFIG_LOADER_ARGS
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

CONF = Path(__file__).parents[2] / "conf"
ENTRY = {
    "reader": "delimited",
    "path": "mine.csv",
    "task": "sentiment",
    "columns": {"text": "review", "label": "stars"},
    "language": "sw",
    "split": "train",
    "licence": "mine",
}


def load(source: Path, env: str) -> dict[str, CorpusEntry]:
    loader = OmegaConfigLoader(str(source), env=env, **CONFIG_LOADER_ARGS)
    return CorporaParameters.model_validate(loader["parameters"]["corpora"]).entries()


@pytest.fixture(params=["files", "hub"])
def umsab(request, monkeypatch, tmp_path) -> CorpusEntry:
    """UMSAB as the environment reads it with the variable CCNLP_CORPORA_DIR, and without."""
    monkeypatch.delenv("CCNLP_CORPORA_DIR", raising=False)
    if request.param == "files":
        monkeypatch.setenv("CCNLP_CORPORA_DIR", str(tmp_path))
    (entry,) = load(CONF, "umsab").values()
    return entry


def check(key: str, entry: CorpusEntry) -> None:
    build_fields(entry, where=key)
    build_reader(entry.reader, entry.options, where=key)


def test_base_reads_the_seed_corpus_alone():
    ((key, entry),) = load(CONF, "base").items()
    assert key == "seed_corpus"
    check(key, entry)


def test_both_ways_to_umsab_say_the_same_of_it(umsab):
    check("umsab", umsab)
    assert umsab.licence.startswith("no single licence")
    assert umsab.language.map["portuguese"] == "pt"
    assert umsab.region.column == umsab.language.column == "configuration"
    names = umsab.options.get("configurations") or umsab.path_values["configuration"]
    assert names == sorted(umsab.language.map)


def test_umsab_is_read_from_the_folder_of_corpora_where_it_is_set(monkeypatch, tmp_path):
    monkeypatch.setenv("CCNLP_CORPORA_DIR", str(tmp_path))
    entry = load(CONF, "umsab")["umsab"]
    folder = f"{tmp_path}/umsab/{{configuration}}"
    assert (entry.reader, entry.path) == ("parallel_lines", [f"{folder}/{{split}}_text.txt"])
    assert entry.options == {"files": {"label": f"{folder}/{{split}}_labels.txt"}}


def test_umsab_is_read_from_the_hub_where_no_folder_is_set(monkeypatch):
    monkeypatch.delenv("CCNLP_CORPORA_DIR", raising=False)
    entry = load(CONF, "umsab")["umsab"]
    assert (entry.reader, entry.path) == (
        "hugging_face",
        ["cardiffnlp/tweet_sentiment_multilingual"],
    )


def test_environment_without_a_hub_tells_to_set_the_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("CCNLP_CORPORA_DIR", raising=False)
    for env in ("base", "files"):
        (tmp_path / env).mkdir()
    entry = yaml.dump({"corpora": {"mine": ENTRY | {"path": "${corpora_dir:}/mine.csv"}}})
    (tmp_path / "files" / "parameters.yml").write_text(entry)
    with pytest.raises(InterpolationResolutionError, match="the variable CCNLP_CORPORA_DIR names"):
        load(tmp_path, "files")


def test_environment_adds_a_corpus_to_those_of_base(tmp_path):
    for env, corpora in {"base": {"seed": ENTRY}, "mine": {"mine": ENTRY}}.items():
        (tmp_path / env).mkdir()
        (tmp_path / env / "parameters_corpora.yml").write_text(yaml.dump({"corpora": corpora}))
    (tmp_path / "local").mkdir()
    assert sorted(load(tmp_path, "mine")) == ["mine", "seed"]


def test_xquad_is_read_from_the_folder_of_corpora(monkeypatch, tmp_path):
    monkeypatch.setenv("CCNLP_CORPORA_DIR", str(tmp_path))
    loader = OmegaConfigLoader(str(CONF), env="xquad", **CONFIG_LOADER_ARGS)
    ((key, entry),) = load(CONF, "xquad").items()

    check(key, entry)
    tasks = build_tasks(TasksParameters.model_validate(loader["parameters"]["tasks"]))
    check_entry(entry, tasks[entry.task], where=key)
    assert entry.path == [f"{tmp_path}/xquad/xquad.{{language}}.json"]
    evaluation = EvaluationParameters.model_validate(loader["parameters"]["evaluation"])
    assert evaluation.published.corpus == key
    assert set(evaluation.published.systems["mBERT"]) == {
        *["en", "es", "de", "ar", "zh", "hi", "average"]
    }
    assert loader["parameters"]["augmentation"]["is_enabled"] is False
    assert loader["globals"]["model_name"] == "ccnlp-xquad"


@pytest.mark.parametrize(("env", "task"), [("crehate", "hate"), ("multipico", "irony")])
def test_environments_of_annotated_corpora_read_the_folder_of_corpora(
    env, task, monkeypatch, tmp_path
):
    monkeypatch.setenv("CCNLP_CORPORA_DIR", str(tmp_path))
    loader = OmegaConfigLoader(str(CONF), env=env, **CONFIG_LOADER_ARGS)
    ((key, entry),) = load(CONF, env).items()
    check(key, entry)
    assert (key, entry.task) == (env, task)
    files = [entry, *entry.joined]
    assert all(path.startswith(f"{tmp_path}/{env}/") for file in files for path in file.path)
    kinds = build_tasks(TasksParameters.model_validate(loader["parameters"]["tasks"]))
    assert kinds[task].annotation_columns
    assert set(entry.label_map.values()) == set(kinds[task].labels)
    assert loader["parameters"]["augmentation"]["is_enabled"] is False
    assert loader["globals"]["model_name"] == f"ccnlp-{env}"


@pytest.mark.parametrize(
    ("env", "key", "kind"),
    [
        ("sib200", "sib200", "sequence_classification"),
        ("masakhanews", "masakhanews", "sequence_classification"),
        ("crehate_countries", "crehate", "multi_label_classification"),
    ],
)
def test_environments_of_topics_and_sets_read_the_folder_of_corpora(
    env, key, kind, monkeypatch, tmp_path
):
    monkeypatch.setenv("CCNLP_CORPORA_DIR", str(tmp_path))
    loader = OmegaConfigLoader(str(CONF), env=env, **CONFIG_LOADER_ARGS)
    ((found, entry),) = load(CONF, env).items()
    check(found, entry)
    kinds = build_tasks(TasksParameters.model_validate(loader["parameters"]["tasks"]))
    check_entry(entry, kinds[entry.task], where=found)
    assert found == key
    assert kinds[entry.task].parameters.kind == kind
    assert entry.path[0].startswith(f"{tmp_path}/{key}/")
    assert loader["parameters"]["augmentation"]["is_enabled"] is False
    assert loader["globals"]["model_name"] == f"ccnlp-{env.replace('_', '-')}"


def test_varieties_of_sib200_are_languages_and_english_alone_is_no_translation(
    monkeypatch, tmp_path
):
    monkeypatch.setenv("CCNLP_CORPORA_DIR", str(tmp_path))
    entry = load(CONF, "sib200")["sib200"]
    assert len(set(entry.language.map.values())) == len(entry.language.map) == 26
    assert entry.language.map["arz_Arab"] == "arz"
    assert entry.language.map["zho_Hant"] == "zh-Hant"
    assert (entry.origin.map, entry.origin.default) == (
        {"eng_Latn": "native"},
        "human_translation",
    )


@pytest.mark.parametrize(
    ("env", "task", "corpora"),
    [
        ("xnlivar_es", "inference", ["xnlivar_native", "xnlivar_original", "xnlivar_variants"]),
        ("myxnli_sw_ur", "inference", ["myxnli"]),
        ("relx", "relation", ["relx"]),
    ],
)
def test_environments_of_pairs_and_relations_read_the_folder_of_corpora(
    env, task, corpora, monkeypatch, tmp_path
):
    monkeypatch.setenv("CCNLP_CORPORA_DIR", str(tmp_path))
    loader = OmegaConfigLoader(str(CONF), env=env, **CONFIG_LOADER_ARGS)
    entries = load(CONF, env)
    kinds = build_tasks(TasksParameters.model_validate(loader["parameters"]["tasks"]))
    assert sorted(entries) == corpora
    for key, entry in entries.items():
        check(key, entry)
        check_entry(entry, kinds[entry.task], where=key)
        assert entry.task == task
        files = [entry, *entry.joined]
        assert all(path.startswith(f"{tmp_path}/{env}/") for file in files for path in file.path)
        assert entry.group is not None
    assert loader["parameters"]["augmentation"]["is_enabled"] is False
    assert loader["globals"]["model_name"] == f"ccnlp-{env.replace('_', '-')}"


def test_variants_of_places_in_one_country_are_cultures_with_names(monkeypatch, tmp_path):
    monkeypatch.setenv("CCNLP_CORPORA_DIR", str(tmp_path))
    loader = OmegaConfigLoader(str(CONF), env="xnlivar_es", **CONFIG_LOADER_ARGS)
    entry = load(CONF, "xnlivar_es")["xnlivar_variants"]

    assert entry.split == "test"
    assert set(entry.culture_groups) == set(loader["parameters"]["culture"]["groups"])
    assert set(entry.culture.map) == set(entry.region.map)


def test_sample_of_distantly_labelled_relations_is_an_entry_that_can_be_named(
    monkeypatch, tmp_path
):
    monkeypatch.setenv("CCNLP_CORPORA_DIR", str(tmp_path))
    for env in ("base", "more"):
        (tmp_path / env / "parameters").mkdir(parents=True)
    for name in ("corpora", "tasks"):
        text = (CONF / "relx" / "parameters" / f"{name}.yml").read_text(encoding="utf-8")
        text = text.replace("relx_distant: null", "relx_distant: ${_relx_distant}")
        (tmp_path / "more" / "parameters" / f"{name}.yml").write_text(text, encoding="utf-8")
    loader = OmegaConfigLoader(str(tmp_path), env="more", base_env="base")
    kinds = build_tasks(TasksParameters.model_validate(loader["parameters"]["tasks"]))
    entry = load(tmp_path, "more")["relx_distant"]

    check("relx_distant", entry)
    check_entry(entry, kinds[entry.task], where="relx_distant")


TOGETHER = {
    "umsab": "umsab",
    "sib200": "sib200",
    "xsid": "xsid",
    "xsid_train": "xsid",
    "masakhaner2": "masakhaner2",
    "xnlivar_original": "xnlivar_es",
    "xnlivar_native": "xnlivar_es",
    "xnlivar_variants": "xnlivar_es",
    "xquad": "xquad",
}
"""The corpora of the environment of many tasks, and the one that each is described in."""


def as_read(entry, path_values):
    """What an entry says of files with these values in their paths alone."""
    fields = entry.model_dump(exclude={"path_values"})
    for name, field in entry:
        if isinstance(field, ColumnField) and field.column in path_values:
            values = {v: field.map.get(v, field.default or v) for v in path_values[field.column]}
            alike = set(values.values())
            fields[name] = alike.pop() if len(alike) == 1 else values
    return fields


@pytest.mark.parametrize(("key", "env"), TOGETHER.items())
def test_corpus_of_many_tasks_is_read_as_in_its_own_environment(key, env, monkeypatch, tmp_path):
    monkeypatch.setenv("CCNLP_CORPORA_DIR", str(tmp_path))
    entry, own_entry = load(CONF, "understanding")[key], load(CONF, env)[key]
    read = entry.path_values  # it may take fewer of them
    assert as_read(entry, read) == as_read(own_entry, read)
    for name, values in own_entry.path_values.items():
        assert set(entry.path_values[name]) <= set(values)


def test_environment_of_many_tasks_has_the_tasks_of_its_corpora(monkeypatch, tmp_path):
    monkeypatch.setenv("CCNLP_CORPORA_DIR", str(tmp_path))
    loader = OmegaConfigLoader(str(CONF), env="understanding", **CONFIG_LOADER_ARGS)
    entries = load(CONF, "understanding")
    tasks = build_tasks(TasksParameters.model_validate(loader["parameters"]["tasks"]))
    assert list(entries) == list(TOGETHER)
    assert {entry.task for entry in entries.values()} == set(tasks)
    for key, entry in entries.items():
        check_entry(entry, tasks[entry.task], where=key)
        own_loader = OmegaConfigLoader(str(CONF), env=TOGETHER[key], **CONFIG_LOADER_ARGS)
        task_config, own_config = (
            one["parameters"]["tasks"][entry.task] for one in (loader, own_loader)
        )
        for config in (task_config, own_config):  # windows are shorter here
            config.get("options", {}).pop("stride_tokens", None)
        assert task_config == own_config
    assert loader["globals"]["model_name"] == "ccnlp-understanding"
