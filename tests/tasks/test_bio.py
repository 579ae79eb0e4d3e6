import itertools

import numpy as np
import pandas as pd
import pytest

from ccnlp.tasks.bio import TagSet, find_entities, mend_seams

TAGS = TagSet(("PER", "LOC"))


def test_tags_are_outside_then_beginnings_then_insides():
    assert TAGS.tags == ("O", "B-PER", "B-LOC", "I-PER", "I-LOC")
    assert TAGS.codes([["O", "I-LOC"], ["B-PER"]]).tolist() == [0, 4, 1]
    assert TAGS.names(np.array([4, 0])) == ["I-LOC", "O"]


def test_unknown_tag_has_no_code():
    with pytest.raises(ValueError, match="there is no tag 'B-ORG'; did you mean 'B-"):
        TAGS.codes([["O"], ["O", "B-ORG"]])


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        (["B-PER", "I-PER", "O"], None),
        (["B-PER", "B-PER", "B-LOC"], None),
        (
            ["I-PER", "O", "O"],
            "tag 'I-PER' of token 1, 'Ada', stands first: what it goes on with must begin with "
            "B-PER",
        ),
        (
            ["O", "O", "I-LOC"],
            "tag 'I-LOC' of token 3, 'here', stands behind 'O': what it goes on with must begin "
            "with B-LOC",
        ),
        (
            ["O", "B-PER", "I-LOC"],
            "tag 'I-LOC' of token 3, 'here', stands behind 'B-PER': what it goes on with must "
            "begin with B-LOC",
        ),
        (
            ["O", "B-LOG", "O"],
            "tag 'B-LOG' of token 2, 'lives', is unknown; did you mean 'B-LOC'?",
        ),
        (["O", "O"], "3 tokens and 2 tags"),
    ],
)
def test_tags_that_cannot_be_those_of_the_tokens_are_told(tags, reason):
    good = (["Ada", "lives"], ["B-PER", "O"])
    rows = [good, (["Ada", "lives", "here"], tags), good]
    tokens, all_tags = (pd.Series(column, index=[3, 5, 9]) for column in zip(*rows, strict=True))

    reasons = TAGS.why_unusable(tokens, all_tags)

    assert reasons.index.tolist() == [3, 5, 9]
    assert reasons[[3, 9]].isna().all()
    assert reasons[5] is pd.NA if reason is None else reasons[5] == reason


def test_first_mistake_of_a_row_is_told_though_a_row_before_ends_with_the_type():
    tokens = pd.Series([["a"], ["b", "c"]])
    tags = pd.Series([["B-PER"], ["I-PER", "X"]])

    assert TAGS.why_unusable(tokens, tags)[1].startswith(
        "tag 'I-PER' of token 1, 'b', stands first"
    )


def is_valid(codes, *, is_continued):
    before = "?" if is_continued else "O"
    for tag in TAGS.names(np.asarray(codes)):
        if tag.startswith("I-") and before not in ("?", f"B-{tag[2:]}", tag):
            return False
        before = tag
    return True


@pytest.mark.parametrize("is_continued", [False, True])
def test_best_path_is_the_best_of_all_valid_ones(is_continued):
    logits = np.random.default_rng(0).normal(size=(20, 4, len(TAGS)), scale=2)
    log_probabilities = logits - np.log(np.exp(logits).sum(axis=2, keepdims=True))

    found = TAGS.best_paths(log_probabilities, np.full(20, is_continued))

    paths = [
        path
        for path in itertools.product(range(len(TAGS)), repeat=4)
        if is_valid(path, is_continued=is_continued)
    ]
    for row, path in zip(log_probabilities, found, strict=True):
        assert tuple(path) == max(paths, key=lambda other: row[range(4), other].sum())


def test_best_path_gives_up_the_likeliest_tag_where_it_goes_on_with_nothing():
    # I-PER is the likeliest second tag, but B-PER before it is worse than O twice.
    row = np.log([[0.96, 0.01, 0.01, 0.01, 0.01], [0.4, 0.02, 0.03, 0.5, 0.05]])

    assert TAGS.best_paths(row[None], np.array([False])).tolist() == [[0, 0]]


def test_best_path_of_no_words_is_empty():
    assert TAGS.best_paths(np.empty((2, 0, 5)), np.array([False, False])).shape == (2, 0)


def test_entities_end_with_their_row_their_type_and_the_next_beginning():
    rows = [["B-PER", "I-PER", "B-PER", "O"], ["B-LOC"], ["B-LOC", "I-LOC"]]
    starts = np.array([True, False, False, False, True, True, False])

    found = find_entities(TAGS.codes(rows), starts, TAGS)

    assert found.starts.tolist() == [0, 2, 4, 5]
    assert found.ends.tolist() == [2, 3, 5, 7]
    assert found.types.tolist() == [0, 0, 1, 1]


def test_seams_of_windows_are_mended():
    assert mend_seams([["O", "B-PER"], ["I-PER"], ["I-LOC", "I-LOC"]]) == [
        "O", "B-PER", "I-PER", "B-LOC", "I-LOC",
    ]  # fmt: skip
    assert mend_seams([["I-PER"]]) == ["B-PER"]
