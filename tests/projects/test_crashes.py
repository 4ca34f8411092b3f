"""Labels outlive a program that dies: what was saved is there, whole."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from toy_project import cells, make_project, movie, picture, same

from napari_inconsistency_masks.files.atomic import WriteError
from napari_inconsistency_masks.projects import FrameLabels, Project

BOX = (1, 2, 9, 8)
DOORS = ("mkdir", "replace", "unlink", "rmdir", "fsync")
"""What changes the names on a disk, or forces them there."""


class Crash(BaseException):
    """The program is dead; nothing that runs afterwards does anything."""


class Saboteur:
    """Lets the n-th call through any door raise, and those after it as well if it is a crash."""

    def __init__(self, patch: pytest.MonkeyPatch, number: int, error: BaseException) -> None:
        self.calls, self.number, self.error = 0, number, error
        for name in DOORS:
            patch.setattr(os, name, self.guarded(getattr(os, name)))

    def guarded(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            self.calls += 1
            dead = isinstance(self.error, Crash)
            if self.calls == self.number or (dead and self.calls > self.number):
                raise self.error
            return real(*args, **options)

        return call


def write(project: Project, frame: int, labels: FrameLabels, number: int) -> bool:
    """Save, dying at the n-th call; whether it came to an end before that."""
    with pytest.MonkeyPatch.context() as patch:
        Saboteur(patch, number, Crash())
        try:
            project.write_frame("movie", frame, labels)
        except Crash:
            return False
    return True


class Painting(RuleBasedStateMachine):
    """A person paints and undoes; the program saves, and dies, and is started again."""

    @initialize()
    def start(self) -> None:
        self.root = Path(tempfile.mkdtemp())
        self.project = movie(self.root)
        self.strokes: dict[int, list[int]] = {0: [], 1: []}
        self.on_disk: dict[int, list[int | None]] = {0: [None], 1: [None]}
        self.count = 0

    def labels(self, number: int) -> FrameLabels:
        return cells(number, (BOX,) if number % 3 == 0 else ())

    @rule(frame=st.integers(0, 1))
    def paint(self, frame: int) -> None:
        self.count += 1
        self.strokes[frame].append(self.count)

    @rule(frame=st.integers(0, 1))
    def undo(self, frame: int) -> None:
        if len(self.strokes[frame]) > 1:
            self.strokes[frame].pop()

    @rule(frame=st.integers(0, 1))
    def save(self, frame: int) -> None:
        if self.strokes[frame]:
            newest = self.strokes[frame][-1]
            self.project.write_frame("movie", frame, self.labels(newest))
            self.on_disk[frame] = [newest]

    @rule(frame=st.integers(0, 1), number=st.integers(1, 40))
    def crash(self, frame: int, number: int) -> None:
        if self.strokes[frame]:
            newest = self.strokes[frame][-1]
            done = write(self.project, frame, self.labels(newest), number)
            self.on_disk[frame] = [newest] if done else [*self.on_disk[frame], newest]
            self.restore()

    @rule()
    def restore(self) -> None:
        self.project = Project.open(self.project.folder)

    @invariant()
    def every_frame_is_one_that_was_saved(self) -> None:
        for frame, possible in self.on_disk.items():
            read = self.project.read_frame("movie", frame)
            matching = [
                number
                for number in possible
                if same(read, None if number is None else self.labels(number))
            ]
            assert matching, (frame, possible)
            self.on_disk[frame] = matching[:1]

    def teardown(self) -> None:
        shutil.rmtree(self.root)


TestPainting = Painting.TestCase
TestPainting.settings = settings(
    max_examples=12,
    stateful_step_count=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("before", [0, 1, 3], ids=["first save", "second save", "later save"])
def test_death_at_every_call(tmp_path: Path, before: int) -> None:
    project = movie(tmp_path)
    for number in range(before):
        project.write_frame("movie", 0, cells(number))
    start = tmp_path / "start"
    shutil.copytree(project.folder, start)
    old, new = (cells(before - 1) if before else None), cells(7, (BOX,))
    outcomes = []
    for number in range(1, 200):
        shutil.rmtree(project.folder)
        shutil.copytree(start, project.folder)
        done = write(project, 0, new, number)
        read = Project.open(project.folder).read_frame("movie", 0)
        outcomes.append(same(read, new))
        assert outcomes[-1] or same(read, old)
        project.write_frame("movie", 0, cells(9))  # nothing is in the way of the next save
        assert same(project.read_frame("movie", 0), cells(9))
        if done:
            break
    assert outcomes[-1]
    assert outcomes.count(False) > 15
    assert outcomes == sorted(outcomes)  # once the new labels are there, they stay


def test_refusal_of_every_call(tmp_path: Path) -> None:
    """A disk that is full for a moment: an error, or the new labels, and never anything else."""
    project = movie(tmp_path)
    project.write_frame("movie", 0, cells(1))
    refusals = 0
    for number in range(1, 200):
        old, new = project.read_frame("movie", 0), cells(10 + number)
        with pytest.MonkeyPatch.context() as patch:
            saboteur = Saboteur(patch, number, OSError(errno.ENOSPC, "No space left on device"))
            try:
                project.write_frame("movie", 0, new)
                expected = new
            except WriteError as error:
                refusals += error.errno == errno.ENOSPC
                expected = old  # type: ignore[assignment]
        read = project.read_frame("movie", 0)
        assert same(read, expected) or same(read, new)
        if saboteur.calls < number:
            break
    else:
        pytest.fail("never got through")
    assert refusals > 10


def test_crash_while_adding_an_image(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    new = picture(tmp_path / "pictures", "new.png", 77)
    for number in range(1, 50):
        with pytest.MonkeyPatch.context() as patch:
            saboteur = Saboteur(patch, number, Crash())
            with contextlib.suppress(Crash):
                project.add_image(new, copy=True)
        opened = Project.open(project.folder)
        assert [image.path for image in opened.images][:1] == ["../pictures/image-0.png"]
        assert opened.missing == ()
        if saboteur.calls < number or len(opened.images) == 2:
            break
        project = opened
    assert len(opened.images) == 2
