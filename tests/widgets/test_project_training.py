"""Training from a project: what it learns from, where the run is kept, and what is remembered."""

from __future__ import annotations

import shutil
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from project_steps import CELLS, Steps, make_project
from stand_ins import FakeChild, Networks

from napari_inconsistency_masks.data.origin import open_data
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.plans import read_plan
from napari_inconsistency_masks.projects import Project
from napari_inconsistency_masks.widgets.session.session import Session, session_of
from napari_inconsistency_masks.widgets.session.sources import LAYERS, PROJECT
from napari_inconsistency_masks.widgets.training.preparation import prepare

pytestmark = pytest.mark.usefixtures("children", "at_once", "soon")


@pytest.fixture
def steps(folder: Path, session: Session, qtbot: Any) -> Steps:
    """Both files are labeled."""
    made = Steps(session, qtbot)
    made.open_project(folder)
    for image_id in ("two", "one"):
        made.open(image_id)
        made.paint("alive", 1, 5, 7)
        made.paint("dead", 1, 15, 7)
        made.layer("position").add([[1, 10, 20]])
        made.settle()
    return made


def prepared(session: Session, qtbot: Any) -> Path:
    """The run folder that pressing the button makes."""
    session.trainer.press(session.next.request)
    qtbot.waitUntil(lambda: session.trainer.plan is not None)
    assert session.trainer.run is not None
    return session.trainer.run


def alive(run: Path) -> list[list[list[int]]]:
    """Where the labeled frames of the data of a run say that somebody is alive."""
    data = open_data(read_plan(run).data, relative_to=run)
    samples = [*data.labeled, *data.validation]
    return sorted(np.argwhere(sample.target[0]).tolist() for sample in samples)


def test_a_run_in_the_project_learns_from_copies(
    steps: Steps, session: Session, folder: Path, qtbot: Any
) -> None:
    steps.paint("alive", 1, 6, 7)  # not saved yet when the button is pressed
    run = prepared(session, qtbot)
    assert run == folder / "runs" / "project-standard-1"
    assert alive(run) == [[[5, 7]], [[5, 7], [6, 7]]]
    steps.paint("alive", 1, 7, 7)
    steps.settle()
    assert alive(run) == [[[5, 7]], [[5, 7], [6, 7]]], "later strokes are not in this run"
    assert session.next.drawn_since_start


def test_project_and_run_are_moved_together(
    steps: Steps, session: Session, folder: Path, tmp_path: Path, qtbot: Any
) -> None:
    run = prepared(session, qtbot).relative_to(folder.parent)
    assert read_plan(folder.parent / run).data["path"] == "../.."
    session.trainer.machine.ended(130)
    steps.project.close()
    steps.wait(lambda: steps.project.folder is None)
    shutil.move(folder.parent, tmp_path / "moved")
    assert alive(tmp_path / "moved" / run) == [[[5, 7]], [[5, 7]]]


def test_what_cannot_be_saved_is_not_learned_from(steps: Steps, session: Session) -> None:
    request = session.next.request()
    request.data.flushed.tell(False)
    with pytest.raises(InputError, match="cannot be saved"):
        deque(prepare(request), maxlen=0)
    assert not request.folder.exists()


def test_runs_of_other_data_are_kept_elsewhere(
    steps: Steps, session: Session, folder: Path, runs_folder: Path
) -> None:
    assert session.setup.folder == folder / "runs"
    session.choose_source(LAYERS)
    assert session.setup.folder == runs_folder
    session.choose_source(PROJECT)
    assert session.setup.folder == folder / "runs"
    steps.project.close()
    steps.wait(lambda: steps.project.folder is None)
    assert session.setup.folder == runs_folder


def test_a_switched_file_is_set_aside(steps: Steps, session: Session, qtbot: Any) -> None:
    steps.project.set_split("two", "validation")
    steps.settle()
    run = prepared(session, qtbot)
    data = open_data(read_plan(run).data, relative_to=run)
    assert {item.name.split("[")[0] for item in data.validation.items} == {"two"}
    assert {item.name.split("[")[0] for item in data.labeled.items} == {"one"}


@pytest.mark.parametrize("there", [True, False])
def test_a_removed_file_is_not_learned_from(
    steps: Steps, session: Session, folder: Path, qtbot: Any, there: bool
) -> None:
    steps.open("two")
    steps.paint("alive", 1, 6, 7)
    steps.project.remove(["one"])
    steps.wait(lambda: steps.project.data.row_of("one") is None)
    steps.settle()
    if not there:
        (folder.parent / "one.tif").unlink()
    assert alive(prepared(session, qtbot)) == [[[5, 7], [6, 7]]] * 2, "and the same judges it"


def test_networks_in_use_are_remembered(
    steps: Steps, session: Session, folder: Path, children: list[FakeChild], qtbot: Any
) -> None:
    run = folder / "runs" / "first"
    run.mkdir(parents=True)
    (run / "ensemble.json").write_text("{}")
    session.looking.use(run)
    Networks(children, qtbot, CELLS).get_ready()
    steps.settle()
    assert steps.project.data.project.settings["networks"] == "runs/first"
    session._guard.close()
    viewer = ViewerModel()
    later = Steps(session_of(viewer), qtbot)
    asked: list[str] = []
    later.session.wanted.connect(asked.append)
    later.open_project(folder)
    later.wait(lambda: later.opened == "one" and later.quiet)
    assert later.session.predictor.loading == run
    Networks(children, qtbot, CELLS).get_ready()
    assert later.session.predictor.model.run == run
    assert asked == [], "the person is not taken elsewhere"
    assert not later.session.predictor.busy
    later.session._guard.close()


def a_run(project: Path, name: str = "first") -> Path:
    """A folder that seems to have networks."""
    run = project / "runs" / name
    run.mkdir(parents=True)
    (run / "ensemble.json").write_text("{}")
    return run


@pytest.mark.parametrize("remembered", [True, False])
def test_networks_of_one_project_are_not_used_in_another(
    steps: Steps, session: Session, folder: Path, tmp_path: Path, remembered: bool,
    children: list[FakeChild], qtbot: Any,
) -> None:  # fmt: skip
    other = make_project(tmp_path / "other")
    own = a_run(other)
    if remembered:
        Project.open(other).change_settings(networks="runs/first")
    session.looking.use(a_run(folder))
    Networks(children, qtbot, CELLS).get_ready()
    steps.settle()
    steps.open_project(other)
    assert session.predictor.model is None
    assert session.predictor.loading == (own if remembered else None)
    steps.settle()
    expected = "runs/first" if remembered else None
    assert steps.project.data.project.settings.get("networks") == expected


def test_a_training_that_ends_in_another_project_changes_nothing_there(
    steps: Steps, session: Session, folder: Path, tmp_path: Path
) -> None:
    run = a_run(folder)
    other = make_project(tmp_path / "other")
    steps.open_project(other)
    session.trainer.finished.emit(run)
    steps.settle()
    assert session.predictor.loading is None
    assert session.status.sentence == "first is ready. It belongs to another project: open that."
    assert "networks" not in steps.project.data.project.settings
    steps.open_project(folder)
    session.trainer.finished.emit(run)
    assert session.predictor.loading == run


def test_networks_that_belong_to_no_project_stay_in_use(
    steps: Steps, session: Session, tmp_path: Path, children: list[FakeChild], qtbot: Any
) -> None:
    run = a_run(tmp_path / "elsewhere")
    session.looking.use(run)
    Networks(children, qtbot, CELLS).get_ready()
    steps.open_project(make_project(tmp_path / "other"))
    assert session.predictor.model.run == run
