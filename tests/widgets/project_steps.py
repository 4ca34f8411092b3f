"""Projects in the window, for tests: making one, waiting for it, drawing, and looking on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from napari_inconsistency_masks.projects import Project
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.widgets.session.session import Session

CELLS = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")
SIZE = (40, 48)
TIMEOUT = 30_000


def write_stack(path: Path, frames: int = 3, seed: int = 0, **about: Any) -> Path:
    """A time-lapse that no other seed gives."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (frames, *SIZE), dtype=np.uint8)
    if frames == 1:
        tifffile.imwrite(path, pixels[0], **about)
    else:
        tifffile.imwrite(path, pixels, imagej=True, metadata={"axes": "TYX", **about})
    return path


def make_project(root: Path, scheme: LabelScheme = CELLS) -> Path:
    """A project beside the stacks ``one.tif`` and ``two.tif`` of 3 frames each."""
    project = Project.create(root / "project", scheme)
    for number, name in enumerate(("one", "two")):
        project.add_image(write_stack(root / f"{name}.tif", seed=number))
    return project.folder


class Steps:
    """What a person does with the project of a session."""

    def __init__(self, session: Session, qtbot: Any) -> None:
        self.session, self.project, self.qtbot = session, session.project, qtbot

    def wait(self, condition: Any) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=TIMEOUT)

    @property
    def quiet(self) -> bool:
        """Whether nothing is being read, saved, shown or counted."""
        keeper, project = self.session.keeper, self.project
        return not (
            keeper.busy()
            or project.data.busy
            or project.files.busy
            or self.session.layer_data.scanning
        )

    def settle(self) -> None:
        self.wait(lambda: self.quiet)

    def open_project(self, folder: Path) -> None:
        self.folder = folder
        self.project.open(folder)
        self.wait(lambda: self.project.folder == folder and self.quiet)

    def open(self, image_id: str, frame: int = 0) -> None:
        self.project.files.open(image_id, frame)
        self.wait(lambda: self.opened == image_id and self.quiet)

    @property
    def opened(self) -> str | None:
        """The id of the file that is open."""
        current = self.project.files.current
        return None if current is None else current.subject.file

    def layer(self, name: str) -> Any:
        return next(row.layer for row in self.session.layer_data.rows if row.name == name)

    def paint(self, name: str, frame: int, row: int, column: int, value: int = 1) -> None:
        self.layer(name).data_setitem(tuple(np.array([[frame], [row], [column]])), value)

    def saved(self, image_id: str, frame: int) -> Any:
        """The labels on disk."""
        return Project.open(self.project.folder).read_frame(image_id, frame)
