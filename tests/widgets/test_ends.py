"""However a dock or napari ends, a training is saved and no process is left behind."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from napari.components import ViewerModel
from napari_program import DOCK, PLUGIN
from person import Person
from tiny import LONG, PATIENCE, add_stack, setting

from napari_inconsistency_masks import runs
from napari_inconsistency_masks.files.json_files import read_json_lines
from napari_inconsistency_masks.task import Task
from napari_inconsistency_masks.training.events import Finished, Started
from napari_inconsistency_masks.widgets.session.session import session_of
from napari_inconsistency_masks.widgets.training.state import State
from napari_inconsistency_masks.widgets.work.status import PACKAGE
from napari_inconsistency_masks.widgets.work.worker import Worker

PROGRAM = Path(__file__).with_name("napari_program.py")
TESTS = Path(__file__).parents[1]
SECONDS = PATIENCE / 1000
FAULTS = ("Destroyed while", "QProcess:", "QThread:", "QObject::", "Traceback", "ERROR", "WARNING")


@contextmanager
def napari_program(runs_folder: Path, networks: Path, end: str) -> Iterator[subprocess.Popen[str]]:
    """A napari that trains and predicts, as a process that does not outlive the test."""
    path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    quiet = {  # what Qt 5, and napari with it, warn of
        "XDG_RUNTIME_DIR": str(runs_folder.parent),
        "PYTHONWARNINGS": "ignore:System theme detection",
    }
    process = subprocess.Popen(
        [sys.executable, PROGRAM, runs_folder, networks, end],
        env={**os.environ, **quiet, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def children_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The children that train and predict, once both are at work."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("{"):  # napari may say something before
            return [psutil.Process(number) for number in json.loads(line).values()]
    pytest.fail(f"the program ended: {process.communicate()[1]}")


@pytest.mark.parametrize("end", ["close", "quit"])
def test_napari_that_closes_saves_the_training_and_ends_quietly(
    end: str, runs_folder: Path, networks: dict[Task, Path]
) -> None:
    with napari_program(runs_folder, networks[Task.MULTILABEL], end) as process:
        children = children_of(process)
        printed, said = process.communicate(timeout=SECONDS)
    assert psutil.wait_procs(children, SECONDS)[1] == []
    assert process.returncode == 0, said
    assert [word for word in FAULTS if word in said + printed] == [], said + printed
    if end == "close":
        assert printed.splitlines() == ["true"], "a No to napari's question ended something"
    (run,) = runs_folder.iterdir()
    assert read_json_lines(run / "events.jsonl")[-1] == {"event": "Stopped"}
    events = runs.resume(run)
    first = next(events)
    events.close()
    assert isinstance(first, Started)
    assert first.resumed


def test_napari_that_is_killed_leaves_no_orphan(
    runs_folder: Path, networks: dict[Task, Path]
) -> None:
    with napari_program(runs_folder, networks[Task.MULTILABEL], "wait") as process:
        children = children_of(process)
        assert all(child.is_running() for child in children)
        process.kill()
        assert psutil.wait_procs(children, SECONDS)[1] == []


def test_a_dock_that_closes_does_not_stop_the_training_and_the_next_one_shows_it(
    window: Any, window_session: Any, qtbot: Any
) -> None:
    session = window_session
    add_stack(window)
    session.setup.set(setting(LONG))
    session.setup.choose_recipe("labeled")
    _, dock = window.window.add_plugin_dock_widget(PLUGIN, DOCK)
    person = Person(dock, qtbot)
    person.wait(lambda: session.next.problem() is None)
    person.open("train")
    person.press("train_main")
    person.wait(lambda: session.trainer.history.epochs)
    child = psutil.Process(session.trainer.child.pid)

    window.window.remove_dock_widget(dock)
    with qtbot.waitSignal(dock.destroyed, timeout=PATIENCE):
        dock.deleteLater()
    done = len(session.trainer.history.epochs)
    person.wait(lambda: len(session.trainer.history.epochs) > done)
    assert child.is_running()

    _, dock = window.window.add_plugin_dock_widget(PLUGIN, DOCK)
    person = Person(dock, qtbot)
    assert dock.session is session
    person.open("train")
    assert person.read("train_main") == "Stop"
    assert "epoch" in person.read("train_words")
    assert person.sees("curve_loss")
    assert person.read("footer_cancel") == "Stop"
    person.press("footer_cancel")
    person.wait(lambda: person.read("train_main") == "Resume training")
    assert not child.is_running()


def test_a_training_that_finishes_while_napari_closes_starts_nothing(
    viewer: Any, children: list[Any], session: Any, qtbot: Any
) -> None:
    add_stack(viewer)
    qtbot.waitUntil(lambda: session.next.problem() is None)
    session.trainer.press(session.next.request)
    qtbot.waitUntil(lambda: session.trainer.state is State.TRAINING)
    (child,) = children
    child.answered.emit(Finished(0, None, 0.5).to_json())
    child.wait = lambda _: child.end(0) or True
    session._guard.close()
    assert session.trainer.state is State.FINISHED
    assert children == [child]


@pytest.mark.parametrize("part", ["correcting.leave", "results.typed.finish", "project.end"])
def test_what_fails_while_napari_closes_keeps_nothing_else_from_its_end(
    viewer: Any, children: list[Any], session: Any, runs_folder: Path, part: str, qtbot: Any
) -> None:
    """Such as a place whose labels another plugin has made smaller."""

    def fail(*_: Any) -> None:
        raise IndexError("out of bounds")

    _, bright, *_ = add_stack(viewer)
    qtbot.waitUntil(lambda: session.next.problem() is None)
    session.trainer.press(session.next.request)
    qtbot.waitUntil(lambda: session.trainer.state is State.TRAINING)
    bright.data_setitem(tuple(np.array([each]) for each in (7, 5, 5)), 1)
    owner, _, name = part.rpartition(".")
    setattr(attrgetter(owner)(session), name, fail)
    session._guard.close()
    (about,) = (runs_folder / "drawings").glob("*/about.json")
    assert (about.parent / "image" / "7").is_dir(), "the last stroke is on disk"
    (child,) = children
    assert not child.input_open
    logged = len(session.log.lines)
    logging.getLogger(PACKAGE).warning("a line that comes too late")
    assert len(session.log.lines) == logged


def test_closing_while_the_run_folder_is_written_leaves_no_half_of_it(
    viewer: Any, children: list[Any], session: Any, runs_folder: Path, qtbot: Any
) -> None:
    add_stack(viewer)
    qtbot.waitUntil(lambda: session.next.problem() is None)
    another = ViewerModel()  # whose work goes on
    session_of(another)
    session.trainer.press(session.next.request)
    session._guard.close()
    qtbot.waitUntil(lambda: not session.trainer.machine.busy, timeout=PATIENCE)
    session_of(another)._guard.close()
    assert children == []
    assert [run for run in runs_folder.glob("*") if not (run / "run.json").exists()] == []


def test_closing_one_viewer_leaves_the_work_of_another_alone(
    viewer: Any, session: Any, qtbot: Any
) -> None:
    go_on, returned = threading.Event(), []

    def work() -> Iterator[None]:
        yield
        go_on.wait(SECONDS)
        yield
        returned.append("all of it")

    other = session_of(ViewerModel())
    worker = Worker(work(), session)
    worker.begin()
    other._guard.close()
    go_on.set()
    qtbot.waitUntil(worker.isFinished, timeout=PATIENCE)
    assert returned == ["all of it"]
