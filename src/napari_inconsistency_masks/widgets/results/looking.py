"""Which image is looked at, with which networks, and what is shown of it."""

from __future__ import annotations

from pathlib import Path

from napari.layers import Image
from qtpy.QtCore import QObject, Signal

from ..drawing.layer_data import LayerData
from ..layers.covering import Opened
from ..layers.fitting import by, shape_of
from ..layers.frames import FrameAxes, guess_axes
from ..layers.subject import Subjects
from ..layers.viewer_layers import ViewerLayers
from ..parts.colors import class_colors
from ..predicting.prediction import Model
from ..predicting.predictor import Predictor
from ..runs.saved_run import DEMO_MODEL
from ..work.status import Status
from .results import Results


class Looking(QObject):
    """The image a person looks at, and its prediction.

    `changed` tells that another image is looked at, or that its axes may be others; `ready` that
    networks were loaded; `refused` says in a sentence why nothing could be predicted.

    Parameters
    ----------
    layers, layer_data, predictor, status, subjects
        Of the session.
    """

    changed = Signal()
    ready = Signal()
    refused = Signal(str)

    def __init__(
        self,
        layers: ViewerLayers,
        layer_data: LayerData,
        predictor: Predictor,
        status: Status,
        subjects: Subjects,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.image: Image | None = None
        self.results = Results(layers, predictor, subjects, self)
        self._layers, self._layer_data = layers, layer_data
        self._opened = Opened(layers)
        self._predictor, self._status, self._subjects = predictor, status, subjects
        self._predict_all = False
        self._quiet: Path | None = None
        layer_data.changed.connect(self.changed)  # the axes may be of the same image
        predictor.loaded.connect(self._on_loaded)
        predictor.ended.connect(self._on_ended)

    def choose(self, image: Image | None) -> None:
        """Choose the image to predict."""
        if image is not self.image:
            self.image = image
            self.changed.emit()

    def layers_changed(self) -> None:
        """Layers were added, removed or renamed: look at an image that is there, and is seen."""
        opened_over = self._opened.over(self.image)
        if not self._layers.has(self.image):
            self.choose(self._layers.active_image())
        elif opened_over is not None:
            self.choose(opened_over)
        self.results.layers_changed()
        self.changed.emit()

    def use(self, run: Path, *, whole: bool = False) -> None:
        """Load the networks of a run, and predict the frame that is shown, or all frames."""
        self._predict_all, self._quiet = whole, None
        self._predictor.use(run)

    def use_quietly(self, run: Path) -> None:
        """Load the networks of a run for later, if there are none yet."""
        if self._predictor.model is None and self._predictor.loading is None:
            self._quiet = run
            self._predictor.use(run)

    @property
    def networks(self) -> Path | None:
        """The run whose networks are in use, or are being loaded."""
        model = self._predictor.model
        return self._predictor.loading or (None if model is None else model.run)

    def forget_networks(self) -> None:
        """Use no networks any more; what they predicted stays."""
        self._predictor.forget()
        self.changed.emit()

    def axes(self) -> FrameAxes | None:
        """The axes of the image; as a person corrected them, if training learns from it too."""
        image = self.image
        if image is None:
            return None
        if image is self._layer_data.image:
            return self._layer_data.axes
        subject = self._subjects.of(image)
        if subject is not None and subject.file is not None:
            return subject.axes
        return guess_axes(shape_of(image), rgb=image.rgb, names=image.axis_labels)[0]

    def problem(self) -> str | None:
        """Why nothing can be predicted now, in a sentence, or None."""
        image, model, axes = self.image, self._predictor.model, self.axes()
        if model is None:
            if self._predictor.loading is not None:
                return f"The networks of {self._predictor.loading.name} are being loaded."
            return "There are no networks yet: train some, open another run, or open the demo."
        if image is None or axes is None:
            return "There is no image: open one to see what the networks make of it."
        if shape_of(image) != axes.shape:
            return (
                f"Image {image.name!r} has the shape {by(shape_of(image))} now and was opened with "
                f"{by(axes.shape)}: open its file again."
            )
        return self.misfit(repr(image.name), axes, model)

    def misfit(self, name: str, axes: FrameAxes, model: Model) -> str | None:
        """Why networks cannot predict an image of these axes, in a sentence, or None."""
        if axes.channels == model.channels or (model.channels == 1 and axes.channels == 3):
            return None
        channels = "1 channel" if axes.channels == 1 else f"{axes.channels} channels"
        wrong = axes.channels == 1 and model.channels in axes.stack_shape
        hint = ", or say under 1 Data which of its axes are the channels" if wrong else ""
        return (
            f"{name} has {channels} and the networks take {model.channels}: choose an image like "
            f"those they were trained on{hint}."
        )

    def predict(self, *, whole: bool) -> None:
        """Predict the frame that is shown, or all frames."""
        image, axes, model = self.image, self.axes(), self._predictor.model
        problem = self.problem()
        if problem is not None or image is None or axes is None or model is None:
            self.refused.emit(problem or "There is no image.")
            return
        shown = self._layers.frame_shown(image, axes)
        frames = [shown, *(f for f in range(axes.count) if f != shown)] if whole else [shown]
        self._repeat_with(image, model)
        self.results.predict(image, axes, frames, self.colors(model.scheme.classes))

    def colors(self, names: tuple[str, ...]) -> dict[str, str]:
        """A color per class, as chosen under 1 Data where the names are the same."""
        return class_colors(names, {row.name: row.color for row in self._layer_data.rows})

    def toggle(self, key: str) -> None:
        """Show or hide the layer ``mask`` or ``votes`` of the image."""
        self.results.toggle(self.image, key)

    def _on_loaded(self, model: Model) -> None:
        quiet, self._quiet = self._quiet, None
        if quiet == model.run:
            self.changed.emit()
            return
        self.ready.emit()
        if self.problem() is None:
            self.predict(whole=self._predict_all)

    def _on_ended(self, sentence: str, ok: bool) -> None:
        if not ok and not sentence.startswith("Canceled"):
            self.refused.emit(sentence)

    def _repeat_with(self, image: Image, model: Model) -> None:
        if model.run == DEMO_MODEL:
            return  # there are no files to repeat it with
        source = getattr(image.source, "path", None) or "IMAGES"
        self._status.repeat_with("batch", str(model.run), str(source), "--out", "results")
