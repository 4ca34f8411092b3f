"""The dock: sections of which one is open, devices, footer, log and demo; and its session."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from napari.components import ViewerModel
from open_layers import add_image, add_labels
from qtpy.QtCore import QEvent, QObject
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from stand_ins import FakeChild, Networks

from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.widgets.dock import SECTIONS, Dock
from napari_inconsistency_masks.widgets.pages import demo
from napari_inconsistency_masks.widgets.pages.footer import Footer
from napari_inconsistency_masks.widgets.parts.controls import Chooser, Sentence
from napari_inconsistency_masks.widgets.sections.compare import CompareRuns
from napari_inconsistency_masks.widgets.sections.count import CountSection
from napari_inconsistency_masks.widgets.sections.data import DataSection
from napari_inconsistency_masks.widgets.sections.look import LookSection
from napari_inconsistency_masks.widgets.sections.train import TrainSection
from napari_inconsistency_masks.widgets.session.session import Session, session_of
from napari_inconsistency_masks.widgets.work.status import Activity

pytestmark = pytest.mark.usefixtures("children", "at_once")

CELLS = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")


@pytest.fixture
def dock(session: Session, viewer: ViewerModel, qtbot: Any) -> Dock:
    made = Dock(viewer)
    qtbot.addWidget(made)
    made.show()
    return made


def control(widget: QWidget, name: str) -> Any:
    found = widget.findChild(QWidget, name)
    assert found is not None, name
    return found


def offered(chooser: Chooser) -> Any:
    return [chooser.itemText(index) for index in range(chooser.count())]


# --- sections -------------------------------------------------------------------------------------


def open_sections(dock: Dock) -> Any:
    return [key for key, section in dock.sections.items() if section.isVisible()]


def test_one_section_is_open_at_a_time(dock: Dock) -> None:
    assert list(SECTIONS) == ["data", "train", "look", "correct", "count", "batch"]
    assert open_sections(dock) == ["data"]
    for number, key in enumerate(SECTIONS, start=1):
        control(dock, f"header_{number}").click()
        assert open_sections(dock) == [key]
        control(dock, f"header_{number}").click()  # an open one stays open
        assert open_sections(dock) == [key]
        assert control(dock, f"header_{number}").isChecked()


@pytest.mark.parametrize("kind", [Dock, *SECTIONS.values(), CompareRuns])
def test_a_dock_is_filled_though_napari_would_have_it_lower(
    session: Session, viewer: ViewerModel, qtbot: Any, kind: Any
) -> None:
    """As napari 0.9.0 would, which sets this on all that it docks."""
    room, docked = QWidget(), kind(viewer)
    qtbot.addWidget(room)
    QVBoxLayout(room).addWidget(docked)
    docked.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
    room.resize(500, 2000)
    room.show()
    qtbot.waitUntil(lambda: docked.height() > 1900)


def test_headers_sum_up_their_sections(dock: Dock, viewer: ViewerModel, qtbot: Any) -> None:
    header = control(dock, "header_1")
    assert header._summary.toolTip() == "no image yet"
    add_image(viewer, (6, 40, 48))
    assert header._summary.toolTip() == "cells: 6 frames"
    assert control(dock, "header_2")._summary.toolTip() == "not ready yet"
    assert control(dock, "header_3")._summary.toolTip() == "no networks yet"


def test_networks_that_are_ready_open_look(
    dock: Dock, session: Session, viewer: ViewerModel, children: list[FakeChild], qtbot: Any
) -> None:
    add_image(viewer)
    Networks(children, qtbot, CELLS).load(session)
    assert open_sections(dock) == ["look"]


class Windows(QObject):
    """Notes which widgets are shown as windows."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.shown.append(f"{type(watched).__name__} {watched.objectName()}")
        return False


def test_nothing_flashes_up_while_the_dock_is_built(
    session: Session, viewer: ViewerModel, qtbot: Any
) -> None:
    windows = Windows()
    QApplication.instance().installEventFilter(windows)
    made = Dock(viewer)
    QApplication.instance().removeEventFilter(windows)
    qtbot.addWidget(made)
    assert windows.shown == []
    assert not made.sections["count"].empty.isHidden()
    assert made.sections["count"].error.isHidden()


def test_a_sentence_that_is_told_before_it_has_a_place_is_seen_there(qtbot: Any) -> None:
    place = QWidget()
    qtbot.addWidget(place)
    column = QVBoxLayout(place)
    sentences = {text: Sentence("words", text="first") for text in ("", "second")}
    for text, sentence in sentences.items():
        sentence.tell(None)
        sentence.tell(text)
        column.addWidget(sentence)
    place.show()
    assert not sentences[""].isVisible()
    assert sentences["second"].isVisible()


CONTROLS = (
    QPushButton, QCheckBox, QToolButton, QComboBox, QLineEdit, QAbstractSpinBox, QTableView
)  # fmt: skip


def test_every_control_has_names_and_says_what_it_does(dock: Dock, viewer: ViewerModel) -> None:
    add_image(viewer, (6, 40, 48))
    controls = [item for kind in CONTROLS for item in dock.findChildren(kind)]
    ours = [item for item in controls if not item.objectName().startswith("qt_")]
    assert len(ours) > 70
    for item in ours:
        assert item.objectName(), (item, item.parent().objectName())
        words = item.text() if isinstance(item, QAbstractButton) else ""
        assert item.accessibleName() or words, item.objectName()
        assert item.toolTip(), item.objectName()


# --- devices --------------------------------------------------------------------------------------


REPORT = {
    "devices": [
        {"key": "cuda", "name": "NVIDIA H200", "free": 100 * 2**30,
         "says": "computes right (to 0.001)"},
        {"key": "mps", "name": "Apple", "free": None,
         "says": "computes wrong (probabilities differ by 0.3); use another device"},
        {"key": "cpu", "name": "CPU", "free": 8 * 2**30, "says": "not tested"},
    ],
    "problems": ["The driver is too old."],
}  # fmt: skip


def test_devices_are_looked_for_once(
    dock: Dock, viewer: ViewerModel, children: list[FakeChild], qtbot: Any
) -> None:
    assert [child.verb for child in children] == ["doctor"]
    assert offered(dock.device) == ["Device: looking for devices …"]
    other = Dock(viewer)
    qtbot.addWidget(other)
    other.show()
    assert len(children) == 1


def test_devices_are_offered_with_their_memory_and_warnings(
    dock: Dock, session: Session, children: list[FakeChild]
) -> None:
    children[0].answered.emit(REPORT)
    children[0].end(0)
    assert offered(dock.device) == [
        "Device: best one (NVIDIA H200)",
        "NVIDIA H200, 100 GiB free",
        "Apple (do not use: computes wrong (probabilities differ by 0.3); use another device)",
        "CPU, 8 GiB free",
    ]
    assert "The driver is too old." in dock.device.toolTip()
    dock.device.activated.emit(3)
    assert session.devices.chosen == "cpu"


def test_the_chosen_device_is_where_is_trained_and_predicted(
    dock: Dock, session: Session, viewer: ViewerModel, children: list[FakeChild], qtbot: Any
) -> None:
    children[0].answered.emit(REPORT)
    dock.device.activated.emit(1)
    assert session.setup.final(session.devices.chosen)[2].device == "cuda"
    session.looking.use(session.setup.folder)
    assert children[-1].requests[0]["device"] == "cuda"


def test_a_preferred_device_is_offered_before_and_after_the_search(
    dock: Dock, session: Session, children: list[FakeChild]
) -> None:
    session.devices.choose("cuda:1")
    assert "cuda:1" in offered(dock.device)
    children[0].answered.emit(REPORT)
    assert dock.device.currentText() == "cuda:1"


def test_a_search_that_fails_is_told(
    dock: Dock, session: Session, children: list[FakeChild]
) -> None:
    children[0].said.emit("ImportError: no module named torch")
    children[0].end(1)
    assert offered(dock.device) == ["Device: best one"]
    assert "could not be listed" in dock.device.toolTip()
    assert session.log.lines[-1].endswith("ImportError: no module named torch")


# --- footer ---------------------------------------------------------------------------------------


@pytest.fixture
def footer(dock: Dock) -> Footer:
    return dock.footer


def test_the_footer_shows_the_last_sentence(footer: Footer, session: Session) -> None:
    assert footer.sentence.text() == "Ready."
    assert not footer.bar.isVisible()
    assert not footer.cancel.isVisible()
    session.status.say("Done.")
    assert footer.sentence.text() == "Done."


def test_the_footer_shows_what_runs(footer: Footer, session: Session) -> None:
    canceled = []
    session.status.begin("a", Activity("Reading", None, lambda: canceled.append("a"), "Stop"))
    assert footer.sentence.text() == "Reading …"
    assert footer.bar.isVisible()
    assert footer.bar.maximum() == 0  # nobody knows how much is done
    session.status.progress("a", "Read 1 of 4", 0.25)
    assert (footer.bar.value(), footer.bar.maximum()) == (250, 1000)
    assert (footer.cancel.text(), footer.cancel.isVisible()) == ("Stop", True)
    footer.cancel.click()
    assert canceled == ["a"]
    session.status.end("a", "Read.")
    assert footer.sentence.text() == "Read."
    assert not footer.bar.isVisible()


def test_what_was_begun_last_is_shown_and_then_what_still_runs(
    footer: Footer, session: Session
) -> None:
    session.status.begin("training", Activity("Training", 0.5))
    session.status.begin("prediction", Activity("Predicting", 0.1))
    assert footer.sentence.text() == "Predicting …"
    session.status.progress("training", "Training on", 0.6)
    assert footer.sentence.text() == "Predicting …"
    session.status.end("prediction")
    assert footer.sentence.text() == "Training on …"


def test_progress_of_what_does_not_run_is_ignored(footer: Footer, session: Session) -> None:
    session.status.progress("training", "Training", 0.5)
    assert footer.sentence.text() == "Ready."


def test_the_command_can_be_copied(footer: Footer, session: Session) -> None:
    assert not footer.command.isVisible()
    session.status.repeat_with("run", "/my runs/cells 1")
    assert footer.command.text() == "napari-im run '/my runs/cells 1'"
    footer.copy.click()
    assert QGuiApplication.clipboard().text() == footer.command.text()


def test_the_log_has_everything_and_can_be_saved(
    footer: Footer, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    session.log.add("before\nin two lines")
    footer.log.click()
    dialog = footer._dialog
    session.log.add("while it is open")
    logging.getLogger("napari_inconsistency_masks.widgets").warning("from the package")
    text = dialog.text.toPlainText()
    lines = [line.split("  ", 1)[1] for line in text.splitlines()]
    assert lines == ["before", "in two lines", "while it is open", "from the package"]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "log.txt"), ""))
    dialog.save.click()
    assert (tmp_path / "log.txt").read_text() == text + "\n"
    dialog.close()


# --- demo -----------------------------------------------------------------------------------------


def test_without_its_networks_the_demo_says_so(
    dock: Dock, session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(demo, "DEMO_MODEL", tmp_path)
    dock.demo.click()
    assert "networks of the demo are missing" in session.status.sentence


def test_the_demo_adds_images_and_predicts_them_all(
    dock: Dock,
    session: Session,
    viewer: ViewerModel,
    children: list[FakeChild],
    qtbot: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "ensemble.json").write_text("{}")
    monkeypatch.setattr(demo, "DEMO_MODEL", tmp_path)
    monkeypatch.setattr(demo, "IMAGES", 5)
    monkeypatch.setattr(demo, "SIZE", (96, 96))
    dock.demo.click()
    dock.demo.click()
    qtbot.waitUntil(lambda: any(child.verb == "serve" for child in children))
    assert viewer.layers[0].data.shape[0] == 5
    assert [layer.visible for layer in viewer.layers[1:]] == [False] * 3  # labels, to compare with
    networks = Networks(children, qtbot, CELLS)
    assert networks.child.requests[-1]["run"] == str(tmp_path)
    networks.get_ready()
    networks.predict_all(session)
    assert {row.frame for row in session.results.rows()} == set(range(5))
    assert session.sources.demo is session.looking.image
    assert open_sections(dock) == ["look"]
    count = len(viewer.layers)
    dock.demo.click()
    networks.get_ready()
    networks.predict_all(session)
    assert len(viewer.layers) == count
    viewer.layers.pop(0)
    assert not session.results.rows(), "they would be counted together with her own images"
    assert session.sources.demo is None
    dock.demo.click()
    qtbot.waitUntil(lambda: session.looking.image in viewer.layers)
    networks.get_ready()
    networks.predict_all(session)
    assert {row.frame for row in session.results.rows()} == set(range(5))


def test_the_demo_is_the_same_in_every_dock_of_a_viewer(
    dock: Dock,
    viewer: ViewerModel,
    children: list[FakeChild],
    qtbot: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "ensemble.json").write_text("{}")
    monkeypatch.setattr(demo, "DEMO_MODEL", tmp_path)
    monkeypatch.setattr(demo, "IMAGES", 2)
    monkeypatch.setattr(demo, "LABELED", 1)
    monkeypatch.setattr(demo, "SIZE", (96, 96))
    other = Dock(viewer)
    qtbot.addWidget(other)
    dock.demo.click()
    qtbot.waitUntil(lambda: any(child.verb == "serve" for child in children))
    before = list(viewer.layers)
    other.demo.click()
    assert other._demo._worker is None
    assert list(viewer.layers) == before


# --- the session ----------------------------------------------------------------------------------


def test_all_sections_of_a_viewer_share_one_session(
    dock: Dock, session: Session, viewer: ViewerModel, qtbot: Any
) -> None:
    for kind in (DataSection, TrainSection, LookSection, CountSection):
        section = kind(viewer)
        qtbot.addWidget(section)
        assert section.session is session


def test_every_viewer_has_a_session_of_its_own(
    session: Session, viewer: ViewerModel, qapp: Any
) -> None:
    other = ViewerModel()
    theirs = session_of(other)
    assert theirs is not session
    add_image(other)
    assert session.layer_data.image is None
    theirs._guard.close()
    assert session_of(viewer) is session


def test_a_closed_dock_loses_nothing(session: Session, viewer: ViewerModel, qtbot: Any) -> None:
    dock = Dock(viewer)
    add_image(viewer)
    add_labels(viewer, "mine")
    session.setup.choose_name("first try")
    with qtbot.waitSignal(dock.destroyed):
        dock.close()
        dock.deleteLater()
    other = Dock(viewer)
    qtbot.addWidget(other)
    assert other.sections["train"].setup.name.text() == "first try"
    assert other.sections["data"].layer_page.image.currentText() == "cells"
    session.status.say("Still there.")
    assert other.footer.sentence.text() == "Still there."


def test_at_its_end_a_session_ends_programs_that_have_nothing_to_save(
    dock: Dock, session: Session, children: list[FakeChild]
) -> None:
    session.looking.use(session.setup.folder)
    session._guard.close()
    assert [child.running for child in children] == [False, False]  # doctor and serve


@pytest.mark.parametrize("ends", [True, False])
def test_at_its_end_a_session_lets_a_training_save_for_a_while(
    dock: Dock, session: Session, ends: bool
) -> None:
    training = session.trainer.child = FakeChild(("python", "-m", "us", "run"))
    training.start()
    training.wait = lambda _: ends
    session._guard.close()
    assert not training.input_open
    assert training.running is ends  # killed only if it does not end by itself


def test_an_error_is_told_everywhere(dock: Dock, session: Session, qtbot: Any) -> None:
    with qtbot.waitSignal(session.refused) as told:
        session.tell_error("That did not work.")
    assert told.args == ["That did not work."]
    assert dock.footer.sentence.text() == "That did not work."
    assert session.log.lines[-1].endswith("That did not work.")
