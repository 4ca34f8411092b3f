"""The page of open layers: its controls change what is learned, and show it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from open_layers import add_image, add_labels, add_points
from qtpy.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QToolButton

from napari_inconsistency_masks.task import Task
from napari_inconsistency_masks.widgets.drawing.layer_data import LayerData
from napari_inconsistency_masks.widgets.layers.class_rows import MASK, POSITION
from napari_inconsistency_masks.widgets.pages.layer_page import APART, EVERYWHERE, LayerPage
from napari_inconsistency_masks.widgets.parts.controls import Chooser
from napari_inconsistency_masks.widgets.parts.swatches import Swatch
from napari_inconsistency_masks.widgets.sections.data import DataSection
from napari_inconsistency_masks.widgets.session.session import Session

pytestmark = pytest.mark.usefixtures("children", "at_once")


@pytest.fixture
def data(session: Session) -> LayerData:
    return session.layer_data


@pytest.fixture
def page(session: Session, qtbot: Any) -> LayerPage:
    made = LayerPage(session)
    qtbot.addWidget(made)
    made.show()
    return made


def pick(chooser: Chooser, words: str) -> None:
    """Choose from a list as a person does."""
    index = chooser.findText(words)
    assert index >= 0, words
    chooser.setCurrentIndex(index)
    chooser.activated.emit(index)


def offered(chooser: Chooser) -> Any:
    return [chooser.itemText(index) for index in range(chooser.count())]


def shown(page: LayerPage, kind: Any, name: str = "") -> Any:
    """The controls a person sees once Qt has arranged them."""
    QApplication.processEvents()
    return [
        item for item in page.findChildren(kind) if item.isVisible() and name in item.objectName()
    ]


def find(page: LayerPage, kind: Any, name: str) -> Any:
    """The one control of a name."""
    found = [item for item in shown(page, kind, name) if item.objectName() == name]
    assert len(found) == 1, f"{name}: {found}"
    return found[0]


def chips(page: LayerPage) -> Any:
    chips = sorted(shown(page, QPushButton, "axis_"), key=lambda chip: chip.objectName())
    return [chip.text().replace("▾", "").strip() for chip in chips]


def test_without_an_image_it_says_how_to_open_one(page: LayerPage, viewer: ViewerModel) -> None:
    assert page.empty.isVisible()
    assert "Open an image or a stack" in page.empty.text()
    assert not page.controls.isVisible()
    add_image(viewer)
    assert not page.empty.isVisible()
    assert page.controls.isVisible()


def test_images_are_offered_by_name_and_followed(
    page: LayerPage, data: LayerData, viewer: ViewerModel
) -> None:
    add_image(viewer)
    other = add_image(viewer, (20, 30), name="other")
    assert offered(page.image) == ["cells", "other"]
    pick(page.image, "other")
    assert data.image is other
    other.name = "renamed"
    assert page.image.currentText() == "renamed"


def test_an_image_below_another_one_is_said_to_be_hidden(
    page: LayerPage, viewer: ViewerModel, data: LayerData
) -> None:
    add_image(viewer)
    second = add_image(viewer, name="other")
    assert page.covered.isHidden()
    pick(page.image, "cells")
    assert page.covered.isVisible()
    page.covered.take.click()
    assert data.image is second
    assert page.covered.isHidden()


def test_axes_are_shown_as_chips(page: LayerPage, viewer: ViewerModel, data: LayerData) -> None:
    add_image(viewer, (24, 40, 48))
    assert chips(page) == ["T 24", "Y 40", "X 48"]
    data.choose_image(add_image(viewer, (40, 48, 3), rgb=True, name="color"))
    assert chips(page) == ["Y 40", "X 48", "C 3"]


def test_an_axis_is_corrected_with_its_menu(
    page: LayerPage, viewer: ViewerModel, data: LayerData
) -> None:
    add_image(viewer, (6, 2, 40, 48))
    assert "axis of length 2" in page.axes_note.text()
    menu = find(page, QPushButton, "axis_1").menu()
    action = next(action for action in menu.actions() if action.text().startswith("C"))
    action.trigger()
    assert data.axes.letters == "TCYX"
    assert chips(page) == ["T 6", "C 2", "Y 40", "X 48"]
    assert not page.axes_note.isVisible()
    checked = find(page, QPushButton, "axis_1").menu().actions()
    assert [action.text()[0] for action in checked if action.isChecked()] == ["C"]


def test_colors_of_a_color_image_are_no_axis_to_change(
    page: LayerPage, viewer: ViewerModel
) -> None:
    add_image(viewer, (40, 48, 3), rgb=True)
    assert find(page, QPushButton, "axis_2").menu() is None
    letters = [action.text()[0] for action in find(page, QPushButton, "axis_0").menu().actions()]
    assert "C" not in letters


def test_classes_can_be_renamed(page: LayerPage, viewer: ViewerModel, data: LayerData) -> None:
    add_image(viewer)
    name = find(page, QLineEdit, "class_name_0")
    assert name.text() == "alive"
    name.setText("  living ")
    name.editingFinished.emit()
    assert data.rows[0].name == "living"
    assert find(page, QLineEdit, "class_name_0").text() == "living"


def test_classes_can_be_added_and_removed(
    page: LayerPage, viewer: ViewerModel, data: LayerData
) -> None:
    add_image(viewer)
    page.table.add.click()
    page.table.add.click()
    assert [row.name for row in data.rows] == ["alive", "dead", "position", "class 1", "class 2"]
    find(page, QToolButton, "class_remove_1").click()
    assert [row.name for row in data.rows] == ["alive", "position", "class 1", "class 2"]
    assert find(page, QLineEdit, "class_name_1").text() == "position"


def test_the_last_class_cannot_be_removed(
    page: LayerPage, viewer: ViewerModel, data: LayerData
) -> None:
    add_image(viewer)
    for _ in range(2):
        find(page, QToolButton, "class_remove_0").click()
    assert shown(page, QToolButton, "class_remove") == []
    assert len(data.rows) == 1


def test_a_color_can_be_chosen(page: LayerPage, viewer: ViewerModel, data: LayerData) -> None:
    add_image(viewer)
    find(page, Swatch, "class_color_1").picked.emit("#102030")
    assert data.rows[1].color == "#102030"
    assert find(page, Swatch, "class_color_1").color == "#102030"


def test_the_kind_of_a_class_decides_which_layers_fit(
    page: LayerPage, viewer: ViewerModel, data: LayerData
) -> None:
    add_image(viewer)
    add_labels(viewer, "alive")
    add_labels(viewer, "too small", (9, 9))
    add_points(viewer, "centers", [[1, 2]])
    assert offered(find(page, Chooser, "class_layer_0")) == ["none yet", "alive"]
    assert offered(find(page, Chooser, "class_layer_1")) == ["none yet", "alive", "centers"]
    pick(find(page, Chooser, "class_kind_1"), "areas")
    assert data.rows[1].kind == MASK
    assert data.rows[1].layer is None
    assert offered(find(page, Chooser, "class_layer_1")) == ["none yet", "alive"]


def test_a_layer_is_bound_to_a_class(page: LayerPage, viewer: ViewerModel, data: LayerData) -> None:
    add_image(viewer)
    alive, other = add_labels(viewer, "alive"), add_labels(viewer, "other")
    pick(find(page, Chooser, "class_layer_0"), "other")
    pick(find(page, Chooser, "class_layer_1"), "alive")
    assert [row.layer for row in data.rows] == [other, alive]
    pick(find(page, Chooser, "class_layer_1"), "none yet")
    assert data.rows[1].layer is None


def test_labels_can_mark_positions_too(
    page: LayerPage, viewer: ViewerModel, data: LayerData
) -> None:
    add_image(viewer)
    spots = add_labels(viewer, "spots")
    pick(find(page, Chooser, "class_kind_0"), "positions")
    pick(find(page, Chooser, "class_layer_0"), "spots")
    assert (data.rows[0].kind, data.rows[0].layer) == (POSITION, spots)


def test_label_kinds(page: LayerPage, viewer: ViewerModel, data: LayerData) -> None:
    add_image(viewer)
    pick(page.task, "exclude each other: one layer for all")
    assert data.task is Task.MULTICLASS
    heads = [label.text() for label in shown(page.table, QLabel)]
    assert "Label" in heads
    assert [head for head in heads if head.isdigit()] == ["1", "2", "3"]
    assert len(shown(page, Chooser, "class_layer")) == 1
    pick(page.task, "only one")
    assert data.task is Task.BINARY
    assert not page.table.add.isVisible()
    assert len(shown(page, QLineEdit, "class_name")) == 1
    pick(page.task, "may overlap: one layer each")
    assert data.task is Task.MULTILABEL


def test_add_label_layers_is_offered_as_long_as_some_are_missing(
    page: LayerPage, viewer: ViewerModel, data: LayerData
) -> None:
    add_image(viewer)
    assert page.make.isVisible()
    page.make.click()
    assert [layer.name for layer in viewer.layers] == ["cells", "alive", "dead", "position"]
    assert not page.make.isVisible()
    viewer.layers.remove("dead")
    assert page.make.isVisible()


def test_labeled_frames_are_told(
    page: LayerPage, viewer: ViewerModel, data: LayerData, qtbot: Any
) -> None:
    add_image(viewer, (24, 40, 48))
    alive = add_labels(viewer, "alive", (24, 40, 48))
    add_labels(viewer, "dead", (24, 40, 48))
    qtbot.waitUntil(lambda: page.scan.text() == "24 frames, 0 labeled (0%).")
    alive.paint((3, 10, 10), 1)
    qtbot.waitUntil(lambda: page.scan.text() == "24 frames, 1 labeled (4%).")
    assert "Label a second frame" in page.remarks.text()
    assert "Not drawn anywhere yet: dead." in page.remarks.text()
    alive.paint((5, 10, 10), 1)
    alive.paint((6, 10, 10), 1)
    qtbot.waitUntil(lambda: page.scan.text() == "24 frames, 3 labeled (12%).")
    assert "Validation frames come from the same stack: they resemble" in page.remarks.text()


def test_who_opens_single_images_is_told_how_to_label_several(
    page: LayerPage, viewer: ViewerModel, qtbot: Any
) -> None:
    """There is no second frame that she could label."""
    add_image(viewer)
    assert "choose Project" in page.remarks.text()
    alive = add_labels(viewer, "alive")
    alive.paint((10, 10), 1)
    qtbot.waitUntil(lambda: page.scan.text() == "1 frame, 1 labeled (100%).")
    assert "choose Project" in page.remarks.text()
    assert "second frame" not in page.remarks.text()


def test_of_exclusive_classes_it_is_said_that_the_background_needs_one(
    page: LayerPage, viewer: ViewerModel, qtbot: Any
) -> None:
    add_image(viewer, (3, 40, 48))
    assert EVERYWHERE not in page.remarks.text()
    pick(page.task, "exclude each other: one layer for all")
    qtbot.waitUntil(lambda: EVERYWHERE in page.remarks.text())
    page.make.click()
    viewer.layers[-1].paint((1, 10, 10), 1)
    qtbot.waitUntil(lambda: page.scan.text() == "3 frames, 1 labeled (33%).")
    assert EVERYWHERE in page.remarks.text()


def test_of_areas_that_are_counted_it_is_said_how_those_that_touch_are_two(
    page: LayerPage, viewer: ViewerModel, qtbot: Any
) -> None:
    add_image(viewer, (3, 40, 48))
    assert page.remarks.isHidden()  # cells are counted by their positions
    pick(page.task, "only one")
    qtbot.waitUntil(lambda: page.remarks.text() == APART)
    page.make.click()
    layer = viewer.layers[-1]
    layer.paint((1, 10, 10), 1)
    qtbot.waitUntil(lambda: page.scan.text() == "3 frames, 1 labeled (33%).")
    assert APART in page.remarks.text()
    layer.paint((1, 30, 30), 2)
    qtbot.waitUntil(lambda: "are taken for single objects" in page.remarks.text())
    assert APART not in page.remarks.text()


def test_numbers_that_were_meant_as_classes_are_not_taken_for_objects_in_silence(
    page: LayerPage, viewer: ViewerModel, qtbot: Any
) -> None:
    add_image(viewer, (3, 40, 48))
    layer = add_labels(viewer, "my cells", (3, 40, 48))
    layer.paint((1, 10, 10), 1)
    qtbot.waitUntil(lambda: page.scan.text() == "3 frames, 1 labeled (33%).")
    assert "The numbers in" not in page.remarks.text()
    layer.paint((1, 30, 30), 2)
    said = "The numbers in my cells are taken for single objects of one class"
    qtbot.waitUntil(lambda: said in page.remarks.text())
    pick(page.task, "exclude each other: one layer for all")
    qtbot.waitUntil(lambda: "has the label 2 on frame 1, and there is 1 class" in problem(page))
    page.table.add.click()
    qtbot.waitUntil(lambda: page.scan.text() == "3 frames, 1 labeled (33%).")
    assert "The numbers in" not in page.remarks.text()
    assert not problem(page)


def test_layers_that_nothing_can_be_learned_from_are_told_on_the_page(
    page: LayerPage, viewer: ViewerModel, data: LayerData
) -> None:
    add_image(viewer)
    assert not problem(page), "there is a button for layers that are missing"
    layer = add_labels(viewer, "alive")
    data.set_rows([*data.rows, replace(data.rows[0], name="dead")])
    assert f"Layer {layer.name!r} is chosen for 'alive' and for 'dead'" in problem(page)
    data.set_rows(data.rows[:1])
    assert not problem(page)


def problem(page: LayerPage) -> str:
    """What the page says is wrong, if anything."""
    return page.problem.text() if page.problem.isVisible() else ""


def test_the_summary_of_the_section_says_the_same(
    viewer: ViewerModel, session: Session, qtbot: Any
) -> None:
    section = DataSection(viewer)
    qtbot.addWidget(section)
    assert section.summary == "no image yet"
    add_image(viewer, (24, 40, 48))
    assert section.summary == "cells: 24 frames"
    with qtbot.waitSignal(section.summary_changed):
        add_labels(viewer, "alive", (24, 40, 48)).data[3, 5:9, 5:9] = 1
    qtbot.waitUntil(lambda: section.summary == "cells: 24 frames, 1 labeled")


def test_a_name_that_is_being_typed_is_not_lost_by_a_stroke(
    page: LayerPage, viewer: ViewerModel, qtbot: Any
) -> None:
    add_image(viewer)
    alive = add_labels(viewer, "alive")
    qtbot.waitUntil(lambda: page.scan.isVisible())
    name = find(page, QLineEdit, "class_name_0")
    name.setText("liv")
    alive.paint((10, 10), 1)
    qtbot.waitUntil(lambda: "1 labeled" in page.scan.text())
    assert find(page, QLineEdit, "class_name_0") is name
    assert name.text() == "liv"


def test_an_error_in_a_slot_leaves_the_page_usable(
    page: LayerPage,
    viewer: ViewerModel,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: Any,
) -> None:
    def fail(*_: Any) -> None:
        raise ValueError("no such thing")

    add_image(viewer)
    with monkeypatch.context() as patch, qtbot.waitSignal(session.refused) as told:
        patch.setattr(
            "napari_inconsistency_masks.widgets.pages.layer_page.add_missing_layers", fail
        )
        page.make.click()
    assert "no such thing" in told.args[0]
    assert any("Traceback" in line for line in session.log.lines)
    page.make.click()
    assert np.size(viewer.layers["alive"].data) == 40 * 48
