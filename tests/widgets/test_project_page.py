"""The page of a project: made, filled, and told in words what is wrong."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from project_steps import CELLS, Steps, make_project, write_stack

from closed_folders import close
from napari_inconsistency_masks.projects import Project
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.widgets.pages.project_page import EMPTY, NO_FILES, ProjectPage
from napari_inconsistency_masks.widgets.project import recent
from napari_inconsistency_masks.widgets.session.session import Session

pytestmark = pytest.mark.usefixtures("children", "at_once", "soon")


@pytest.fixture
def page(session: Session, qtbot: Any) -> ProjectPage:
    made = ProjectPage(session)
    qtbot.addWidget(made)
    return made


@pytest.fixture
def steps(session: Session, qtbot: Any) -> Steps:
    return Steps(session, qtbot)


def test_a_project_is_made_and_filled(page: ProjectPage, steps: Steps, tmp_path: Path) -> None:
    assert page.empty.text() == EMPTY
    page.new.click()
    assert page.form.names.text() == "alive, dead, position"
    assert page.form.scheme() == CELLS
    page.form.make(tmp_path / "new")
    steps.wait(lambda: steps.project.folder == tmp_path / "new" and steps.quiet)
    assert page.form.isHidden()
    assert page.summary.text() == NO_FILES
    write_stack(tmp_path / "images" / "deep" / "a.tif")
    write_stack(tmp_path / "images" / "b.tif", frames=1, seed=3)
    (tmp_path / "images" / "c.tif").write_bytes(b"rubbish")
    steps.project.data.add([tmp_path / "images"])
    steps.wait(lambda: len(page.files.table.rows) == 2)
    assert {cells[0].text for cells in page.files.table.rows} == {"a.tif", "b.tif"}
    assert "c.tif" in page.refused.text()
    assert page.summary.text() == "2 files, 0 labeled."


def test_files_of_a_folder_are_in_the_order_in_which_they_are_read(
    page: ProjectPage, steps: Steps, tmp_path: Path
) -> None:
    steps.open_project(Project.create(tmp_path / "project", CELLS).folder)
    names = ["day 2/b.tif", "day 10/a.tif", "well 9.tif", "well 10.tif", "Well 11.tif"]
    for seed, name in enumerate(reversed(names)):
        write_stack(tmp_path / "images" / name, frames=1, seed=seed)
    steps.project.data.add([tmp_path / "images"])
    steps.wait(lambda: len(page.files.table.rows) == len(names) and steps.quiet)
    paths = [image.path for image in Project.open(steps.project.folder).images]
    assert [path.rpartition("images/")[2] for path in paths] == names


def test_folders_that_cannot_be_opened_are_told_and_the_others_are_added(
    page: ProjectPage, steps: Steps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps.open_project(make_project(tmp_path / "data"))
    images = tmp_path / "images"
    closed = [images / "days" / f"{number} closed" for number in range(7)]
    for folder in closed:
        write_stack(folder / "a.tif", seed=5)
    write_stack(images / "z.tif", seed=6)
    write_stack(images / "days" / "open" / "y.tif", seed=7)
    close(monkeypatch, *closed)
    steps.project.data.add([images])
    steps.wait(lambda: len(page.files.table.rows) == 4)
    assert page.refused.text() == (
        "⚠  Left out, as they cannot be opened: days/0 closed, days/1 closed, days/2 closed, "
        "days/3 closed, days/4 closed and 2 more."
    )
    steps.project.data.add([closed[0]])
    steps.wait(lambda: "0 closed" in page.refused.text() and "days" not in page.refused.text())
    assert page.refused.text().splitlines() == [
        "⚠  Left out, as it cannot be opened: 0 closed.",
        "No other images were found.",
    ]


def test_missing_files_may_be_in_folders_that_cannot_be_opened(
    page: ProjectPage, steps: Steps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps.open_project(make_project(tmp_path / "data"))
    archive = tmp_path / "archive"
    for name in ("one.tif", "two.tif"):
        (archive / name[:3]).mkdir(parents=True)
        shutil.move(tmp_path / "data" / name, archive / name[:3] / name)
    close(monkeypatch, archive / "two")
    steps.project.data.find_missing(archive)
    steps.wait(lambda: bool(page.refused.text()))
    assert page.refused.text().splitlines() == [
        "⚠  Not in this folder: two.tif.",
        "Left out, as it cannot be opened: two.",
    ]
    assert [row.found for row in steps.project.data.rows] == [True, False]


def test_who_makes_a_project_types_the_names_of_its_classes(page: ProjectPage, qtbot: Any) -> None:
    page.show()
    page.new.click()
    typing = page.focusWidget()
    assert typing is page.form.names
    qtbot.keyClicks(typing, "nuclei, tissue")
    assert page.form.scheme().classes == ("nuclei", "tissue")


def test_classes_that_cannot_be_are_refused_in_words(page: ProjectPage) -> None:
    page.new.click()
    page.form.names.setText("alive, Alive")
    page.form._update()
    assert "differs" in page.form.problem.text()
    assert not page.form.create.isEnabled()
    page.form.names.setText("a, b")
    page.form._on_task(Task.MULTICLASS)
    assert page.form.scheme() == LabelScheme(Task.MULTICLASS, ("a", "b"))
    assert not page.form.position.isEnabled()


def test_the_last_projects_are_offered(page: ProjectPage, steps: Steps, tmp_path: Path) -> None:
    first, second = (make_project(tmp_path / name) for name in ("first", "second"))
    steps.open_project(first)
    steps.open_project(second)
    assert recent.recent_projects() == [second, first]
    assert page.recent.count() == 2
    page.recent.picked.emit(first)
    steps.wait(lambda: steps.project.folder == first and steps.quiet)


def test_a_damaged_project_offers_its_backup(
    page: ProjectPage, steps: Steps, tmp_path: Path
) -> None:
    folder = make_project(tmp_path / "data")
    (folder / "project.json").write_text("{")
    steps.project.open(folder)
    steps.wait(lambda: not page.backup.isHidden())
    assert "project.json" in page.problem.text()
    page.backup.click()
    steps.wait(lambda: steps.project.folder == folder and steps.quiet)
    assert page.backup.isHidden()
    assert len(Project.open(folder).images) == 2


def test_missing_files_are_named(page: ProjectPage, steps: Steps, tmp_path: Path) -> None:
    folder = make_project(tmp_path / "data")
    (folder.parent / "one.tif").unlink()
    steps.open_project(folder)
    assert "one.tif is no longer there" in page.problem.text()
    assert not page.find.isHidden()
    assert [cells[-1] for cells in page.files.table.rows] == ["missing", "auto"]


def test_the_open_file_is_the_selected_one(page: ProjectPage, steps: Steps, tmp_path: Path) -> None:
    steps.open_project(make_project(tmp_path))
    ids = [row.image.id for row in steps.project.data.rows]
    for number in (1, 0):
        steps.open(ids[number])
        assert page.files.table.current == number
    page.files.table.choose(1)  # whoever looks at another one
    steps.project.data.changed.emit()
    assert page.files.table.current == 1
