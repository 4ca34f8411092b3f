"""Counts that a person types: into the table, kept on disk, taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from counting import predict_all, table
from napari.components import ViewerModel
from napari.layers import Image
from open_layers import add_image, add_labels, add_points
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QLineEdit
from stand_ins import FakeChild

from napari_inconsistency_masks.widgets.counting import typed_counts
from napari_inconsistency_masks.widgets.counting.table import TRUE
from napari_inconsistency_masks.widgets.counting.typed_file import change_typed, read_typed
from napari_inconsistency_masks.widgets.sections.count import CountSection
from napari_inconsistency_masks.widgets.session.session import Session, session_of

pytestmark = pytest.mark.usefixtures("children", "at_once")


@pytest.fixture
def image(viewer: ViewerModel) -> Image:
    return add_image(viewer, (4, 60, 400))


@pytest.fixture
def section(
    session: Session, image: Image, viewer: ViewerModel, children: list[FakeChild], qtbot: Any
) -> CountSection:
    predict_all(session, children, qtbot)
    made = CountSection(viewer)
    qtbot.addWidget(made)
    made.resize(420, 700)
    made.show()
    qtbot.waitUntil(lambda: session.results.typed._worker is None)
    return made


@pytest.fixture
def type_(section: CountSection, qtbot: Any) -> Callable[..., None]:
    """Go to a row of the table and type."""

    def do(row: int, text: str) -> None:
        table = section.table
        table.setCurrentIndex(table.model().index(row, 2))
        qtbot.keyClick(table, text[0])
        where = table.currentIndex()
        editor = table.indexWidget(where)
        assert isinstance(editor, QLineEdit)
        editor.setText(text)
        qtbot.keyClick(editor, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: table.indexWidget(where) is None)

    return do


def look(section: CountSection, row: int) -> Any:
    index = section.table.model().index(row, TRUE)
    font = index.data(Qt.ItemDataRole.FontRole)
    return index.data(), index.data(Qt.ItemDataRole.ToolTipRole), bool(font and font.italic())


def press(section: CountSection, row: int, key: Any, qtbot: Any) -> None:
    """Go to a row and press a key."""
    section.table.setCurrentIndex(section.table.model().index(row, 2))
    qtbot.keyClick(section.table, key)


def trues(section: CountSection) -> list[str]:
    model = section.table.model()
    return [model.index(row, TRUE).data() for row in range(model.rowCount())]


def paste(section: CountSection, row: int, text: str, qtbot: Any) -> None:
    QApplication.clipboard().setText(text)
    section.table.setCurrentIndex(section.table.model().index(row, 2))
    qtbot.keyClick(section.table, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)


def kept(session: Session) -> Any:
    """What is on disk, of all images."""
    files = sorted((session.setup.folder / "drawings").glob("*.counts.json"))
    return [read_typed(path) for path in files]


def test_a_number_typed_in_a_row_is_its_true_count(
    section: CountSection, type_: Callable[..., None], session: Session, qtbot: Any
) -> None:
    """Frame 1: |1 - 4| + |2 - 0| = 5."""
    type_(2, "4")
    type_(3, "0")
    assert [row[-3:-1] for row in table(section)[2:4]] == [["4", "-3"], ["0", "+2"]]
    assert look(section, 2) == ("4", "Typed. Delete clears it.", True)
    assert section.error.text() == "Mean cell count error (MCCE): 5.00 over 1 frame."
    qtbot.waitUntil(lambda: kept(session) == [{(1, "alive"): 4, (1, "dead"): 0}])


@pytest.mark.parametrize("text", ["4.5", "1o"])
def test_what_is_no_count_is_refused_and_changes_nothing(
    section: CountSection, type_: Callable[..., None], session: Session, text: Any
) -> None:
    type_(2, text)
    assert "type a whole number, 0 or more" in session.status.sentence
    assert look(section, 2)[0] == ""
    assert not session.results.typed.can_undo


def test_delete_clears_and_undo_brings_back(
    section: CountSection, type_: Callable[..., None], session: Session, qtbot: Any
) -> None:
    assert not section.undo.isVisible()
    type_(2, "4")
    type_(2, "14")
    press(section, 2, Qt.Key.Key_Delete, qtbot)
    assert look(section, 2)[0] == ""
    qtbot.keyClick(section.table, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert look(section, 2)[0] == "14"
    section.undo.click()
    assert look(section, 2)[0] == "4"
    section.undo.click()
    assert look(section, 2)[0] == ""
    assert not section.undo.isVisible()
    qtbot.waitUntil(lambda: kept(session) == [{}])


def test_counts_of_all_selected_rows_are_cleared_and_come_back_together(
    section: CountSection, type_: Callable[..., None], qtbot: Any
) -> None:
    for row in (1, 2, 3):
        type_(row, str(row))
    section.table.setCurrentIndex(section.table.model().index(1, 2))
    for _ in range(2):
        qtbot.keyClick(section.table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(section.table, Qt.Key.Key_Delete)
    assert trues(section)[:5] == [""] * 5
    section.undo.click()
    assert trues(section)[:5] == ["", "1", "2", "3", ""]


def test_a_column_of_a_spreadsheet_is_pasted_and_taken_back_at_once(
    section: CountSection, type_: Callable[..., None], qtbot: Any
) -> None:
    type_(2, "9")
    paste(section, 1, "4\r\n\r\n 6 \r\n", qtbot)
    assert trues(section)[:5] == ["", "4", "", "6", ""]
    section.undo.click()
    assert trues(section)[:5] == ["", "", "9", "", ""]


@pytest.mark.parametrize(
    ("row", "text", "said"),
    [
        (1, "4\n5,5\n6", "'5,5' is no count"),
        (1, "4\t5\n6\t7", "no count"),
        (6, "4\n5\n6", "3 counts are pasted and the table has 2 rows"),
    ],
)
def test_what_cannot_be_pasted_is_refused_as_a_whole(
    section: CountSection, session: Session, qtbot: Any, row: int, text: str, said: str
) -> None:
    with qtbot.waitSignal(session.refused) as refused:
        paste(section, row, text, qtbot)
    assert said in refused.args[0]
    assert set(trues(section)) == {""}


def test_a_count_that_is_being_typed_is_kept_when_its_row_goes(
    section: CountSection, session: Session, image: Image, qtbot: Any
) -> None:
    """As when a training ends and its networks take the place of those before."""
    told: list[str] = []
    session.refused.connect(told.append)
    press(section, 2, Qt.Key.Key_7, qtbot)
    result = session.results.of(image)
    assert result is not None
    result.clear()
    session.results.changed.emit()
    assert section.table.isHidden()
    assert told == []
    assert session.results.typed.of(session.subjects.of(image)) == {(1, "alive"): 7}


def test_typed_wins_over_drawn_until_it_is_cleared(
    section: CountSection,
    type_: Callable[..., None],
    session: Session,
    viewer: ViewerModel,
    qtbot: Any,
) -> None:
    layers = [add_labels(viewer, name, (4, 60, 400)) for name in ("alive", "dead")]
    layers[0].data[1, 8:23, 8:23] = 1
    add_points(viewer, "position", np.array([[1, 15, 15]]))
    qtbot.waitUntil(lambda: look(section, 2)[0] == "1")
    assert not look(section, 2)[2]
    type_(2, "5")
    assert look(section, 2) == ("5", "Typed. Delete clears it.", True)
    press(section, 2, Qt.Key.Key_Delete, qtbot)
    assert look(section, 2)[0] == "1"


def test_counts_are_there_again_with_the_same_image_and_with_no_other(
    section: CountSection,
    type_: Callable[..., None],
    session: Session,
    image: Image,
    children: list[FakeChild],
    qtbot: Any,
) -> None:
    type_(2, "4")
    session._guard.close()
    for data, expected in ((image.data.copy(), "4"), (image.data + 1, "")):
        other = ViewerModel()
        again = session_of(other)
        other.add_layer(Image(data, name=image.name))
        predict_all(again, children, qtbot)
        shown = CountSection(other)
        qtbot.addWidget(shown)
        qtbot.waitUntil(lambda again=again: again.results.typed._worker is None)
        assert look(shown, 2)[0] == expected
        again._guard.close()


def test_what_another_window_typed_stays(
    section: CountSection, type_: Callable[..., None], session: Session, qtbot: Any
) -> None:
    type_(2, "4")
    qtbot.waitUntil(lambda: kept(session) == [{(1, "alive"): 4}])
    sheet = next(iter(session.results.typed._sheets.values()))
    change_typed(sheet.path, sheet.image, {(0, "dead"): 8})
    type_(3, "2")
    qtbot.waitUntil(lambda: kept(session) == [{(0, "dead"): 8, (1, "alive"): 4, (1, "dead"): 2}])
    qtbot.waitUntil(lambda: look(section, 1)[0] == "8")


def test_why_counts_cannot_be_read_is_told_whatever_the_error_is(
    session: Session,
    image: Image,
    children: list[FakeChild],
    monkeypatch: pytest.MonkeyPatch,
    qtbot: Any,
) -> None:
    def fail(_: Path) -> None:
        raise MemoryError

    told: list[str] = []
    session.results.typed.failed.connect(told.append)
    monkeypatch.setattr(typed_counts, "read_typed", fail)
    predict_all(session, children, qtbot)
    qtbot.waitUntil(lambda: told == ["Typed counts cannot be read: MemoryError()"])


@pytest.fixture
def full_disk(session: Session, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing can be saved until this file is removed; that is tried again soon."""
    monkeypatch.setattr(typed_counts, "RETRY_MS", 10)
    drawings = session.setup.folder / "drawings"
    drawings.parent.mkdir(parents=True, exist_ok=True)
    drawings.write_text("no folder")
    return drawings


def test_a_disk_that_is_full_is_told_once_and_the_count_saved_when_it_can_be(
    section: CountSection, type_: Callable[..., None], session: Session, full_disk: Path, qtbot: Any
) -> None:
    told: list[str] = []
    session.refused.connect(told.append)
    type_(2, "4")
    type_(3, "1")
    qtbot.wait(100)  # tried several times
    assert [words.split(":")[0] for words in told] == [
        "Typed counts are not saved, which is tried again"
    ]
    assert [look(section, row)[0] for row in (2, 3)] == ["4", "1"]
    full_disk.unlink()
    qtbot.waitUntil(lambda: kept(session) == [{(1, "alive"): 4, (1, "dead"): 1}])
    qtbot.waitUntil(lambda: session.status.sentence == "Typed counts are saved again.")


def test_counts_of_a_file_that_was_closed_in_trouble_are_saved_as_the_window_closes(
    section: CountSection, type_: Callable[..., None], session: Session, full_disk: Path, qtbot: Any
) -> None:
    with qtbot.waitSignal(session.refused):
        type_(2, "4")
    typed = session.results.typed
    typed.forget(list(typed._sheets))
    typed._again.stop()
    full_disk.unlink()
    session._guard.close()
    assert kept(session) == [{(1, "alive"): 4}]


def test_what_is_typed_last_is_saved_as_the_window_closes(
    section: CountSection, type_: Callable[..., None], session: Session
) -> None:
    type_(2, "4")
    type_(7, "6")
    session._guard.close()
    assert kept(session) == [{(1, "alive"): 4, (3, "dead"): 6}]


def test_other_networks_leave_typed_counts_alone(
    section: CountSection,
    type_: Callable[..., None],
    session: Session,
    children: list[FakeChild],
    qtbot: Any,
) -> None:
    type_(2, "4")
    session.looking.use(session.setup.folder / "better")
    predict_all(session, children, qtbot)
    assert look(section, 2)[0] == "4"
