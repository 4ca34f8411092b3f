"""A batch in the window with the real program: planned, paused, stopped, gone on with, opened."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from batch_folders import do_batch, picture, write_images
from person import Person
from qtpy.QtWidgets import QFileDialog

from napari_inconsistency_masks.files.tables import read_csv
from napari_inconsistency_masks.task import Task
from napari_inconsistency_masks.widgets.batch.state import State
from napari_inconsistency_masks.widgets.dock import Dock
from napari_inconsistency_masks.widgets.session.session import Session

FRAMES = 24


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Small images, a damaged one, and a movie that takes seconds."""
    folder = write_images(tmp_path / "images")
    movie = np.tile(np.stack([picture(n) for n in range(FRAMES)]), (1, 8, 8))
    tifffile.imwrite(folder / "long.tif", movie, imagej=True, metadata={"axes": "TYX"})
    return folder


@pytest.fixture
def person(
    window: Any, window_session: Session, networks: dict[Task, Path], images: Path, qtbot: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Person:  # fmt: skip
    """A person with a plan."""
    dock = Dock(window)
    window.window.add_dock_widget(dock)
    made = Person(dock, qtbot)
    made.open("batch")
    for name, folder in (("folder", images), ("run", networks[Task.MULTILABEL])):
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, f=folder: str(f))
        made.press(f"batch_{name}")
    made.press("batch_main")
    made.wait(lambda: not window_session.batch.machine.busy)
    assert window_session.batch.state is State.PLANNED, made.read("batch_problem")
    return made


def states(session: Session) -> dict[str, str]:
    return {row[0].text: row[1].text for row in session.batch.follower.rows}


def results(out: Path) -> dict[str, bytes]:
    kept = [*out.glob("*.csv"), *out.glob("images/**/*"), *out.glob("tables/**/*")]
    return {str(file.relative_to(out)): file.read_bytes() for file in kept if file.is_file()}


def test_from_a_folder_to_results_in_napari(
    person: Person, window: Any, window_session: Session, networks: dict[Task, Path],
    images: Path, tmp_path: Path,
) -> None:  # fmt: skip
    session, job = window_session, window_session.batch
    assert "4 files with 30 frames" in person.read("batch_summary")
    assert "1 cannot be read" in person.read("batch_summary")
    out = tmp_path / "images-results"
    assert not out.exists()

    person.press("batch_main")
    person.wait(lambda: "of 24" in states(session)["long.tif"])
    person.press("batch_pause")
    person.wait(lambda: job.state is State.PAUSED)
    so_far = states(session)["long.tif"]
    person._qtbot.wait(500)
    assert states(session)["long.tif"] == so_far
    person.press("batch_pause")
    person.wait(lambda: job.state is State.RUNNING)
    person.wait(lambda: states(session)["long.tif"] not in (so_far, "to do"))
    person.press("batch_main")
    person.wait(lambda: not job.machine.busy)
    assert job.state is State.STOPPED
    assert states(session)["long.tif"] == "to do"

    person.press("batch_main")
    person.wait(lambda: not job.machine.busy)
    assert job.state is State.FINISHED, job.message
    assert states(session) == {
        "damaged.tif": "failed",
        "image_0.tif": "done before",
        "image_1.tif": "done before",
        "long.tif": "done",
        "deep/movie.tif": "done",
    }
    do_batch(networks[Task.MULTILABEL], images, tmp_path / "clean", write=job.choice.options.write)
    assert results(out) == results(tmp_path / "clean")

    person.press("batch_open")
    shown = session.batch_results
    person.wait(lambda: shown.rows and not shown.busy)
    rows = read_csv(out / "counts.csv")
    assert len(shown.rows) == len(rows) == 31
    table = person.dock.sections["batch"].results.table
    number = next(n for n, row in enumerate(rows) if row["frame"] == "t=19")
    table.setCurrentIndex(table.model().index(number, 0))
    person.wait(lambda: shown.current and not shown.busy and shown._wanted_frame is None)
    assert window.layers[0].name == "long.tif"
    assert window.dims.current_step[0] == 19


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_program_that_is_killed_is_gone_on_with_on_another_day(
    person: Person, window_session: Session, tmp_path: Path, qtbot: Any
) -> None:
    session, job = window_session, window_session.batch
    person.press("batch_main")
    person.wait(lambda: "of 24" in states(session)["long.tif"])
    os.kill(job.child.pid, signal.SIGKILL)
    person.wait(lambda: not job.machine.busy)
    assert job.state is State.FAILED
    assert "What is done is kept" in person.read("batch_problem")

    person.press("batch_another")
    folder = tmp_path / "moved"
    shutil.move(tmp_path / "images-results", folder)
    session.batch_results.open(folder)
    person.wait(lambda: not session.batch_results.busy and session.batch_results.results)
    statuses = {row["image"]: row["status"] for row in session.batch_results.rows}
    assert (statuses["image_0.tif"], statuses["long.tif"]) == ("done", "not processed yet")
    section = person.dock.sections["batch"]
    section.pages._buttons["results"].click()
    person.press("batch_results_go_on")
    person.press("batch_main")
    person.wait(lambda: not job.machine.busy)
    assert "2 of them are done already" in person.read("batch_summary")
    person.press("batch_main")
    person.wait(lambda: not job.machine.busy)
    assert job.state is State.FINISHED, job.message
    assert len(read_csv(folder / "counts.csv")) == 31
