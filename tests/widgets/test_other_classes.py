"""Other classes, axes and layers while strokes are not saved yet, or just were: none is lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Layer
from open_layers import add_image, add_labels
from project_steps import Steps, make_project

from napari_inconsistency_masks.projects import Project
from napari_inconsistency_masks.projects.corrections import Corrections
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.widgets.drawing.drawing_layers import add_missing_layers
from napari_inconsistency_masks.widgets.drawing.layer_data import LayerData
from napari_inconsistency_masks.widgets.drawing.snapshot import DrawnClass
from napari_inconsistency_masks.widgets.layers.class_rows import POSITION, ClassRow
from napari_inconsistency_masks.widgets.session.session import Session

EXCLUSIVE = LabelScheme(Task.MULTICLASS, ("ground", "bright", "dark"))

pytestmark = pytest.mark.usefixtures("children", "at_once", "soon")


@pytest.fixture
def one(viewer: ViewerModel) -> Image:
    return add_image(viewer, (3, 40, 48), name="one")


@pytest.fixture
def data(session: Session, one: Image) -> LayerData:
    """An image with an empty layer for each class."""
    add_missing_layers(session.layer_data)
    return session.layer_data


def paint(layer: Layer | None, *pixel: int) -> None:
    assert layer is not None
    layer.data_setitem(tuple(np.array([each]) for each in pixel), 1)


def settle(session: Session, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: not session.keeper.busy() and not session.layer_data.scanning)


def swapped(data: LayerData) -> list[ClassRow]:
    """The table with the layers of the first two classes in each other's place."""
    alive, dead, *rest = data.rows
    return [replace(alive, layer=dead.layer), replace(dead, layer=alive.layer), *rest]


HOWS = ["axis", "task", "rename", "remove", "add", "swap", "other layer", "another image"]


@pytest.mark.parametrize("how", HOWS)
def test_an_undo_just_before_something_else_is_chosen_is_saved(
    viewer: ViewerModel, session: Session, data: LayerData, qtbot: Any, how: str
) -> None:
    """napari tells of no undo in time."""
    rows = data.rows
    paint(rows[0].layer, 1, 5, 7)
    paint(rows[0].layer, 1, 9, 9)
    settle(session, qtbot)
    folder, scheme = session.keeper.folder, data.scheme()
    assert folder is not None
    assert rows[0].layer is not None
    rows[0].layer.undo()
    if how == "axis":
        data.name_axis(0, "Z")
    elif how == "task":
        data.choose_task(Task.MULTICLASS)
    elif how == "another image":
        data.choose_image(add_image(viewer, (3, 40, 48), name="two"))
    else:
        data.set_rows(
            {
                "rename": [replace(rows[0], name="living"), *rows[1:]],
                "remove": rows[1:],
                "add": [*rows, ClassRow("other", "red")],
                "swap": swapped(data),
                "other layer": [replace(rows[0], layer=None), *rows[1:]],
            }[how]
        )
    settle(session, qtbot)
    labels = Corrections(folder, scheme).read("image", 1)
    assert labels is not None
    assert np.argwhere(labels.masks["alive"]).tolist() == [[5, 7]]


def test_an_undo_just_before_a_new_layer_is_taken_for_a_class_is_saved(
    viewer: ViewerModel, session: Session, qtbot: Any
) -> None:
    add_image(viewer, (3, 40, 48), name="one")
    layer = add_labels(viewer, "cells", (3, 40, 48))
    data = session.layer_data
    assert data.rows[0].layer is layer
    paint(layer, 1, 5, 7)
    paint(layer, 1, 9, 9)
    settle(session, qtbot)
    folder, scheme = session.keeper.folder, data.scheme()
    assert folder is not None
    layer.undo()
    add_labels(viewer, "nuclei", (3, 40, 48))
    assert [row.name for row in data.rows] == ["cells", "nuclei"]
    settle(session, qtbot)
    labels = Corrections(folder, scheme).read("image", 1)
    assert labels is not None
    assert np.argwhere(labels.masks["cells"]).tolist() == [[5, 7]]


def test_layers_that_do_not_fit_other_axes_come_back_with_the_axes(
    session: Session, data: LayerData
) -> None:
    """Nothing can be saved of a class whose layer does not fit."""
    first = [row.layer for row in data.rows]
    data.name_axis(0, "C")
    data.set_rows([*data.rows[:2], ClassRow("other", "red")])
    add_missing_layers(data)
    color = data.rows[2].layer
    assert color is not None
    assert color.data.shape == (1, 40, 48)
    paint(color, 0, 5, 7)
    data.name_axis(0, "T")
    assert [row.layer for row in data.rows] == [*first[:2], None]
    assert session.keeper.problem == ""
    add_missing_layers(data)
    data.name_axis(0, "C")
    assert data.rows[2].layer is color


def test_labels_on_another_channel_than_the_first_are_told(
    viewer: ViewerModel, session: Session, data: LayerData, qtbot: Any
) -> None:
    told: list[str] = []
    session.refused.connect(told.append)
    data.name_axis(0, "C")
    layer = data.rows[0].layer
    paint(layer, 0, 5, 7)
    settle(session, qtbot)
    viewer.dims.set_point(0, 2)
    paint(layer, 2, 5, 7)
    settle(session, qtbot)
    assert told == [], "it is on the first as well"
    for column in (9, 10):
        paint(layer, 2, 9, column)
        settle(session, qtbot)
    (sentence,) = told
    assert "layer 'alive' is drawn on channel 2 of image 'one'" in sentence


def test_a_class_that_comes_back_to_the_table_comes_with_its_layer(
    one: Image, data: LayerData
) -> None:
    alive, dead, position = data.rows
    data.set_rows([alive, position])
    data.set_rows([alive, position, ClassRow("class 3", "red")])
    data.set_rows([alive, position, ClassRow("dead", "red")])
    assert data.rows[2].layer is dead.layer
    data.set_rows([alive, position, ClassRow("dead", "red")])
    assert data.rows[2].layer is None, "she may choose that it has none"


def test_positions_are_no_areas_after_classes_were_said_to_exclude_each_other(
    session: Session, data: LayerData, qtbot: Any
) -> None:
    told: list[str] = []
    session.refused.connect(told.append)
    points = data.rows[2].layer
    for task in (Task.MULTICLASS, Task.MULTILABEL):
        data.choose_task(task)
        paint(data.rows[0].layer, 1, 5, 7)
        settle(session, qtbot)
    assert told == []
    assert [row.layer is None for row in data.rows] == [False, False, True]
    alive, dead, position = data.rows
    data.set_rows([alive, dead, replace(position, kind=POSITION)])
    assert data.rows[2].layer is points


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_what_is_drawn_as_a_class_that_is_removed_becomes_no_other_one(
    data: LayerData, gone: int
) -> None:
    """Exclusive classes are numbers in one layer, in the order of the table."""
    data.choose_task(Task.MULTICLASS)
    layer = data.rows[0].layer
    assert layer is not None
    layer.data_setitem((np.array([1]), np.array([5]), np.array([7])), 2)
    data.set_rows([row for number, row in enumerate(data.rows) if number != gone])
    if gone == 2:
        assert data.drawing().target(1)[5, 7] == 2, "it has the number that it had"
    else:
        assert data.problem() is not None
        assert data.rows[0].layer is None


def test_who_swaps_layers_and_swaps_them_again_draws_as_fast_as_before(
    session: Session, data: LayerData, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive, before = data.rows[0].layer, list(data.rows)
    paint(alive, 1, 5, 7)
    data.set_rows(swapped(data))
    paint(alive, 1, 6, 7)
    data.set_rows(before)
    looked: list[str] = []
    monkeypatch.setattr(DrawnClass, "is_empty", lambda drawn: looked.append(drawn.name))
    for row in (7, 8):
        paint(alive, 1, row, 7)
        settle(session, qtbot)
    assert looked == [], "that looks through a whole stack"


def test_a_label_box_is_saved_though_no_class_has_a_layer_any_more(
    viewer: ViewerModel, session: Session, data: LayerData, one: Image
) -> None:
    """It says that nothing is there."""
    assert data.axes is not None
    root, scheme = session._drawings_folder(), data.scheme()
    data.boxes.add(one, data.axes, 1, (2, 3, 9, 9))
    for row in data.rows:
        assert row.layer is not None
        viewer.layers.remove(row.layer)
    session._guard.close()
    (folder,) = root.glob("one-*")
    labels = Corrections(folder, scheme).read("image", 1)
    assert labels is not None
    assert labels.boxes == ((2, 3, 9, 9),)


def test_a_layer_that_no_class_is_drawn_in_any_more_chooses_no_image(
    viewer: ViewerModel, data: LayerData
) -> None:
    alive = data.rows[0].layer
    data.set_rows([replace(data.rows[0], layer=None), *data.rows[1:]])
    other = add_image(viewer, (3, 40, 48), name="two")
    data.choose_image(other)
    paint(alive, 1, 5, 7)
    assert data.image is other


# Files of a project


def saved(folder: Path, frame: int = 1) -> Any:
    return Project.open(folder).read_frame("one", frame)


@pytest.mark.parametrize("how", ["remove", "task", "axis"])
def test_strokes_on_a_file_whose_table_says_otherwise_are_saved_at_closing(
    steps: Steps, session: Session, folder: Path, how: str
) -> None:
    steps.open("one")
    dead, points = steps.layer("dead"), steps.layer("position")
    data = session.layer_data
    if how == "remove":
        data.set_rows(data.rows[1:])
    elif how == "task":
        data.choose_task(Task.BINARY)
    else:
        data.name_axis(0, "Z")
    paint(dead, 1, 5, 7)
    points.add([[1, 9, 9]])
    session._guard.close()
    labels = saved(folder)
    assert labels is not None
    assert np.argwhere(labels.masks["dead"]).tolist() == [[5, 7]]
    assert labels.positions.tolist() == [[9, 9]]


def test_classes_of_a_file_that_swap_their_layers_stay_swapped(
    viewer: ViewerModel, steps: Steps, session: Session, folder: Path
) -> None:
    steps.open("one")
    steps.paint("alive", 1, 5, 7)
    data = session.layer_data
    data.set_rows(swapped(data))
    file = data.image
    data.choose_image(add_image(viewer, (3, 40, 48), name="other"))
    data.choose_image(file)
    session._guard.close()
    labels = saved(folder)
    assert np.argwhere(labels.masks["dead"]).tolist() == [[5, 7]]
    assert not labels.masks["alive"].any()


def test_a_class_that_was_removed_and_is_added_again_empties_nothing_on_disk(
    steps: Steps, session: Session, folder: Path
) -> None:
    steps.open("one")
    steps.paint("dead", 1, 5, 7)
    steps.settle()
    data = session.layer_data
    alive, dead, position = data.rows
    data.set_rows([alive, position])
    data.set_rows([alive, replace(dead, layer=None), position])
    add_missing_layers(data)
    session._guard.close()
    assert saved(folder).masks["dead"][5, 7]


@pytest.mark.parametrize("gone", [0, 1])
def test_exclusive_classes_that_were_removed_and_are_added_again_empty_nothing_on_disk(
    session: Session, tmp_path: Path, qtbot: Any, gone: int
) -> None:
    folder = make_project(tmp_path / "exclusive", EXCLUSIVE)
    steps = Steps(session, qtbot)
    steps.open_project(folder)
    steps.open("one")
    data = session.layer_data
    paint(data.rows[0].layer, 1, 5, 7)
    steps.settle()
    rows = list(data.rows)
    data.set_rows([row for number, row in enumerate(rows) if number != gone])
    again = {row.name: row for row in data.rows}
    data.set_rows([again.get(row.name, replace(row, layer=None)) for row in rows])
    add_missing_layers(data)
    session._guard.close()
    assert saved(folder).ids[5, 7] == 1


@pytest.mark.parametrize("made_anew", [False, True])
def test_nobody_draws_in_layers_while_another_file_takes_them_over(
    viewer: ViewerModel, steps: Steps, session: Session, made_anew: bool, qtbot: Any
) -> None:
    """A stroke would be on the one file for the person, and on the other one, or on none, here."""
    steps.open("one")
    steps.paint("alive", 1, 5, 7)
    first: list[Any] = [row.layer for row in session.layer_data.rows]
    first[0].mode, first[2].mode = "paint", "add"
    if made_anew:
        viewer.layers.remove(first[1])
    files = steps.project.files
    editable: list[bool] = []

    def arrived() -> bool:
        if files.moving and files.current is None:
            drawn_in = [each for each in viewer.layers if not isinstance(each, Image)]
            editable.append(any(each.editable for each in drawn_in))
        return steps.opened == "two" and not files.busy

    files.open("two")
    qtbot.waitUntil(arrived)
    assert editable
    assert not any(editable)
    now: list[Any] = [row.layer for row in session.layer_data.rows]
    assert all(layer.editable for layer in now)
    now[0].undo()
    assert not now[0].data.any()
    if not made_anew:
        assert now == first
        assert (now[0].mode, now[2].mode) == ("paint", "add")
