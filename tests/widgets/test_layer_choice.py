"""Open layers as training data: what is proposed, what can be changed, and what is refused."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import dask.array
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels
from open_layers import add_image, add_labels, add_points

from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.widgets.drawing import label_scan
from napari_inconsistency_masks.widgets.drawing.drawing_layers import add_missing_layers
from napari_inconsistency_masks.widgets.drawing.drawn_frames import scan
from napari_inconsistency_masks.widgets.drawing.layer_data import LayerData
from napari_inconsistency_masks.widgets.layers.class_rows import (
    MASK,
    POSITION,
    ClassRow,
    Own,
    default_rows,
)
from napari_inconsistency_masks.widgets.layers.viewer_layers import mark, role_of
from napari_inconsistency_masks.widgets.parts.colors import class_color
from napari_inconsistency_masks.widgets.session.session import Session
from napari_inconsistency_masks.widgets.work.worker import _running

pytestmark = pytest.mark.usefixtures("children", "at_once")


@pytest.fixture
def data(session: Session) -> LayerData:
    return session.layer_data


def names(rows: Any) -> Any:
    return [row.name for row in rows]


def rows_for(*layers: Any) -> Any:
    """A class per layer, named like it."""
    return [ClassRow(layer.name, "#ffffff", MASK, layer) for layer in layers]


def scanned(data: LayerData, qtbot: Any) -> Any:
    """Wait until the labeled frames are counted."""
    qtbot.waitUntil(lambda: data.scan is not None)
    return data.scan


# --- what is proposed -----------------------------------------------------------------------------


def test_without_an_image_a_person_is_told_what_to_do(data: LayerData) -> None:
    assert data.problem() == "There is no image: open one, choose a folder, or open the demo."


def test_the_first_image_that_is_opened_is_taken(data: LayerData, viewer: ViewerModel) -> None:
    image = add_image(viewer)
    assert data.image is image
    assert data.axes.letters == "YX"


def test_an_image_that_is_opened_over_another_one_is_taken(
    data: LayerData, viewer: ViewerModel
) -> None:
    """Else a person would draw on the image below, which she does not see."""
    images = [add_image(viewer, name=name) for name in ("a", "b", "c")]
    assert data.image is images[-1]
    data.choose_image(images[0])
    assert data.image is images[0]
    add_labels(viewer, "notes", (9, 9))
    assert data.image is images[0]  # only what is opened may be taken


def test_an_image_that_is_drawn_on_is_not_pushed_out(data: LayerData, viewer: ViewerModel) -> None:
    first = add_image(viewer)
    add_missing_layers(data)
    add_image(viewer, name="other")
    assert data.image is first


@pytest.mark.parametrize(
    "about",
    [
        {"blending": "additive"},
        {"opacity": 0.5},
        {"visible": False},
        {"translate": (0, 500)},
        {"metadata": mark("file")},
    ],
)
def test_an_image_that_hides_nothing_is_not_taken(
    data: LayerData, viewer: ViewerModel, about: dict[str, Any]
) -> None:
    first = add_image(viewer)
    add_image(viewer, name="other", **about)
    assert data.image is first


@pytest.mark.parametrize("task", [Task.MULTILABEL, Task.MULTICLASS])
def test_layers_to_draw_in_have_room_for_a_number_per_object(
    task: Task, data: LayerData, viewer: ViewerModel
) -> None:
    """Those of all frames together, as napari's next number is above all that are there."""
    add_image(viewer, (3, 40, 48))
    data.choose_task(task)
    add_missing_layers(data)
    layer = data.drawn_rows[0].layer
    assert isinstance(layer, Labels)
    exclusive = task is Task.MULTICLASS  # its numbers are those of classes
    assert layer.dtype == (np.uint8 if exclusive else np.uint16)
    if not exclusive:
        layer.selected_label = 300
        layer.paint((1, 20, 20), layer.selected_label)
        assert layer.data.max() == 300


def test_when_the_image_is_removed_another_one_is_taken(
    data: LayerData, viewer: ViewerModel
) -> None:
    first, second = add_image(viewer), add_image(viewer, (20, 30), name="other")
    viewer.layers.remove(first)
    assert data.image is second
    assert data.axes.size == (20, 30)
    viewer.layers.remove(second)
    assert (data.image, data.axes) == (None, None)


def test_without_labels_the_classes_of_the_paper_are_proposed(
    data: LayerData, viewer: ViewerModel
) -> None:
    add_image(viewer)
    assert [(row.name, row.kind) for row in data.rows] == [
        ("alive", MASK), ("dead", MASK), ("position", POSITION)
    ]  # fmt: skip


def test_layers_that_fit_are_proposed_as_classes(data: LayerData, viewer: ViewerModel) -> None:
    add_image(viewer)
    add_labels(viewer, "alive")
    add_labels(viewer, "small", (20, 30))
    dead = add_labels(viewer, "dead")
    centers = add_points(viewer, "centers", [[1, 2]])
    assert names(data.rows) == ["alive", "dead", "centers"]
    assert [row.kind for row in data.rows] == [MASK, MASK, POSITION]
    assert data.rows[1].layer is dead
    assert data.rows[2].layer is centers
    assert [row.color for row in data.rows] == [class_color(number) for number in range(3)]


def test_points_alone_are_the_positions_of_the_proposed_classes(
    data: LayerData, viewer: ViewerModel
) -> None:
    """Who has counted cells by clicking on them goes on from there."""
    add_image(viewer)
    clicked = add_points(viewer, "Points", [[5, 6]])
    assert [row.layer for row in data.rows] == [None, None, clicked]
    assert not data.classes_chosen, "labels of another day may have others"
    add_missing_layers(data)
    assert data.rows[2].layer is clicked
    assert [layer.name for layer in viewer.layers] == ["cells", "Points", "alive", "dead"]


def test_a_labels_layer_called_position_marks_positions(
    data: LayerData, viewer: ViewerModel
) -> None:
    add_image(viewer)
    add_labels(viewer, "alive")
    add_labels(viewer, "Positions")
    assert [row.kind for row in data.rows] == [MASK, POSITION]


def test_layers_called_as_napari_calls_a_second_one_can_be_started_from(
    data: LayerData, viewer: ViewerModel
) -> None:
    """Two presses of napari's button for new labels give ``Labels`` and ``Labels [1]``."""
    add_image(viewer)
    for _ in range(2):
        add_labels(viewer, "Labels").data[2:9, 2:9] = 1
    assert [layer.name for layer in viewer.layers[1:]] == ["Labels", "Labels [1]"]
    data.scheme()
    assert len({name.casefold() for name in names(data.rows)}) == 2


def test_a_class_is_not_named_after_the_image_that_napari_made_its_layer_on(
    data: LayerData, viewer: ViewerModel
) -> None:
    add_image(viewer, name="plate 7 A01")
    add_labels(viewer, "plate 7 A01 - Labels")
    assert names(data.rows) == ["Labels"]


def test_what_a_person_has_changed_is_not_proposed_anew(
    data: LayerData, viewer: ViewerModel
) -> None:
    add_image(viewer)
    alive = add_labels(viewer, "alive")
    data.set_rows(rows_for(alive))
    add_labels(viewer, "dead")
    assert names(data.rows) == ["alive"]


def test_results_are_neither_images_nor_labels_to_learn_from(
    data: LayerData, viewer: ViewerModel
) -> None:
    add_image(viewer)
    mark = {"napari-inconsistency-masks": {"role": "result"}}
    add_labels(viewer, "alive (predicted)", metadata=mark)
    add_image(viewer, name="votes", metadata=mark)
    assert names(data.rows) == ["alive", "dead", "position"]
    assert names(data.layers.images()) == ["cells"]


def test_a_layer_that_is_removed_is_let_go(data: LayerData, viewer: ViewerModel) -> None:
    add_image(viewer)
    alive = add_labels(viewer, "alive")
    data.set_rows(rows_for(alive))
    viewer.layers.remove(alive)
    assert data.rows[0].layer is None
    assert "'alive' has no layer" in data.problem()


def test_a_line_of_pixels_or_a_text_is_no_image(session: Session, viewer: ViewerModel) -> None:
    viewer.add_layer(Image(np.zeros((5, 5)), name="flat"))
    assert names(session.layers.images()) == ["flat"]


# --- axes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "about", "letters"),
    [
        ((40, 48), {}, "YX"),
        ((40, 48, 3), {"rgb": True}, "YXC"),
        ((6, 40, 48), {}, "TYX"),
        ((6, 40, 48), {"axis_labels": ("z", "y", "x")}, "ZYX"),
        ((6, 2, 40, 48), {"axis_labels": ("t", "c", "y", "x")}, "TCYX"),
        ((6, 5, 40, 48, 3), {"rgb": True}, "TZYXC"),
    ],
)
def test_axes_come_from_the_layer(
    data: LayerData, viewer: ViewerModel, shape: tuple[int, ...], about: Any, letters: str
) -> None:
    add_image(viewer, shape, **about)
    assert data.axes.letters == letters


def test_an_axis_can_be_corrected(data: LayerData, viewer: ViewerModel, qtbot: Any) -> None:
    add_image(viewer, (6, 2, 40, 48))
    assert "axis of length 2" in data.axes_note
    with qtbot.waitSignal(data.changed):
        data.name_axis(1, "C")
    assert (data.axes.letters, data.axes.count, data.axes.channels) == ("TCYX", 6, 2)
    assert data.axes_note == ""


def test_an_array_of_dask_is_read_frame_by_frame(
    data: LayerData, viewer: ViewerModel, qtbot: Any
) -> None:
    read = []

    def frame(block_info: Any = None) -> Any:
        number = block_info[None]["chunk-location"][0]
        read.append(number)
        return np.full((1, 40, 48), number, np.uint8)

    lazy = dask.array.map_blocks(frame, chunks=((1,) * 6, (40,), (48,)), dtype=np.uint8)
    viewer.add_layer(Image(lazy, name="lazy", contrast_limits=(0, 9)))
    alive = add_labels(viewer, "alive", (6, 40, 48))
    data.set_rows(rows_for(alive))
    drawing = data.drawing()
    read.clear()
    assert drawing.axes.read(drawing.image, 4).max() == 4
    assert read == [4]


def test_of_a_pyramid_the_largest_image_is_taken(data: LayerData, viewer: ViewerModel) -> None:
    pixels = np.zeros((64, 80), np.uint8)
    viewer.add_layer(Image([pixels, pixels[::2, ::2]], name="pyramid", multiscale=True))
    alive = add_labels(viewer, "alive", (64, 80))
    data.set_rows(rows_for(alive))
    assert data.drawing().image.shape == (64, 80)


# --- what is refused ------------------------------------------------------------------------------


def test_a_class_without_a_layer_is_named(data: LayerData, viewer: ViewerModel) -> None:
    add_image(viewer)
    assert data.problem() == (
        "Class 'alive' has no layer to draw in: choose one or press Add label layers."
    )


def test_labels_of_another_size_are_named_with_both_sizes(
    data: LayerData, viewer: ViewerModel
) -> None:
    add_image(viewer, (6, 40, 48))
    alive = add_labels(viewer, "my labels", (5, 40, 48))
    data.set_rows(rows_for(alive))
    assert data.problem() == (
        "Labels layer 'my labels' has the shape 5 x 40 x 48 and image 'cells' 6 x 40 x 48; "
        "choose or add labels of the same size."
    )


def test_transposed_labels_are_recognized(data: LayerData, viewer: ViewerModel) -> None:
    add_image(viewer, (6, 40, 48))
    data.set_rows(rows_for(add_labels(viewer, "turned", (6, 48, 40))))
    assert data.problem().endswith("It looks transposed.")


def test_points_with_other_axes_are_named(data: LayerData, viewer: ViewerModel) -> None:
    add_image(viewer, (6, 40, 48))
    centers = add_points(viewer, "centers", [[1, 2]])
    data.set_rows([*rows_for(add_labels(viewer, "alive", (6, 40, 48))),
                   ClassRow("position", "#ffffff", POSITION, centers)])  # fmt: skip
    assert data.problem() == (
        "Points layer 'centers' has 2 axes and image 'cells' 3; make one with the same axes."
    )


def test_empty_labels_are_said(data: LayerData, viewer: ViewerModel, qtbot: Any) -> None:
    add_image(viewer)
    add_labels(viewer, "alive")
    add_labels(viewer, "dead")
    scanned(data, qtbot)
    assert data.problem() == (
        "Nothing is drawn yet: draw alive, dead on at least one frame, better on two."
    )


def test_one_layer_cannot_hold_two_classes(data: LayerData, viewer: ViewerModel) -> None:
    add_image(viewer)
    alive = add_labels(viewer, "my labels")
    data.set_rows([replace(row, name=name) for row in rows_for(alive) for name in ("a", "b")])
    assert "'my labels'" in data.problem()
    assert "'a'" in data.problem()
    assert "'b'" in data.problem()


@pytest.mark.parametrize("name", ["", "a/b", "images"])
def test_a_class_name_that_cannot_be_a_folder_is_refused(
    data: LayerData, viewer: ViewerModel, name: str
) -> None:
    add_image(viewer)
    data.set_rows([replace(row, name=name) for row in rows_for(add_labels(viewer, "alive"))])
    assert f"Class name {name!r}" in data.problem()


def test_two_classes_of_one_name_are_refused(data: LayerData, viewer: ViewerModel) -> None:
    add_image(viewer)
    rows = rows_for(add_labels(viewer, "alive"), add_labels(viewer, "dead"))
    data.set_rows([replace(row, name="cell") for row in rows])
    assert "a name of its own" in data.problem()


def test_only_one_class_can_mark_positions(data: LayerData, viewer: ViewerModel) -> None:
    add_image(viewer)
    rows = rows_for(add_labels(viewer, "one"), add_labels(viewer, "two"))
    data.set_rows([replace(row, kind=POSITION) for row in rows])
    assert data.problem() == "'one' and 'two' both mark positions; only one class can."


def test_no_class_at_all_is_refused(data: LayerData, viewer: ViewerModel) -> None:
    add_image(viewer)
    data.set_rows([])
    assert "at least one name" in data.problem()


def test_an_id_without_a_class_is_refused_before_the_start(
    data: LayerData, viewer: ViewerModel, qtbot: Any
) -> None:
    add_image(viewer)
    ids = add_labels(viewer, "ids")
    ids.data[2:9, 2:9] = 3
    data.set_rows([*rows_for(ids), ClassRow("dead", "#ffffff")])
    with qtbot.waitSignal(data.scanned):
        data.choose_task(Task.MULTICLASS)
    assert "Layer 'ids' has the label 3 on frame 0, and there are 2 classes" in data.problem()
    with qtbot.waitSignal(data.scanned):
        ids.fill((4, 4), 2)
    assert data.problem() is None


def test_labels_that_cannot_be_read_are_said(
    data: LayerData, viewer: ViewerModel, qtbot: Any
) -> None:
    def fail(block_info: Any = None) -> None:
        raise OSError("the disk is gone")

    add_image(viewer)
    lazy = dask.array.map_blocks(
        fail, chunks=((40,), (48,)), dtype=np.uint8, meta=np.zeros(0, np.uint8)
    )
    alive = add_labels(viewer, "alive")
    data.set_rows(rows_for(alive))
    with qtbot.waitSignal(data.scanned):
        alive._data = lazy
        data.set_rows(rows_for(alive))
    assert "the disk is gone" in data.problem()


# --- label kinds ----------------------------------------------------------------------------------


def test_exclusive_classes_share_the_first_layer(
    data: LayerData, viewer: ViewerModel, qtbot: Any
) -> None:
    add_image(viewer)
    ids = add_labels(viewer, "ids")
    ids.data[2:9, 2:9] = 2
    data.set_rows([replace(rows_for(ids)[0], name="alive"), ClassRow("dead", "#ffffff")])
    data.choose_task(Task.MULTICLASS)
    drawing = data.drawing()
    assert drawing.scheme == LabelScheme(Task.MULTICLASS, ("alive", "dead"))
    assert drawing.target(0).max() == 2
    assert scanned(data, qtbot).undrawn == ("alive",)
    assert data.problem() is None


def test_only_one_class_is_the_first_one(data: LayerData, viewer: ViewerModel) -> None:
    add_image(viewer)
    alive = add_labels(viewer, "alive")
    add_labels(viewer, "dead")
    data.choose_task(Task.BINARY)
    assert data.drawing().scheme == LabelScheme(Task.BINARY, ("alive",))
    assert data.drawing().drawn[0].labels is alive.data
    data.choose_task(Task.MULTILABEL)
    assert names(data.used_rows) == ["alive", "dead"]


def test_positions_are_for_overlapping_classes_only(data: LayerData, viewer: ViewerModel) -> None:
    add_image(viewer)
    add_labels(viewer, "alive")
    add_points(viewer, "centers", [[1, 2]])
    assert data.scheme().position == "centers"
    data.choose_task(Task.MULTICLASS)
    assert data.scheme().position is None


# --- counting labeled frames ----------------------------------------------------------------------


def test_labeled_frames_are_counted(data: LayerData, viewer: ViewerModel, qtbot: Any) -> None:
    add_image(viewer, (6, 40, 48))
    alive = add_labels(viewer, "alive", (6, 40, 48))
    add_labels(viewer, "dead", (6, 40, 48))
    alive.data[2, 2:9, 2:9] = 1
    add_points(viewer, "centers", [[4, 10, 10]])
    scan = scanned(data, qtbot)
    assert scan.labeled.tolist() == [False, False, True, False, True, False]
    assert scan.undrawn == ("dead",)
    assert data.unlabeled == 4
    assert data.problem() is None


def test_a_stroke_is_noticed(data: LayerData, viewer: ViewerModel, qtbot: Any) -> None:
    add_image(viewer)
    alive = add_labels(viewer, "alive")
    assert not scanned(data, qtbot).labeled.any()
    with qtbot.waitSignals([data.drawn, data.scanned]):
        alive.paint((10, 10), 1)
    assert data.scan.labeled.all()
    with qtbot.waitSignal(data.scanned):
        alive.undo()
    assert not data.scan.labeled.any()


def test_a_point_is_noticed(data: LayerData, viewer: ViewerModel, qtbot: Any) -> None:
    add_image(viewer)
    add_labels(viewer, "alive")
    centers = add_points(viewer, "centers", np.zeros((0, 2)))
    scanned(data, qtbot)
    with qtbot.waitSignals([data.drawn, data.scanned]):
        centers.add([5, 5])
    assert data.scan.labeled.all()


def test_strokes_on_a_layer_that_is_no_longer_chosen_are_not_noticed(
    data: LayerData, viewer: ViewerModel, qtbot: Any
) -> None:
    add_image(viewer)
    alive, dead = add_labels(viewer, "alive"), add_labels(viewer, "dead")
    data.set_rows(rows_for(dead))
    scanned(data, qtbot)
    with qtbot.assertNotEmitted(data.drawn):
        alive.paint((10, 10), 1)


def test_a_count_that_was_overtaken_by_another_choice_is_dropped(
    data: LayerData, viewer: ViewerModel, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting, go_on = threading.Event(), threading.Event()

    def wait_and_count(drawing: Any) -> Any:
        counting.set()
        go_on.wait(10)
        return (yield from scan(drawing))

    add_image(viewer, (6, 40, 48))
    add_labels(viewer, "alive", (6, 40, 48))
    small = add_image(viewer, (2, 40, 48), name="small")
    scanned(data, qtbot)
    with monkeypatch.context() as patch:
        patch.setattr(label_scan, "scan", wait_and_count)
        with qtbot.waitSignal(data.changed):
            data.set_rows(data.rows)
        qtbot.waitUntil(counting.is_set)
    data.choose_image(small)
    go_on.set()
    with qtbot.waitSignal(data.scanned):
        qtbot.waitUntil(lambda: not _running)
    assert data.scan is None
    assert "'alive' has no layer" in data.problem()


# --- layers to draw in ----------------------------------------------------------------------------


def test_layers_to_draw_in_lie_on_the_image(data: LayerData, viewer: ViewerModel) -> None:
    about = {"scale": (1, 0.5, 0.25), "translate": (0, 10, 20), "units": ("s", "um", "um"),
             "axis_labels": ("t", "y", "x")}  # fmt: skip
    image = add_image(viewer, (6, 40, 48), **about)
    add_missing_layers(data)
    made = viewer.layers[1:]
    assert names(made) == ["alive", "dead", "position"]
    assert [type(layer).__name__ for layer in made] == ["Labels", "Labels", "Points"]
    for layer, row in zip(made, data.rows, strict=True):
        assert row.layer is layer
        np.testing.assert_array_equal(layer.scale, image.scale)
        np.testing.assert_array_equal(layer.translate, image.translate)
        assert layer.units == image.units
        assert layer.axis_labels == image.axis_labels
        assert role_of(layer) == "drawing"
    assert made[0].data.shape == (6, 40, 48)
    assert viewer.layers.selection.active is made[0]


@pytest.mark.parametrize("chosen", [True, False], ids=["chosen", "while another one is chosen"])
def test_layers_to_draw_in_follow_an_image_that_is_scaled_and_moved(
    data: LayerData, viewer: ViewerModel, chosen: Any
) -> None:
    image, mine = add_image(viewer, (6, 40, 48)), add_labels(viewer, "mine", (6, 40, 48))
    data.set_rows([*rows_for(mine), *default_rows()[1:]])
    add_missing_layers(data)
    data.boxes.add(image, data.axes, 2, (3, 4, 10, 12))
    made = [data.rows[1].layer, data.rows[2].layer, data.boxes.layer(image)]
    if not chosen:
        data.choose_image(add_image(viewer, (40, 48), name="another"))
    image.scale, image.translate = (1, 0.5, 0.25), (0, 10, 20)
    image.affine = np.diag([1, 2, 2, 1])
    image.units = ("s", "um", "um")
    data.choose_image(image)
    for layer in made:
        np.testing.assert_array_equal(layer.scale, image.scale)
        np.testing.assert_array_equal(layer.translate, image.translate)
        np.testing.assert_array_equal(layer.affine.affine_matrix, image.affine.affine_matrix)
        assert layer.units == image.units
    assert mine.scale.tolist() == [1, 1, 1], "layers of the person stay as they are"
    assert data.boxes.of(image, data.axes) == {2: ((3, 4, 10, 12),)}


def test_layers_of_the_person_stay_where_they_are_also_when_others_came_with_the_image(
    data: LayerData, viewer: ViewerModel
) -> None:
    image, hers = add_image(viewer), add_labels(viewer, "hers")
    assert data.axes is not None
    row = ClassRow("alive", "#ff0000", MASK, hers)
    data.choose_own(image, Own(data.axes, Task.BINARY, (row,)))
    image.scale = (0.5, 0.5)
    assert hers.scale.tolist() == [1, 1]
    hers.metadata = mark("drawing", of=image.name)
    image.scale = (0.25, 0.25)
    assert hers.scale.tolist() == [0.25, 0.25], "one that came with the image follows it"


def test_layers_are_added_for_classes_that_have_none(data: LayerData, viewer: ViewerModel) -> None:
    add_image(viewer)
    alive = add_labels(viewer, "alive")
    data.set_rows([*rows_for(alive), ClassRow("dead", "#ffffff")])
    add_missing_layers(data)
    assert names(viewer.layers) == ["cells", "alive", "dead"]
    assert data.rows[0].layer is alive
    add_missing_layers(data)
    assert names(viewer.layers) == ["cells", "alive", "dead"]


def test_one_layer_is_added_for_exclusive_classes(data: LayerData, viewer: ViewerModel) -> None:
    add_image(viewer)
    data.choose_task(Task.MULTICLASS)
    add_missing_layers(data)
    assert names(viewer.layers) == ["cells", "classes"]
    colors = viewer.layers["classes"].colormap.color_dict
    assert {1, 2, 3} <= set(colors)


def test_layers_for_an_image_with_channels_have_one_plane(
    data: LayerData, viewer: ViewerModel
) -> None:
    add_image(viewer, (6, 2, 40, 48), axis_labels=("t", "c", "y", "x"))
    add_missing_layers(data)
    assert viewer.layers["alive"].data.shape == (6, 1, 40, 48)
    assert data.problem() != ""
    viewer.layers["alive"].data[3, 0, 5:9, 5:9] = 1
    assert data.drawing().labeled_frames().tolist() == [False, False, False, True, False, False]


def test_labels_drawn_on_all_channels_are_taken_from_the_first(
    data: LayerData, viewer: ViewerModel
) -> None:
    add_image(viewer, (6, 2, 40, 48), axis_labels=("t", "c", "y", "x"))
    alive = add_labels(viewer, "alive", (6, 2, 40, 48))
    alive.data[3, 0, 5:9, 5:9] = 1
    alive.data[4, 1, 5:9, 5:9] = 1
    data.set_rows(rows_for(alive))
    assert data.drawing().labeled_frames().tolist() == [False, False, False, True, False, False]


def test_positions_are_in_pixels_of_the_image_wherever_the_points_lie(
    data: LayerData, viewer: ViewerModel
) -> None:
    add_image(viewer, scale=(0.5, 0.5), translate=(100, 0))
    alive = add_labels(viewer, "alive")
    centers = add_points(viewer, "centers", [[105, 10]])  # in units of the world
    data.set_rows([*rows_for(alive), ClassRow("position", "#ffffff", POSITION, centers)])
    np.testing.assert_allclose(data.drawing().drawn[1].points, [[10, 20]])


@pytest.mark.parametrize(
    "about", [{"rotate": 30}, {"shear": [0.5]}, {"affine": [[0, 2, 5], [3, 0, 7], [0, 0, 1]]}]
)
def test_positions_on_a_turned_image(
    data: LayerData, viewer: ViewerModel, about: dict[str, Any]
) -> None:
    image = add_image(viewer, scale=(0.5, 2), **about)
    alive = add_labels(viewer, "alive")
    pixels = np.array([[0, 0], [3, 40], [30, 7]])
    centers = add_points(viewer, "centers", [image.data_to_world(pixel) for pixel in pixels])
    data.set_rows([*rows_for(alive), ClassRow("position", "#ffffff", POSITION, centers)])
    np.testing.assert_allclose(data.drawing().drawn[1].points, pixels, atol=1e-9)


def test_user_layers_are_never_changed(data: LayerData, viewer: ViewerModel, qtbot: Any) -> None:
    image, alive = add_image(viewer), add_labels(viewer, "mine")
    alive.data[2:9, 2:9] = 3
    before = (image.data.copy(), alive.data.copy())
    data.set_rows([replace(rows_for(alive)[0], name="renamed")])
    data.choose_task(Task.MULTICLASS)
    data.choose_task(Task.MULTILABEL)
    add_missing_layers(data)
    scanned(data, qtbot)
    data.drawing().frozen()
    assert names(viewer.layers) == ["cells", "mine"]
    np.testing.assert_array_equal(image.data, before[0])
    np.testing.assert_array_equal(alive.data, before[1])
