"""Keys and presses, one by one as a person makes them, while other things happen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from open_layers import add_image, add_labels
from qtpy.QtCore import QEvent, QLocale, QPoint, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QApplication, QLineEdit, QPushButton, QSpinBox, QToolButton, QWidget

from napari_inconsistency_masks.batch import BatchOptions
from napari_inconsistency_masks.config import TrainConfig
from napari_inconsistency_masks.files.tiff import write_tiff
from napari_inconsistency_masks.settings import settings
from napari_inconsistency_masks.widgets.dock import Dock
from napari_inconsistency_masks.widgets.pages.batch_options import BatchOptionsForm
from napari_inconsistency_masks.widgets.pages.folder_page import FolderPage
from napari_inconsistency_masks.widgets.pages.retraining_box import RetrainingBox
from napari_inconsistency_masks.widgets.parts.controls import Chooser
from napari_inconsistency_masks.widgets.parts.forms import Field
from napari_inconsistency_masks.widgets.parts.numbers import DecimalBox
from napari_inconsistency_masks.widgets.parts.text_line import TextLine
from napari_inconsistency_masks.widgets.sections.data import DataSection
from napari_inconsistency_masks.widgets.session.session import Session

pytestmark = pytest.mark.usefixtures("children", "at_once")

CTRL = Qt.KeyboardModifier.ControlModifier


def activate(shown: QWidget, qtbot: Any) -> None:
    """Show it as the window in which a person types."""
    qtbot.addWidget(shown)
    shown.show()
    shown.activateWindow()
    qtbot.waitUntil(shown.isActiveWindow)


def find(holder: QWidget, kind: Any, name: str) -> Any:
    """The control of a name that is seen, as those before it may not be deleted yet."""
    QApplication.processEvents()
    (found,) = (item for item in holder.findChildren(kind, name) if item.isVisible())
    return found


def keys(text: str, qtbot: Any) -> None:
    """Press keys where the focus is."""
    for letter in text:
        qtbot.keyClick(QApplication.focusWidget(), letter)


def key(number: Any, qtbot: Any, modifier: Any = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key that is no letter where the focus is."""
    qtbot.keyClick(QApplication.focusWidget(), number, modifier)


@pytest.fixture
def section(viewer: ViewerModel, session: Session, qtbot: Any) -> DataSection:
    add_image(viewer)
    made = DataSection(viewer)
    activate(made, qtbot)
    return made


def names(session: Session) -> list[str]:
    return [row.name for row in session.layer_data.rows]


def test_the_name_of_a_class_is_typed_while_layers_come(
    section: DataSection, viewer: ViewerModel, session: Session, qtbot: Any
) -> None:
    """A layer of labels would be proposed as the only class, were nobody about to name them."""
    qtbot.mouseClick(find(section, QLineEdit, "class_name_0"), Qt.MouseButton.LeftButton)
    key(Qt.Key.Key_A, qtbot, CTRL)
    keys("liv", qtbot)
    add_labels(viewer, "cells")
    viewer.layers["cells"].name = "others"
    keys("ing", qtbot)
    key(Qt.Key.Key_Return, qtbot)
    assert names(session) == ["living", "dead", "position"]
    assert find(section, QLineEdit, "class_name_0").hasFocus()


def test_a_name_that_is_pasted_is_no_longer_than_that_of_a_file(
    section: DataSection, session: Session, qtbot: Any
) -> None:
    """Else nothing that is drawn could be saved; one that is longer already stays as it is."""
    find(section, QLineEdit, "class_name_0").setFocus()
    key(Qt.Key.Key_A, qtbot, CTRL)
    QApplication.clipboard().setText("living " * 30)
    key(Qt.Key.Key_V, qtbot, CTRL)
    key(Qt.Key.Key_Tab, qtbot)
    assert names(session)[0] == ("living " * 30)[:60].strip()
    rows = session.layer_data.rows
    session.layer_data.set_rows([replace(rows[0], name="y" * 70), *rows[1:]])
    find(section, QLineEdit, "class_name_0").setFocus()
    key(Qt.Key.Key_Tab, qtbot)
    assert names(session)[0] == "y" * 70


def test_a_name_that_changes_elsewhere_is_not_typed_on(
    section: DataSection, viewer: ViewerModel, session: Session, qtbot: Any
) -> None:
    """As when another image with other classes is chosen."""
    find(section, QLineEdit, "class_name_0").setFocus()
    key(Qt.Key.Key_End, qtbot)
    keys("!", qtbot)
    rows = session.layer_data.rows
    session.layer_data.set_rows(rows[::-1])
    assert find(section, QLineEdit, "class_name_0").text() == "position"


def test_a_name_is_typed_on_in_its_middle(
    section: DataSection, session: Session, qtbot: Any
) -> None:
    line = find(section, QLineEdit, "class_name_0")
    line.setFocus()
    key(Qt.Key.Key_Home, qtbot)
    keys("really ", qtbot)
    session.layer_data.changed.emit()
    keys("so ", qtbot)
    session.layer_data.changed.emit()
    assert (line.text(), line.cursorPosition()) == ("really so alive", 10)
    key(Qt.Key.Key_Tab, qtbot)
    assert names(session)[0] == "really so alive"


def test_a_name_that_is_not_finished_is_no_other_class_s_when_one_goes(
    section: DataSection, session: Session, qtbot: Any
) -> None:
    find(section, QLineEdit, "class_name_1").setFocus()
    keys("?", qtbot)
    session.layer_data.set_rows(session.layer_data.rows[1:])
    assert names(session) == ["dead", "position"]
    key(Qt.Key.Key_Tab, qtbot)
    assert names(session) == ["dead", "position"]


def test_a_class_that_goes_leaves_the_focus_in_the_table(
    section: DataSection, session: Session, qtbot: Any
) -> None:
    for name in ("class_remove_1", "class_remove_1"):
        find(section, QToolButton, name).setFocus()
        key(Qt.Key.Key_Space, qtbot)
    assert names(session) == ["alive"]
    assert find(section, QPushButton, "class_add").hasFocus()


def meanings(chip: QPushButton) -> dict[str, Any]:
    """What can be chosen, by its letter."""
    return {action.text()[0]: action for action in chip.menu().actions()}


def test_an_axis_that_is_named_keeps_the_focus(
    section: DataSection, session: Session, viewer: ViewerModel, qtbot: Any
) -> None:
    viewer.layers.clear()
    add_image(viewer, (3, 40, 48))
    chip = find(section, QPushButton, "axis_0")
    chip.setFocus()
    meanings(chip)["Z"].trigger()
    again = find(section, QPushButton, "axis_0")
    assert again is not chip
    assert again.hasFocus()


def test_an_axis_is_offered_only_what_it_can_be(
    section: DataSection, session: Session, qtbot: Any
) -> None:
    """An image of two axes has rows and columns."""
    offered = [list(meanings(find(section, QPushButton, f"axis_{axis}"))) for axis in (0, 1)]
    assert offered == [["Y", "X"]] * 2
    meanings(find(section, QPushButton, "axis_0"))["X"].trigger()
    assert session.layer_data.axes is not None
    assert session.layer_data.axes.letters == "XY"


def test_a_text_that_is_pasted_has_no_line_breaks(qtbot: Any) -> None:
    line = TextLine()
    activate(line, qtbot)
    QApplication.clipboard().setText("dead\ncells\n")
    key(Qt.Key.Key_V, qtbot, CTRL)
    assert line.text() == "dead cells "
    keys("x", qtbot)
    assert line.text() == "dead cells x"


@pytest.mark.parametrize("name", ["batch_first", "batch_last"])
def test_a_frame_is_typed_after_a_press_into_the_words_that_stand_for_none(
    name: str, qtbot: Any
) -> None:
    form = BatchOptionsForm()
    form.show_options(BatchOptions())
    activate(form, qtbot)
    box = find(form, QSpinBox, name)
    line, words, none = box.lineEdit(), box.text(), box.value()
    place = QPoint(14, line.height() // 2)
    qtbot.mouseClick(line, Qt.MouseButton.LeftButton, pos=place)
    keys("12", qtbot)
    key(Qt.Key.Key_Return, qtbot)
    assert (box.value(), box.text()) == (12, "12")
    key(Qt.Key.Key_A, qtbot, CTRL)
    key(Qt.Key.Key_Backspace, qtbot)
    key(Qt.Key.Key_Tab, qtbot)
    assert (box.value(), box.text()) == (none, words)


def test_minutes_that_are_typed_are_those_of_every_dock(session: Session, qtbot: Any) -> None:
    box, other = RetrainingBox(session), RetrainingBox(session)
    for made in (other, box):
        qtbot.addWidget(made)
    key_to = box.minutes
    qtbot.keyClick(key_to, Qt.Key.Key_A, CTRL)
    qtbot.keyClicks(key_to, "25")
    assert session.retraining.minutes == other.minutes.value() == 25
    qtbot.keyClick(key_to, Qt.Key.Key_A, CTRL)
    qtbot.keyClicks(key_to, "2,5")
    assert session.retraining.minutes == 2.5, "neither 25 nor 2"


@pytest.mark.parametrize(
    ("text", "number", "shown"),
    [
        ("1e-3", 0.001, "0.00100"),
        ("3,5E-4", 0.00035, "0.00035"),
        ("0.0000012", 1.2e-6, "0.0000012"),
        ("1e-7", 1e-7, "0.0000001"),
        (".25", 0.25, "0.25000"),
        ("3", 0.003, "0.00300"),  # 1 is the most
        ("2e-30", 0.003, "0.00300"),
    ],
)
def test_a_small_number_is_typed_as_in_a_paper_or_refused_as_a_whole(
    text: str, number: float, shown: str, qtbot: Any
) -> None:
    (setting,) = (each for each in settings(TrainConfig) if each.name == "learning_rate")
    box = Field("", setting)
    box.set(0.003)
    activate(box.widget, qtbot)
    box.widget.setFocus()
    key(Qt.Key.Key_A, qtbot, CTRL)
    keys(text, qtbot)
    key(Qt.Key.Key_Return, qtbot)
    assert (box.value, box.widget.text()) == (number, shown)


@pytest.mark.parametrize(("text", "shown"), [("1,5e-3", "0,00150"), ("0.25", "0,25000")])
def test_numbers_have_the_decimal_sign_of_the_language(text: str, shown: str, qtbot: Any) -> None:
    box = DecimalBox()
    box.setLocale(QLocale(QLocale.Language.German))
    box.setDecimals(5)
    activate(box, qtbot)
    box.setFocus()
    key(Qt.Key.Key_A, qtbot, CTRL)
    keys(text, qtbot)
    key(Qt.Key.Key_Return, qtbot)
    assert (box.text(), box.value()) == (shown, float(shown.replace(",", ".")))


@pytest.mark.parametrize(
    ("text", "minutes"), [("2,5", 2.5), ("2.5", 2.5), ("1e1", 10), ("12", 12), ("0,5", 5)]
)
def test_where_whole_numbers_are_shown_others_can_be_typed(
    text: str, minutes: float, qtbot: Any
) -> None:
    box = DecimalBox()
    box.setDecimals(0)
    box.setRange(1, 600)
    box.setSuffix(" min")
    box.setValue(5)
    assert box.text() == "5 min"
    activate(box, qtbot)
    box.setFocus()
    key(Qt.Key.Key_A, qtbot, CTRL)
    keys(text, qtbot)
    key(Qt.Key.Key_Return, qtbot)
    assert (box.value(), box.text()) == (minutes, f"{minutes:g} min")


def test_a_number_that_is_set_is_shown_with_few_digits_and_stays_what_it_is() -> None:
    (setting,) = (each for each in settings(TrainConfig) if each.name == "weight_decay")
    box = Field("", setting)
    box.set(1 / 30)
    assert (box.value, box.widget.text()) == (1 / 30, "0.0333")


@pytest.fixture
def chooser(qtbot: Any) -> Chooser:
    made = Chooser("image", "Image")
    made.offer([("cells", "cells"), ("plate", "plate"), ("petri", "petri")], "cells")
    activate(made, qtbot)
    return made


def test_letters_are_keys_of_napari_after_a_press_into_a_list(chooser: Chooser, qtbot: Any) -> None:
    """Else P, for the brush, would choose another image."""
    qtbot.mouseClick(chooser, Qt.MouseButton.LeftButton)
    chooser.hidePopup()
    letter = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_P, Qt.KeyboardModifier.NoModifier, "p")
    QApplication.sendEvent(chooser, letter)
    assert chooser.currentText() == "cells"
    assert not letter.isAccepted()
    key(Qt.Key.Key_Down, qtbot)
    assert chooser.currentText() == "plate"


def test_who_comes_by_tab_finds_things_by_their_letters(chooser: Chooser, qtbot: Any) -> None:
    qtbot.mouseClick(chooser, Qt.MouseButton.LeftButton)
    chooser.hidePopup()
    chooser.clearFocus()
    chooser.setFocus(Qt.FocusReason.TabFocusReason)
    keys("pe", qtbot)
    assert chooser.currentText() == "petri"


def follow_tab(start: QWidget, count: int, qtbot: Any) -> list[str]:
    """The names of the controls to which Tab leads."""
    start.setFocus()
    names = []
    for _ in range(count):
        key(Qt.Key.Key_Tab, qtbot)
        names.append(QApplication.focusWidget().objectName())
    return names


@pytest.mark.parametrize("later", [False, True])
def test_tab_leads_through_the_table_of_classes_as_it_is_read(
    viewer: ViewerModel, session: Session, qtbot: Any, later: bool
) -> None:
    """Also after it was made anew; and the dock has more controls than this section."""
    add_image(viewer, (3, 40, 48))
    dock = Dock(viewer)
    activate(dock, qtbot)
    if later:
        qtbot.mouseClick(find(dock, QPushButton, "class_add"), Qt.MouseButton.LeftButton)
        find(dock, QToolButton, "class_remove_3").click()
        session.layer_data.name_axis(0, "Z")
    lines = [
        f"class_{what}_{number}"
        for number in range(3)
        for what in ("color", "name", "kind", "layer", "remove")
    ]
    expected = ["axis_0", "axis_1", "axis_2", "layers_task", *lines, "class_add", "layers_make"]
    first = find(dock, QWidget, "layers_image")
    assert follow_tab(first, len(expected), qtbot) == expected


@pytest.fixture
def page(tmp_path: Path, session: Session, qtbot: Any) -> FolderPage:
    """Of a folder with class ids, which is read."""
    made = FolderPage(session)
    activate(made, qtbot)
    session.folder_data.open(write_ids(tmp_path / "ids"))
    qtbot.waitUntil(lambda: session.folder_data.data is not None)
    return made


def write_ids(root: Path) -> Path:
    """Six images with class ids 0, 1 and 2."""
    ids = np.zeros((40, 40), np.uint8)
    ids[4:14, 4:14], ids[20:30, 4:14], ids[4:14, 20:30] = 1, 2, 1
    for folder in ("images", "masks"):
        (root / folder).mkdir(parents=True)
    for number in range(6):
        file = f"image_{number}.tif"
        write_tiff(root / "images" / file, ids * 50 + np.uint8(number), "YX")
        write_tiff(root / "masks" / file, ids, "YX")
    return root


def test_names_and_numbers_are_typed_while_a_folder_is_read(
    page: FolderPage, session: Session, qtbot: Any
) -> None:
    data = session.folder_data
    find(page, QLineEdit, "folder_names").setFocus()
    key(Qt.Key.Key_A, qtbot, CTRL)
    keys("ground, ", qtbot)
    data.changed.emit()
    keys("living,dead", qtbot)
    key(Qt.Key.Key_Home, qtbot)
    keys("back", qtbot)
    data.changed.emit()
    assert page.names.cursorPosition() == 4
    key(Qt.Key.Key_Return, qtbot)
    assert data.choice.classes == ("background", "living", "dead")
    qtbot.mouseClick(page.limit, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not data.busy)
    page.labeled.setFocus()
    key(Qt.Key.Key_A, qtbot, CTRL)
    keys("1", qtbot)
    data.changed.emit()
    keys("0", qtbot)
    key(Qt.Key.Key_Return, qtbot)
    assert data.choice.labeled == 10


def test_a_section_that_is_ready_does_not_take_the_place_of_what_is_typed_into(
    viewer: ViewerModel, session: Session, qtbot: Any
) -> None:
    """As when a training ends; the next letters would be keys of napari."""
    add_image(viewer)
    dock = Dock(viewer)
    activate(dock, qtbot)
    find(dock, QLineEdit, "class_name_0").setFocus()
    keys("x", qtbot)
    session.wanted.emit("look")
    assert dock.sections["data"].isVisible()
    keys("y", qtbot)
    key(Qt.Key.Key_Tab, qtbot)
    assert names(session)[0] == "alivexy"
    session.wanted.emit("look")
    assert dock.sections["look"].isVisible()
