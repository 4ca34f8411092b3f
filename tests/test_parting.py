"""Objects that touch are parted at waists."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.draw import disk

from napari_inconsistency_masks.batch.parted_rows import PartedRows
from napari_inconsistency_masks.cells import find_cells, part_objects, rules_for, usual_rule
from napari_inconsistency_masks.count_rule import CountRule
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.inconsistency import (
    Prediction,
    count_cells,
    find_consensus,
    measure_areas,
)
from napari_inconsistency_masks.metrics.evaluation import Evaluation
from napari_inconsistency_masks.metrics.rule_choice import RuleChoice
from napari_inconsistency_masks.places import find_places
from napari_inconsistency_masks.task import LabelScheme, Task
from toy import SCHEMES

Bool = npt.NDArray[np.bool_]

NUCLEI = LabelScheme(Task.BINARY, ("nucleus",))
TWO = LabelScheme(Task.MULTILABEL, ("nucleus", "tissue"))
EIGHT = np.ones((3, 3), bool)


def discs(*discs: tuple[int, int, int], shape: tuple[int, int] = (60, 60)) -> Bool:
    """``(1, Y, X)``, from rows, columns and radii."""
    mask = np.zeros(shape, bool)
    for row, column, radius in discs:
        mask[disk((row, column), radius, shape=shape)] = True
    return mask[None]


def parted_at(mask: Bool, waist: float) -> Bool:
    return part_objects(mask, NUCLEI.counting_by(CountRule(waists=(waist,))))


def count(mask: Bool) -> int:
    return int(ndimage.label(mask, EIGHT)[1])


PAIR = discs((20, 20, 9), (20, 35, 9))  # half as wide: 7.9 pixels, and 5.3 where they touch


def test_two_that_touch_are_two_where_the_waist_is_deep_enough() -> None:
    assert count(PAIR[0]) == 1
    assert [count(parted_at(PAIR, waist)[0]) for waist in (0, 1, 2, 3)] == [1, 2, 2, 1]


def test_little_is_lost_and_nothing_added() -> None:
    parted = parted_at(PAIR, 2)
    assert not (parted & ~PAIR).any()
    rows, columns = np.nonzero((PAIR & ~parted)[0])
    assert set(columns) <= {27, 28}
    assert len(set(rows)) == len(rows)


def test_what_has_no_waist_stays_as_it_is() -> None:
    bar = np.zeros((1, 60, 60), bool)
    bar[0, 20:30, 5:55] = True
    for mask in (discs((20, 20, 9)), bar, discs(), ~discs()):
        np.testing.assert_array_equal(parted_at(mask, 1), mask)


def test_a_class_is_parted_by_its_own_rule() -> None:
    channels = np.concatenate([PAIR, PAIR])
    parted = part_objects(channels, TWO.counting_by(CountRule(waists=(2, 0))))
    assert [count(mask) for mask in parted] == [2, 1]
    exclusive = LabelScheme(Task.MULTICLASS, ("a", "b"), rule=CountRule(waists=(0, 2)))
    with_blanked = np.concatenate([~PAIR, PAIR, PAIR])
    np.testing.assert_array_equal(part_objects(with_blanked, exclusive)[:2], with_blanked[:2])
    assert count(part_objects(with_blanked, exclusive)[2]) == 2


@pytest.mark.parametrize("waists", [(1.0,), (1.0, -0.5)])
def test_waists_that_fit_no_classes_are_refused(waists: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match=r"waists of objects .* nucleus, tissue: give 0 or more"):
        TWO.counting_by(CountRule(waists=waists))


def slowly(mask: Bool, waist: float) -> int:
    """How many objects there are: pixels from the widest to the narrowest, joined as they touch.

    Of two peaks whose sides meet, the lower one is an object of its own if it is more than
    `waist` above the meeting.
    """
    distance = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1].astype(np.float32)
    binomial = np.outer([1, 2, 1], [1, 2, 1]).astype(np.float32) / 16
    for _ in range(2):
        distance = ndimage.convolve(distance, binomial, mode="constant") * mask
    root: dict[tuple[int, int], tuple[int, int]] = {}
    objects = 0

    def find(pixel: tuple[int, int]) -> tuple[int, int]:
        while root[pixel] != pixel:
            pixel = root[pixel]
        return pixel

    order = sorted(map(tuple, np.argwhere(mask)), key=lambda pixel: -distance[pixel])
    for pixel in order:
        root[pixel] = pixel
        objects += 1
        for neighbor in np.ndindex(3, 3):
            near = (pixel[0] + neighbor[0] - 1, pixel[1] + neighbor[1] - 1)
            if near in root and find(near) != find(pixel):
                low, high = sorted((find(near), find(pixel)), key=lambda peak: distance[peak])
                root[low] = high
                objects -= distance[low] - distance[pixel] <= waist
    return objects


def blobs(seed: int, shape: tuple[int, ...] = (60, 50), sigma: float = 2.5) -> Bool:
    noise = np.random.default_rng(seed).normal(size=shape)
    return ndimage.gaussian_filter(noise, (0,) * (len(shape) - 2) + (sigma, sigma)) > 0.02


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), waist=st.sampled_from([0.5, 0.83, 1.47, 2.29]))
def test_as_many_objects_as_a_slow_flood_finds(seed: int, waist: float) -> None:
    mask = blobs(seed)
    assert count(parted_at(mask[None], waist)[0]) == slowly(mask, waist)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_each_object_is_parted_as_if_alone(seed: int) -> None:
    mask = blobs(seed)
    parted = parted_at(mask[None], 1)[0]
    labels, number = ndimage.label(mask, EIGHT)
    alone = [parted_at((labels == each)[None], 1)[0] for each in range(1, number + 1)]
    np.testing.assert_array_equal(parted, np.logical_or.reduce(alone))


@pytest.mark.parametrize(("labels", "waists"), [(NUCLEI, (1,)), (TWO, (0, 1))])
@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    heights=st.lists(st.integers(1, 60), min_size=1, max_size=12),
)
def test_row_by_row_it_is_the_same(
    labels: LabelScheme, waists: tuple[float, ...], seed: int, heights: list[int]
) -> None:
    scheme = labels.counting_by(CountRule(waists=waists))
    channels = blobs(seed, (3, scheme.outputs, 120, 50))
    votes, best = channels[:2], channels[2]
    rows, first = PartedRows(scheme), 0
    found = []
    for height in [*heights, 120]:
        stop = min(first + height, 120)
        if stop > first:
            piece = slice(first, stop)
            found.append(rows.feed(votes[:, :, piece], best[:, piece], last=stop == 120))
        first = stop
    np.testing.assert_array_equal(
        np.concatenate([each[0] for each in found], axis=2), part_objects(votes, scheme)
    )
    np.testing.assert_array_equal(
        np.concatenate([each[1] for each in found], axis=1), part_objects(best, scheme)
    )


def test_what_is_taller_than_any_cell_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_inconsistency_masks.batch.parted_rows.TALLEST", 40)
    rows = PartedRows(NUCLEI.counting_by(CountRule(waists=(1,))))
    band = np.zeros((1, 30, 50), bool)
    band[0, :, 20:30] = True
    done = [rows.feed(band[None], band, last=last)[1].shape[1] for last in (False, False, True)]
    assert done == [0, 60, 30]


# --- what follows from it ---


def test_which_depths_are_tried() -> None:
    typical = {"nucleus": np.pi * 8**2, "tissue": np.pi * 2**2}
    waists = list(dict.fromkeys(rule.waists for rule in rules_for(TWO, typical)))
    assert waists[:4] == [(), (4, 1), (3, 0.75), (2, 0.5)]  # half as wide, and so on
    assert waists[-2:] == [(0.25, 0.06), (0.12, 0)]  # what is too shallow parts nothing
    assert len(waists) == 9
    assert {rule.waists for rule in rules_for(TWO, {"tissue": 0.02})} == {()}
    assert {rule.waists for rule in rules_for(SCHEMES[Task.MULTICLASS], {"water": 900})} == {()}
    assert usual_rule(TWO, typical).waists == ()


def choose(predicted: Bool, true: Bool) -> tuple[CountRule, float | None]:
    choice = RuleChoice(NUCLEI, rules_for(NUCLEI, {"nucleus": 250}))
    choice.add("a", predicted.astype(np.float32), true.astype(np.uint8))
    rule, scores = choice.best()
    by_rule = Evaluation(NUCLEI, rules=(rule,))
    by_rule.add("a", predicted, true.astype(np.uint8))
    assert by_rule.scores() == scores
    return rule, scores.object_count_error


def test_the_rule_is_the_one_with_the_best_counts() -> None:
    """Two that touch are two in labels, and so they are counted; else nothing is parted."""
    labels = parted_at(PAIR, 2)
    rule, error = choose(PAIR, labels)
    assert error == 0
    assert rule.waists == (2.23,)  # of all that part them, the one that parts the fewest
    assert choose(PAIR, PAIR) == (CountRule(smallest_objects=(1,)), 0)
    assert choose(labels, labels) == (CountRule(smallest_objects=(1,)), 0)


def test_the_areas_are_scored_as_they_are() -> None:
    labels = parted_at(PAIR, 2)
    by = Evaluation(NUCLEI, rules=(CountRule(waists=(2,)),))
    by.add("a", PAIR, PAIR.astype(np.uint8))
    by.add("b", PAIR, labels.astype(np.uint8))
    scores = by.scores()
    assert scores.iou["nucleus"] == (PAIR.sum() + labels.sum()) / (2 * PAIR.sum())
    assert [row.predicted for row in scores.rows] == [2, 2]
    assert [row.true for row in scores.rows] == [1, 2]


def test_counts_layers_and_places_are_of_parted_objects() -> None:
    """One member sees two with a gap, the other one a pair that touches, or one without a waist."""
    apart = discs((20, 20, 7), (20, 38, 7))
    touching = discs((20, 20, 9), (20, 36, 9))
    one = discs((20, 20, 9), (20, 36, 9), (20, 28, 9))
    counting = NUCLEI.counting_by(CountRule(waists=(2,)))
    for other, counts, differs in ((touching, (2, 2), False), (one, (1, 2), True)):
        probability = np.stack([apart, other]).astype(np.float32)
        consensus = find_consensus(Prediction(probability, counting))
        found = count_cells(consensus)
        assert (found.low["nucleus"], found.high["nucleus"]) == counts
        assert len(find_cells(consensus.votes[1], counting)) == counts[0]
        assert measure_areas(consensus)["nucleus"] == consensus.best_guess.mean()
        places = find_places(consensus.votes.astype(np.uint8), counting, image="", frame=0)
        assert any(place.effect for place in places) == differs
