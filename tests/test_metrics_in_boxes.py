"""Scores of images that are labeled only in boxes, against slow and obvious ones."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from skimage.draw import disk
from skimage.measure import label, regionprops

from napari_inconsistency_masks.metrics.evaluation import Evaluation
from napari_inconsistency_masks.metrics.scores import Scores
from napari_inconsistency_masks.task import LabelScheme, Task

Bool = npt.NDArray[np.bool_]
STATES = LabelScheme(Task.MULTILABEL, ("alive", "dead"))
HELA = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")
REGIONS = LabelScheme(Task.MULTICLASS, ("water", "fish"))
SIZE = 96


def boxes(rng: np.random.Generator) -> Bool:
    """One to three boxes, which may overlap."""
    known = np.zeros((SIZE, SIZE), bool)
    for _ in range(rng.integers(1, 4)):
        top, left = rng.integers(0, SIZE - 20, 2)
        height, width = rng.integers(10, 60, 2)
        known[top : top + height, left : left + width] = True
    return known


def discs(rng: np.random.Generator, count: int = 6) -> Bool:
    mask = np.zeros((SIZE, SIZE), bool)
    for _ in range(count):
        mask[disk(tuple(rng.integers(0, SIZE, 2)), rng.integers(3, 9), shape=mask.shape)] = True
    return mask


def cells(rng: np.random.Generator) -> Bool:
    """Channels of alive, dead and position: even markers, each cell in one state."""
    channels = np.zeros((3, SIZE, SIZE), bool)
    for row in range(12, SIZE, 24):
        for column in range(12, SIZE, 24):
            center = row + rng.integers(-4, 5), column + rng.integers(-4, 5)
            if rng.random() < 0.8:
                channels[rng.integers(2)][disk(center, 7, shape=(SIZE, SIZE))] = True
                channels[2][disk(center, 4, shape=(SIZE, SIZE))] = True
    return channels


def slow_iou(predicted: list[Bool], true: list[Bool], known: list[Bool]) -> float | None:
    """Of one class over several images, pixel by pixel."""
    both = either = 0
    for p, t, k in zip(predicted, true, known, strict=True):
        for row in range(SIZE):
            for column in range(SIZE):
                if k[row, column]:
                    both += p[row, column] and t[row, column]
                    either += p[row, column] or t[row, column]
    return both / either if either else None


def slow_count(mask: Bool, known: Bool) -> int:
    """Objects whose center is known."""
    count = 0
    for region in regionprops(label(mask, connectivity=2)):
        row, column = region.centroid
        count += bool(known[round(row), round(column)])
    return count


def score(
    scheme: LabelScheme, predicted: list[Bool], true: list[Bool], known: list[Bool]
) -> Scores:
    evaluation = Evaluation(scheme)
    for number, (p, t, k) in enumerate(zip(predicted, true, known, strict=True)):
        evaluation.add(f"{number}", p, scheme.to_target(t), k)
    return evaluation.scores()


def test_pixels_and_objects_outside_of_boxes_do_not_count() -> None:
    rng = np.random.default_rng(0)
    predicted, true = ([np.stack([discs(rng), discs(rng)]) for _ in range(6)] for _ in range(2))
    known = [boxes(rng) for _ in range(6)]
    scores = score(STATES, predicted, true, known)
    wrong = 0
    for index, name in enumerate(STATES.classes):
        p, t = ([image[index] for image in images] for images in (predicted, true))
        assert scores.iou[name] == slow_iou(p, t, known)
        counts = [(slow_count(a, k), slow_count(b, k)) for a, b, k in zip(p, t, known, strict=True)]
        rows = [(row.predicted, row.true) for row in scores.rows if row.state == name]
        assert rows == counts
        assert (scores.counts[name].predicted, scores.counts[name].true) == (
            sum(found for found, _ in counts),
            sum(there for _, there in counts),
        )
        wrong += sum(abs(found - there) for found, there in counts)
    assert scores.object_count_error == pytest.approx(wrong / 6)
    assert scores != score(STATES, predicted, true, [k | True for k in known])


def test_cells_outside_of_boxes_do_not_count() -> None:
    rng = np.random.default_rng(1)
    predicted, true = ([cells(rng) for _ in range(6)] for _ in range(2))
    known = [boxes(rng) for _ in range(6)]
    rows = score(HELA, predicted, true, known).rows
    everywhere = score(HELA, predicted, true, [k | True for k in known]).rows
    assert sum(row.true for row in rows) < 0.7 * sum(row.true for row in everywhere)
    for number, (p, t, k) in enumerate(zip(predicted, true, known, strict=True)):
        for state in ("alive", "dead"):
            (row,) = (row for row in rows if (row.name, row.state) == (f"{number}", state))
            for channels, count in ((p, row.predicted), (t, row.true)):
                of_state = channels[2] & channels[HELA.classes.index(state)]
                assert abs(count - slow_count(of_state, k)) <= at_the_border(of_state, k)


def test_a_perfect_prediction_has_no_wrong_count_in_any_box() -> None:
    rng = np.random.default_rng(4)
    true, known = [cells(rng) for _ in range(40)], [boxes(rng) for _ in range(40)]
    scores = score(HELA, true, true, known)
    assert scores.mcce == 0
    for counts in scores.counts.values():
        assert counts.true > 20
        assert counts.recall == counts.precision == 1


def at_the_border(mask: Bool, known: Bool) -> int:
    """Objects whose center is 1 pixel from the border of a box: the reference shifts by one."""
    near = 0
    for region in regionprops(label(mask, connectivity=2)):
        row, column = (math.floor(value) for value in region.centroid)
        around = known[max(row - 1, 0) : row + 3, max(column - 1, 0) : column + 3]
        near += bool(around.any() and not around.all())
    return near


def test_class_ids_outside_of_boxes_do_not_count() -> None:
    rng = np.random.default_rng(2)
    predicted, true, known = [], [], []
    for _ in range(3):
        p, t = (1 + discs(rng, 20).astype(np.uint8) for _ in range(2))
        predicted.append(REGIONS.to_channels(p))
        true.append(REGIONS.to_channels(t))
        known.append(boxes(rng))
    scores = score(REGIONS, predicted, true, known)
    for index, name in enumerate(REGIONS.classes, 1):
        p, t = ([image[index] for image in images] for images in (predicted, true))
        assert scores.iou[name] == slow_iou(p, t, known)
    right = sum(
        bool((p[:, row, column] == t[:, row, column]).all())
        for p, t, k in zip(predicted, true, known, strict=True)
        for row, column in np.argwhere(k)
    )
    assert scores.pixel_accuracy == pytest.approx(right / sum(k.sum() for k in known))


def test_what_is_drawn_far_from_boxes_makes_no_difference() -> None:
    rng = np.random.default_rng(3)
    true, other, predicted = cells(rng), cells(rng), cells(rng)
    known = np.zeros((SIZE, SIZE), bool)
    known[24:72, 24:72] = True
    margin = np.zeros_like(known)
    margin[20:76, 20:76] = True
    near = true & label_near(true, margin)
    other &= ~label_near(other, margin)
    assert other.any()
    a, b = (score(HELA, [predicted], [t], [known]) for t in (near, near | other))
    assert a == b


def label_near(channels: Bool, region: Bool) -> Bool:
    """Per channel, the objects that touch a region."""
    numbered = [label(mask, connectivity=2) for mask in channels]
    return np.stack([np.isin(numbers, numbers[region]) & (numbers > 0) for numbers in numbered])
