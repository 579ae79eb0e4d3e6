"""The environments of tagged corpora, on small files of the corpora's shape."""

from pathlib import Path

import pandas as pd
import pytest
from kedro.config import OmegaConfigLoader

from ccnlp.corpora.curation import curate_corpus
from ccnlp.corpora.entry import CorporaParameters
from ccnlp.corpora.reading import read_corpus
from ccnlp.settings import CONFIG_LOADER_ARGS
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

CONF = Path(__file__).parents[2] / "conf"


@pytest.fixture
def read_environment(monkeypatch, tmp_path, ingestion):
    """Curates each corpus of an environment, of files below the folder of corpora."""
    monkeypatch.setenv("CCNLP_CORPORA_DIR", str(tmp_path))

    def read(env, files):
        for name, content in files.items():
            path = tmp_path / env / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        parameters = OmegaConfigLoader(str(CONF), env=env, **CONFIG_LOADER_ARGS)["parameters"]
        tasks = build_tasks(TasksParameters.model_validate(parameters["tasks"]))
        entries = CorporaParameters.model_validate(parameters["corpora"]).entries()
        return {
            name: curate_corpus(
                name,
                list(read_corpus(name, entry, raw_folder=tmp_path, tasks=tasks)),
                task=tasks[entry.task],
                ratios=entry.ratios,
                parameters=ingestion,
            )
            for name, entry in entries.items()
        }

    return read


def test_masakhaner_is_read_by_language_and_split(read_environment):
    files = {
        f"{language}/{split}.txt": f"# O\nAda B-PER\n{language} I-PER\n{split} O\n\nLagos I-LOC\n"
        for language in ("hau", "pcm", "swa", "yor")
        for split in ("train", "dev", "test")
    }

    rows = read_environment("masakhaner2", files)["masakhaner2"]

    kept = rows[rows["rejected_by"].isna()]
    assert set(kept["language"]) == {"ha", "pcm", "sw", "yo"}
    assert kept["split"].value_counts().to_dict() == {"train": 4, "validation": 4, "test": 4}
    assert kept["tokens"].map(len).tolist() == [4] * 12
    rejected = rows[rows["rejected_by"] == "reading"]["rejection_reason"]
    assert len(rejected) == 12
    assert rejected.str.startswith("tag 'I-LOC' of token 1, 'Lagos', stands first").all()


def test_universal_ner_is_read_by_its_columns(read_environment):
    sentence = "# newdoc id = d\n# sent_id = d-1\n# text = 我在北京{n}。\n"
    lines = (
        "1\t我\tO\t-\t-\n2\t在\tO\t-\t-\n3\t北京\tB-LOC\t-\tann\n4\t{n}\tO\t-\t-\n5\t。\tO\t-\t-\n"
    )
    files = {
        f"zh_gsdsimp-ud-{split}.iob2": (sentence + lines).format(n=n)
        for n, split in zip("甲乙丙", ("train", "dev", "test"), strict=True)
    }

    rows = read_environment("uner_zh", files)["uner_zh"]

    assert rows["rejected_by"].isna().all()
    assert rows["tags"].tolist() == [["O", "O", "B-LOC", "O", "O"]] * 3
    assert set(rows["split"]) == {"train", "validation", "test"}


def xsid_file(english, text, *, intent="alarm/set_alarm"):
    """An utterance as a translation has it; the original has no `text-en`."""
    original = f"# id = 1\n# text-en = {english}\n" if english else ""
    tags = ["B-reference", "O", "B-datetime"]
    lines = [
        f"{number}\t{token}\t{intent}\t{tag}"
        for number, (token, tag) in enumerate(zip(text.split(), tags, strict=True), start=1)
    ]
    return "\n".join([f"{original}# text = {text}", f"# intent = {intent}", *lines, "", ""])


def test_xsid_keeps_translations_together_and_maps_the_labels_of_train(read_environment):
    others = ["ar", "da", "de", "de-st", "gsw", "id", "it", "ja", "nl", "sr", "tr", "zh"]
    english = {"valid": "my alarm five", "test": "our alarm tomorrow"}
    files = {
        f"{language}.{split}.conll": xsid_file(text, f"{language}-a {language}-b {split}-c")
        for split, text in english.items()
        for language in others
    }
    files |= {f"en.{split}.conll": xsid_file("", text) for split, text in english.items()}
    texts = ["wake me every day .", "set it to 7", "is it warm", "set it to 8"]
    labels = [
        "O O B-recurring_datetime I-recurring_datetime Orecurring_datetime\talarm/set_alarm",
        "O O O B-datetime\talarm/set_alarm",
        "O O B-weather/attribute\tGetWeather",
        "O O O I-datetime\talarm/set_alarm",
    ]
    files["en_train_flat/text.en"] = "".join(f"{text}\n" for text in texts)
    files["en_train_flat/label.en"] = "".join(f"{label}\n" for label in labels)

    read = read_environment("xsid", files)

    xsid, train = read["xsid"], read["xsid_train"]
    assert xsid["rejected_by"].isna().all()
    assert xsid.groupby("split", observed=True)["group_id"].nunique().tolist() == [1, 1]
    assert xsid["group_id"].nunique() == 2
    assert set(xsid["language"]) == {
        *({*others} - {"de-st", "sr"}), "bar-IT", "sr-Latn", "en",
    }  # fmt: skip
    assert xsid.loc[xsid["language"] == "en", "origin"].unique().tolist() == ["native"]
    assert train["label"].tolist()[:3] == ["alarm/set_alarm", "alarm/set_alarm", "weather/find"]
    assert train["tags"][0][-1] == "O"
    assert train["rejected_by"].astype("string").fillna("").tolist() == ["", "", "", "reading"]


def test_published_scores_of_masakhaner_are_of_the_languages_that_are_read(monkeypatch, tmp_path):
    monkeypatch.setenv("CCNLP_CORPORA_DIR", str(tmp_path))
    parameters = OmegaConfigLoader(str(CONF), env="masakhaner2", **CONFIG_LOADER_ARGS)["parameters"]
    published = parameters["evaluation"]["published"]
    languages = set(parameters["corpora"]["masakhaner2"]["language"]["map"].values())

    for numbers in published["systems"].values():
        mean = pd.Series(numbers).drop("average").mean()
        assert set(numbers) - {"average"} == languages
        assert numbers["average"] == pytest.approx(mean, abs=0.051)
