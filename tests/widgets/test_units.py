"""Layers whose units differ lie where napari shows them: it converts one into the other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Points
from open_layers import add_image, add_points

from napari_inconsistency_masks.widgets.layers.fitting import points_in, points_on
from napari_inconsistency_masks.widgets.layers.frames import FrameAxes
from napari_inconsistency_masks.widgets.layers.units import ratios
from napari_inconsistency_masks.widgets.layers.viewer_layers import ViewerLayers

AXES = FrameAxes("ZYX", (5, 40, 48))


@pytest.fixture
def image(viewer: ViewerModel) -> Image:
    """Slices 2 micrometers apart, with 2 pixels per micrometer."""
    return add_image(viewer, AXES.shape, scale=(2, 0.5, 0.5), units=("um", "um", "um"))


@pytest.fixture
def centers(viewer: ViewerModel, image: Image) -> Points:
    """A position in nanometers, which are the units of the viewer from now on."""
    made = add_points(viewer, "centers", [[4000, 5000, 6000]], units=("nm", "nm", "nm"))
    assert [f"{unit:~}" for unit in viewer.dims.units] == ["nm"] * 3
    return made


def test_positions_are_those_that_are_seen(image: Image, centers: Points) -> None:
    np.testing.assert_allclose(points_on(image, centers), [[2, 10, 12]])
    np.testing.assert_allclose(points_in(centers, image, np.array([[2.0, 10, 12]])), centers.data)


def test_sliders_and_camera_go_where_the_image_is(
    viewer: ViewerModel, image: Image, centers: Points
) -> None:
    layers = ViewerLayers(viewer)
    for frame in (3, 1):
        layers.show_frame(image, AXES, frame)
        assert viewer.dims.point[0] == pytest.approx(2000 * frame)
        assert layers.frame_shown(image, AXES) == frame
    layers.show_box(image, AXES, 4, (10, 20, 20, 40))
    assert layers.frame_shown(image, AXES) == 4
    assert viewer.scene.camera.center[1:] == pytest.approx((7250, 14750))


@pytest.mark.parametrize(
    ("others", "expected"),
    [(None, 1), (("pixel", "pixel"), 1), (("um", "um"), 1), (("pixel", "nm", "nm"), 1000)],
)
def test_what_measures_something_else_is_not_converted(others: Any, expected: float) -> None:
    shape = (2,) * (2 if others is None else len(others))
    other = None if others is None else Image(np.zeros(shape), units=others).units
    micrometers = Image(np.zeros((2, 2)), units=("um", "um")).units
    assert ratios(micrometers, other) == pytest.approx([expected, expected])
