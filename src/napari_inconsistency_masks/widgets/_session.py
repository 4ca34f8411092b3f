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

from napari.layers import Image, Layer
from napari.utils.notifications import show_error
from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QWidget

from ..data.sample import SegmentationData
from ..errors import InputError
from ..recipes import RECIPES
from ._closing import CloseGuard, RunningTask
from ._colors import class_colors
from ._devices import Devices
from ._drawing import Drawing
from ._folder_data import FolderData
from ._frames import FrameAxes, guess_axes
from ._keys import MASK_KEY, VOTES_KEY, Keys
from ._layer_data import LayerData
from ._layers import ViewerLayers, unwrap
from ._prediction import Model
from ._predictor import Predictor
from ._preparation import RunRequest
from ._results import Results
from ._saved_run import DEMO_MODEL
from ._status import Log, Status
from ._train_setup import TrainSetup
from ._trainer import Trainer
from ._worker import stop_all
from .preferences import preferences

logger = logging.getLogger(__name__)

LAYERS, FOLDER = "layers", "folder"
PATIENCE = 20.0
"""Seconds a training has to end its step and save when the viewer closes; one is usual."""

THREAD_PATIENCE = 2
"""The same for reading and counting, which only has to stop."""


class Session(QObject):
    """What goes on in one viewer.

    `source_changed` tells that training data comes from elsewhere or is otherwise chosen,
    `look_changed` that another image is looked at, `frame_changed` that the sliders were moved;
    `wanted` names a section to open.

    Parameters
    ----------
    viewer
        The viewer itself, no proxy; it is not kept alive.
    """

    source_changed = Signal()
    look_changed = Signal()
    frame_changed = Signal()
    wanted = Signal(str)
    refused = Signal(str)

    def __init__(self, viewer: Any) -> None:
        super().__init__()
        chosen = preferences()
        self.layers = ViewerLayers(viewer)
        self.status, self.log = Status(self), Log(self)
        self.devices = Devices(chosen.device, self.log.add, self)
        self.layer_data = LayerData(self.layers, self)
        self.folder_data = FolderData(self.status, self)
        self.trainer = Trainer(self.status, self.log.add, self)
        self.predictor = Predictor(self.status, lambda: self.devices.chosen, self.log.add, self)
        self.results = Results(self.layers, self.predictor, self)
        self.results.show_votes = chosen.show_votes
        self.setup = TrainSetup(chosen.preset, chosen.runs_folder, self.data_name, self)
        self.source = LAYERS
        self.look_image: Image | None = None
        self.drawn_since_start = False
        self._predict_all = False
        self._all_frames_for: Path | None = None
        self._started_from_layers = False
        self._seen: list[tuple[Layer, str]] | None = None
        self._closed = False
        self._guard = CloseGuard(self)
        self._task = RunningTask(viewer, self._guard.close)
        toggles = {MASK_KEY: partial(self.toggle, "mask"), VOTES_KEY: partial(self.toggle, "votes")}
        self._keys = Keys(viewer, toggles)
        self._connect(viewer)
        self.layers_changed()

    def watch(self, window: QWidget) -> None:
        """Follow the window a section was put into, to notice when it closes."""
        self._guard.watch(window)

    def choose_source(self, source: str) -> None:
        """Take training data from open layers or from a folder."""
        self.source = source
        self.source_changed.emit()

    def problem(self) -> str | None:
        """Why training cannot start from the chosen data, in a sentence, or None."""
        data = self.layer_data if self.source == LAYERS else self.folder_data
        return data.problem() or self._unfit_recipe()

    def _unfit_recipe(self) -> str | None:
        """Why the recipe cannot learn from data that is fine otherwise, or None."""
        unlabeled = self.layer_data if self.source == LAYERS else self.folder_data
        if RECIPES[self.setup.recipe].pseudo_labels and not unlabeled.unlabeled:
            return (
                "Everything is labeled, and the recipe Inconsistency Masks learns from unlabeled "
                "images too: choose the recipe Labeled data, augmented, or add images."
            )
        return None

    def data_name(self) -> str:
        """What the chosen data is called."""
        if self.source == LAYERS:
            image = self.layer_data.image
            return "layers" if image is None else str(image.name)
        path = self.folder_data.path
        return "folder" if path is None else path.stem

    def request(self) -> RunRequest:
        """What to start; `InputError` if the data or the settings are not ready."""
        problem = self.problem()
        if problem is not None:
            raise InputError(problem)
        data: Drawing | Callable[[], SegmentationData]
        data = self.layer_data.drawing() if self.source == LAYERS else self.folder_data.reader()
        self._started_from_layers, self.drawn_since_start = self.source == LAYERS, False
        folder, recipe, config = self.setup.final(self.devices.chosen)
        return RunRequest(folder, recipe, config, data)

    def use_run(self, run: Path, *, whole: bool = False) -> None:
        """Load the networks of a run, and predict the frame that is shown, or all frames."""
        self._predict_all = whole
        self.predictor.use(run)

    def open_run(self, folder: Path, *, whole: bool = False) -> None:
        """Take up a run from another day: use its networks as `use_run` does, or go on with it."""
        self._all_frames_for = folder if whole else None
        self.trainer.open(folder)

    def look_at(self, image: Image | None) -> None:
        """Choose the image to predict."""
        if image is not self.look_image:
            self.look_image = image
            self.look_changed.emit()

    def look_axes(self) -> FrameAxes | None:
        """The axes of the image to predict; as a person corrected them, if it was this image."""
        image = self.look_image
        if image is None:
            return None
        if image is self.layer_data.image:
            return self.layer_data.axes
        shape = image.data[0].shape if image.multiscale else image.data.shape
        return guess_axes(shape, rgb=image.rgb, names=image.axis_labels)[0]

    def look_problem(self) -> str | None:
        """Why nothing can be predicted now, in a sentence, or None."""
        model, axes = self.predictor.model, self.look_axes()
        if model is None:
            if self.predictor.loading is not None:
                return f"The networks of {self.predictor.loading.name} are being loaded."
            return "There are no networks yet: train some, open another run, or open the demo."
        if axes is None:
            return "There is no image: open one to see what the networks make of it."
        if axes.channels != model.channels and not (model.channels == 1 and axes.channels == 3):
            channels = "1 channel" if axes.channels == 1 else f"{axes.channels} channels"
            return (
                f"{self.look_image.name!r} has {channels} and the networks take "  # type: ignore[union-attr]
                f"{model.channels}: choose an image like those they were trained on."
            )
        return None

    def predict(self, *, whole: bool) -> None:
        """Predict the frame that is shown, or all frames."""
        image, axes, model = self.look_image, self.look_axes(), self.predictor.model
        problem = self.look_problem()
        if problem is not None or image is None or axes is None or model is None:
            self.tell_error(problem or "There is no image.")
            return
        shown = self.layers.frame_shown(image, axes)
        frames = [shown, *(f for f in range(axes.count) if f != shown)] if whole else [shown]
        self._repeat_prediction(image, model)
        self.results.predict(image, axes, frames, self.colors(model.scheme.classes))

    def colors(self, names: tuple[str, ...]) -> dict[str, str]:
        """A color per class, as chosen under 1 Data where the names are the same."""
        return class_colors(names, {row.name: row.color for row in self.layer_data.rows})

    def toggle(self, key: str) -> None:
        """Show or hide the layer ``mask`` or ``votes`` of the image that is looked at."""
        self.results.toggle(self.look_image, key)

    def tell_error(self, sentence: str) -> None:
        """Show a sentence about something that did not work."""
        self.status.say(sentence)
        self.log.add(sentence)
        show_error(sentence)
        self.refused.emit(sentence)

    def layers_changed(self) -> None:
        """Layers were added, removed or renamed."""
        usable = [*self.layers.images(), *self.layers.drawable()]
        seen = [(layer, layer.name) for layer in usable]
        if seen == self._seen:
            return
        self._seen = seen
        self.layer_data.layers_changed()
        if not self.layers.has(self.look_image):
            self.look_at(self.layers.active_image())
        self.look_changed.emit()

    def shut_down(self) -> None:
        """Ask the children to save and end, and let go of everything."""
        _sessions.pop(next((key for key, value in _sessions.items() if value is self), 0), None)
        self._closed = True
        self.trainer.stop()
        self.predictor.end()
        if self.devices.child is not None:
            self.devices.child.kill()  # it has nothing to save
        training = self.trainer.child
        if training is not None:
            training.close_input()
            if not training.wait(int(1000 * PATIENCE)):
                training.kill()
        if not _sessions:
            stop_all(1000 * THREAD_PATIENCE)  # these may work for other viewers as well
        self.predictor.close()
        self._keys.release()
        self.log.close()

    def _connect(self, viewer: Any) -> None:
        for name in ("inserted", "removed", "renamed"):
            viewer.layers.events.emitters[name].connect(self._on_layers)
        viewer.dims.events.current_step.connect(self._on_step)
        self._guard.closing.connect(self.shut_down)
        self.layer_data.changed.connect(self.source_changed)
        self.layer_data.changed.connect(self.look_changed)  # the axes may be of the same image
        self.layer_data.scanned.connect(self._on_scanned)
        self.layer_data.drawn.connect(self._on_drawn)
        self.folder_data.changed.connect(self.source_changed)
        self.source_changed.connect(self.setup.changed)
        self.setup.changed.connect(self.trainer.reconsider)
        self.trainer.prepared.connect(self.setup.started)
        self.trainer.changed.connect(self._on_training_changed)
        self.trainer.finished.connect(self._on_finished)
        self.predictor.loaded.connect(self._on_loaded)
        self.predictor.ended.connect(self._on_prediction_ended)

    def _on_layers(self, event: Any = None) -> None:  # noqa: ARG002  napari passes it
        self.layers_changed()

    def _on_step(self, event: Any = None) -> None:  # noqa: ARG002  napari passes it
        self.frame_changed.emit()

    def _on_scanned(self) -> None:
        image = self.layer_data.image
        if image is not None and self.layer_data.scan is not None:
            drawn = self.layer_data.scan.labeled.any()
            self.results.know(image, self.layer_data.drawing() if drawn else None)
        self.source_changed.emit()

    def _on_drawn(self) -> None:
        if self.trainer.machine.busy and self._started_from_layers and not self.drawn_since_start:
            self.drawn_since_start = True
            self.trainer.changed.emit()

    def _on_training_changed(self) -> None:
        self._task.update("a training is running" if self.trainer.machine.busy else None)

    def _on_finished(self, run: Path) -> None:
        if self._closed:
            return  # its last word while the window closes: nothing may be started any more
        self.use_run(run, whole=run == self._all_frames_for)

    def _on_loaded(self, _: Model) -> None:
        self.wanted.emit("look")
        if self.look_problem() is None:
            self.predict(whole=self._predict_all)

    def _on_prediction_ended(self, sentence: str, ok: bool) -> None:
        if not ok and not sentence.startswith("Canceled"):
            self.tell_error(sentence)

    def _repeat_prediction(self, image: Image, model: Model) -> None:
        if model.run == DEMO_MODEL:
            return  # there are no files to repeat it with
        source = getattr(image.source, "path", None) or "IMAGES"
        self.status.repeat_with("predict", str(model.run), str(source), "--out", "predictions")


_sessions: dict[int, Session] = {}


def session_of(viewer: Any) -> Session:
    """The session of a viewer; made when first asked for."""
    viewer = unwrap(viewer)
    session = _sessions.get(id(viewer))
    if session is None or not session.layers.alive:
        session = _sessions[id(viewer)] = Session(viewer)
    return session
