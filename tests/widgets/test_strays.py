"""What is drawn outside of label boxes is told, and can be boxed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from open_layers import add_image

from napari_inconsistency_masks.boxes import known_mask
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.widgets.drawing.drawing_layers import add_missing_layers
from napari_inconsistency_masks.widgets.pages.stray_note import StrayNote
from napari_inconsistency_masks.widgets.session.session import Session

pytestmark = pytest.mark.usefixtures("children", "at_once")

SIZE = (60, 70)
BOX = (10, 10, 30, 30)


def paint(session: Session, name: str, frame: int, rows: slice, columns: slice) -> None:
    layer = next(row.layer for row in session.layer_data.rows if row.name == name)
    where = np.mgrid[rows, columns].reshape(2, -1)
    layer.data_setitem((np.full(where.shape[1], frame), *where), 1)


def settle(session: Session, qtbot: Any) -> Any:
    qtbot.waitUntil(lambda: not session.layer_data.scanning)
    return session.layer_data.scan


@pytest.fixture
def note(viewer: ViewerModel, session: Session, qtbot: Any) -> StrayNote:
    """A stack of 3 frames, with a label box on the second one."""
    image = add_image(viewer, (3, *SIZE), name="stack")
    data = session.layer_data
    add_missing_layers(data)
    data.boxes.add(image, data.axes, 1, BOX)
    made = StrayNote(session, "test")
    qtbot.addWidget(made)
    settle(session, qtbot)
    return made


def test_inside_and_at_the_edge_of_a_box_nothing_is_astray(
    note: StrayNote, session: Session, qtbot: Any
) -> None:
    paint(session, "alive", 1, slice(12, 20), slice(12, 20))
    paint(session, "dead", 1, slice(26, 36), slice(26, 36))
    paint(session, "alive", 0, slice(40, 50), slice(40, 50))  # a frame without boxes
    session.layer_data.rows[2].layer.add([[1, 15, 16], [1, 29, 29]])
    assert settle(session, qtbot).strays == {}
    assert note.isHidden()


def test_once_the_label_boxes_are_removed_frames_are_labeled_all_over(
    note: StrayNote, session: Session, viewer: ViewerModel, qtbot: Any
) -> None:
    paint(session, "alive", 1, slice(40, 46), slice(50, 58))
    assert not settle(session, qtbot).complete[1]
    viewer.layers.remove(session.layer_data.boxes.layer(session.layer_data.image))
    assert settle(session, qtbot).complete[1]
    assert note.isHidden()


def test_what_is_astray_is_told_and_boxed(note: StrayNote, session: Session, qtbot: Any) -> None:
    paint(session, "alive", 1, slice(40, 46), slice(50, 58))
    session.layer_data.rows[2].layer.add([[1, 43, 53], [1, 50, 5]])
    settle(session, qtbot)
    assert not note.isHidden()
    assert note.sentence.text() == (
        "⚠  2 regions drawn on frame 1 lie outside of the label boxes: they are neither learned "
        "from nor counted."
    )
    note.box.click()
    scan = settle(session, qtbot)
    assert scan.strays == {}
    assert note.isHidden()
    drawing = session.layer_data.drawing()
    assert len(drawing.boxes[1]) == 3
    known = known_mask(drawing.boxes[1], SIZE)
    target = drawing.target(1)
    assert known[target.any(axis=0)].all(), "everything that is drawn counts now"
    assert any(box[0] <= 36 and box[1] <= 46 for box in drawing.boxes[1][1:]), "with a margin"
    assert list(drawing.boxes) == [1]


@pytest.mark.parametrize("task", [Task.BINARY, Task.MULTICLASS])
def test_other_label_kinds_and_images_without_frames(
    viewer: ViewerModel, session: Session, qtbot: Any, task: Task
) -> None:
    image = add_image(viewer, SIZE, name="one")
    data = session.layer_data
    data.choose_classes(LabelScheme(task, ("a", "b")[: 1 if task is Task.BINARY else 2]), "YX")
    add_missing_layers(data)
    data.boxes.add(image, data.axes, 0, BOX)
    layer = data.rows[0].layer
    layer.data_setitem((np.array([50]), np.array([60])), len(data.used_rows))
    note = StrayNote(session, "test")
    qtbot.addWidget(note)
    settle(session, qtbot)
    assert note.sentence.text().startswith("⚠  1 region drawn lies outside of the label boxes: it")
    note.box.click()
    assert settle(session, qtbot).strays == {}
    layer.data_setitem((np.array([50]), np.array([60])), 0)
    settle(session, qtbot)
    assert note.isHidden()
