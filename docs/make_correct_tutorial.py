"""Make the pictures of docs/tutorial-correct.md, in docs/images: the whole loop on real images.

    python docs/make_correct_tutorial.py [FOLDER]

Everything is done in one window, with real programs that train and predict; it takes about
fifteen minutes. FOLDER keeps the project afterwards; there may be none in it yet.
Where there is no display a virtual one is started (Xvfb).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import real_cells
import typer
from make_screenshots import pause, with_window
from window_person import Person, wait_until

from napari_inconsistency_masks.cli.display import has_display, virtual_display
from napari_inconsistency_masks.widgets.correcting.queue import OPEN, QueuedPlace
from napari_inconsistency_masks.widgets.predicting.found_places import Answer

FIRST_MINUTES, RETRAIN_MINUTES = 8, 2
ACCEPT, ANSWER, DRAW, NOTHING = "accept", "answer", "draw", "nothing"
TOGETHER = "all together"
RIGHT = 0.7
"""Overlap with the true cells from which an answer is taken as right."""

PROJECT = "project"
"""The folder that the walk makes."""

TYPED = 1
"""Frame of the stack whose true counts are typed."""


def main(folder: Annotated[Path | None, typer.Argument()] = None) -> None:
    """Play the walk in a process with a display, and settings of its own."""
    if os.environ.get("TUTORIAL_FOLDER"):
        with_window(walk, Path(os.environ["TUTORIAL_FOLDER"]))
        return
    if folder is not None and (folder / PROJECT).exists():
        raise typer.BadParameter(
            f"{folder} has the project of an earlier walk, so the first pictures cannot be made "
            f"anew: give another folder, or remove {folder / PROJECT}."
        )
    with tempfile.TemporaryDirectory() as scratch:
        own = {
            "TUTORIAL_FOLDER": str(folder or Path(scratch, "images")),
            "NAPARI_CONFIG": str(Path(scratch, "settings.yaml")),
            "XDG_STATE_HOME": scratch,
        }
        with nullcontext() if has_display() else virtual_display():
            command = [sys.executable, str(Path(__file__).resolve())]
            subprocess.run(command, env={**os.environ, **own}, check=True)


def walk(viewer: Any, dock: Any, folder: Path) -> None:
    """Label, train, predict, correct, retrain, compare, count."""
    person = Walk(viewer, dock)
    person.make_project(folder, folder / PROJECT)
    person.label()
    person.train()
    person.predict()
    person.correct()
    person.retrain()
    person.count()


class Walk(Person):
    """The steps of the tutorial, in their order."""

    # --- 1 Data

    def make_project(self, folder: Path, project: Path) -> None:
        """New…, names of classes, Create in…, and Add files…."""
        paths = real_cells.copy_images(folder)
        self.dock.open("data")
        self.session.choose_source("project")
        page = self.dock.sections["data"].project_page
        self.press("project_new")
        self.picture("data", "new")
        page.form.make(project)
        wait_until(lambda: self.project.folder == project)
        self.project.data.add(paths)
        self.settle()

    def label(self) -> None:
        """Draw what is on some images, and hold two of them out."""
        for name in real_cells.LABELED:
            self.open_file(name)
            axes = self.session.layer_data.axes
            shape = axes.shape[-2:]
            self.draw_truth(name, 0, (0, 0, *shape))
            self.settle()
            if name in real_cells.VALIDATION:
                self.project.switch_split()  # key H
                self.settle()
        self.open_file(real_cells.LABELED[1])
        self.picture("data", "project")

    # --- 2 Train and 3 Look

    def train(self) -> None:
        """The preset quick, for a few minutes."""
        self.session.setup.choose_preset("quick")
        self.session.setup.set(lambda config: replace(config, minutes=FIRST_MINUTES))
        self.dock.open("train")
        pause(500)
        self.press("train_main")
        self.wait_for_training()

    def wait_for_training(self) -> None:
        """Until the new networks are in use."""
        begin = self.session.predictor.model
        wait_until(
            lambda: (
                self.refused
                or (
                    self.session.predictor.model is not begin
                    and not self.session.trainer.machine.busy
                )
            )
        )
        self.settle()

    def predict(self) -> None:
        """All files."""
        self.open_file(real_cells.OTHERS[0])
        self.dock.open("look")
        pause(500)
        self.press("look_files")
        wait_until(lambda: self.project.all_files.busy)
        self.picture("look", "predicting")
        self.settle()
        self.open_file(real_cells.OTHERS[0])
        self.press("look_frame")
        self.settle()

    # --- 4 Correct next

    def correct(self) -> None:
        """Accept one place, take an answer at one, and draw at one: three in any case."""
        correcting = self.session.correcting
        self.picture("correct", "list")
        for name, way in zip(("first", "second", "third"), (ACCEPT, ANSWER, DRAW), strict=True):
            left = [place for place in correcting.queue.places if place.state == OPEN]
            place = next((place for place in left if self.best_way(place)[0] == way), left[0])
            correcting.go(place)
            wait_until(lambda: correcting.queue.current is not None)
            self.settle()
            self.correct_here(place, name)
            self.press("correct_accept")
            wait_until(lambda: correcting.queue.current is not None)
            self.settle()

    def correct_here(self, place: QueuedPlace, name: str) -> None:
        """Make right what is drawn at a place, if it is not."""
        way, answer = self.best_way(place)
        print(name, place.subject.name, place.frame, way, answer)
        self.picture("correct", name if way == ACCEPT else f"before-{name}", whole=False)
        if way == ACCEPT:
            return
        if way in (ANSWER, NOTHING):
            names = [other for other, _ in self.session.correcting.answers()]
            self.press(f"correct_answer_{names.index(answer)}")
        else:
            self.draw_truth(self.opened, place.frame, place.found.box)
        self.settle()
        self.picture("correct", name, whole=False)

    def best_way(self, place: QueuedPlace) -> tuple[str, str]:
        """What a person does who knows what is there: and which answer she takes."""
        row = self.project.data.row_of(place.subject.file)
        right = self.truth(row.path.stem, place.frame, place.found.box)
        overlaps = {
            name: overlap(answer, right)
            for name, answer in place.found.answers()
            if len(answer.centers) == len(right.centers)
        }
        if not right.channels.any():
            return NOTHING, "nothing"
        best = max(overlaps, key=lambda name: overlaps[name], default="")
        if overlaps.get(TOGETHER, 0) >= RIGHT:
            return ACCEPT, TOGETHER
        return (ANSWER, best) if overlaps.get(best, 0) >= RIGHT else (DRAW, "")

    def retrain(self) -> None:
        """Retrain with my corrections, and compare."""
        box = self.dock.sections["correct"].retraining
        box.minutes.setValue(RETRAIN_MINUTES)
        before = self.session.predictor.model
        self.press("retrain_main")
        wait_until(lambda: self.refused or "epoch" in self.session.trainer.words.lower())
        self.picture("correct", "learning", whole=False)
        wait_until(
            lambda: (
                self.refused
                or (
                    not self.session.trainer.machine.busy
                    and self.session.predictor.model is not before
                )
            )
        )
        self.settle()
        self.picture("correct", "compared", whole=False)
        self.press("comparison_switch")
        self.settle()
        pause(500)
        self.picture("correct", "switched", whole=False)
        self.press("comparison_switch")
        self.settle()

    # --- 5 Count

    def count(self) -> None:
        """Predict all anew, if other networks are in use, and type what is counted by eye."""
        self.dock.open("look")
        pause(300)
        self.press("look_files")
        wait_until(lambda: self.project.all_files.busy or self.refused)  # they have already
        self.settle()
        self.open_file(real_cells.STACK)
        subject = self.project.files.current.subject
        for state, number in real_cells.counts(real_cells.STACK, TYPED).items():
            self.session.results.typed.type(subject, TYPED, state, number)
        self.viewer.dims.set_point(0, TYPED)
        self.settle()
        self.show_typed()
        self.picture("count", "count")

    def show_typed(self) -> None:
        """Scroll to the row of the typed count, with room for all columns."""
        self.dock.open("count")
        pause(500)
        table = self.dock.sections["count"].table
        table.choose(
            next(
                number
                for number, (image, frame, *_) in enumerate(table.rows)
                if image.startswith(real_cells.STACK) and frame == TYPED
            )
        )
        table.scrollTo(table.currentIndex(), table.ScrollHint.PositionAtCenter)
        bar = table.horizontalScrollBar()
        self.dock.setMinimumWidth(self.dock.width() + bar.maximum())
        pause(500)
        bar.setValue(0)


def overlap(answer: Answer, right: Answer) -> float:
    """Where both say the same states, per pixel where any of them says one."""
    one, other = answer.channels[:2] > 0, right.channels[:2] > 0
    said = (one | other).any(axis=0)
    return float((one == other).all(axis=0)[said].mean()) if said.any() else 1.0


if __name__ == "__main__":
    typer.run(main)
