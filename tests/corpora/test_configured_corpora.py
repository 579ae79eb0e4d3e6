"""The entries that the project ships, and what environments do to them."""

from pathlib import Path

import pytest
import yaml
from kedro.config import OmegaConfigLoader

from ccnlp.corpora.entry import CorporaParameters, CorpusEntry
from ccnlp.corpora.fields import build_fields
from ccnlp.corpora.raw import build_reader

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
    loader = OmegaConfigLoader(
        str(source),
        env=env,
        base_env="base",
        default_run_env="local",
        merge_strategy={"parameters": "soft"},
        custom_resolvers={"corpora_dir": lambda: "/corpora"},
    )
    return CorporaParameters.model_validate(loader["parameters"]["corpora"]).entries()


@pytest.mark.parametrize(
    ("env", "corpus"), [("base", "seed_corpus"), ("umsab", "umsab"), ("umsab_hub", "umsab")]
)
def test_shipped_environment_reads_its_corpus_alone(env, corpus):
    entries = load(CONF, env)
    assert list(entries) == [corpus]
    build_fields(entries[corpus], where=corpus)
    build_reader(entries[corpus].reader, entries[corpus].options, where=corpus)


def test_umsab_is_read_from_the_folder_of_corpora():
    assert load(CONF, "umsab")["umsab"].path == ["/corpora/umsab/{language}/{split}_text.txt"]


def test_both_ways_to_umsab_say_the_same_of_it():
    by_folder, by_hub = load(CONF, "umsab")["umsab"], load(CONF, "umsab_hub")["umsab"]
    assert by_folder.language.map == by_hub.language.map
    assert by_folder.region.map == by_hub.region.map
    assert by_folder.licence == by_hub.licence
    assert by_hub.options["configurations"] == by_folder.path_values["language"]


def test_environment_adds_a_corpus_to_those_of_base(tmp_path):
    for env, corpora in {"base": {"seed": ENTRY}, "mine": {"mine": ENTRY}}.items():
        (tmp_path / env).mkdir()
        (tmp_path / env / "parameters_corpora.yml").write_text(yaml.dump({"corpora": corpora}))
    (tmp_path / "local").mkdir()
    assert sorted(load(tmp_path, "mine")) == ["mine", "seed"]
