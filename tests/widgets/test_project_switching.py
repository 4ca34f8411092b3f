"""Projects that are opened one after the other, some before the one before has been opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from project_steps import CELLS, Steps, make_project
from qtpy.QtWidgets import QFileDialog

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.projects.lock import ProjectLock
from napari_inconsistency_masks.task import Task
from napari_inconsistency_masks.widgets.pages.layer_page import APART, EVERYWHERE
from napari_inconsistency_masks.widgets.pages.new_project import NewProject
from napari_inconsistency_masks.widgets.session.session import Session

pytestmark = pytest.mark.usefixtures("children", "at_once", "soon")


@pytest.fixture
def steps(session: Session, qtbot: Any) -> Steps:
    return Steps(session, qtbot)


@pytest.fixture
def refused(session: Session) -> list[str]:
    """What could not be done."""
    sentences: list[str] = []
    session.project.failed.connect(sentences.append)
    return sentences


@pytest.fixture
def first(steps: Steps, tmp_path: Path) -> Path:
    """A project that remembers an open file, and is closed."""
    folder = make_project(tmp_path / "first")
    steps.open_project(folder)
    steps.open("one", 1)
    steps.project.close()
    steps.wait(lambda: steps.project.folder is None and steps.quiet)
    return folder


@pytest.fixture
def second(tmp_path: Path) -> Path:
    return make_project(tmp_path / "second")


def end(steps: Steps, folder: Path | None) -> None:
    """Wait until a project, or none, is open and stays so."""
    steps.wait(lambda: steps.project.folder == folder and steps.quiet)
    steps.qtbot.wait(50)
    steps.settle()
    assert steps.project.folder == folder


def is_free(folder: Path) -> bool:
    """Whether another window could open a project."""
    ProjectLock(folder).release()
    return True


def test_another_one_takes_the_place_of_one_that_is_being_opened(
    steps: Steps, first: Path, second: Path, refused: list[str]
) -> None:
    steps.project.open(first)
    steps.project.open(second)
    end(steps, second)
    assert refused == []
    assert steps.opened is None
    assert is_free(first)
    steps.open("two")
    steps.project.open(first)
    end(steps, first)
    steps.wait(lambda: steps.opened == "one" and steps.quiet)
    assert steps.project.files.frame() == 1
    assert is_free(second)


def test_of_many_wishes_the_last_one_counts(
    steps: Steps, first: Path, second: Path, refused: list[str]
) -> None:
    steps.open_project(first)
    for folder in (second, first, second):
        steps.project.open(folder)
    end(steps, second)
    assert refused == []
    assert is_free(first)


def test_the_same_one_may_be_asked_for_twice(steps: Steps, first: Path, refused: list[str]) -> None:
    steps.project.open(first)
    steps.project.open(first)
    end(steps, first)
    steps.wait(lambda: steps.opened == "one" and steps.quiet)
    assert refused == []


def test_one_that_is_being_opened_can_be_closed(steps: Steps, first: Path) -> None:
    steps.project.open(first)
    steps.project.close()
    end(steps, None)
    assert steps.opened is None
    assert is_free(first)


def test_what_was_wished_for_is_opened_though_the_one_before_cannot_be(
    steps: Steps, first: Path, second: Path, refused: list[str]
) -> None:
    lock = ProjectLock(first)
    steps.project.open(first)
    steps.project.open(second)
    end(steps, second)
    assert len(refused) == 1
    lock.release()


def test_places_of_one_project_are_not_written_to_another(
    steps: Steps, first: Path, second: Path
) -> None:
    (first / "places.csv").write_text(header := "image,frame,y0,x0,y1,x1\n")
    steps.project.open(first)
    steps.project.open(second)
    end(steps, second)
    assert (first / "places.csv").read_text() == header
    assert not (second / "places.csv").exists()


@pytest.mark.parametrize("opening", [True, False])
def test_a_folder_without_a_project_closes_none(
    steps: Steps, first: Path, tmp_path: Path, refused: list[str], opening: bool
) -> None:
    (tmp_path / "pictures").mkdir()
    steps.project.open(first)
    if not opening:
        steps.wait(lambda: steps.opened == "one" and steps.quiet)
    steps.project.open(tmp_path / "pictures")
    (sentence,) = refused
    assert "pictures: there is no project in this folder" in sentence
    end(steps, first)
    steps.wait(lambda: steps.opened == "one" and steps.quiet)


@pytest.mark.parametrize("opening", [True, False])
@pytest.mark.parametrize("file", ["project.json", "project.json.bak"])
def test_a_new_one_where_there_is_one_closes_none(
    steps: Steps, first: Path, second: Path, refused: list[str], opening: bool, file: str
) -> None:
    (second / "project.json").rename(second / file)
    before = (second / file).read_bytes()
    steps.project.open(first)
    if not opening:
        steps.wait(lambda: steps.opened == "one" and steps.quiet)
        steps.paint("alive", 1, 5, 6)
    for folder in (second, first):
        with pytest.raises(InputError, match=f"{folder.name}: there is a project in this folder"):
            steps.project.create(folder, CELLS)
    end(steps, first)
    steps.wait(lambda: steps.opened == "one" and steps.quiet)
    assert refused == []
    assert opening or steps.layer("alive").data[1, 5, 6] == 1
    assert (second / file).read_bytes() == before


def test_a_new_one_takes_the_place_of_the_open_one(
    steps: Steps, first: Path, tmp_path: Path, refused: list[str]
) -> None:
    steps.open_project(first)
    steps.project.create(tmp_path / "new", CELLS)
    end(steps, tmp_path / "new")
    assert refused == []
    assert is_free(first)


def test_the_form_of_a_new_one_stays_while_the_folder_is_refused(
    session: Session, steps: Steps, first: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps.open_project(first)
    form = NewProject(session)
    qtbot.addWidget(form)
    form.begin()
    said: list[str] = []
    session.refused.connect(said.append)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(first))
    with qtbot.assertNotEmitted(form.over):
        form.create.click()
    (sentence,) = said
    assert "there is a project in this folder already" in sentence
    end(steps, first)


def test_the_form_says_how_to_draw_what_is_learned_and_counted(
    session: Session, qtbot: Any
) -> None:
    form = NewProject(session)
    qtbot.addWidget(form)
    form.begin()
    assert form.drawing.isHidden()  # cells are counted by their positions
    form.task.picked.emit(Task.MULTICLASS)
    assert form.drawing.text() == EVERYWHERE
    form.task.picked.emit(Task.MULTILABEL)
    form.position.picked.emit("")
    assert form.drawing.text() == APART
    form.names.setText("nuclei")
    form.task.picked.emit(Task.BINARY)
    assert form.drawing.text() == APART


def test_without_an_open_one_it_is_said_where_projects_are_opened(
    steps: Steps, tmp_path: Path, refused: list[str]
) -> None:
    (tmp_path / "pictures").mkdir()
    steps.project.open(tmp_path / "pictures")
    steps.wait(lambda: bool(refused) and steps.quiet)
    assert "there is no project in this folder" in (steps.project.data.problem() or "")


def test_a_file_that_is_wished_for_while_its_project_closes_is_given_up(
    steps: Steps, first: Path, second: Path
) -> None:
    steps.open_project(first)
    steps.wait(lambda: steps.opened == "one" and steps.quiet)
    steps.project.open(second)
    steps.project.files.open("two")
    end(steps, second)
    assert steps.opened is None
    steps.open("two")
    assert is_free(first)
