"""Files are copied into a project, removed from it and added again, and nothing is lost."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from project_steps import Steps
from qtpy.QtCore import QItemSelectionModel
from qtpy.QtWidgets import QMessageBox

from napari_inconsistency_masks.files import atomic
from napari_inconsistency_masks.projects import PlaceRow, Project, read_places, write_places
from napari_inconsistency_masks.widgets.counting.typed_file import read_typed
from napari_inconsistency_masks.widgets.pages.project_page import ProjectPage
from napari_inconsistency_masks.widgets.pages.project_table import CHOOSE, COPIED, ProjectTable
from napari_inconsistency_masks.widgets.session.session import Session

pytestmark = pytest.mark.usefixtures("children", "at_once", "soon")
YES, NO = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No


class Asked:
    """The questions, and what is answered."""

    def __init__(self) -> None:
        self.answer, self.questions = YES, list[str]()

    def question(self, _parent: Any, _title: str, question: str) -> Any:
        self.questions.append(question)
        return self.answer


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    made = Asked()
    monkeypatch.setattr(QMessageBox, "question", made.question)
    return made


@pytest.fixture
def page(steps: Steps, session: Session, qtbot: Any) -> ProjectPage:
    made = ProjectPage(session)
    qtbot.addWidget(made)
    return made


def select(table: ProjectTable, *numbers: int) -> None:
    model = table.table.selectionModel()
    how = QItemSelectionModel.SelectionFlag
    for count, number in enumerate(numbers):
        flag = how.Select if count else how.ClearAndSelect
        model.select(table.table.model().index(number, 0), flag | how.Rows)


def test_chosen_files_are_copied_and_then_all(
    page: ProjectPage, steps: Steps, folder: Path
) -> None:
    select(page.files, 1)
    page.files.copy.click()
    steps.wait(lambda: steps.quiet and not page.files.copy.isEnabled())
    assert page.files.copy.toolTip() == COPIED
    project = Project.open(folder)
    assert [image.path for image in project.images] == ["../one.tif", "images/two.tif"]
    assert page.files.copy_all.isEnabled()
    page.files.copy_all.click()
    steps.wait(lambda: steps.quiet and not page.files.copy_all.isEnabled())
    for path in folder.parent.glob("*.tif"):
        path.unlink()
    steps.open_project(folder)
    assert page.problem.text() == ""
    steps.open("one", frame=1)
    assert steps.layer("alive").data.shape == (3, 40, 48)
    assert steps.layer("alive").data.dtype == np.uint16  # room for a number per object


def test_nothing_is_chosen_and_the_buttons_say_so(page: ProjectPage) -> None:
    assert [page.files.copy.isEnabled(), page.files.remove.isEnabled()] == [False, False]
    assert page.files.copy.toolTip() == page.files.remove.toolTip() == CHOOSE
    select(page.files, 0, 1)
    assert page.files.copy.text() == "Copy 2 in"
    assert page.files.remove.text() == "Remove 2…"
    assert not page.files.split.isEnabled()
    assert page.files.split.toolTip() == "Choose a single file in the table."
    select(page.files, 0)
    assert page.files.split.isEnabled()
    assert page.files.split.toolTip().startswith("What the chosen file is for")


def test_files_that_cannot_be_copied_are_named_and_the_others_copied(
    page: ProjectPage, steps: Steps, folder: Path
) -> None:
    (folder.parent / "one.tif").unlink()
    page.files.copy_all.click()
    steps.wait(lambda: steps.quiet and page.refused.text())
    assert "Not copied: " in page.refused.text()
    assert "one.tif" in page.refused.text()
    assert Project.open(folder).image("two").path == "images/two.tif"


def test_a_full_disk_ends_the_copying_and_is_told_once(
    page: ProjectPage, steps: Steps, session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise atomic.WriteError(errno.ENOSPC, "No space left on device")

    told: list[str] = []
    session.refused.connect(told.append)
    monkeypatch.setattr("napari_inconsistency_masks.projects.membership.copy_image", full)
    page.files.copy_all.click()
    steps.wait(lambda: told and steps.quiet)
    assert len(told) == 1
    assert "No space left" in told[0]
    assert Project.open(folder).image("one").path == "../one.tif"


def test_a_removed_file_is_closed_first_and_what_was_drawn_is_on_disk(
    page: ProjectPage, steps: Steps, asked: Asked, folder: Path, viewer: Any
) -> None:
    steps.open("one")
    steps.paint("alive", 1, 5, 7)
    page.files.remove.click()  # the stroke is not saved yet
    steps.wait(lambda: len(page.files.table.rows) == 1 and steps.quiet)
    (question,) = asked.questions
    assert question.startswith("Remove one.tif from the project?")
    assert "is not touched" in question
    assert (folder.parent / "one.tif").is_file()
    assert [layer.name for layer in viewer.layers] == []
    assert [image.id for image in Project.open(folder).images] == ["two"]
    assert steps.session.status.sentence.startswith("Removed one.tif.")
    steps.project.data.add([folder.parent / "one.tif"])
    steps.wait(lambda: steps.project.data.row_of("one") is not None and steps.quiet)
    assert steps.project.data.row_of("one").labeled == 1
    assert steps.project.data.complete["one"] == {1}
    steps.open("one")
    assert steps.layer("alive").data[1, 5, 7]


def test_who_says_no_keeps_the_file(page: ProjectPage, steps: Steps, asked: Asked) -> None:
    asked.answer = NO
    select(page.files, 0, 1)
    page.files.remove.click()
    assert len(asked.questions) == 1
    assert steps.quiet
    assert len(steps.project.data.rows) == 2


def test_a_file_that_cannot_be_saved_is_not_removed(
    page: ProjectPage,
    steps: Steps,
    session: Session,
    asked: Asked,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object, **__: object) -> None:
        raise atomic.WriteError(errno.ENOSPC, "No space left on device")

    told: list[str] = []
    session.refused.connect(told.append)
    steps.open("one")
    monkeypatch.setattr("napari_inconsistency_masks.projects.corrections.Corrections.write", full)
    steps.paint("alive", 1, 5, 7)
    page.files.remove.click()
    steps.wait(lambda: "one.tif stays open, because it cannot be saved." in told)
    assert steps.opened == "one"
    assert len(Project.open(folder).images) == 2
    monkeypatch.undo()


def test_decided_places_come_back_with_their_file(
    page: ProjectPage, steps: Steps, session: Session, asked: Asked, folder: Path
) -> None:
    rows = [
        PlaceRow("one", 0, 5.0, 6.0, ("alive",), "done", (0, 0, 10, 10)),
        PlaceRow("two", 0, 5.0, 6.0, ("alive",), "skipped", (0, 0, 10, 10)),
    ]
    steps.project.close()
    steps.wait(lambda: steps.project.folder is None)
    write_places(folder, rows)
    steps.open_project(folder)
    select(page.files, 0)
    page.files.remove.click()
    steps.wait(lambda: len(steps.project.data.rows) == 1 and steps.quiet)
    queue = session.correcting.queue
    assert [place.subject.name for place in queue.places] == ["two.tif"]
    session.project._places.write()
    steps.settle()
    assert {row.image for row in read_places(folder)} == {"one", "two"}
    steps.project.data.add([folder.parent / "one.tif"])
    steps.wait(lambda: len(queue.places) == 2)
    assert {(place.subject.name, place.state) for place in queue.places} == {
        ("one.tif", "done"),
        ("two.tif", "skipped"),
    }


def test_a_list_of_places_that_cannot_be_read_is_told_and_kept(
    session: Session, folder: Path, qtbot: Any
) -> None:
    damaged = b"image,frame,y,x,class,state\r\none,first,5,6,alive,done\r\n"
    (folder / "places.csv").write_bytes(damaged)
    steps = Steps(session, qtbot)
    steps.open_project(folder)
    (note,) = session.project.data.refused
    assert note.startswith("Places that were decided on are not shown.")
    assert "places.csv: row 1 is no place" in note
    rows = [PlaceRow("one", 0, 5.0, 6.0, ("alive",), "done")]
    written: list[bool] = []
    session.project.data.write_places(rows, lambda: written.append(True))
    steps.settle()
    assert written
    assert read_places(folder) == rows
    assert (folder / "places.csv.damaged").read_bytes() == damaged


def test_typed_counts_come_back_with_their_file(
    page: ProjectPage, steps: Steps, session: Session, asked: Asked, folder: Path
) -> None:
    typed, two = session.results.typed, session.subjects.file("two")
    assert two is not None
    typed.open(two, None)
    typed.type(two, 2, "alive", 17)
    select(page.files, 1)
    page.files.remove.click()
    steps.wait(lambda: len(steps.project.data.rows) == 1 and steps.quiet)
    assert typed.of(two) == {}
    assert not typed.can_undo
    steps.wait(lambda: typed._worker is None)
    assert read_typed(folder / "counts" / "two.counts.json") == {(2, "alive"): 17}
    steps.project.data.add([folder.parent / "two.tif"])
    steps.wait(lambda: len(steps.project.data.rows) == 2 and steps.quiet)
    again = session.subjects.file("two")
    assert again is not None
    typed.open(again, None)
    steps.wait(lambda: typed.of(again) == {(2, "alive"): 17})


def test_nothing_is_removed_while_all_files_are_predicted(
    page: ProjectPage, steps: Steps, session: Session, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    session.refused.connect(told.append)
    monkeypatch.setattr(type(session.project.all_files), "busy", property(lambda _: True))
    select(page.files, 0)
    page.files.remove.click()
    assert told == ["All files are being predicted: wait for that or cancel it, then remove files."]
    assert len(steps.project.data.rows) == 2
