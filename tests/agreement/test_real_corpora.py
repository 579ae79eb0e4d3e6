"""Published figures of a public corpus."""

import os
from pathlib import Path

import pandas as pd
import pytest

from ccnlp.agreement.tables import agreement_tables

pytestmark = pytest.mark.corpora

CORPORA = Path(os.environ.get("CCNLP_CORPORA_DIR", "not set"))
CULTURES = {
    "Australia": "AU",
    "Singapore": "SG",
    "South Africa": "ZA",
    "United Kingdom": "GB",
    "United States": "US",
}
LABELS = ("not hate", "hate")


def read_crehate(name):
    if not CORPORA.is_dir():
        pytest.skip(f"CCNLP_CORPORA_DIR names no folder of corpora: {CORPORA}")
    return pd.read_csv(CORPORA / "crehate" / "data" / f"CREHate_{name}_annotations.csv")


def final_annotations():
    """The majorities that the corpus publishes, a column a country."""
    columns = {f"{name.replace(' ', '_')}_Hate": key for name, key in CULTURES.items()}
    wide = read_crehate("final").rename(columns=columns)
    long = wide.melt("ID", list(CULTURES.values()), var_name="culture", value_name="label")
    label = long["label"].map(dict(enumerate(LABELS)))
    return long.assign(annotator=long["culture"], label=label).rename(columns={"ID": "group_id"})


def raw_annotations():
    """One row a person and post, without those that said 2, "don't know"."""
    raw = read_crehate("raw")
    return pd.DataFrame(
        {
            "group_id": raw["ID"],
            "annotator": raw["annotator_id"].astype("str"),
            "culture": raw["nationality"].map(CULTURES),
            "label": raw["annotation"].map(dict(enumerate(LABELS))),
        }
    ).dropna(subset="label")


def percents(tables):
    """By pair of cultures their disagreement, and under `all` the consensus, in percent."""
    chosen = tables.agreement[tables.agreement["measure"].isin(["consensus", "disagreement"])]
    pairs = zip(chosen["culture_a"], chosen["culture_b"], strict=True)
    names = [f"{a}-{b}".strip("-") or "all" for a, b in pairs]
    return dict(zip(names, (100 * chosen["value"]).round(1), strict=True))


def test_crehate_has_its_published_consensus_and_differences(parameters):
    tables = agreement_tables(final_annotations(), LABELS, parameters)
    figures = percents(tables)
    assert figures.pop("all") == 56.2
    assert max(figures, key=figures.get) == "SG-ZA"
    assert figures["SG-ZA"] == 26.0
    assert min(figures, key=figures.get) == "AU-GB"
    assert figures["AU-GB"] == 16.3
    assert set(tables.agreement.loc[tables.agreement["measure"] != "alpha", "n"]) == {1580}


def test_crehate_published_majorities_are_those_of_the_raw_annotations(parameters):
    # Annotator 931 of Singapore annotated 13 posts two or three times, and the published majority
    # counts each; given other names, so does ours.
    raw = raw_annotations()
    turn = raw.groupby(["group_id", "annotator"]).cumcount().astype("str")
    raw["annotator"] += "/" + turn
    votes = agreement_tables(raw, LABELS, parameters).votes
    final = agreement_tables(final_annotations(), LABELS, parameters).votes
    assert votes["majority"].tolist() == final["majority"].tolist()


def test_crehate_counts_each_person_once_with_two_ties(parameters):
    raw = raw_annotations().drop_duplicates(["group_id", "annotator"])
    tables = agreement_tables(raw, LABELS, parameters)
    figures = percents(tables)
    assert (figures["all"], figures["SG-ZA"], figures["AU-GB"]) == (56.3, 26.0, 16.3)
    consensus = tables.agreement.set_index("measure").loc["consensus"]
    assert (consensus["n"], consensus["num_tied"]) == (1578, 2)
    alphas = tables.agreement[tables.agreement["kind"].isin(["all", "within"])]
    by_culture = dict(zip(alphas["culture_a"], alphas["value"].round(2), strict=True))
    assert by_culture == {"": 0.37, "AU": 0.41, "GB": 0.42, "SG": 0.34, "US": 0.46, "ZA": 0.35}


def test_crehate_countries_differ_more_than_shuffled_ones(parameters):
    raw = raw_annotations().drop_duplicates(["group_id", "annotator"])
    consensus = (
        agreement_tables(raw, LABELS, parameters).agreement.set_index("measure").loc["consensus"]
    )
    assert consensus["value"] < consensus["shuffled_low"]
    assert consensus["shuffled"] == pytest.approx(0.61, abs=0.01)
