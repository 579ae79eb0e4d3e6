import pandas as pd
import pytest

from ccnlp.corpora.entry import Ratios
from ccnlp.corpora.splitting import check_splits, describe_gaps, draw, split_by_ratios
from ccnlp.errors import CorpusError
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

RATIOS = Ratios(train=0.8, validation=0.1, test=0.1)


def groups(number: int) -> pd.Series:
    return pd.Series([f"group {i}" for i in range(number)], dtype="string")


def test_draw_is_even_and_depends_on_seed_and_key() -> None:
    numbers = [draw(0, f"key {i}") for i in range(1000)]
    assert sum(numbers) / 1000 == pytest.approx(0.5, abs=0.05)
    assert all(0 <= number < 1 for number in numbers)
    assert draw(0, "key") == draw(0, "key")
    assert draw(0, "key") != draw(1, "key")


def test_split_by_ratios_keeps_the_shares() -> None:
    shares = split_by_ratios(groups(5000), RATIOS, seed=0).value_counts(normalize=True)
    assert shares["train"] == pytest.approx(0.8, abs=0.02)
    assert shares["validation"] == pytest.approx(0.1, abs=0.02)
    assert shares["test"] == pytest.approx(0.1, abs=0.02)


def test_split_by_ratios_does_not_move_rows_when_rows_are_added_or_shuffled() -> None:
    before = split_by_ratios(groups(200), RATIOS, seed=0)
    more = groups(1000).sample(frac=1, random_state=0)
    after = split_by_ratios(more, RATIOS, seed=0)

    pd.testing.assert_series_equal(after.sort_index().iloc[:200], before)


def test_split_by_ratios_keeps_groups_together() -> None:
    ids = pd.concat([groups(50)] * 3, ignore_index=True)
    split = split_by_ratios(ids, RATIOS, seed=0)
    assert split.groupby(ids).nunique().eq(1).all()


def test_split_by_ratios_follows_the_seed() -> None:
    splits = [split_by_ratios(groups(100), RATIOS, seed=seed).tolist() for seed in (0, 1)]
    assert splits[0] != splits[1]


def test_split_by_ratios_of_nothing_but_train() -> None:
    ratios = Ratios(train=1, validation=0, test=0)
    assert set(split_by_ratios(groups(100), ratios, seed=0)) == {"train"}


def test_declared_group_in_two_given_splits_stays_in_the_later(curate) -> None:
    rows = curate(
        [
            {"text": "one", "group": "g", "split": "train"},
            {"text": "two", "group": "g", "split": "validation"},
            {"text": "three", "group": "g", "split": "test"},
            {"text": "four", "group": "h", "split": "train"},
        ]
    )

    assert rows["rejected_by"].astype("string").fillna("").tolist() == [
        "splitting",
        "splitting",
        "",
        "",
    ]
    assert rows["rejection_reason"].iloc[0] == "rows of its group stand in test"


def test_same_text_in_two_cultures_is_one_group(curate) -> None:
    both = [{"text": f"text {i}", "culture": c} for i in range(50) for c in ("GB", "NG")]
    rows = curate(both, ratios=RATIOS.model_dump())

    assert rows.groupby("text")["split"].nunique().eq(1).all()
    assert rows["split"].nunique() == 3


def test_given_splits_are_kept_beside_ratios(curate) -> None:
    given = [{"text": f"given {i}", "split": "test"} for i in range(20)]
    placed = [{"text": f"placed {i}", "split": None} for i in range(20)]
    rows = curate(given + placed, ratios={"train": 1, "validation": 0, "test": 0})

    assert rows["split"].tolist() == ["test"] * 20 + ["train"] * 20


def test_placed_row_that_repeats_a_given_one_is_a_duplicate(curate) -> None:
    rows = curate(
        [{"text": "same", "split": "train"}, {"text": "same", "split": None}, {"text": "else"}],
        ratios={"train": 1, "validation": 0, "test": 0},
    )
    assert rows["rejected_by"].astype("string").fillna("").tolist() == ["", "deduplication", ""]


@pytest.mark.parametrize(
    "placed",
    [{"text": "placed", "group": "g"}, {"text": "Given", "culture": "NG"}],
    ids=["declared group", "equal text"],
)
def test_placed_row_follows_the_given_split_of_its_group(curate, placed) -> None:
    given = {"text": "given", "group": placed.get("group")}
    earlier = {**given, "text": "earlier", "split": "train", "group": "h"}
    rows = curate(
        [earlier, {**placed, "split": None}, {**given, "split": "test"}],
        ratios={"train": 1, "validation": 0, "test": 0},
    )

    assert rows["split"].tolist() == ["train", "test", "test"]
    assert rows["rejected_by"].isna().all()


def test_placed_row_follows_the_latest_given_split_of_its_group(curate) -> None:
    rows = curate(
        [
            {"text": f"text {i}", "group": "g", "split": s}
            for i, s in enumerate(["test", None, "train"])
        ],
        ratios={"train": 1, "validation": 0, "test": 0},
    )
    assert rows["split"].tolist() == ["test", "test", "train"]
    assert rows["rejected_by"].astype("string").fillna("").tolist() == ["", "", "splitting"]


def test_placed_row_does_not_follow_a_row_that_was_rejected(curate) -> None:
    rows = curate(
        [{"text": "", "group": "g", "split": "test"}, {"text": "placed", "group": "g"}],
        ratios={"train": 1, "validation": 0, "test": 0},
    )
    assert rows["split"].tolist() == ["test", "train"]


def test_placed_row_of_another_group_that_repeats_a_given_one_is_a_duplicate(curate) -> None:
    rows = curate(
        [
            {"text": "same", "group": "g", "split": "train"},
            {"text": "same", "group": "h", "split": None},
        ],
        ratios={"train": 1, "validation": 0, "test": 0},
    )
    assert rows["rejected_by"].astype("string").fillna("").tolist() == ["", "deduplication"]


LABELS = ("negative", "neutral", "positive")


def counts(*missing: tuple[str, str], labels=LABELS) -> pd.DataFrame:
    """Ten rows of every label in every split, but for the missing pairs."""
    pairs = [(s, label) for s in ("train", "validation", "test") for label in labels]
    table = pd.DataFrame(
        [pair for pair in pairs if pair not in missing], columns=["split", "label"]
    )
    return table.assign(
        corpus="reviews", task="sentiment", language="en", culture="und", num_rows=10
    )


def test_check_splits_accepts_every_label_in_every_split(sentiment) -> None:
    check_splits(counts(), sentiment)


def test_check_splits_accepts_a_label_that_only_test_lacks(sentiment) -> None:
    check_splits(counts(("test", "neutral")), sentiment)


def test_check_splits_refuses_a_split_without_rows(sentiment) -> None:
    table = counts(*[("validation", label) for label in LABELS])
    with pytest.raises(CorpusError) as error:
        check_splits(table, sentiment)
    assert str(error.value) == (
        "task 'sentiment' (corpora reviews): no row in validation; give one corpus of the task a "
        "`split` that has it, or `ratios` above 0 and enough rows (parameters/corpora.yml)"
    )


def test_check_splits_refuses_a_single_label(sentiment) -> None:
    with pytest.raises(CorpusError) as error:
        check_splits(counts(labels=("positive",)), sentiment)
    assert str(error.value) == (
        "task 'sentiment' (corpora reviews): all 30 rows have the label 'positive'; with one label "
        "there is nothing to learn; is it the right column, or does label_map send all to one? "
        "(parameters/corpora.yml)"
    )


def test_check_splits_refuses_a_label_that_train_lacks(sentiment) -> None:
    with pytest.raises(CorpusError) as error:
        check_splits(counts(("train", "neutral")), sentiment)
    assert str(error.value) == (
        "task 'sentiment' (corpora reviews): train has no row with the label 'neutral'; add rows "
        "of it to train, or set other `ratios` (parameters/corpora.yml)"
    )


def test_check_splits_refuses_a_label_that_stands_nowhere(sentiment) -> None:
    with pytest.raises(CorpusError) as error:
        check_splits(counts(labels=("negative", "positive")), sentiment)
    assert str(error.value).endswith(
        "train has no row with the label 'neutral'; add rows of it, or leave it out of the task's "
        "labels (parameters/tasks.yml)"
    )


def test_labels_in_lists_are_not_looked_for_in_counts() -> None:
    entry = {"kind": "multi_label_classification", "loss_weight": 1.0, "labels": LABELS}
    tasks = build_tasks(TasksParameters.model_validate({"sentiment": entry}))
    table = counts(labels=("",))
    check_splits(table, tasks)
    assert describe_gaps(table.assign(language="en", culture="und")) == []


def test_describe_gaps_names_corpora_of_one_label_and_groups_without_test_rows() -> None:
    table = counts(("test", "neutral"))
    single = counts(labels=("positive",)).assign(corpus="praise")

    assert describe_gaps(pd.concat([table, single])) == [
        "corpus 'praise': all rows have the label 'positive'",
        "corpus 'reviews': no row in test with the label 'neutral'",
    ]


def shares(**rows: tuple[int, int, int]) -> pd.DataFrame:
    """Rows of each culture in train, validation and test."""
    return pd.DataFrame(
        [
            {"culture": culture, "split": split, "num_rows": number}
            for culture, numbers in rows.items()
            for split, number in zip(("train", "validation", "test"), numbers, strict=True)
        ]
    ).assign(corpus="reviews", language="en", label="neutral")


def test_describe_gaps_does_not_look_for_labels_where_a_task_has_none() -> None:
    assert describe_gaps(counts(labels=("",))) == []


def test_describe_gaps_names_groups_whose_shares_are_off_by_more_than_chance() -> None:
    # Of 4,000 rows 10 % are in test: of GB's 400 that makes 40, and 6 is one deviation.
    table = shares(NG=(2820, 370, 410), GB=(385, 10, 5))

    assert describe_gaps(table) == [
        "corpus 'reviews': all rows have the label 'neutral'",
        "corpus 'reviews': of its rows 80% in train, 10% in validation, 10% in test, but by more "
        "than chance 96%, 2%, 1% of the 400 rows of en, GB, neutral",
    ]


def test_describe_gaps_names_the_groups_that_are_furthest_off() -> None:
    cultures = {f"C{i}": (300 - 20 * i, 0, 100 + 20 * i) for i in range(6)}
    (uneven,) = describe_gaps(shares(NG=(1_800_000, 0, 200_000), **cultures))[1:]
    positions = [uneven.index(f"rows of en, C{i}") for i in (5, 4, 3)]
    assert positions == sorted(positions)
    assert uneven.endswith("rows of en, C3, neutral, and of 3 groups more")


@pytest.mark.parametrize(
    "table",
    [
        shares(NG=(2880, 360, 360), GB=(330, 33, 37)),  # by chance
        shares(NG=(2880, 360, 360), GB=(28, 1, 1)),  # too few to tell
        shares(NG=(100, 0, 0), GB=(300, 0, 0)),  # one split
    ],
)
def test_describe_gaps_leaves_out_what_chance_explains(table) -> None:
    assert not [gap for gap in describe_gaps(table) if "chance" in gap]


def test_drawn_splits_are_off_by_chance_alone() -> None:
    rows = pd.DataFrame({"id": range(5000), "culture": [f"C{i % 50}" for i in range(5000)]})
    split = split_by_ratios(rows["id"].astype("string"), RATIOS, seed=0)
    counts = rows.assign(split=split, corpus="reviews", language="en", num_rows=1)
    assert not [gap for gap in describe_gaps(counts) if "chance" in gap]


@pytest.fixture
def tag_counts() -> pd.DataFrame:
    columns = {"corpus": "c", "task": "t", "language": "sw", "culture": "KE", "label": ""}
    return pd.DataFrame({"split": ["train", "validation", "test"], "num_rows": 9}).assign(**columns)


def test_task_without_one_label_a_row_needs_none_in_train(tag_counts) -> None:
    kind = {"kind": "token_classification", "loss_weight": 1, "labels": ["PER", "LOC"]}
    check_splits(tag_counts, build_tasks(TasksParameters.model_validate({"t": kind})))


def test_describe_gaps_does_not_tell_of_labels_that_a_task_has_not(tag_counts) -> None:
    assert describe_gaps(tag_counts) == []
