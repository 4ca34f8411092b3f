"""Whatever a person does in whatever order, no label of a project is lost or torn."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from napari.components import ViewerModel
from project_steps import SIZE, Steps, make_project

from napari_inconsistency_masks.projects import Project
from napari_inconsistency_masks.widgets.project import recent
from napari_inconsistency_masks.widgets.session.session import session_of

FILES, FRAMES = ("one", "two"), 3
files, frames = st.sampled_from(FILES), st.integers(0, FRAMES - 1)
rows, columns = st.integers(0, SIZE[0] - 1), st.integers(0, SIZE[1] - 1)
classes = st.sampled_from(["alive", "dead"])


class Drawing(RuleBasedStateMachine):
    """A person with a project, and what she drew in arrays of the test."""

    qtbot: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.root = tempfile.TemporaryDirectory()
        self.folder = make_project(Path(self.root.name))
        self.patch = patch.object(recent, "recent_file", lambda: self.folder / "recent.json")
        self.patch.start()
        self.drawn = {
            (name, kind): np.zeros((FRAMES, *SIZE), bool)
            for name in FILES
            for kind in ("alive", "dead")
        }
        self.strokes: list[tuple[str, Any]] = []
        self.begin()
        self.steps.open("one")

    def begin(self) -> None:
        self.viewer = ViewerModel()
        self.steps = Steps(session_of(self.viewer), self.qtbot)
        self.steps.open_project(self.folder)
        self.steps.settle()

    @property
    def file(self) -> str:
        assert self.steps.opened is not None
        return self.steps.opened

    @rule(kind=classes, frame=frames, row=rows, column=columns, value=st.integers(0, 1))
    def paint(self, kind: str, frame: int, row: int, column: int, value: int) -> None:
        before = self.drawn[self.file, kind][frame, row, column]
        self.steps.paint(kind, frame, row, column, value)
        self.drawn[self.file, kind][frame, row, column] = bool(value)
        if before != bool(value):  # else napari keeps no step
            self.strokes.append((kind, (frame, row, column, before)))

    @rule(kind=classes)
    def undo(self, kind: str) -> None:
        done = [item for item in self.strokes if item[0] == kind]
        self.steps.layer(kind).undo()
        if done:
            self.strokes.remove(done[-1])
            frame, row, column, before = done[-1][1]
            self.drawn[self.file, kind][frame, row, column] = before

    @rule(name=files)
    def change_file(self, name: str) -> None:
        if name != self.file:
            self.strokes.clear()
            self.steps.open(name)

    @rule()
    def save(self) -> None:
        self.steps.settle()
        project = Project.open(self.folder)
        for (name, kind), drawn in self.drawn.items():
            for frame in range(FRAMES):
                labels = project.read_frame(name, frame)
                saved = np.zeros(SIZE, bool) if labels is None else labels.masks[kind] != 0
                np.testing.assert_array_equal(saved, drawn[frame])

    @rule()
    def close_and_open_again(self) -> None:
        """At once, without waiting for anything to be saved."""
        name = self.file
        self.steps.session._guard.close()
        self.strokes.clear()
        self.begin()
        self.steps.open(name)

    @invariant()
    def what_is_shown_is_what_was_drawn(self) -> None:
        for kind in ("alive", "dead"):
            shown = np.asarray(self.steps.layer(kind).data) > 0
            np.testing.assert_array_equal(shown, self.drawn[self.file, kind])

    def teardown(self) -> None:
        self.save()
        self.steps.session._guard.close()
        self.patch.stop()
        self.root.cleanup()


@pytest.mark.usefixtures("children", "at_once", "soon")
def test_no_label_is_ever_lost(qapp: Any, qtbot: Any) -> None:
    Drawing.qtbot = qtbot
    run_state_machine_as_test(
        Drawing,
        settings=settings(
            max_examples=6,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
