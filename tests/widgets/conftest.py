"""Fixtures of the tests of the window.

Three speeds: plain logic needs nothing of this; most of the rest runs on `viewer`, napari's model
of a viewer without a window, which is made within milliseconds; `window` is a whole napari window
and takes half a second. Tests without real child processes ask for `children`, before `session`.
"""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

# A person's own settings must neither be read nor written.
os.environ["NAPARI_CONFIG"] = str(Path(tempfile.mkdtemp("-napari-settings"), "settings.yaml"))

import pytest
from napari.components import ViewerModel
from project_steps import Steps, make_project
from stand_ins import FakeChild
from tiny import write_networks

from napari_inconsistency_masks.task import Task
from napari_inconsistency_masks.widgets import preferences
from napari_inconsistency_masks.widgets.batch import job
from napari_inconsistency_masks.widgets.correcting import ranking
from napari_inconsistency_masks.widgets.drawing import label_scan, saving
from napari_inconsistency_masks.widgets.predicting import predictor
from napari_inconsistency_masks.widgets.project import files, recent
from napari_inconsistency_masks.widgets.results import arriving_layers
from napari_inconsistency_masks.widgets.runs import exporting
from napari_inconsistency_masks.widgets.sections import train
from napari_inconsistency_masks.widgets.session.session import Session, session_of
from napari_inconsistency_masks.widgets.training import folder_data, trainer
from napari_inconsistency_masks.widgets.work import devices
from napari_inconsistency_masks.widgets.work.lost_references import make_up_for_lost_references
from toy import SCHEMES

PATIENCE_MS = 30_000
"""How long to wait for what takes milliseconds, unless the computer is busy with something else."""


@pytest.fixture
def qtbot(qtbot: Any) -> Any:
    """The one of pytest-qt, with more patience."""
    qtbot.waitUntil = partial(qtbot.waitUntil, timeout=PATIENCE_MS)
    return qtbot


@pytest.fixture(scope="session", autouse=True)
def _no_reference_is_missed() -> None:
    """What a session does at its start, for the tests that have none."""
    make_up_for_lost_references()


@pytest.fixture(scope="module", autouse=True)
def _windows_are_destroyed_here() -> Iterator[None]:
    """What is left of windows is not destroyed later, in a thread that happens to need memory."""
    yield
    gc.collect()


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[FakeChild]:
    """The programs that were started, none of them real; a test speaks for them."""
    started: list[FakeChild] = []

    def make(command: Any, parent: Any = None) -> FakeChild:
        started.append(FakeChild(command, parent))
        return started[-1]

    for module in (trainer, predictor, devices, job, exporting):
        monkeypatch.setattr(module, "Child", make)
    return started


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions and sections made after this do not wait for a person to pause."""
    for module, name in (
        (label_scan, "SETTLE_MS"),
        (folder_data, "SETTLE_MS"),
        (ranking, "SETTLE_MS"),
        (files, "BREATH_MS"),
        (arriving_layers, "POINTS_MS"),
        (train, "REDRAW_MS"),
    ):
        monkeypatch.setattr(module, name, 0)


@pytest.fixture(autouse=True)
def runs_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where runs are kept, which is not among anybody's documents."""
    folder = tmp_path / "runs"
    monkeypatch.setattr(preferences, "default_runs_folder", lambda: folder)
    return folder


@pytest.fixture(autouse=True)
def recent_projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the last projects are listed, which is not among anybody's files."""
    file = tmp_path / "state" / "projects.json"
    monkeypatch.setattr(recent, "recent_file", lambda: file)
    return file


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Strokes are saved at once by sessions made after this."""
    monkeypatch.setattr(saving, "SOON_MS", 0)
    monkeypatch.setattr(saving, "RETRY_MS", 10)


@pytest.fixture
def viewer(qapp: Any) -> ViewerModel:
    """A viewer without a window."""
    return ViewerModel()


@pytest.fixture
def session(viewer: ViewerModel) -> Iterator[Session]:
    """The session of `viewer`; it is shut down after the test."""
    made = session_of(viewer)
    yield made
    made._guard.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project of two stacks; files of tests that need another folder have their own."""
    return make_project(tmp_path / "data")


@pytest.fixture
def steps(folder: Path, session: Session, qtbot: Any) -> Steps:
    """What a person does with this project, which is open."""
    made = Steps(session, qtbot)
    made.open_project(folder)
    return made


@pytest.fixture
def window(make_napari_viewer: Callable[..., Any]) -> Any:
    """A viewer with its whole window, which is not shown."""
    return make_napari_viewer()


@pytest.fixture
def window_session(window: Any) -> Iterator[Session]:
    """The session of `window`; it is shut down after the test."""
    made = session_of(window)
    yield made
    made._guard.close()


@pytest.fixture(scope="session")
def networks(tmp_path_factory: pytest.TempPathFactory) -> dict[Task, Path]:
    """Folders of tiny networks of every kind that have learned nothing."""
    folder = tmp_path_factory.mktemp("networks")
    return {task: write_networks(folder / task.value, SCHEMES[task]) for task in Task}
