from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.widgets.layers.frames import FrameAxes, guess_axes


@pytest.mark.parametrize(
    ("shape", "rgb", "names", "letters"),
    [
        ((40, 48), False, (), "YX"),
        ((40, 48, 3), True, (), "YXC"),
        ((24, 40, 48), False, (), "TYX"),
        ((24, 40, 48, 3), True, (), "TYXC"),
        ((24, 9, 40, 48), False, (), "TZYX"),
        ((2, 24, 9, 40, 48), False, (), "TZPYX"),
        ((9, 40, 48), False, ("z", "y", "x"), "ZYX"),
        ((9, 24, 40, 48), False, ("Z", "T", "Y", "X"), "ZTYX"),
        ((2, 40, 48), False, ("c", "y", "x"), "CYX"),
        ((24, 40, 48), False, ("frame", "row", "column"), "TYX"),
        ((9, 24, 40, 48), False, ("z", "z", "y", "x"), "ZTYX"),
        ((24, 40, 48, 3), True, ("c", "y", "x"), "TYXC"),
        ((24, 40, 48), False, ("y", "x"), "TYX"),
    ],
)
def test_axes_are_guessed_from_their_number_and_known_names(
    shape: tuple[int, ...], rgb: bool, names: Any, letters: str
) -> None:
    axes, _ = guess_axes(shape, rgb=rgb, names=names)
    assert axes == FrameAxes(letters, shape, rgb)


@pytest.mark.parametrize("length", [2, 3, 4])
def test_few_frames_may_be_channels_and_that_is_said(length: Any) -> None:
    axes, note = guess_axes((length, 40, 48))
    assert axes.letters == "TYX"
    assert f"length {length}" in note
    assert "channels" in note


@pytest.mark.parametrize("shape", [(24, 40, 48), (1, 40, 48), (40, 48)])
def test_a_guess_that_is_no_gamble_says_nothing(shape: tuple[int, ...]) -> None:
    assert guess_axes(shape)[1] == ""


def test_an_axis_that_is_called_channels_is_no_gamble() -> None:
    assert guess_axes((2, 40, 48), names=("c", "y", "x"))[1] == ""


@pytest.mark.parametrize(("shape", "rgb"), [((40,), False), ((40, 3), True), ((), False)])
def test_an_array_without_rows_and_columns_is_refused(shape: tuple[int, ...], rgb: bool) -> None:
    with pytest.raises(InputError, match="no rows and columns"):
        guess_axes(shape, rgb=rgb)


@pytest.mark.parametrize(
    ("letters", "shape"), [("TY", (3, 4)), ("YYX", (2, 3, 4)), ("TYX", (3, 4)), ("XX", (3, 4))]
)
def test_axes_need_one_y_and_one_x_and_a_letter_each(letters: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="one letter per axis"):
        FrameAxes(letters, shape)


def test_correcting_an_axis_to_channels_makes_the_frames_fewer() -> None:
    axes = FrameAxes("TZYX", (24, 2, 40, 48)).renamed(1, "C")
    assert axes.letters == "TCYX"
    assert (axes.count, axes.channels) == (24, 2)
    assert axes.layer_shape == (24, 1, 40, 48)


def test_correcting_an_axis_swaps_letters_that_are_taken() -> None:
    axes = FrameAxes("TYX", (40, 48, 3)).renamed(2, "T")
    assert axes.letters == "XYT"
    assert (axes.count, axes.size) == (3, (48, 40))


def test_describing() -> None:
    assert FrameAxes("YX", (40, 48)).describe() == "40 x 48"
    assert FrameAxes("TYX", (24, 40, 48)).describe() == "24 frames of 40 x 48"


def test_alpha_is_no_channel() -> None:
    axes = FrameAxes("YXC", (2, 3, 4), color_last=True)
    rgba = np.arange(24).reshape(2, 3, 4)
    assert axes.channels == 3
    np.testing.assert_array_equal(axes.read(rgba, 0), np.moveaxis(rgba[..., :3], -1, 0))


@pytest.mark.parametrize(
    ("letters", "shape"),
    [
        ("YX", (4, 5)),
        ("XY", (4, 5)),
        ("TYX", (3, 4, 5)),
        ("TZYX", (2, 3, 4, 5)),
        ("YXT", (4, 5, 3)),
        ("CYX", (2, 4, 5)),
        ("TCYX", (3, 2, 4, 5)),
        ("ZYCXT", (2, 4, 3, 5, 2)),
    ],
)
def test_frames_are_read_whatever_the_order_of_the_axes(
    letters: str, shape: tuple[int, ...]
) -> None:
    axes = FrameAxes(letters, shape)
    array = np.random.default_rng(0).integers(0, 99, shape)
    stack = [letter for letter in letters if letter not in "CYX"]
    inner = [letter for letter in "CYX" if letter in letters]
    in_order = np.transpose(array, [letters.index(letter) for letter in [*stack, *inner]])
    frames = in_order.reshape(axes.count, axes.channels, *axes.size)
    for frame in range(axes.count):
        np.testing.assert_array_equal(axes.read(array, frame), frames[frame])


@pytest.mark.parametrize(
    ("letters", "shape"),
    [
        ("YX", (4, 5)),
        ("XY", (4, 5)),
        ("TZYX", (2, 3, 4, 5)),
        ("YTX", (4, 3, 5)),
        ("TCYX", (3, 2, 4, 5)),
    ],
)
def test_planes_that_are_written_are_read_again(letters: str, shape: tuple[int, ...]) -> None:
    axes = FrameAxes(letters, shape)
    layer = np.zeros(axes.layer_shape, int)
    planes = [np.full(axes.size, frame + 1) for frame in range(axes.count)]
    for plane in planes:
        plane[0, 1] = 0
    for frame, plane in enumerate(planes):
        axes.write_plane(layer, frame, plane)
    for frame, plane in enumerate(planes):
        np.testing.assert_array_equal(axes.read_plane(layer, frame), plane)


def test_a_frame_is_found_from_the_sliders() -> None:
    axes = FrameAxes("TZYX", (4, 3, 40, 48))
    assert axes.frame_at([2.4, 0.9, 11, 12]) == 2 * 3 + 1
    assert axes.place(7) == (2, 1)
    assert axes.frame_at([99, -5, 0, 0]) == 3 * 3
    assert FrameAxes("YX", (40, 48)).frame_at([11, 12]) == 0


def test_a_frame_is_named_as_napari_counts() -> None:
    axes = FrameAxes("TZYX", (4, 3, 40, 48))
    assert axes.label(7) == "t 2, z 1"
    assert FrameAxes("TYX", (4, 40, 48)).label(2) == "2"
    assert FrameAxes("YX", (40, 48)).label(0) == ""


def test_points_of_a_frame_go_to_the_layer_and_back() -> None:
    axes = FrameAxes("TYZX", (4, 40, 3, 48))
    points = axes.points(7, np.array([[10.5, 20.25], [0, 47]]))
    np.testing.assert_array_equal(points, [[2, 10.5, 1, 20.25], [2, 0, 1, 47]])
    frames, positions = axes.frames_of_points(points)
    assert frames.tolist() == [7, 7]
    assert positions.tolist() == [[10, 20], [0, 47]]


def test_points_lie_in_the_first_channel() -> None:
    axes = FrameAxes("CYX", (2, 40, 48))
    assert axes.points(0, np.array([[1, 2]])).tolist() == [[0, 1, 2]]
    assert axes.frames_of_points(np.array([[1, 1, 2]]))[0].tolist() == [0]


def test_points_outside_the_stack_belong_to_no_frame() -> None:
    axes = FrameAxes("TYX", (4, 40, 48))
    frames, _ = axes.frames_of_points(np.array([[-1, 5, 5], [4, 5, 5], [3.4, 5, 5], [3.6, 5, 5]]))
    assert frames.tolist() == [-1, -1, 3, -1]


def test_no_points_belong_to_no_frames() -> None:
    for axes in (FrameAxes("YX", (40, 48)), FrameAxes("TYX", (4, 40, 48))):
        frames, positions = axes.frames_of_points(np.zeros((0, len(axes.letters))))
        assert (frames.shape, positions.shape) == ((0,), (0, 2))
