"""Markers that are drawn like others: their size and place."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from napari_inconsistency_masks.cells import (
    MarkerStyle,
    draw_discs,
    find_marks,
    marker_positions,
    position_markers,
    pseudo_label_markers,
)

SHAPE = (120, 150)
PLACES = np.array([(20, 20), (20, 60), (60, 30), (70, 100), (100, 130)])


def discs(radius: int, places: npt.NDArray[np.int64] = PLACES) -> npt.NDArray[np.bool_]:
    return draw_discs(places, np.full(len(places), radius), SHAPE)


@pytest.mark.parametrize("radius", range(1, 15))
def test_markers_of_one_size_are_drawn_again_as_they_are(radius: int) -> None:
    mask = discs(radius)
    style = MarkerStyle.of([mask])
    assert style.radius == radius or (style.radius is None and radius == 8)  # the same here
    np.testing.assert_array_equal(style.redraw(mask), mask)


def test_markers_drawn_by_distance_are_recognized_and_drawn_again_as_they_are() -> None:
    places = np.array([(20, 20), (20, 36), (60, 30), (70, 60), (100, 130), (105, 106)])
    mask = position_markers(places, SHAPE)
    style = MarkerStyle.of([mask, np.zeros(SHAPE, bool)])
    assert style == MarkerStyle(None)
    np.testing.assert_array_equal(style.redraw(mask), mask)


def test_without_any_marker_distances_say_the_size() -> None:
    assert MarkerStyle.of([]) == MarkerStyle.of([np.zeros(SHAPE, bool)]) == MarkerStyle(None)
    assert not MarkerStyle(4).redraw(np.zeros(SHAPE, bool)).any()


def test_the_size_is_that_of_most_markers() -> None:
    clump = discs(5, np.array([(50, 50), (50, 56), (56, 52)]))
    assert MarkerStyle.of([clump, discs(5), discs(5, PLACES[:3])]) == MarkerStyle(5)


def test_markers_stay_where_they_are_however_often_they_are_drawn() -> None:
    style, mask = MarkerStyle(4), discs(4)
    moved = mask
    for _ in range(5):
        mask, moved = style.redraw(mask), pseudo_label_markers(moved)
    np.testing.assert_allclose(find_marks(mask).centers, PLACES)
    assert np.abs(find_marks(moved).centers - PLACES).min() >= 4  # as the reference draws them


def test_markers_that_erosion_would_lose_are_drawn_too() -> None:
    mask = discs(4)
    small = np.zeros(SHAPE, bool)
    small[90:92, 20:22] = small[40, 100] = True
    found = find_marks(MarkerStyle(4).redraw(mask | small)).centers
    wanted = [*PLACES.tolist(), [90, 20], [40, 100]]
    assert len(marker_positions(mask | small)) == len(PLACES)
    assert sorted(map(tuple, found.round().tolist())) == sorted(map(tuple, wanted))


def test_markers_that_just_touch_are_parted_and_do_not_touch_then() -> None:
    touching = discs(5, np.array([(50, 50), (50, 61)])) | discs(5, np.array([(52, 90)]))
    touching[50, 55:57] = True
    found = MarkerStyle(5).redraw(touching)
    centers = find_marks(found).centers
    assert sorted(map(tuple, centers.round().tolist())) == [(50, 50), (50, 61), (52, 90)]
    assert [int(r) for r in MarkerStyle(5).radii(np.array([(50, 50), (50, 61), (52, 90)]))] == [
        4,
        4,
        5,
    ]


@pytest.mark.parametrize(("gap", "radius"), [(2, 3), (6, 3), (7, 3), (8, 3), (12, 5), (13, 5)])
def test_neighbors_never_touch_where_there_is_room(gap: int, radius: int) -> None:
    places = np.array([(50, 50), (50, 50 + gap)])
    assert MarkerStyle(5).radii(places).tolist() == [radius, radius]
    row = draw_discs(places, MarkerStyle(5).radii(places), SHAPE)[50]
    if gap > 7:
        assert (np.diff(row.astype(int)) == 1).sum() == 2


@pytest.mark.parametrize("radius", [3, 4, 6])
@pytest.mark.parametrize("gap", [6, 7, 8, 10])
def test_crowded_cells_are_as_many_when_drawn_again(radius: int, gap: int) -> None:
    rng, places = np.random.default_rng(0), np.empty((0, 2), np.int64)
    for place in rng.integers(8, 92, (250, 2)):
        if (np.hypot(*(places - place).T) >= gap).all():
            places = np.concatenate([places, place[None]])
    mask = discs(3, places)
    drawn = MarkerStyle(radius).redraw(mask)
    assert len(find_marks(drawn).centers) == len(find_marks(mask).centers) == len(places)


def test_a_single_marker_has_the_size_of_the_others() -> None:
    assert MarkerStyle(6).radii(np.array([(5, 5)])).tolist() == [6]
    assert MarkerStyle(6).radii(np.array([(5, 5), (5, 5)])).tolist() == [6, 6]


@pytest.mark.parametrize("radius", [3, 4, 8, None])
@pytest.mark.parametrize("apart", [(0, 5), (5, 0), (5, 2), (1, 5), (3, 4), (0, 4), (0, 6)])
def test_near_markers_stay_two(radius: int | None, apart: tuple[int, int]) -> None:
    mask = position_markers(np.array([(50, 50), (50 + apart[0], 50 + apart[1])]), SHAPE)
    drawn = MarkerStyle(radius).redraw(mask)
    assert len(find_marks(mask).centers) == len(find_marks(drawn).centers) == 2
