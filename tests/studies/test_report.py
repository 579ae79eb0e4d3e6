"""The page of a study."""

import pandas as pd

from ccnlp.studies.augmentation import ABOUT
from ccnlp.studies.comparison import Contrast
from ccnlp.studies.parameters import AugmentationStudyParameters
from ccnlp.studies.plots import draw_differences
from ccnlp.studies.report import render_study

PLACE = {
    "task": "sentiment",
    "corpus": "c",
    "split": "test",
    "metric": "macro_f1",
    "is_primary": True,
}


def rows(arm, group, slice_name, difference, finding):
    return {
        **PLACE, "arm": arm, "against": "without", "slice": slice_name, "group": group,
        "score": 0.6, "difference": difference, "difference_low": difference - 0.01,
        "difference_high": difference + 0.01, "lowest_of_seeds": difference,
        "highest_of_seeds": difference, "p_value": 0.01, "n": 300, "is_small": False,
        "finding": finding,
    }  # fmt: skip


COMPARISON = pd.DataFrame(
    [
        rows("filtered", "all", "all", 0.02, "better"),
        rows("filtered", "es", "language", 0.03, "better"),
        rows("filtered", "<b>", "language", -0.03, "worse"),
    ]
)
VERDICTS = COMPARISON.assign(
    verdict=COMPARISON["finding"].map({"better": "helps", "worse": "hurts"})
)


SCORES = COMPARISON[["arm", *PLACE, "slice", "group", "score", "n", "is_small"]].assign(
    low=0.55, high=0.65
)


def render(comparison, verdicts):
    figure = draw_differences(comparison, [Contrast("filtered", "without")], slice_name="language")
    parameters = AugmentationStudyParameters(
        seeds=(0, 1),
        steps=None,
        round_trip_tag="<bt>",
        pair_consistency_weight=1,
        slices={"language": ("language",)},
    )
    return render_study(
        ABOUT,
        verdicts,
        comparison,
        SCORES,
        figure=figure,
        parameters=parameters,
        slice_name="language",
    )


def test_page_of_a_distribution_judges_by_its_metric_and_tells_macro_f1():
    names = {"macro_f1": "distribution_similarity"}
    both = [
        pd.concat([table.replace({"metric": names}), table.assign(is_primary=False)])
        for table in (COMPARISON, VERDICTS)
    ]
    page = render(*both)
    assert "Verdicts are by distribution similarity, the task's primary metric" in page
    assert "rows (+2.0, +1.0 to +3.0 in distribution similarity; in macro-F1 +2.0, +1.0" in page
    assert page.count('<span class="better">helps</span> <small>+3.0') == 1
    assert "difference in macro-F1, percent" in page


def test_page_tells_each_group_what_was_found_and_escapes_names():
    page = render(COMPARISON, VERDICTS)

    assert "Did back-translation help?" in page
    assert (
        "sentiment, c, filtered: helps over all 300 rows (+2.0, +1.0 to +3.0 in macro-F1)." in page
    )
    assert '<span class="better">helps</span> <small>+3.0, +2.0 to +4.0</small>' in page
    assert "<td>&lt;b&gt;" in page
    assert "<td><b>" not in page
    assert "2 trainings of each arm" in page
    assert "<h3>sentiment, c: macro-F1 on test, in percent</h3>" in page
    assert page.count("<td>all rows</td>") == 2  # of what was found, and of the scores
    assert page.count('data-value="60.0">60.0 (55.0 to 65.0)</td>') == 3


def with_slice(slice_name, *groups):
    rows_of_all = VERDICTS[VERDICTS["slice"] == "all"]
    tables = [rows_of_all.assign(slice=slice_name, group=group) for group in groups]
    return pd.concat([VERDICTS[VERDICTS["slice"] != slice_name], *tables])


def test_page_has_no_table_of_a_slice_whose_only_group_is_the_unknown_one():
    assert "By culture" not in render(COMPARISON, with_slice("culture", "und"))


def test_page_tells_the_unknown_group_beside_known_ones_and_where_its_slice_comes_first():
    page = render(COMPARISON, with_slice("culture", "MX", "und"))
    assert "By culture" in page
    assert page.count("<td>und") == 1
    assert "By language" in render(COMPARISON, with_slice("language", "und"))
