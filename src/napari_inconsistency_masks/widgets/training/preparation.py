"""Writing the folder of a new run: plain logic, no Qt."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from ...config import TrainConfig
from ...data.corrected import IMAGES, MASKS, load_corrected
from ...data.folders.folder import load_folder
from ...data.sample import SegmentationData
from ...errors import InputError
from ...files.names import is_device
from ...plans import create, find_recipe, retraining
from ...projects import Project, load_project
from ...projects.corrections import Corrections
from ...projects.layout import CORRECTIONS
from ...task import LabelScheme, Task
from ...training.preflight import preflight
from ...training.recipe import Recipe
from ..drawing.snapshot import Drawing, write_snapshot

DATA = "data"
"""Of a run folder: the snapshot of the layers it was started from."""

LABELS = "labels"
"""Of a run folder: copies of the labels of the project it learns from."""

WAIT_S = 0.05

Preparation = Generator[tuple[int, int], None, Path]
"""Yields how many frames of how many are written, and returns the run folder."""

_UNSAFE = re.compile(r"[^\w.-]+")


class Flushed:
    """Whether all that was drawn is on disk, as soon as that is known; for several threads."""

    def __init__(self) -> None:
        self._known = threading.Event()
        self._saved = False

    def tell(self, saved: bool) -> None:
        """It is known now."""
        self._saved = saved
        self._known.set()

    def wait(self) -> Generator[tuple[int, int], None, bool]:
        """Wait until it is known; can be closed meanwhile."""
        while not self._known.wait(WAIT_S):
            yield 0, 1
        return self._saved


@dataclass(frozen=True)
class ProjectLabels:
    """A project to learn from, once all that was drawn is saved."""

    project: Path
    scheme: LabelScheme
    flushed: Flushed

    def copy(self, folder: Path) -> Generator[tuple[int, int], None, SegmentationData]:
        """Copy the labels of the project's images into a folder, and read the images with these.

        Raises
        ------
        InputError
            If what was drawn cannot be saved, or as `load_project`.
        """
        if not (yield from self.flushed.wait()):
            raise InputError("What is drawn cannot be saved, so no training can learn from it.")
        images = [image.id for image in Project.open(self.project).images]
        Corrections(self.project / CORRECTIONS, self.scheme).copy_to(folder, images)
        yield 0, 1
        return load_project(self.project, corrections=folder)


@dataclass(frozen=True)
class CorrectedFolder:
    """A folder, by what reads it, and strokes on an open image beside it."""

    read: Callable[[], SegmentationData]
    drawing: Drawing

    def write(self, folder: Path) -> Generator[tuple[int, int], None, SegmentationData]:
        """Keep the strokes in a folder, and read both; `InputError` as `load_corrected`."""
        drawing = self.drawing.frozen()
        base = self.read().origin
        yield from write_snapshot(drawing, folder, only_labeled=True)
        return load_corrected(dict(base or {}), folder)


TrainingData = Drawing | ProjectLabels | CorrectedFolder | Callable[[], SegmentationData]
"""Strokes on layers, the labels of a project, or what reads a folder (with strokes beside it)."""


@dataclass(frozen=True)
class RunRequest:
    """A run that somebody wants to start.

    Attributes
    ----------
    folder
        The run folder, which must not exist yet.
    recipe
        A key of `recipes.RECIPES`.
    config
        All settings.
    data
        What there is to learn from.
    """

    folder: Path
    recipe: str
    config: TrainConfig
    data: TrainingData

    def plan(self, data: SegmentationData) -> tuple[Recipe, TrainConfig]:  # noqa: ARG002
        """Recipe and settings, once the data is read."""
        return find_recipe(self.recipe), self.config

    @property
    def start_from(self) -> Path | None:
        """The run whose networks learn on, or None to begin from scratch."""
        return None


@dataclass(frozen=True)
class RetrainingRequest:
    """Networks that somebody wants to learn on.

    Attributes
    ----------
    folder, data
        As in `RunRequest`.
    start_from
        The run (or folder) of the networks.
    minutes
        Time it may take.
    device
        As in `TrainConfig`.
    """

    folder: Path
    data: TrainingData
    start_from: Path
    minutes: float
    device: str

    def plan(self, data: SegmentationData) -> tuple[Recipe, TrainConfig]:
        """Recipe and settings of the run before, made fit for going on from it."""
        recipe, config = retraining(self.start_from, data, minutes=self.minutes)
        return recipe, replace(config, device=self.device)


def prepare(request: RunRequest | RetrainingRequest) -> Preparation:
    """Make the run folder; after an error, or when closed early, nothing of it is left.

    Raises
    ------
    InputError
        If there is a folder of that name, or the data does not allow the recipe.
    """
    folder = request.folder
    if folder.exists():
        raise InputError(f"{folder.name}: there is a run of this name; choose another name.")
    complete = False
    try:
        if isinstance(request.data, Drawing):
            drawing = request.data.frozen()
            yield from write_snapshot(drawing, folder / DATA)
            data = _read_snapshot(drawing, folder / DATA)
        elif isinstance(request.data, ProjectLabels):
            data = yield from request.data.copy(folder / LABELS)
        elif isinstance(request.data, CorrectedFolder):
            data = yield from request.data.write(folder / DATA)
        else:
            data = request.data()
        recipe, config = request.plan(data)
        preflight(data, recipe, seconds=0)  # the child looks at more before it begins
        create(folder, recipe, data, config, start_from=request.start_from)
        complete = True
    finally:
        if not complete:
            shutil.rmtree(folder, ignore_errors=True)
    return folder


def _read_snapshot(drawing: Drawing, folder: Path) -> SegmentationData:
    scheme = drawing.scheme
    exclusive = scheme.task is Task.MULTICLASS
    return load_folder(
        folder,
        scheme.classes,
        task=scheme.task,
        position=scheme.position,
        images=IMAGES,
        masks=MASKS if exclusive else None,
        zero_is_unlabeled=exclusive,
    )


def new_run_name(folder: Path, data: str, preset: str) -> str:
    """A name that no run in the folder has, such as ``cells-standard-2``."""
    stem = _UNSAFE.sub("-", data).strip("-.")[:40] or "run"
    taken: set[str] = set()
    with suppress(OSError):  # there is no such folder yet
        taken = {path.name.casefold() for path in folder.iterdir()}
    names = (f"{stem}-{preset}-{number}" for number in count(1))
    return next(name for name in names if name.casefold() not in taken)


def check_run_name(name: str) -> None:
    """Refuse a name that cannot be that of a folder on every system."""
    plain = name.strip()
    unfit = not plain or plain.startswith(".") or plain.endswith(".") or is_device(plain)
    if unfit or _UNSAFE.search(plain.replace(" ", "")):
        raise InputError(f"Run name {name!r}: give letters, digits, spaces, - and _.")
