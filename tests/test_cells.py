from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given as over
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from golden_files import Case, each_case, points
from napari_inconsistency_masks.cells import (
    UNCLEAR,
    assign_states,
    dilate,
    draw_discs,
    erode,
    find_cells,
    find_marks,
    foreground,
    marker_positions,
    nearest_distances,
    position_markers,
    pseudo_label_markers,
    redraw_markers,
)
from napari_inconsistency_masks.cells.markers import find_markers
from napari_inconsistency_masks.count_rule import CountRule
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.task import LabelScheme, Task

Bool = npt.NDArray[np.bool_]
HELA = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")

small_masks = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=14))


def drawing(text: str) -> Bool:
    """A mask from lines of '#' and '.'."""
    return np.array([[letter == "#" for letter in line] for line in text.split()])


def as_set(array: npt.NDArray[Any]) -> list[tuple[int, ...]]:
    return sorted(map(tuple, array.tolist()))


# --- the reference's own results ---


@each_case("positions")
def test_positions_are_the_reference_ones(case: str, given: Case) -> None:
    assert as_set(marker_positions(given["image"])) == as_set(points(given["positions"]))
    if "positions_erode0" in given:
        found = marker_positions(given["image"], erode=False)
        assert as_set(found) == as_set(points(given["positions_erode0"]))


@each_case("positions")
def test_distances_and_redrawn_markers_are_the_reference_ones(case: str, given: Case) -> None:
    if "min_dist" in given:
        np.testing.assert_array_equal(nearest_distances(given["positions"]), given["min_dist"])
        np.testing.assert_array_equal(redraw_markers(given["image"]), given["mod_pos_size"] > 0)


@each_case("mod_pos_size_repeated")
def test_markers_redrawn_again_and_again(case: str, given: Case) -> None:
    mask = given["step0"]
    for step in range(1, 5):
        mask = redraw_markers(mask)
        np.testing.assert_array_equal(mask, given[f"step{step}"] > 0)


@each_case("cell_count")
def test_counts_are_the_reference_ones(case: str, given: Case) -> None:
    states = np.stack([foreground(given["alive"]), foreground(given["dead"])])
    found = assign_states(points(given["positions"]), states)
    assert [(found == state).sum() for state in (0, 1, UNCLEAR)] == given["counts"].tolist()


@each_case("primitives", "circle_")
def test_discs_are_opencv_circles(case: str, given: Case) -> None:
    radius = int(case.removeprefix("circle_r"))
    disc = draw_discs(np.array([[12, 12]]), np.array([radius]), (25, 25))
    np.testing.assert_array_equal(disc, given["raster"] > 0)


@each_case("primitives", "morph_")
def test_erosion_and_dilation_are_opencv_ones(case: str, given: Case) -> None:
    side, mask = int(case.removeprefix("morph_")), given["image"] > 0
    np.testing.assert_array_equal(erode(mask, side), given["erode"] > 0)
    np.testing.assert_array_equal(dilate(mask, side), given["dilate"] > 0)


# --- positions ---


def outline_center(region: Bool, hole: bool) -> tuple[int, int] | None:
    """Position of one outline, square of 2 x 2 pixel centers by square, slow and obvious."""
    area, moments = 0, np.zeros(2, int)
    for row, column in np.ndindex(region.shape[0] - 1, region.shape[1] - 1):
        corners = np.array([(row + i, column + j) for i, j in np.ndindex(2, 2)])
        inside = region[tuple(corners.T)]
        square = 6 * np.array((row, column)) + 3
        if inside.sum() == 4 or (hole and inside.sum() >= 2):
            area, moments = area + 2, moments + square
        elif hole and inside.sum() == 1:
            area, moments = area + 1, moments + square - corners[~inside].sum(0)
        elif not hole and inside.sum() == 3:
            area, moments = area + 1, moments + corners[inside].sum(0)
    if area == 0:
        return None
    y, x = (int((int(moment) * 0.16666666666666667) / (area * 0.5)) + 1 for moment in moments)
    return y, x


def slow_positions(mask: Bool) -> list[tuple[int, int]]:
    """Component by component; nothing may touch the border."""
    found = []
    components, count = ndimage.label(mask, np.ones((3, 3)))
    for index in range(1, count + 1):
        filled = ndimage.binary_fill_holes(components == index)
        found.append(outline_center(filled, hole=False))
        inner, inner_count = ndimage.label(filled & (components != index))
        holes = range(1, inner_count + 1)
        found.extend(outline_center(inner == hole, hole=True) for hole in holes)
    return [position for position in found if position is not None]


@over(small_masks)
def test_positions_equal_a_slow_reference(mask: Bool) -> None:
    mask = np.pad(mask, 1)
    assert as_set(marker_positions(mask, erode=False)) == sorted(slow_positions(mask))


@over(small_masks)
def test_every_position_has_a_center_in_the_image(mask: Bool) -> None:
    positions = marker_positions(mask, erode=False, holes=False)
    centers = find_markers(mask, shrink=False, holes=False).centers
    assert centers.shape == positions.shape
    assert (centers >= 0).all()
    assert (centers <= np.array(mask.shape) - 1).all()


@pytest.mark.parametrize("radius", [3, 5, 8])
def test_the_center_of_a_disc_is_where_it_was_drawn(radius: int) -> None:
    disc = draw_discs(np.array([[14, 21]]), np.array([radius]), (30, 40))
    np.testing.assert_allclose(find_markers(disc, holes=False).centers, [[14, 21]])
    assert marker_positions(disc).tolist() == [[15, 22]]  # the reference adds 1


def test_a_ring_has_two_positions_but_one_center() -> None:
    ring = drawing("....... .#####. .#...#. .#...#. .#...#. .#####. .......")
    assert marker_positions(ring, erode=False).tolist() == [[4, 4], [4, 4]]
    assert marker_positions(ring, erode=False, holes=False).tolist() == [[4, 4]]
    np.testing.assert_allclose(find_markers(ring, shrink=False, holes=False).centers, [[3, 3]])


def test_a_marker_in_a_ring_is_one_more() -> None:
    target = np.zeros((21, 21), bool)
    target[2:19, 2:19] = True
    target[5:16, 5:16] = False
    target[8:13, 8:13] = True
    assert len(marker_positions(target, holes=False)) == 2
    assert len(find_markers(target, holes=False).centers) == 2


def test_markers_less_than_4_wide_are_lost_and_touching_ones_parted() -> None:
    mask = np.zeros((12, 40), bool)
    mask[3:6, 2:5] = True  # 3 x 3
    mask[2:10, 10:18] = mask[2:10, 20:28] = True
    mask[5, 18:20] = True  # a thin neck
    assert len(marker_positions(mask, erode=False)) == 2
    np.testing.assert_allclose(find_markers(mask, holes=False).centers, [[5.5, 13.5], [5.5, 23.5]])


def test_lines_have_no_area() -> None:
    assert marker_positions(drawing("##### ..... ....#"), erode=False).shape == (0, 2)


def slow_number_of_marks(mask: Bool) -> int:
    components, count = ndimage.label(mask, np.ones((3, 3)))
    found = 0
    for index in range(1, count + 1):
        core = ndimage.binary_erosion(components == index, np.ones((3, 3)), border_value=1)
        parts, number = ndimage.label(core, np.ones((3, 3)))
        filled = [ndimage.binary_fill_holes(parts == part) for part in range(1, number + 1)]
        found += max(1, sum(outline_center(part, hole=False) is not None for part in filled))
    return found


@over(small_masks, st.booleans())
def test_marks_equal_a_slow_reference(mask: Bool, grown: bool) -> None:
    if grown:
        mask = ndimage.binary_dilation(np.pad(mask, 1))
    positions, centers, small = find_marks(mask)
    assert len(positions) == len(centers) == len(small) == slow_number_of_marks(mask)
    assert (small == 0).sum() == len(find_markers(mask, holes=False).centers)
    assert (centers >= 0).all()
    assert (centers <= np.array(mask.shape) - 1).all()


def test_all_marks_are_found_small_ones_and_those_that_touch() -> None:
    mask = np.zeros((20, 40), bool)
    mask[2:10, 10:18] = mask[2:10, 20:28] = True
    mask[5, 18:20] = True  # a thin neck
    mask[3:6, 2:5] = mask[14, 30] = mask[15, 5:9] = True  # 3 x 3, a pixel and a line
    centers = [[5.5, 13.5], [5.5, 23.5], [4, 3], [14, 30], [15, 6.5]]
    np.testing.assert_allclose(find_marks(mask).centers, centers)
    assert find_marks(mask).positions.tolist()[2:] == [[5, 4], [15, 31], [16, 7]]
    assert find_marks(mask).small.tolist() == [0, 0, 9, 1, 4]


@pytest.mark.parametrize(("smallest", "counted"), [(1, 5), (4, 4), (5, 3), (9, 3), (10, 2)])
def test_small_marks_count_from_a_size_on(smallest: int, counted: int) -> None:
    channels = np.zeros((2, 20, 40), bool)
    channels[0] = True
    channels[1, 2:10, 10:18] = channels[1, 2:10, 20:28] = True
    channels[1, 3:6, 2:5] = channels[1, 14, 30] = channels[1, 15, 5:9] = True
    scheme = LabelScheme(
        Task.MULTILABEL, ("cell", "position"), "position", CountRule(0.5, smallest)
    )
    assert find_cells(channels, scheme).counts == {"cell": counted}
    as_in_paper = scheme.counting_by(CountRule(0.5, None))
    assert find_cells(channels, as_in_paper).counts == {"cell": 2}
    assert scheme == as_in_paper  # it is no matter of what is learned


def test_small_objects_of_each_class_count_from_a_size_on() -> None:
    channels = np.zeros((2, 20, 40), bool)
    channels[0, 2:10, 10:18] = channels[0, 3:6, 2:5] = channels[0, 14, 30] = True
    channels[1, 15, 5:9] = channels[1, 18, 30:32] = True
    scheme = LabelScheme(Task.MULTILABEL, ("large", "small"))
    assert find_cells(channels, scheme).counts == {"large": 3, "small": 2}
    by_size = scheme.counting_by(CountRule(smallest_objects=(9, 3)))
    found = find_cells(channels, by_size)
    assert found.counts == {"large": 2, "small": 1}
    np.testing.assert_allclose(found.centers, [[5.5, 13.5], [4, 3], [15, 6.5]])
    assert found.pixels is not None
    assert found.pixels.tolist() == [64, 9, 4]
    assert find_cells(channels, by_size, as_in_paper=True).counts == {"large": 3, "small": 2}
    assert by_size == scheme  # it is no matter of what is learned
    with pytest.raises(InputError, match="do not fit the classes large, small"):
        scheme.counting_by(CountRule(smallest_objects=(9,)))


# --- reading masks ---


def test_grey_above_10_is_marked() -> None:
    grey = np.array([[0, 10, 11, 255]], np.uint8)
    np.testing.assert_array_equal(foreground(grey), [[False, False, True, True]])
    np.testing.assert_array_equal(foreground(grey[:, :, None]), [[False, False, True, True]])
    np.testing.assert_array_equal(foreground(np.array([[-11.0, 10.5, 10.6]])), [[1, 0, 1]])


@each_case("primitives", "bgr2gray")
def test_colors_become_grey_first(case: str, given: Case) -> None:
    np.testing.assert_array_equal(foreground(given["bgr"]), given["out"] > 10)
    darkened = given["bgr"] // 12  # so that many are near the threshold
    grey = np.floor(darkened @ np.array([0.114, 0.587, 0.299]) + 0.5 + 1e-9)
    np.testing.assert_array_equal(foreground(darkened), grey > 10)


def test_a_mask_of_0_and_1_is_refused_not_found_empty() -> None:
    with pytest.raises(InputError, match="as bool"):
        marker_positions(np.eye(8, dtype=np.uint8))


def test_a_stack_is_refused() -> None:
    with pytest.raises(InputError, match=r"\(2, 8, 8\)"):
        marker_positions(np.zeros((2, 8, 8), bool))


# --- markers ---


def test_distance_to_the_nearest_other_place() -> None:
    positions = np.array([[0, 0], [3, 4], [0, 0], [3, 5]])
    assert nearest_distances(positions).tolist() == [5, 1, 5, 1]
    assert nearest_distances(np.array([[7, 7], [7, 7]])).tolist() == [0, 0]
    assert nearest_distances(np.empty((0, 2))).shape == (0,)


@over(hnp.arrays(np.int64, st.tuples(st.integers(0, 20), st.just(2)), elements=st.integers(0, 9)))
def test_distances_equal_a_slow_reference(positions: npt.NDArray[np.int64]) -> None:
    every = np.sqrt(((positions[:, None] - positions) ** 2).sum(-1))
    expected = [min(row[row > 0], default=0) for row in every]
    np.testing.assert_array_equal(nearest_distances(positions), expected)


def test_discs_are_cut_off_at_the_border() -> None:
    assert draw_discs(np.array([[0, 0]]), np.array([3]), (3, 3)).tolist() == [
        [True, True, True],
        [True, True, True],
        [True, True, True],
    ]
    assert not draw_discs(np.array([[50, 1]]), np.array([3]), (3, 3)).any()


@pytest.mark.parametrize("radius", [0, -3])
def test_radii_below_1_are_refused(radius: int) -> None:
    with pytest.raises(InputError, match="1 or more"):
        draw_discs(np.array([[0, 0]]), np.array([radius]), (3, 3))


def test_a_single_marker_is_small_for_counting_and_large_for_training() -> None:
    mask = draw_discs(np.array([[30, 30]]), np.array([5]), (64, 64))
    assert redraw_markers(mask).sum() == 16
    assert pseudo_label_markers(mask).sum() == 197


def test_marker_sizes_follow_the_distance() -> None:
    mask = draw_discs(np.array([[30, 20], [30, 42]]), np.array([5, 5]), (64, 64))
    np.testing.assert_array_equal(
        pseudo_label_markers(mask),
        draw_discs(np.array([[31, 21], [31, 43]]), np.array([5, 5]), (64, 64)),  # 22 // 4
    )


@pytest.mark.parametrize("draw", [redraw_markers, pseudo_label_markers])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (20, 20)])
def test_no_marker_stays_none(draw: Any, shape: tuple[int, int]) -> None:
    drawn = draw(np.zeros(shape, bool))
    assert drawn.shape == shape
    assert not drawn.any()


# --- states ---


def slow_state(row: int, column: int, states: Bool) -> int:
    """The window of one position, moved as the reference does; images of at least 6 x 6."""
    height, width = states.shape[1:]
    if column - 3 <= 0:
        column += 3
    if column + 3 > width:
        column = width - 3
    if row - 3 < 0:
        row += 3
    if row + 3 > height:
        row = height - 3
    pixels = states[:, row - 3 : row + 3, column - 3 : column + 3].sum((1, 2)).tolist()
    most = max(pixels)
    return pixels.index(most) if most > 0 and pixels.count(most) == 1 else UNCLEAR


@over(
    hnp.arrays(bool, hnp.array_shapes(min_dims=3, max_dims=3, min_side=6, max_side=12)),
    st.lists(st.tuples(st.integers(0, 13), st.integers(0, 13)), max_size=8),
)
def test_states_equal_a_slow_reference(states: Bool, positions: list[tuple[int, int]]) -> None:
    states = states[:4]
    array = np.array(positions, np.int64).reshape(-1, 2)
    expected = [slow_state(row, column, states) for row, column in positions]
    assert assign_states(array, states).tolist() == expected


@over(hnp.arrays(bool, st.tuples(st.just(2), st.integers(1, 7), st.integers(1, 7))))
def test_the_window_of_a_tiny_image_is_cut_off(states: Bool) -> None:
    rows, columns = (index.ravel() for index in np.indices(states.shape[1:]))
    found = assign_states(np.stack([rows, columns], 1), states)
    if max(states.shape) < 6:  # the window holds the whole image
        first, second = states.sum((1, 2))
        assert set(found) == {0 if first > second else 1 if second > first else UNCLEAR}


def test_most_pixels_win_and_ties_are_unclear() -> None:
    states = np.zeros((3, 20, 20), bool)
    states[0, :, :10] = states[1, :, 8:] = True
    states[2, :3] = states[2, 17:] = True
    at = np.array([[10, 4], [10, 9], [10, 15], [10, 10]])
    assert assign_states(at, states).tolist() == [0, UNCLEAR, 1, 1]
    assert assign_states(at, states[:1]).tolist() == [0, 0, UNCLEAR, 0]
    assert assign_states(at, states[:0]).tolist() == [UNCLEAR] * 4


# --- cells ---


def test_cells_of_markers_have_centers_and_states() -> None:
    places = np.array([[12, 12], [12, 40], [40, 12]])
    markers = draw_discs(places, np.array([5, 5, 5]), (60, 60))
    alive = draw_discs(places[:1], np.array([8]), (60, 60))
    dead = draw_discs(places[1:2], np.array([8]), (60, 60))
    cells = find_cells(np.stack([alive, dead, markers]), HELA)
    np.testing.assert_allclose(cells.centers, places)
    assert cells.states.tolist() == [0, 1, UNCLEAR]
    assert cells.counts == {"alive": 1, "dead": 1}
    assert (len(cells), cells.unclear) == (3, 1)


def test_with_positions_only_they_are_counted() -> None:
    scheme = LabelScheme(Task.MULTILABEL, ("cell",), "cell")
    markers = draw_discs(np.array([[12, 12], [30, 30]]), np.array([5, 5]), (60, 60))
    cells = find_cells(markers[None], scheme)
    assert (cells.counts, cells.unclear) == ({"cell": 2}, 0)


def test_without_positions_objects_are_counted() -> None:
    nuclei = drawing("##...# ##..#. ...... #.....")
    cells = find_cells(nuclei[None], LabelScheme(Task.BINARY, ("nucleus",)))
    assert cells.counts == {"nucleus": 3}  # diagonal pixels touch
    np.testing.assert_allclose(cells.centers, [[0.5, 0.5], [0.5, 4.5], [3, 0]])


def test_blanked_regions_are_no_objects() -> None:
    scheme = LabelScheme(Task.MULTICLASS, ("water", "fish"))
    target = np.array([[0, 1, 1, 2, 1, 2]], np.uint8)
    assert find_cells(scheme.to_channels(target), scheme).counts == {"water": 2, "fish": 2}


# --- erosion and dilation ---


@over(small_masks, st.sampled_from([1, 3, 5, 7]))
def test_erosion_and_dilation_equal_scipys(mask: Bool, side: int) -> None:
    square = np.ones((side, side))
    np.testing.assert_array_equal(dilate(mask, side), ndimage.binary_dilation(mask, square))
    eroded = ndimage.binary_erosion(mask, square, border_value=1)
    np.testing.assert_array_equal(erode(mask, side), eroded)
    np.testing.assert_array_equal(dilate(np.stack([mask, ~mask]), side)[0], dilate(mask, side))


ALL_OFFSETS = [(y, x) for y in range(8) for x in range(-8, 9) if y or x > 0]


@pytest.mark.parametrize("offset", ALL_OFFSETS)
def test_two_positions_are_two_markers_however_close(offset: tuple[int, int]) -> None:
    places = np.array([(30, 30), np.add((30, 30), offset)])
    markers = position_markers(places, (60, 60))
    assert ndimage.label(markers, np.ones((3, 3)))[1] == 2
    assert len(find_markers(markers, holes=False)[0]) == 2


def test_positions_in_a_crowd_each_have_a_marker() -> None:
    places = np.argwhere(np.ones((8, 8))) * 4 + 10
    markers = position_markers(places, (60, 60))
    assert ndimage.label(markers, np.ones((3, 3)))[1] == 64
    assert markers[tuple(places.T)].all()
