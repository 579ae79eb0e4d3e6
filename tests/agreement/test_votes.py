import pandas as pd

from ccnlp.agreement.votes import ABSENT, TIED, culture_votes, label_shares, majorities_of

LABELS = ("none", "mild", "hate")


def test_votes_count_labels_of_each_text_and_culture(annotate):
    votes = culture_votes(annotate({"b": {"US": "nnh"}, "a": {"US": "h", "SG": "nm"}}), LABELS)
    assert votes[["group_id", "culture", "n"]].to_numpy().tolist() == [
        ["a", "SG", 2],
        ["a", "US", 1],
        ["b", "US", 3],
    ]
    counts = votes[["num_none", "num_mild", "num_hate"]]
    assert counts.to_numpy().tolist() == [[1, 1, 0], [0, 0, 1], [2, 0, 1]]
    shares = votes[["share_none", "share_mild", "share_hate"]].to_numpy()
    assert shares.tolist() == [[0.5, 0.5, 0], [0, 0, 1], [2 / 3, 0, 1 / 3]]


def test_tie_stays_a_tie(annotate):
    votes = culture_votes(annotate({"t": {"SG": "nnhh", "US": "nnh", "ZA": "nmh"}}), LABELS)
    assert votes["majority"].isna().tolist() == [True, False, True]
    assert votes["majority"][1] == "none"


def test_order_of_rows_does_not_matter(annotate):
    table = annotate({"a": {"US": "nh", "SG": "n"}, "b": {"SG": "hh"}})
    pd.testing.assert_frame_equal(
        culture_votes(table, LABELS), culture_votes(table[::-1].reset_index(drop=True), LABELS)
    )


def test_categories_are_accepted(annotate):
    table = annotate({"a": {"US": "nh", "SG": "n"}})
    pd.testing.assert_frame_equal(
        culture_votes(table, LABELS), culture_votes(table.astype("category"), LABELS)
    )


def test_majorities_tell_ties_from_absence_and_leave_out_unknown_cultures(annotate):
    table = annotate({"a": {"US": "nh", "SG": "h"}, "b": {"US": "m", "und": "n"}})
    majorities = majorities_of(culture_votes(table, LABELS), LABELS)
    assert majorities.cultures == ("SG", "US")
    assert majorities.codes.tolist() == [[2, TIED], [ABSENT, 1]]
    assert majorities.label_counts(3).tolist() == [[0, 0, 1], [0, 1, 0]]


def test_label_shares_are_of_annotations_and_of_majorities(annotate):
    table = annotate({"a": {"US": "nnh"}, "b": {"US": "nh"}, "c": {"US": "h"}})
    shares = label_shares(culture_votes(table, LABELS), LABELS).set_index("label")
    assert shares["share"].to_dict() == {"none": 0.5, "mild": 0, "hate": 0.5}
    assert shares["majority_share"].to_dict() == {"none": 0.5, "mild": 0, "hate": 0.5}
    assert shares.loc["none", ["n", "num_texts", "num_tied"]].tolist() == [6, 2, 1]


def test_label_shares_of_a_culture_of_ties_have_no_majority(annotate):
    shares = label_shares(culture_votes(annotate({"a": {"US": "nh"}}), LABELS), LABELS)
    assert shares["majority_share"].isna().all()
