from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.widgets._counts import (
    COLUMNS,
    CountRow,
    ImageCounts,
    KnownLabels,
    count_true,
    mean_count_error,
    totals,
)

CELLS = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")


def run(generator: Any) -> Any:
    """What a generator returns."""
    while True:
        try:
            next(generator)
        except StopIteration as end:
            return end.value


@pytest.fixture
def counts() -> ImageCounts:
    """Three frames, two of them with labels."""
    return ImageCounts(
        "cells",
        predicted={
            2: {"alive": (5, 4, 6), "dead": (1, 1, 1)},
            0: {"alive": (10, 10, 12), "dead": (3, 0, 3)},
            1: {"alive": (7, 7, 7), "dead": (2, 2, 2)},
        },
        true={0: {"alive": 8, "dead": 4}, 1: {"alive": 7, "dead": 2}},
    )


def test_a_row_per_frame_and_class_with_its_error(counts: ImageCounts) -> None:
    rows = [(r.frame, r.state, r.predicted, r.spread, r.true, r.error) for r in counts.rows()]
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
    assert mean_count_error(counts.rows()) == (1.5, 2)


def test_errors_of_opposite_sign_do_not_cancel() -> None:
    rows = [CountRow("a", 0, "alive", 3, 3, 3, 5), CountRow("a", 0, "dead", 5, 5, 5, 3)]
    assert mean_count_error(rows) == (4.0, 1)


def test_frames_of_the_same_number_in_two_images_are_two_frames() -> None:
    rows = [CountRow("a", 0, "alive", 3, 3, 3, 5), CountRow("b", 0, "alive", 4, 4, 4, 3)]
    assert mean_count_error(rows) == (1.5, 2)


@pytest.mark.parametrize("order", [1, -1])
def test_a_frame_with_a_class_of_unknown_count_takes_no_part(order: Any) -> None:
    rows = [CountRow("a", 0, "alive", 3, 3, 3, 5), CountRow("a", 0, "dead", 3, 3, 3, None)]
    rows = [*rows[::order], CountRow("a", 1, "alive", 3, 3, 3, 2)]
    assert mean_count_error(rows) == (1.0, 1)


def test_without_labels_there_is_no_error() -> None:
    assert mean_count_error([]) is None
    assert mean_count_error([CountRow("a", 0, "alive", 3, 3, 3)]) is None


def test_totals_over_frames(counts: ImageCounts) -> None:
    assert totals(counts.rows()) == {"alive": (22, 21, 25), "dead": (6, 3, 6)}


def test_a_row_of_the_csv() -> None:
    row = CountRow("cells", 2, "alive", 5, 4, 6, 7)
    assert row.to_record() == {
        "image": "cells", "frame": 2, "class": "alive", "predicted": 5, "low": 4, "high": 6,
        "true": 7, "error": -2,
    }  # fmt: skip
    assert tuple(row.to_record()) == COLUMNS
    unknown = CountRow("cells", 2, "alive", 5, 4, 6).to_record()
    assert (unknown["true"], unknown["error"]) == (None, None)


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
    assert run(count_true(truth)) == {0: {"alive": 2, "dead": 1}, 2: {"alive": 0, "dead": 0}}


def test_without_positions_connected_areas_are_counted() -> None:
    scheme = LabelScheme(Task.MULTILABEL, ("alive", "dead"))
    truth = KnownLabels(scheme, [drawn_cells()[:2]])
    assert run(count_true(truth)) == {0: {"alive": 2, "dead": 1}}


def test_exclusive_classes_are_counted_by_their_ids() -> None:
    scheme = LabelScheme(Task.MULTICLASS, ("alive", "dead"))
    target = drawn_cells()
    truth = KnownLabels(scheme, [target[0] + 2 * target[1]])
    assert run(count_true(truth)) == {0: {"alive": 2, "dead": 1}}
