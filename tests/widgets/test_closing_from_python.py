"""``viewer.close()`` removes the layers first: that is an end, and no layer removed by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from napari.utils.events.event_utils import disconnect_events
from project_steps import Steps, make_project
from qtpy.QtWidgets import QLineEdit, QMainWindow, QTableWidget, QTableWidgetItem

from napari_inconsistency_masks.projects import Project
from napari_inconsistency_masks.widgets.drawing import saving
from napari_inconsistency_masks.widgets.layers.closing import CloseGuard
from napari_inconsistency_masks.widgets.session.session import Session

pytestmark = pytest.mark.usefixtures("children", "at_once")


@pytest.fixture(autouse=True)
def late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Strokes are not saved by themselves within the test."""
    monkeypatch.setattr(saving, "SOON_MS", 60_000)


def drawn_on(session: Session, qtbot: Any, folder: Path) -> tuple[Steps, list[str]]:
    """A session with a stroke that is not saved yet, and what it will refuse."""
    told: list[str] = []
    session.refused.connect(told.append)
    steps = Steps(session, qtbot)
    steps.open_project(make_project(folder))
    steps.open("one", frame=1)
    steps.paint("alive", 1, 5, 7)
    return steps, told


def test_a_viewer_that_closes_saves_what_is_drawn_and_complains_of_nothing(
    window: Any, window_session: Session, qtbot: Any, tmp_path: Path
) -> None:
    steps, told = drawn_on(window_session, qtbot, tmp_path)
    window.close()
    assert told == []
    assert window_session.project.folder is None
    project = Project.open(steps.folder)
    assert project.read_frame("one", 1).masks["alive"][5, 7]
    assert project.settings["frame"] == 1


def test_a_program_that_removes_all_layers_is_told_and_empties_nothing(
    viewer: Any, session: Session, qtbot: Any, tmp_path: Path
) -> None:
    steps, told = drawn_on(session, qtbot, tmp_path)
    session.keeper.flush(lambda _: None)
    steps.settle()
    viewer.layers.clear()
    assert [sentence.startswith("A layer of one.tif was removed.") for sentence in told] == [True]
    assert session.project.folder == steps.folder
    session._guard.close()
    assert Project.open(steps.folder).read_frame("one", 1).masks["alive"][5, 7]


def test_what_is_typed_when_a_window_closes_is_told_before_its_end(qtbot: Any) -> None:
    """No Enter was pressed: a count in the table, the name of a class."""
    window, table = QMainWindow(), QTableWidget(1, 1)
    qtbot.addWidget(window)
    window.setCentralWidget(table)
    table.setItem(0, 0, QTableWidgetItem(""))
    told: list[str] = []
    table.itemChanged.connect(lambda item: told.append(item.text()))
    guard = CloseGuard(window)
    guard.closing.connect(lambda: told.append("closing"))
    guard.watch(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    table.editItem(table.item(0, 0))
    editor = table.findChild(QLineEdit)
    qtbot.waitUntil(editor.hasFocus)
    qtbot.keyClicks(editor, "17")
    window.close()
    assert told == ["17", "closing"]


def test_who_listens_to_no_slider_any_more_is_closing(
    viewer: Any, session: Session, qtbot: Any, tmp_path: Path
) -> None:
    _, told = drawn_on(session, qtbot, tmp_path)
    disconnect_events(viewer.dims.events, viewer)  # as napari does before it closes
    viewer.layers.clear()
    assert told == []
    assert session.project.folder is None
