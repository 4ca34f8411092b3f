"""Layers that were made for one image are nobody else's, and come back with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from open_layers import add_image, add_labels, add_points

from napari_inconsistency_masks.task import Task
from napari_inconsistency_masks.widgets.drawing.drawing_layers import add_missing_layers
from napari_inconsistency_masks.widgets.drawing.layer_data import LayerData
from napari_inconsistency_masks.widgets.layers.class_rows import MASK, POSITION, ClassRow
from napari_inconsistency_masks.widgets.pages.opened_sample import show_samples
from napari_inconsistency_masks.widgets.session.session import Session
from toy import toy_data, toy_sample

pytestmark = pytest.mark.usefixtures("children", "at_once")

NOTHING = [None, None, None]


@pytest.fixture
def data(session: Session) -> LayerData:
    return session.layer_data


@pytest.fixture
def first(data: LayerData, viewer: ViewerModel) -> Image:
    """A stack with layers to draw in, one of them drawn in."""
    image = add_image(viewer, (3, 40, 48), name="first")
    add_missing_layers(data)
    data.rows[0].layer.data[0, 5, 5] = 1
    data.rows[2].layer.add([[0, 10, 10], [1, 20, 20]])
    return image


def layers_of(data: LayerData) -> list[Any]:
    return [row.layer for row in data.rows]


@pytest.mark.parametrize("shape", [(3, 40, 48), (3, 80, 90)])
def test_what_is_drawn_on_one_image_is_not_that_of_another(
    first: Image, data: LayerData, viewer: ViewerModel, qtbot: Any, shape: tuple[int, ...]
) -> None:
    own = layers_of(data)
    data.choose_image(add_image(viewer, shape, name="second"))
    assert layers_of(data) == NOTHING
    assert not [layer for kind in (MASK, POSITION) for layer in data.choices(kind)]
    assert data.problem() == (
        "Class 'alive' has no layer to draw in: choose one or press Add label layers."
    )
    add_missing_layers(data)
    assert not set(layers_of(data)) & set(own)
    qtbot.waitUntil(lambda: data.scan is not None)
    assert not data.scan.labeled.any()


def test_an_image_gets_back_its_layers_whatever_they_are_called(
    first: Image, data: LayerData, viewer: ViewerModel, qtbot: Any
) -> None:
    own = layers_of(data)
    second = add_image(viewer, (3, 40, 48), name="second")
    data.choose_image(second)
    add_missing_layers(data)
    others = layers_of(data)
    first.name, own[0].name, second.name = "renamed", "my cells", "first"
    data.choose_image(first)
    assert layers_of(data) == own
    qtbot.waitUntil(lambda: data.scan is not None)
    assert data.scan.labeled.tolist() == [True, True, False]
    data.choose_image(second)
    assert layers_of(data) == others


def test_a_class_that_is_renamed_stays_in_its_layers_on_all_images(
    first: Image, data: LayerData, viewer: ViewerModel
) -> None:
    own = layers_of(data)
    data.choose_image(add_image(viewer, (3, 40, 48), name="second"))
    add_missing_layers(data)
    data.set_rows([replace(data.rows[0], name="living"), *data.rows[1:]])
    data.choose_image(first)
    assert layers_of(data) == own


def test_a_class_that_has_the_name_of_another_one_for_a_moment_gets_none_of_its_layers(
    first: Image, data: LayerData, viewer: ViewerModel
) -> None:
    own = layers_of(data)
    data.choose_image(add_image(viewer, (3, 40, 48), name="second"))
    for name in ("dead", "living"):
        data.set_rows([replace(data.rows[0], name=name), *data.rows[1:]])
    data.choose_image(first)
    assert layers_of(data) == [None, *own[1:]]
    assert own[0] in data.choices(MASK)


def test_an_image_gets_back_the_axes_that_a_person_named(
    data: LayerData, viewer: ViewerModel
) -> None:
    first = add_image(viewer, (6, 2, 40, 48), name="first")
    data.name_axis(1, "C")
    add_missing_layers(data)
    own = layers_of(data)
    data.choose_image(add_image(viewer, (6, 2, 40, 48), name="second"))
    assert data.axes.letters == "TZYX"
    data.choose_image(first)
    assert (data.axes.letters, data.axes_note) == ("TCYX", "")
    assert layers_of(data) == own


def test_layers_of_an_image_that_is_gone_can_be_chosen_and_are_not_taken_unasked(
    first: Image, data: LayerData, viewer: ViewerModel
) -> None:
    alive = data.rows[0].layer
    second = add_image(viewer, (3, 40, 48), name="second")
    third = add_image(viewer, (3, 40, 48), name="third")
    viewer.layers.remove(first)
    assert data.image is third
    assert layers_of(data) == NOTHING
    assert alive in data.choices(MASK)
    data.set_rows([replace(data.rows[0], layer=alive), *data.rows[1:]])
    assert data.drawing(partly=True).labeled_frames().tolist() == [True, False, False]
    data.choose_image(second)
    assert layers_of(data) == NOTHING
    assert alive not in data.choices(MASK), "it belongs to the third image now"
    data.choose_image(third)
    assert data.rows[0].layer is alive


def test_layers_made_for_another_image_are_not_proposed_as_classes(
    first: Image, data: LayerData, viewer: ViewerModel
) -> None:
    second = add_image(viewer, (3, 40, 48), name="second")
    mine = add_labels(viewer, "mine", (3, 40, 48))
    data.let_go(first)
    data.choose_image(second)
    assert [(row.name, row.layer) for row in data.rows] == [("mine", mine)]


def test_layers_of_the_person_fit_whatever_image_they_fit(
    data: LayerData, viewer: ViewerModel
) -> None:
    first, second = (add_image(viewer, name=name) for name in ("first", "second"))
    data.choose_image(first)
    alive = add_labels(viewer, "alive")
    centers = add_points(viewer, "centers", [[1, 2]])
    rows = [
        ClassRow("alive", "#ffffff", MASK, alive),
        ClassRow("position", "#ff0000", POSITION, centers),
    ]
    data.set_rows(rows)
    data.choose_image(second)
    assert layers_of(data) == [alive, centers]
    other = add_labels(viewer, "other")
    data.set_rows([replace(rows[0], layer=other), rows[1]])
    data.choose_image(first)
    assert layers_of(data) == [alive, centers]


def test_a_class_of_areas_gets_back_no_points(
    first: Image, data: LayerData, viewer: ViewerModel
) -> None:
    data.choose_image(add_image(viewer, (3, 40, 48), name="second"))
    data.set_rows([replace(row, kind=MASK) for row in data.rows])
    data.choose_image(first)
    assert [row.layer is None for row in data.rows] == [False, False, True]


# --- an image whose array has another shape -------------------------------------------------------


def test_an_image_with_another_shape_is_another_image_until_it_has_the_old_one(
    first: Image, data: LayerData, viewer: ViewerModel, qtbot: Any
) -> None:
    own, before = layers_of(data), first.data
    data.boxes.add(first, data.axes, 2, (2, 2, 9, 9))
    box = data.boxes.layer(first)
    first.data = np.zeros((3, 60, 80), np.uint8)
    assert data.axes.shape == (3, 60, 80)
    assert layers_of(data) == NOTHING, "not even its points"
    assert data.boxes.layer(first) is None
    add_missing_layers(data)
    assert data.rows[0].layer.data.shape == (3, 60, 80)
    qtbot.waitUntil(lambda: data.scan is not None)
    assert not data.scan.labeled.any()
    assert box in viewer.layers
    data.boxes.add(first, data.axes, 1, (2, 2, 9, 9))
    first.data = before
    assert layers_of(data) == own
    assert data.boxes.layer(first) is box
    assert list(data.drawing().boxes) == [2]


@pytest.mark.parametrize("shape", [(40, 48), (2, 3, 40, 48)])
def test_an_image_with_other_axes_is_another_image(
    first: Image, data: LayerData, shape: tuple[int, ...]
) -> None:
    data.boxes.add(first, data.axes, 2, (2, 2, 9, 9))
    first.data = np.zeros(shape, np.uint8)
    assert data.axes.shape == shape
    assert data.drawing(partly=True).drawn == ()
    assert data.drawing(partly=True).boxes == {}


def test_an_image_that_is_no_longer_chosen_is_not_chosen_by_its_data(
    first: Image, data: LayerData, viewer: ViewerModel
) -> None:
    second = add_image(viewer, (3, 40, 48), name="second")
    data.choose_image(second)
    first.data = np.zeros((60, 80), np.uint8)
    assert data.image is second
    assert data.axes.shape == (3, 40, 48)


# --- what is seen ---------------------------------------------------------------------------------


def test_whatever_number_is_painted_is_seen(first: Image, data: LayerData) -> None:
    """The key M leads to the next free number, and all count."""
    layer = data.rows[0].layer
    layer.data_setitem(tuple(np.array([[1], [30], [30]])), 7)
    assert data.drawing().target(1)[0, 30, 30] == 1
    colors = layer.colormap.map(np.array([0, 1, 2, 7, 255], np.uint8))
    assert colors[0, 3] == 0
    for color in colors[1:]:
        np.testing.assert_array_equal(color, colors[1])
    assert colors[1, 3] == 1


def test_labels_that_come_with_a_sample_are_those_of_its_image(
    session: Session, data: LayerData, viewer: ViewerModel
) -> None:
    sample = toy_sample(Task.MULTILABEL, 0)
    shape = sample.image.shape[1:]
    image = show_samples(session, "cells", [sample], toy_data().scheme)
    data.choose_image(image)
    own = layers_of(data)
    assert own != NOTHING
    data.choose_image(add_image(viewer, shape, name="second"))
    assert layers_of(data) == [None] * len(own)
    data.choose_image(image)
    assert layers_of(data) == own


@pytest.mark.parametrize("frames", [1, 3])
def test_a_sample_of_two_channels_is_shown_with_both_and_its_labels(
    session: Session, data: LayerData, viewer: ViewerModel, frames: int
) -> None:
    samples = [toy_sample(Task.MULTILABEL, number) for number in range(frames)]
    samples = [
        replace(sample, image=np.concatenate([sample.image, 255 - sample.image]))
        for sample in samples
    ]
    image = show_samples(session, "cells", samples, toy_data().scheme, labels_visible=True)
    data.choose_image(image)
    assert data.axes.channels == 2
    assert None not in layers_of(data)
    drawing = data.drawing()
    for number, sample in enumerate(samples):
        np.testing.assert_array_equal(data.axes.read(image.data, number), sample.image)
        np.testing.assert_array_equal(drawing.target(number)[:2], sample.target[:2])
    points = layers_of(data)[2]
    assert len(points.data) == 2 * frames
    for channel in (0, 1):
        viewer.dims.set_point(viewer.dims.ndim - 3, channel)
        for layer in layers_of(data)[:2]:
            assert layer._slice.image.view.any(), "it is seen on each channel"


def test_layers_of_a_person_are_proposed_for_the_image_below_them(
    data: LayerData, viewer: ViewerModel
) -> None:
    first = add_image(viewer, name="first")
    own = add_labels(viewer, "first labels")
    second = add_image(viewer, name="second")
    other, spots = add_labels(viewer, "second labels"), add_points(viewer, "spots", [[1, 2]])
    assert data.image is first
    assert layers_of(data) == [own]
    data.choose_image(second)
    assert layers_of(data) == [other, spots]
    data.choose_image(first)
    assert layers_of(data) == [own]
    assert other in data.choices(MASK), "a person may choose it"


def test_layers_above_several_images_are_proposed_for_each(
    data: LayerData, viewer: ViewerModel
) -> None:
    first, second = (add_image(viewer, name=name) for name in ("first", "second"))
    alive = add_labels(viewer, "alive")
    for image in (first, second):
        data.choose_image(image)
        assert layers_of(data) == [alive]


def test_an_image_of_another_size_does_not_part_an_image_from_its_labels(
    data: LayerData, viewer: ViewerModel
) -> None:
    first = add_image(viewer, name="first")
    add_image(viewer, (90, 80), name="large")
    alive = add_labels(viewer, "alive")
    data.choose_image(first)
    assert layers_of(data) == [alive]


def test_labels_that_come_later_are_not_those_of_an_image_that_has_its_own(
    session: Session, data: LayerData, viewer: ViewerModel
) -> None:
    sample = toy_sample(Task.MULTILABEL, 0)
    image = show_samples(session, "cells", [sample], toy_data().scheme)
    own = layers_of(data)
    assert data.image is image
    assert None not in own
    add_labels(viewer, "of something else", sample.image.shape[1:])
    assert layers_of(data) == own
