"""Everything the sections of one viewer share: they are views of it and keep nothing themselves.

There is one session per viewer. It outlives its docks: closing one loses nothing, and a training
goes on. When the viewer closes, the children are asked to save and end.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from napari.layers import Layer
from napari.utils.notifications import show_error
from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QWidget

from ...errors import InputError
from ...projects.layout import COUNTS, RUNS
from ..batch.job import BatchJob
from ..batch.shown import ShownBatch
from ..correcting.correcting import Correcting
from ..correcting.keys import MASK_KEY, SPLIT_KEY, VOTES_KEY, Keys, correction_keys
from ..drawing.keeper import Keeper
from ..drawing.layer_data import LayerData
from ..layers.closing import CloseGuard, RunningTask
from ..layers.covering import Stacking
from ..layers.subject import Subject, Subjects
from ..layers.viewer_layers import ViewerLayers, unwrap
from ..predicting.predictor import Predictor
from ..preferences import preferences
from ..project.data import ProjectData
from ..project.workbench import Workbench
from ..results.looking import Looking
from ..runs.exporting import Exporting
from ..training.folder_data import FolderData
from ..training.setup import TrainSetup
from ..training.trainer import Trainer
from ..work.devices import Devices
from ..work.lost_references import make_up_for_lost_references
from ..work.own_thread import end_in_own_thread
from ..work.status import Log, Status
from ..work.worker import stop_all
from .next_training import NextTraining
from .reactions import Reactions
from .retraining import Retraining
from .sources import PROJECT, Sources

logger = logging.getLogger(__name__)

DRAWINGS = "drawings"
"""Of the folder for runs: copies of what is drawn."""

PATIENCE = 20.0
"""Seconds a training has to end its step and save when the viewer closes; one is usual."""

THREAD_PATIENCE = 2
"""The same for reading and counting, which only has to stop."""


class Session(QObject):
    """What goes on in one viewer.

    `source_changed` tells that training data comes from elsewhere or is otherwise chosen,
    `frame_changed` that the sliders were moved; `wanted` names a section to open, and `refused`
    says what did not work.

    Parameters
    ----------
    viewer
        The viewer itself, no proxy; it is not kept alive.
    """

    source_changed = Signal()
    frame_changed = Signal()
    wanted = Signal(str)
    refused = Signal(str)

    def __init__(self, viewer: Any) -> None:
        super().__init__()
        chosen = preferences()
        self.layers, self.stacking = ViewerLayers(viewer), Stacking(viewer, self)
        self.status, self.log = Status(self), Log(self)
        self.devices = Devices(chosen.device, self.log.add, self)
        self.layer_data = LayerData(self.layers, self)
        self.folder_data = FolderData(self.status, self)
        self.trainer = Trainer(self.status, self.log.add, self)
        self.predictor = Predictor(self.status, lambda: self.devices.chosen, self.log.add, self)
        self.subjects = Subjects()
        self.looking = Looking(
            self.layers, self.layer_data, self.predictor, self.status, self.subjects, self
        )
        self.results = self.looking.results
        self.results.spare.show_votes = chosen.show_votes
        self.results.typed.root = self._counts_folder
        self.setup = TrainSetup(chosen.preset, chosen.runs_folder, self.data_name, self)
        self.all_frames_for: Path | None = None
        self._seen: tuple[list[tuple[Layer, str]], bool] | None = None
        self.closed = False
        self._guard = CloseGuard(self)
        show = self.looking.toggle
        self.keeper = Keeper(self.layer_data, self._drawings_folder, self._drawn_frame, self)
        self.correcting = Correcting(self.layers, self.layer_data, self.results, self)
        self.project = Workbench(
            self.layers, self.layer_data, self.keeper, self.looking, self.predictor,
            self.correcting, self.subjects, self.status, self,
        )  # fmt: skip
        self.sources = Sources(self.layer_data, self.folder_data, self.project, self.keeper, self)
        self.next = NextTraining(
            self.sources, self.setup, self.correcting, self.trainer,
            lambda: self.devices.chosen, self,
        )  # fmt: skip
        self.retraining = Retraining(self)
        self.batch = BatchJob(self.status, self.log.add, self)
        self.batch_results = ShownBatch(self.layers, self.status, self)
        self.exporting = Exporting(self.status, self.log.add, self)
        keys = {MASK_KEY: partial(show, "mask"), VOTES_KEY: partial(show, "votes")}
        keys[SPLIT_KEY] = partial(self._do, self.project.switch_split)
        self._keys = Keys(viewer, {**keys, **correction_keys(self.correcting, self._do)})
        for name in ("inserted", "removed", "renamed"):
            viewer.layers.events.emitters[name].connect(self._on_layers)
        viewer.dims.events.current_step.connect(self._on_step)
        self._guard.watch_layers(viewer)
        self._guard.closing.connect(self.shut_down)
        self._reactions = Reactions(self, RunningTask(viewer, self._guard.close))
        self.layers_changed()

    def __del__(self) -> None:
        end_in_own_thread(self)

    def _drawings_folder(self) -> Path:
        return self.setup.own_folder / DRAWINGS

    def _counts_folder(self, subject: Subject) -> Path:
        """Where counts that are typed for an image are kept."""
        project = self.project.folder if subject.file is not None else None
        return self._drawings_folder() if project is None else project / COUNTS

    def _drawn_frame(self) -> int:
        """The shown frame of the image that is drawn on."""
        image, axes = self.layer_data.image, self.layer_data.axes
        if image is None or axes is None or not self.layers.alive:
            return 0
        return self.layers.frame_shown(image, axes)

    def _do(self, action: Callable[[], None]) -> None:
        """Do what a key says, or tell why not."""
        try:
            action()
        except InputError as error:
            self.tell_error(str(error))

    def watch(self, window: QWidget) -> None:
        """Follow the window a section was put into, to notice when it closes."""
        self._guard.watch(window)

    def choose_source(self, source: str) -> None:
        """Take training data from open layers, a folder or a project."""
        self.sources.chosen = source
        in_project = self.project.folder if source == PROJECT else None
        self.setup.project_runs = None if in_project is None else in_project / RUNS
        self.source_changed.emit()

    @property
    def source(self) -> str:
        """Which source of training data is chosen."""
        return self.sources.chosen

    @property
    def data(self) -> LayerData | FolderData | ProjectData:
        """The chosen source."""
        return self.sources.data

    def data_name(self) -> str:
        """What the chosen data is called."""
        return self.sources.name()

    def open_run(self, folder: Path, *, whole: bool = False) -> None:
        """Take up a run from another day: look with its networks, or go on with it."""
        self.all_frames_for = folder if whole else None
        self.trainer.open(folder)

    def show(self, subject: Subject, frame: int) -> None:
        """Show a frame of an image; open its file first, if it is one that is not open."""
        if subject.layer is not None and self.layers.has(subject.layer):
            self.layers.show_frame(subject.layer, subject.axes, frame)
        elif subject.file is not None:
            self.project.files.open(subject.file, frame)
        else:
            self.status.say(f"{subject.name} is no longer open: open it again to see it.")

    def tell_error(self, sentence: str) -> None:
        """Show a sentence about something that did not work."""
        self.status.say(sentence)
        self.log.add(sentence)
        show_error(sentence)
        self.refused.emit(sentence)

    def image_files(self) -> list[tuple[str, Path | None]]:
        """The images that are open: their names, and the files they come from, if any."""
        return [(image.name, self._file_of(image)) for image in self.layers.images()]

    def layers_changed(self) -> None:
        """Layers were added, removed or renamed."""
        if self.closed or self.project.files.moving:
            return  # nothing is said any more, or when all layers are there
        self.project.files.layers_changed()  # label boxes too, which are no usable layer
        usable = [*self.layers.images(), *self.layers.drawable()]
        seen = [(layer, layer.name) for layer in usable], self.layer_data.lacks_boxes
        if seen == self._seen:
            return
        self._seen = seen
        self.layer_data.layers_changed()
        self.looking.layers_changed()

    def shut_down(self) -> None:
        """Ask the children to save and end, and let go of everything; what fails keeps nothing up.

        What is drawn comes first.
        """
        _sessions.pop(next((key for key, value in _sessions.items() if value is self), 0), None)
        self.closed = True
        brief, patient = 1000 * THREAD_PATIENCE, int(1000 * PATIENCE)
        steps: tuple[Callable[[], object], ...] = (
            self.correcting.leave,  # what is only proposed is no label
            partial(self.keeper.finish, brief),
            partial(self.results.typed.finish, brief),
            self.project.end,
            self.trainer.stop,
            self.batch.stop,
            self.predictor.end,
            self.batch_results.end,
            self.exporting.stop,
            self.devices.end,
            partial(self.trainer.end, patient),
            partial(self.batch.end, patient),
            partial(_stop_threads, brief),
            self.predictor.close,
            self._keys.release,
            self.log.close,
        )
        for step in steps:
            try:
                step()
            except InputError:
                continue  # nobody can be asked any more, and what is drawn stays as it is
            except Exception:
                logger.exception("While a viewer closed")

    def _on_layers(self, event: Any = None) -> None:  # noqa: ARG002  napari passes it
        self.layers_changed()

    def _on_step(self, event: Any = None) -> None:  # noqa: ARG002  napari passes it
        self.frame_changed.emit()

    def _file_of(self, image: Layer) -> Path | None:
        subject = self.subjects.of(image)
        if subject is not None and subject.file is not None:
            row = self.project.data.row_of(subject.file)
            return None if row is None else row.path
        path = image.source.path
        return None if path is None else Path(path)


_sessions: dict[int, Session] = {}


def _stop_threads(milliseconds: int) -> None:
    """Those that read and count, which may work for other viewers as well."""
    if not _sessions:
        stop_all(milliseconds)


def session_of(viewer: Any) -> Session:
    """The session of a viewer; made when first asked for."""
    viewer = unwrap(viewer)
    session = _sessions.get(id(viewer))
    if session is None or not session.layers.alive:
        make_up_for_lost_references()
        session = _sessions[id(viewer)] = Session(viewer)
    return session
