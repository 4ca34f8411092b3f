"""Make the pictures of docs/tutorial-correct.md, in docs/images: the whole loop on real images.

    python docs/make_correct_tutorial.py [FOLDER]

Everything is done in one window, with real programs that train and predict; it takes about ten
minutes. FOLDER keeps the project afterwards; if there is one in it with networks, these are used.
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
from typing import Annotated

import numpy as np
import real_cells
import typer
from make_screenshots import pause, with_window
from window_person import Person, wait_until

from napari_inconsistency_masks.cli.display import has_display, virtual_display
from napari_inconsistency_masks.widgets._queue import QueuedPlace

FIRST_MINUTES, RETRAIN_MINUTES = 3, 1
TYPED = 1
"""Frame of the stack whose true counts are typed."""


def main(folder: Annotated[Path | None, typer.Argument()] = None) -> None:
    """Play the walk in a process with a display, and settings of its own."""
    if os.environ.get("TUTORIAL_FOLDER"):
        with_window(walk, Path(os.environ["TUTORIAL_FOLDER"]))
        return
    with tempfile.TemporaryDirectory() as scratch:
        own = {
            "TUTORIAL_FOLDER": str(folder or Path(scratch, "images")),
            "NAPARI_CONFIG": str(Path(scratch, "settings.yaml")),
            "XDG_STATE_HOME": scratch,
        }
        with nullcontext() if has_display() else virtual_display():
            command = [sys.executable, str(Path(__file__).resolve())]
            subprocess.run(command, env={**os.environ, **own}, check=True)


def walk(viewer, dock, folder: Path) -> None:
    """Open, label, train, predict, correct, retrain, compare, count."""
    person = Walk(viewer, dock)
    project = folder / "project"
    if (project / "project.json").exists():
        person.open_project(project)
    else:
        person.make_project(folder, project)
        person.label()
    if not list((project / "runs").glob("*/ensemble.json")):
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
        self.picture("train", "train")
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
        self.picture("look", "predicted")

    # --- 4 Correct next

    def correct(self) -> None:
        """Accept one place, take the answer of network B at one, and draw at one."""
        correcting = self.session.correcting
        self.picture("correct", "list")
        steps = {"accept": self.accept, "answer": self.take_answer, "draw": self.draw_here}
        chosen = {self.best_action(place): place for place in reversed(correcting.queue.places)}
        for name, step in steps.items():
            if name not in chosen:
                print("no place for", name)
                continue
            correcting.go(chosen[name])
            wait_until(lambda: correcting.queue.current is not None)
            self.settle()
            step(chosen[name])
            correcting.accept()  # key J
            wait_until(lambda: correcting.queue.current is not None)
            self.settle()
        self.picture("correct", "done", whole=False)

    def best_action(self, place: QueuedPlace) -> str:
        """What a person who knows what is there would do."""
        row = self.project.data.row_of(place.subject.file)
        box = place.found.box
        right = self.truth(row.path.stem, place.frame, box)
        wrong = {
            name: int((answer.channels[:2] ^ right.channels[:2]).sum())
            + 40 * abs(len(answer.centers) - len(right.centers))
            for name, answer in place.found.answers()
        }
        if not right.channels.any() or min(wrong.values()) > 0.25 * 2 * np.prod(
            right.channels.shape[1:]
        ):
            return "draw" if right.channels.any() else "skip"
        best = min(wrong, key=wrong.get)
        if wrong[best] > 150:
            return "draw"
        return {"all together": "accept", "network B": "answer"}.get(best, "other")

    def accept(self, _: QueuedPlace) -> None:
        """What all say together is right."""
        self.picture("correct", "accept", whole=False)

    def take_answer(self, _: QueuedPlace) -> None:
        """Network B is right: key G goes through the answers."""
        self.picture("correct", "before-answer", whole=False)
        names = [name for name, _ in self.session.correcting.answers()]
        self.press(f"correct_answer_{names.index('network B')}")
        self.settle()
        self.picture("correct", "answer", whole=False)

    def draw_here(self, place: QueuedPlace) -> None:
        """All are wrong: draw."""
        self.picture("correct", "before-draw", whole=False)
        self.draw_truth(self.opened, place.frame, place.found.box)
        self.settle()
        self.picture("correct", "draw", whole=False)

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
        """Predict all anew, and type what is counted by eye."""
        self.dock.open("look")
        pause(300)
        self.press("look_files")
        wait_until(lambda: self.project.all_files.busy)
        self.settle()
        self.open_file(real_cells.STACK)
        subject = self.project.files.current.subject
        for state, number in real_cells.counts(real_cells.STACK, TYPED).items():
            self.session.results.typed.type(subject, TYPED, state, number)
        self.viewer.dims.set_point(0, TYPED)
        self.settle()
        self.picture("count", "count")


if __name__ == "__main__":
    typer.run(main)
