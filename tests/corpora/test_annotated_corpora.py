"""Public corpora with the judgements of several people, read as their environments say."""

import os
from pathlib import Path

import pandas as pd
import pytest
from kedro.config import OmegaConfigLoader

from ccnlp.corpora.agreement import measure_agreement
from ccnlp.corpora.curation import curate_corpus
from ccnlp.corpora.entry import CorporaParameters
from ccnlp.corpora.reading import read_corpus
from ccnlp.corpora.selection import select_annotations
from ccnlp.settings import CONFIG_LOADER_ARGS
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

pytestmark = pytest.mark.corpora

CORPORA = Path(os.environ.get("CCNLP_CORPORA_DIR", "not set"))
CONF = Path(__file__).parents[2] / "conf"
WIDE = {
    "path": f"{CORPORA}/crehate/data/CREHate_final_annotations.csv",
    "melt": {"columns": "{country}_Hate", "value": "annotation"},
    "culture": {
        "column": "country",
        "map": {
            "Australia": "AU",
            "Singapore": "SG",
            "South_Africa": "ZA",
            "United_Kingdom": "GB",
            "United_States": "US",
        },
    },
    "joined": [
        {
            "path": f"{CORPORA}/crehate/finetune/data_splits/CREHate_{{split}}.csv",
            "path_values": {"split": ["train", "valid", "test"]},
            "by": "ID",
        }
    ],
    "annotations": None,
}
"""The majorities that CREHate publishes: each country is one unnamed annotator."""


@pytest.fixture
def curate(ingestion):
    """The curated corpus of an environment, with changes to its entry; and its agreement."""

    def curate(env, **changes):
        if not CORPORA.is_dir():
            pytest.skip(f"CCNLP_CORPORA_DIR names no folder of corpora: {CORPORA}")
        parameters = OmegaConfigLoader(str(CONF), env=env, **CONFIG_LOADER_ARGS)["parameters"]
        given = {env: {**parameters["corpora"][env], **changes}}
        entry = CorporaParameters.model_validate(given).entries()[env]
        tasks = build_tasks(TasksParameters.model_validate(parameters["tasks"]))
        rows = curate_corpus(
            env,
            read_corpus(env, entry, raw_folder=CORPORA, tasks=tasks),
            task=tasks[entry.task],
            ratios=entry.ratios,
            parameters=ingestion,
        )
        few = ingestion.agreement.model_copy(update={"num_draws": 20, "num_shuffles": 5})
        return rows, measure_agreement({env: lambda: rows}, tasks, few).agreement

    return curate


def percent(agreement: pd.DataFrame, measure: str, *cultures: str) -> tuple[float, int]:
    """A share in percent and the texts that it is of."""
    of = agreement[agreement["measure"] == measure].set_index(["culture_a", "culture_b"])
    row = of.loc[cultures or ("", "")]
    return round(100 * float(row["value"]), 1), int(row["n"])


def test_annotations_of_crehate_join_the_official_split(curate):
    rows, agreement = curate("crehate")
    kept = rows[rows["rejected_by"].isna()]
    assert kept.groupby("split", observed=True)["group_id"].nunique().to_dict() == {
        "test": 237,
        "train": 1106,
        "validation": 237,
    }
    assert len(kept) == 5 * 1580
    assert kept["label"].isna().sum() == 2
    assert rows["rejected_by"].value_counts().to_dict() == {"reading": 3060, "gathering": 18}
    annotations = select_annotations(rows)
    assert len(annotations) == 42546 - 3060 - 18
    assert (
        annotations["annotator"].nunique() == 1062
    )  # two of 1,064 never gave another label than 2
    # Each person counts once here; the published majorities count the repeated annotations of one.
    assert percent(agreement, "consensus") == (56.3, 1578)
    assert percent(agreement, "disagreement", "SG", "ZA") == (26.0, 1578)
    assert percent(agreement, "disagreement", "AU", "GB") == (16.3, 1580)


def test_majorities_of_crehate_melt_to_the_published_figures(curate):
    rows, agreement = curate("crehate", **WIDE)
    assert rows["rejected_by"].isna().all()
    assert rows["num_annotations"].eq(1).all()
    assert percent(agreement, "consensus") == (56.2, 1580)
    assert percent(agreement, "disagreement", "SG", "ZA") == (26.0, 1580)
    assert percent(agreement, "disagreement", "AU", "GB") == (16.3, 1580)


def test_annotations_of_multipico_join_their_annotators(curate):
    rows, _ = curate("multipico")
    assert rows["num_source_rows"].sum() == 15178 + 18693
    assert set(rows["rejected_by"].dropna()) == {"deduplication"}
    kept = rows[rows["rejected_by"].isna()]
    assert kept["culture"].nunique() == 33
    assert kept["language"].nunique() == 9
    assert kept.groupby("language", observed=True)["region"].nunique()["es"] == 5
    # Of 3,756, one repeats another reply to its post, and the label of each culture.
    assert kept.loc[kept["split"] == "test", "group_id"].nunique() == 3755
    assert kept["context"].str.startswith("post: ").all()
    annotations = select_annotations(rows)
    assert annotations["annotator"].nunique() == 506
    assert not annotations.isin(["DATA_EXPIRED"]).any(axis=None)


def test_shares_that_multipico_publishes_are_those_of_its_annotations(curate):
    counted = {
        "path": f"{CORPORA}/multipico/MP_{{part}}.json",
        "path_values": {"part": ["test"]},
        "split": "test",
        "ratios": None,
        "melt": None,
        "joined": [],
        "columns": {"text": "text.reply"},
        "culture": "und",
        "annotations": {
            "distribution": {"not_ironic": "soft_label.0", "ironic": "soft_label.1"},
            "num_annotations": "number of annotations",
        },
    }
    rows, agreement = curate("multipico", **counted)
    assert agreement.empty
    single, _ = curate("multipico")
    pooled = single.drop_duplicates("group_id").set_index("group_id")["pooled_label_counts"]
    kept = rows.set_index("group_id")["label_counts"]
    assert len(kept) == 3756
    assert (kept.map(tuple) == pooled.reindex(kept.index).map(tuple)).all()
