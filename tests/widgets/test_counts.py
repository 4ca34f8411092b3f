from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from napari_inconsistency_masks.cells import Cells
from napari_inconsistency_masks.inconsistency.areas import ClassAreas
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.widgets.counting import drawn_counts
from napari_inconsistency_masks.widgets.counting.counts import (
    COLUMNS,
    CountRow,
    ImageCounts,
    corrected_totals,
    mean_count_error,
    totals,
)
from napari_inconsistency_masks.widgets.counting.drawn_counts import (
    DrawnCounts,
    KnownLabels,
    corrected_counts,
    count_drawn,
)

CELLS = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")


def run(generator: Any) -> Any:
    """What a generator returns."""
    while True:
        try:
            next(generator)
        except StopIteration as end:
            return end.value


def counted(truth: Any) -> Any:
    """The counts of frames that are labeled all over."""
    return {
        frame: drawn.counts
        for frame, drawn in run(count_drawn(truth, {})).items()
        if drawn.boxes is None
    }


@pytest.mark.parametrize(
    ("exclusive", "words"),
    [
        (False, "Found: 5 water (4-6), 0 fish (0-2), 0 reef, 1 unclear."),
        (True, "Area: 40.0% water. Regions: 5 water (4-6), 1 unclear."),
    ],
)
def test_what_was_found_in_words(exclusive: bool, words: str) -> None:
    """Of many classes that exclude each other, those that are not there are left out."""
    most = {"water": 5000, "fish": 4, "reef": 0}
    areas = ClassAreas({**most, "water": 4000}, dict.fromkeys(most, 0), most, 10_000)
    counts = ImageCounts(
        predicted={7: {"water": (5, 4, 6), "fish": (0, 0, 2), "reef": (0, 0, 0)}},
        areas={7: areas},
        unclear={7: 1},
    )
    assert counts.in_words(7, exclusive=exclusive) == words


@pytest.fixture
def counts() -> ImageCounts:
    """Three frames, two of them with labels."""
    return ImageCounts(
        predicted={
            2: {"alive": (5, 4, 6), "dead": (1, 1, 1)},
            0: {"alive": (10, 10, 12), "dead": (3, 0, 3)},
            1: {"alive": (7, 7, 7), "dead": (2, 2, 2)},
        },
        drawn={
            0: DrawnCounts({"alive": 8, "dead": 4}, None, 1),
            1: DrawnCounts({"alive": 7, "dead": 2}, None, 2),
        },
    )


def test_a_row_per_frame_and_class_with_its_error(counts: ImageCounts) -> None:
    rows = [
        (r.frame, r.state, r.predicted, r.spread, r.true, r.error) for r in counts.rows("cells")
    ]
    assert rows == [
        (0, "alive", 10, "10-12", 8, 2),
        (0, "dead", 3, "0-3", 4, -1),
        (1, "alive", 7, "7", 7, 0),
        (1, "dead", 2, "2", 2, 0),
        (2, "alive", 5, "4-6", None, None),
        (2, "dead", 1, "1", None, None),
    ]


def test_the_mean_count_error_as_computed_by_hand(counts: ImageCounts) -> None:
    """Frame 0: |10 - 8| + |3 - 4| = 3; frame 1: 0; frame 2 has no labels. Mean: 1.5."""
    assert mean_count_error(counts.rows("cells")) == (1.5, 2)


def test_errors_of_opposite_sign_do_not_cancel() -> None:
    rows = [CountRow("a", 0, "alive", 3, 3, 3, 5), CountRow("a", 0, "dead", 5, 5, 5, 3)]
    assert mean_count_error(rows) == (4.0, 1)


def test_frames_of_the_same_number_in_two_images_are_two_frames() -> None:
    rows = [CountRow("a", 0, "alive", 3, 3, 3, 5), CountRow("b", 0, "alive", 4, 4, 4, 3)]
    assert mean_count_error(rows) == (1.5, 2)


def test_frames_of_two_images_of_one_name_are_two_frames(counts: ImageCounts) -> None:
    rows = [*counts.rows("cells", subject="a"), *counts.rows("cells", subject="b")]
    assert mean_count_error(rows) == (1.5, 4)


@pytest.mark.parametrize("order", [1, -1])
def test_a_frame_with_a_class_of_unknown_count_takes_no_part(order: Any) -> None:
    rows = [CountRow("a", 0, "alive", 3, 3, 3, 5), CountRow("a", 0, "dead", 3, 3, 3, None)]
    rows = [*rows[::order], CountRow("a", 1, "alive", 3, 3, 3, 2)]
    assert mean_count_error(rows) == (1.0, 1)


def test_without_labels_there_is_no_error() -> None:
    assert mean_count_error([]) is None
    assert mean_count_error([CountRow("a", 0, "alive", 3, 3, 3)]) is None


def test_totals_over_frames(counts: ImageCounts) -> None:
    assert totals(counts.rows("cells")) == {"alive": (22, 21, 25), "dead": (6, 3, 6)}


def test_a_row_of_the_csv() -> None:
    row = CountRow("cells", 2, "alive", 5, 4, 6, 7, area=(1 / 3, 0.25, 0.5))
    assert row.to_record() == {
        "image": "cells", "frame": 2, "class": "alive", "predicted": 5, "low": 4, "high": 6,
        "true": 7, "error": -2, "true_from": "drawn",
        "corrected": 7, "corrected_low": 7, "corrected_high": 7,
        "area": 0.333333, "area_low": 0.25, "area_high": 0.5,
    }  # fmt: skip
    assert tuple(row.to_record()) == COLUMNS
    unknown = CountRow("cells", 2, "alive", 5, 4, 6).to_record()
    assert (unknown["true"], unknown["error"], unknown["true_from"]) == (None, None, None)
    assert list(unknown.values())[-6:] == [5, 4, 6, None, None, None]


def drawn_cells() -> Any:
    """Two cells alive, one dead, one that is neither."""
    target = np.zeros((3, 40, 60), np.uint8)
    for index, column in ((0, 8), (0, 22), (1, 36)):
        target[index, 12:26, column - 5 : column + 6] = 1
    for column in (8, 22, 36, 50):
        target[2, 17:22, column - 2 : column + 3] = 1
    return target


def test_true_cells_are_counted_by_their_positions_in_their_states() -> None:
    truth = KnownLabels(CELLS, [drawn_cells(), None, np.zeros((3, 40, 60), np.uint8)])
    assert counted(truth) == {0: {"alive": 2, "dead": 1}, 2: {"alive": 0, "dead": 0}}


def test_without_positions_connected_areas_are_counted() -> None:
    scheme = LabelScheme(Task.MULTILABEL, ("alive", "dead"))
    truth = KnownLabels(scheme, [drawn_cells()[:2]])
    assert counted(truth) == {0: {"alive": 2, "dead": 1}}


def test_exclusive_classes_are_counted_by_their_ids() -> None:
    scheme = LabelScheme(Task.MULTICLASS, ("alive", "dead"))
    target = drawn_cells()
    truth = KnownLabels(scheme, [target[0] + 2 * target[1]])
    assert counted(truth) == {0: {"alive": 2, "dead": 1}}


def cells(*places: Any) -> Cells:
    """Cells at places, each alive (0) or dead (1)."""
    rows = np.array([place[:2] for place in places], float).reshape(-1, 2)
    return Cells(rows, np.array([place[2] for place in places], np.int64), ("alive", "dead"))


def test_in_label_boxes_only_cells_with_their_centers_there_are_counted() -> None:
    """The boxes hold the first cell alive and the dead one; the border cuts the second."""
    boxes = ((5, 0, 30, 20), (5, 30, 30, 45))
    truth = KnownLabels(CELLS, [drawn_cells()], {0: boxes})
    truth = replace(truth, targets=[drawn_cells(), None])
    drawn = run(count_drawn(PartlyKnown(truth), {}))
    assert list(drawn) == [0]
    assert (drawn[0].counts, drawn[0].boxes) == ({"alive": 1, "dead": 1}, boxes)


class PartlyKnown:
    """Labels of which none counts all over."""

    def __init__(self, truth: KnownLabels) -> None:
        self.scheme, self.boxes, self.target = truth.scheme, truth.boxes, truth.target

    def complete_frames(self) -> Any:
        return np.zeros(2, bool)


def test_corrected_is_what_is_drawn_in_the_boxes_and_predicted_outside() -> None:
    """Outside, all together see 2 alive, the networks 1 and 3; inside, 4 alive are drawn."""
    inside, outside = (10, 10, 0), (50, 50, 0)
    every = [
        cells(inside, outside, (60, 60, 0), (70, 70, 1)),
        cells(inside, inside, outside),
        cells(outside, (60, 60, 0), (65, 65, 0), (70, 70, 1)),
    ]
    drawn = DrawnCounts({"alive": 4, "dead": 0}, ((0, 0, 20, 20),), 1)
    assert corrected_counts(every, drawn) == {"alive": (6, 5, 7), "dead": (1, 0, 1)}


def test_a_frame_labeled_in_boxes_has_no_true_count_but_a_corrected_one() -> None:
    counts = ImageCounts(
        predicted={0: {"alive": (2, 2, 2), "dead": (0, 0, 0)}},
        drawn={0: DrawnCounts({"alive": 3, "dead": 1}, ((0, 0, 20, 20),), 1)},
        cells={0: [cells((10, 10, 0), (50, 50, 0))] * 3},
    )
    alive, dead = counts.rows("cells")
    assert (alive.true, alive.error, alive.boxed) == (None, None, (4, 4, 4))
    assert (dead.true, dead.corrected) == (None, (1, 1, 1))
    assert mean_count_error([alive, dead]) is None
    assert totals([alive]) == {"alive": (2, 2, 2)}
    assert corrected_totals([alive]) == {"alive": (4, 4, 4)}


def test_a_typed_count_wins_over_a_drawn_one_and_over_boxes(counts: ImageCounts) -> None:
    rows = counts.rows("cells", {(0, "alive"): 9, (2, "dead"): 0})
    said = [(row.frame, row.state, row.true, row.true_from, row.corrected) for row in rows]
    assert said == [
        (0, "alive", 9, "typed", (9, 9, 9)),
        (0, "dead", 4, "drawn", (4, 4, 4)),
        (1, "alive", 7, "drawn", (7, 7, 7)),
        (1, "dead", 2, "drawn", (2, 2, 2)),
        (2, "alive", None, None, (5, 4, 6)),
        (2, "dead", 0, "typed", (0, 0, 0)),
    ]
    assert mean_count_error(rows) == (1.0, 2), "|10 - 9| + |3 - 4|, 0; frame 2 is half known"


def test_only_frames_that_were_drawn_on_are_counted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[int] = []
    really = drawn_counts.find_cells
    monkeypatch.setattr(drawn_counts, "find_cells", lambda *a: found.append(1) or really(*a))
    targets = [drawn_cells() for _ in range(3)]
    first = run(count_drawn(KnownLabels(CELLS, targets), {}))
    assert len(found) == 3
    targets[1][:, :, 30:] = 0
    again = run(count_drawn(KnownLabels(CELLS, targets), first))
    assert len(found) == 4
    assert again == run(count_drawn(KnownLabels(CELLS, targets), {}))
    assert (again[0], again[1].counts) == (first[0], {"alive": 2, "dead": 0})
