"""A person at the window, for the pictures of the documentation."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import real_cells
from make_screenshots import pause, save

from napari_inconsistency_masks.boxes import Box
from napari_inconsistency_masks.widgets.correcting.box_edit import draw
from napari_inconsistency_masks.widgets.predicting.found_places import Answer

PATIENCE = 900
"""Seconds."""


class Person:
    """Uses the window, and takes a picture now and then."""

    def __init__(self, viewer: Any, dock: Any) -> None:
        self.viewer, self.dock, self.session = viewer, dock, dock.session
        self.project = dock.session.project
        self.refused: list[str] = []
        self.session.refused.connect(self._on_refused)

    def _on_refused(self, sentence: str) -> None:
        print("REFUSED:", sentence)
        self.refused.append(sentence)

    def picture(self, section: str, name: str, *, whole: bool = True) -> None:
        """Save the window."""
        print(time.strftime("%H:%M:%S"), name, flush=True)
        save(self.viewer, self.dock, section, f"correct-{name}", whole=whole)

    def press(self, name: str) -> None:
        """Press a button that can be seen and is not gray."""
        from qtpy.QtWidgets import QAbstractButton

        button = self.dock.findChild(QAbstractButton, name)
        assert button.isVisible(), f"{name} is hidden"
        assert button.isEnabled(), f"{name} is gray: {button.toolTip()}"
        button.click()

    def settle(self) -> None:
        """Wait until nothing is read, saved, predicted or counted."""
        session = self.session
        wait_until(
            lambda: (
                not (
                    session.keeper.busy()
                    or self.project.data.busy
                    or self.project.files.busy
                    or session.layer_data.scanning
                    or session.results.counting
                    or session.predictor.busy
                    or session.predictor.loading is not None
                    or self.project.all_files.busy
                )
            )
        )

    def open_file(self, name: str) -> None:
        """Double-click a file."""
        rows = self.project.data.rows
        number = next(i for i, row in enumerate(rows) if row.path.stem == name)
        self.project.files.open(rows[number].image.id)
        wait_until(lambda: self.opened == name)
        self.settle()

    @property
    def opened(self) -> str:
        """The file that is open."""
        current = self.project.files.current
        if current is None or self.project.files.busy:
            return ""
        return str(self.project.data.row_of(current.subject.file).path.stem)

    def draw_truth(self, file: str, frame: int, box: Box) -> None:
        """Draw what is there, as with brush and points."""
        draw(self.session.layer_data, frame, box, self.truth(file, frame, box), real_cells.SCHEME)

    def truth(self, file: str, frame: int, box: Box) -> Answer:
        """What is in a box."""
        shape = box[2], box[3]
        channels, centers = real_cells.truth(file, frame, shape)
        inside = ((centers >= box[:2]) & (np.rint(centers) < box[2:])).all(axis=1)
        return Answer(channels[:, box[0] :, box[1] :], centers[inside])


def wait_until(condition: Callable[[], object]) -> None:
    """Let the window live until something is so."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        pause(50)
        assert time.monotonic() < deadline, "it takes too long"
