"""Tables of a comparison, from scores that are written down here."""

from __future__ import annotations

import re
from statistics import fmean

import pytest

from napari_inconsistency_masks.benchmark.scored import Scored, measured
from napari_inconsistency_masks.benchmark.statistics import paired_test
from napari_inconsistency_masks.benchmark.summary import summarize
from napari_inconsistency_masks.benchmark.tables import (
    Cell,
    Table,
    main_table,
    masks_table,
    to_html,
    to_markdown,
)
from napari_inconsistency_masks.benchmark.trials import Trial
from napari_inconsistency_masks.recipes import RECIPES, WITHOUT_MASKS

METRICS = ("count_error", "mean_iou")
BEFORE, AFTER = (3.0, 1.0, 2.0, 4.0), (1.0, 1.0, 1.5, 2.5)
"""Count errors of four images in generation 0 and in the last one."""


def scored(
    recipe: str,
    run: int,
    last: int = 1,
    iou: tuple[float, float] = (0.5, 0.4),
    labeled: int | None = 4,
) -> Scored:
    """A trial whose count error falls and whose IoU changes, from generation 0 to the last."""
    networks, images = [], []
    for generation, errors in ((0, BEFORE), (last, AFTER))[: 1 + bool(last)]:
        about = {"split": "test", "generation": str(generation)}
        quality = str(iou[bool(generation)])
        networks.append(
            {
                **about,
                "network": "ensemble",
                "result": "true" if generation == last else "false",
                "count_error": str(fmean(errors) + run / 10),
                "mean_iou": quality,
                "seconds": "1",
                "memory": "1",
            }
        )
        pixels = {"both cells": str(100 * iou[bool(generation)]), "union cells": "100"}
        images += [
            {**about, "image": str(n), "file": str(n), "count_error": str(error), **pixels}
            for n, error in enumerate(errors)
        ]
    return Scored(Trial(recipe, labeled, run), networks, images)


def table_of(*trials: Scored) -> Table:
    table = masks_table(summarize(trials, METRICS))
    assert table is not None
    return table


def main(*trials: Scored) -> Table:
    return main_table(summarize(trials, METRICS), METRICS)


def column(table: Table, number: int) -> list[str]:
    return [row[number].text for row in table.rows]


def test_every_method_is_compared_with_itself_and_masks() -> None:
    trials = [scored(recipe, run) for recipe in ("im", "fixmatch+im") for run in (0, 2)]
    table = table_of(*trials, scored("labeled", 0, last=0), scored("im+", 0), scored("evalnet", 0))
    assert column(table, 0) == ["Labeled data only (LDT)", "FixMatch"]
    assert table.headers[3:6] == ("count error", "+ IM", "difference")
    assert column(table, 2) == ["2", "2"]
    assert column(table, 3) == ["2.600"] * 2  # mean of 2.5 and 2.7
    assert column(table, 4) == ["1.600"] * 2
    assert [cell.split(" [")[0] for cell in column(table, 5)] == ["-1.000"] * 2
    assert column(table, 7) == ["0.500"] * 2
    assert column(table, 9) == ["-0.100 [-0.100, -0.100]"] * 2


def test_the_better_of_the_two_is_bold_and_neither_if_they_are_equal() -> None:
    (worse_iou,) = table_of(scored("im", 0)).rows
    assert [cell.best for cell in worse_iou[3:5]] == [False, True]
    assert [cell.best for cell in worse_iou[7:9]] == [True, False]
    (same,) = table_of(scored("im", 0, iou=(0.5, 0.5))).rows
    assert [cell.best for cell in same[7:9]] == [False, False]


def test_p_values_are_corrected_for_the_number_of_rows() -> None:
    runs = [scored("im", 0), scored("im", 1)]
    both = measured("count_error", (runs, None), (runs, 0))
    assert both is not None
    p = paired_test(*both)
    assert p is not None
    assert 0.1 < p < 0.5
    assert column(table_of(*runs), 6) == [f"{p:.3f}"]
    others = [scored("imas+im", 0), scored("imas+im", 1)]
    assert column(table_of(*runs, *others), 6) == [f"{2 * p:.3f}"] * 2


def test_one_run_has_an_interval_but_no_p() -> None:
    table = table_of(scored("im", 0))
    assert column(table, 6) == [""]
    assert re.fullmatch(r"-1\.000 \[-\d\.\d{3}, -\d\.\d{3}\]", column(table, 5)[0])


def test_frames_of_one_file_count_together() -> None:
    one = scored("im", 0)
    stack = [{**row, "file": "movie"} for row in one.images]
    (apart,) = measured("count_error", ([one], None)) or ()
    (together,) = measured("count_error", ([Scored(one.trial, one.networks, stack)], None)) or ()
    assert (apart.files, together.files) == (4, 1)
    assert together.above.ravel().tolist() == [sum(AFTER)]
    assert together.below.ravel().tolist() == [4.0]


def test_of_one_test_file_there_is_no_interval() -> None:
    given = [scored("im", run) for run in (1, 2)]
    one = [
        Scored(each.trial, each.networks, [{**row, "file": "movie"} for row in each.images])
        for each in given
    ]
    texts = [cell.text for table in (table_of, main) for row in table(*one).rows for cell in row]
    assert "-1.000" in texts
    assert not any("[" in text or "nan" in text for text in texts)


def test_scores_of_an_older_version_have_counts_but_no_pixels() -> None:
    one = scored("im", 0)
    rows = [{k: v for k, v in row.items() if " cells" not in k} for row in one.images]
    old = Scored(one.trial, one.networks, rows)
    assert measured("mean_iou", ([old], None)) is None
    assert measured("count_error", ([old], None)) is not None
    (row,) = table_of(old).rows
    assert len(row) == 7  # of the count error alone


def test_recipes_that_use_all_labels_are_compared_only_where_it_is_clear_with_what() -> None:
    full = [scored("full", run, last=0, labeled=None) for run in (0, 1)]
    few, many = ([scored("im", run, labeled=n) for run in (0, 1)] for n in (4, 8))
    for ones in (few, many):
        (row,) = (row for row in summarize([*ones, *full], METRICS) if row.recipe == "full")
        assert set(row.differences) == set(row.p_values) == set(METRICS)
    rows = summarize([*few, *many, *full], METRICS)
    assert [row.p_values for row in rows if row.recipe == "full"] == [{}]


def test_the_best_is_one_of_those_with_most_runs_that_needs_no_hidden_labels() -> None:
    rows = [scored("im", run) for run in (0, 1)]
    rows += [scored("im+", run, iou=(0.5, 0.6)) for run in (0, 1)]
    rows += [scored("gt-im++", run, iou=(0.5, 0.9)) for run in (0, 1)]
    rows.append(scored("im++", 0, iou=(0.5, 0.8)))
    table = main_table(summarize(rows, METRICS), METRICS)
    place = table.headers.index("mean IoU")
    assert {row[1].text for row in table.rows if row[place].best} == {"im+"}


def test_names_with_bars_break_no_table() -> None:
    table = Table("t", ("a|b", "c"), ((Cell("d|e"), Cell("f")),), "")
    assert "| a\\|b | c |" in to_markdown([table])
    assert "| d\\|e | f |" in to_markdown([table])


def test_without_later_generations_there_is_no_such_table() -> None:
    assert (
        masks_table(summarize([scored("im", 0, last=0), scored("labeled", 0, 0)], METRICS)) is None
    )


def test_several_tables_are_one_page() -> None:
    table = table_of(scored("im", 0))
    markdown, page = to_markdown([table, table]), to_html([table, table], ["labels.svg"])
    assert markdown.count("# With and without Inconsistency Masks") == 2
    assert "| **1.500** | -1.000 [" in markdown
    assert page.count("<h1>With and without Inconsistency Masks</h1>") == 2
    assert page.count("<table>") == page.count("</table>") == 2
    assert page.index("labels.svg") > page.rindex("</table>")


@pytest.mark.parametrize("recipe", WITHOUT_MASKS)
def test_the_two_differ_in_the_masks_only(recipe: str) -> None:
    after, before = RECIPES[recipe], RECIPES[WITHOUT_MASKS[recipe]]
    assert after.pseudo_labels == "inconsistency-masks"
    assert before.pseudo_labels is None
    same = ("data", "augmented", "method", "unlabeled", "schedule", "judge", "hidden_labels")
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]


def test_recipes_are_compared_in_the_runs_that_both_have() -> None:
    """A recipe is bad and slow in a run that the others do not have yet."""
    known = [scored(recipe, run) for recipe in ("im", "im+") for run in (1, 2)]
    known += [scored("labeled", run, last=0) for run in (1, 2)]
    late = scored("im+", 3)
    rows = [{**row, "count_error": "9"} for row in late.images]
    costs = [{**row, "seconds": "100"} for row in late.networks]
    summaries = summarize([*known, Scored(late.trial, costs, rows)], METRICS)
    (row,) = (row for row in summaries if row.recipe == "im+")
    assert row.runs == 3
    assert row.p_values["count_error"] == 1.0  # equal in runs 1 and 2
    assert row.differences["count_error"].mean == 0.0
    assert row.time == 1.0


def test_a_run_without_any_object_on_the_test_images_is_not_compared_by_overlap() -> None:
    """The mean IoU of nothing is no number, and neither is any difference to it."""
    some, none = scored("im", 0), scored("im", 1)
    rows = [{**row, **dict.fromkeys(("both cells", "union cells"), "0")} for row in none.images]
    none = Scored(none.trial, none.networks, rows)
    assert measured("mean_iou", ([some], None)) is not None
    assert measured("mean_iou", ([some, none], None)) is None
    assert measured("count_error", ([some, none], None)) is not None
