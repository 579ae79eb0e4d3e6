import krippendorff
import numpy as np
import pytest

from ccnlp.agreement.alpha import NOT_PAIRABLE, ONE_LABEL
from ccnlp.agreement.disagreement import NOT_COMPARABLE, NOT_SHARED, disagreement_matrix
from ccnlp.agreement.tables import COLUMNS, agreement_tables
from ccnlp.errors import CorpusError

LABELS = ("none", "mild", "hate")
TEXTS = {
    "a": {"SG": "hhn", "US": "hh", "und": "n"},
    "b": {"SG": "nnn", "US": "hh"},
    "c": {"SG": "nm", "US": "nn"},
    "d": {"SG": "m", "US": "m"},
}


def row_of(tables, kind, measure, a="", b=""):
    key = ["kind", "measure", "culture_a", "culture_b"]
    return tables.agreement.set_index(key).loc[(kind, measure, a, b)]


def test_rows_are_the_figures_of_every_kind(annotate, parameters):
    tables = agreement_tables(annotate(TEXTS), LABELS, parameters)
    assert tables.agreement.columns.tolist() == COLUMNS
    keys = tables.agreement[["kind", "measure", "culture_a", "culture_b"]].to_numpy().tolist()
    assert keys == [
        ["all", "alpha", "", ""],
        ["within", "alpha", "SG", ""],
        ["within", "alpha", "US", ""],
        ["between", "alpha", "", ""],
        ["between", "consensus", "", ""],
        ["pair", "alpha", "SG", "US"],
        ["pair", "disagreement", "SG", "US"],
    ]


def test_alphas_are_those_of_the_krippendorff_package(annotate, parameters):
    tables = agreement_tables(annotate(TEXTS), LABELS, parameters)
    # Columns none, mild, hate; a row a text.
    all_counts = [[2, 0, 4], [3, 0, 2], [3, 1, 0], [0, 2, 0]]
    singapore = [[1, 0, 2], [3, 0, 0], [1, 1, 0], [0, 1, 0]]
    majorities = [[0, 0, 2], [1, 0, 1], [1, 0, 0], [0, 2, 0]]  # c is tied in Singapore

    def oracle(counts):
        return krippendorff.alpha(value_counts=counts, level_of_measurement="nominal")

    assert row_of(tables, "all", "alpha")["value"] == pytest.approx(oracle(all_counts))
    assert row_of(tables, "within", "alpha", "SG")["value"] == pytest.approx(oracle(singapore))
    between = row_of(tables, "between", "alpha")
    assert between["value"] == pytest.approx(oracle(majorities))
    assert (between["n"], between["num_tied"]) == (3, 1)
    assert row_of(tables, "pair", "alpha", "SG", "US")["value"] == pytest.approx(between["value"])


def test_consensus_and_disagreement_count_what_ties_leave_out(annotate, parameters):
    tables = agreement_tables(annotate(TEXTS), LABELS, parameters)
    consensus = row_of(tables, "between", "consensus")
    pair = row_of(tables, "pair", "disagreement", "SG", "US")
    assert consensus["value"] == pytest.approx(2 / 3)
    assert pair["value"] == pytest.approx(1 / 3)
    assert (consensus["n"], consensus["num_tied"]) == (pair["n"], pair["num_tied"]) == (3, 1)
    assert consensus["low"] < consensus["value"] < consensus["high"]


def test_one_culture_has_nothing_to_be_compared_with(annotate, parameters):
    tables = agreement_tables(annotate({"a": {"US": "hn"}, "b": {"US": "nn"}}), LABELS, parameters)
    consensus = row_of(tables, "between", "consensus")
    assert np.isnan(consensus["value"])
    assert (consensus["n"], consensus["note"]) == (0, NOT_COMPARABLE)
    assert row_of(tables, "between", "alpha")["note"] == NOT_PAIRABLE
    assert not (tables.agreement["kind"] == "pair").any()


def test_one_label_has_no_alpha_but_full_consensus(annotate, parameters):
    tables = agreement_tables(
        annotate({"a": {"SG": "nn", "US": "n"}, "b": {"SG": "n", "US": "nn"}}), LABELS, parameters
    )
    assert row_of(tables, "all", "alpha")["note"] == ONE_LABEL
    assert row_of(tables, "between", "consensus")["value"] == 1
    assert row_of(tables, "pair", "disagreement", "SG", "US")["value"] == 0


def test_cultures_that_share_no_text_are_said_to(annotate, parameters):
    tables = agreement_tables(annotate({"a": {"SG": "nh"}, "b": {"US": "nn"}}), LABELS, parameters)
    pair = row_of(tables, "pair", "disagreement", "SG", "US")
    assert np.isnan(pair["value"])
    assert (pair["n"], pair["note"], pair["is_small"]) == (0, NOT_SHARED, True)


def test_culture_with_one_annotation_a_text_has_no_alpha_within(annotate, parameters):
    tables = agreement_tables(
        annotate({"a": {"SG": "h", "US": "hn"}, "b": {"SG": "n", "US": "nn"}}), LABELS, parameters
    )
    assert row_of(tables, "within", "alpha", "SG")["note"] == NOT_PAIRABLE
    assert row_of(tables, "within", "alpha", "US")["note"] == ""


def test_unknown_culture_counts_among_all_annotators_only(annotate, parameters):
    tables = agreement_tables(
        annotate({"a": {"und": "hn"}, "b": {"und": "nn"}}), LABELS, parameters
    )
    assert row_of(tables, "all", "alpha")["n"] == 2
    assert tables.agreement["kind"].tolist() == ["all", "between", "between"]


def test_shares_have_their_shuffled_counterpart(annotate, parameters):
    texts = {f"text {number}": {"SG": "hhn", "US": "nnn"} for number in range(200)}
    tables = agreement_tables(annotate(texts), LABELS, parameters)
    pair = row_of(tables, "pair", "disagreement", "SG", "US")
    assert pair["value"] == 1
    assert pair["shuffled_low"] < 0.4 < pair["shuffled_high"]
    assert np.isnan(row_of(tables, "all", "alpha")["shuffled"])


def test_order_of_rows_does_not_matter(annotate, parameters):
    table = annotate(TEXTS)
    first = agreement_tables(table, LABELS, parameters)
    other = agreement_tables(table.sample(frac=1, random_state=1), LABELS, parameters)
    assert first.agreement.to_csv() == other.agreement.to_csv()


def test_malformed_annotations_are_refused_with_their_place(annotate, parameters):
    with pytest.raises(CorpusError, match="corpus 'c': "):
        agreement_tables(annotate(TEXTS), ["none"], parameters, where="corpus 'c'")


def test_matrix_is_symmetric_with_the_most_different_culture_first(annotate, parameters):
    table = annotate({"a": {"SG": "h", "US": "n", "ZA": "n"}, "b": {"SG": "n", "US": "n"}})
    matrix = disagreement_matrix(agreement_tables(table, LABELS, parameters).agreement)
    assert matrix.index[0] == "SG"
    assert matrix.columns.tolist() == matrix.index.tolist()
    assert (matrix.loc["SG", "US"], matrix.loc["US", "SG"]) == (0.5, 0.5)
    assert (matrix.loc["SG", "ZA"], matrix.loc["US", "ZA"]) == (1, 0)
    assert np.isnan(np.diagonal(matrix)).all()
