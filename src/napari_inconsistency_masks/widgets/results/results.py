"""Predictions by image: their layers, their counts, and the counts of what a person drew."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from typing import Any

from napari.layers import Image, Layer
from qtpy.QtCore import QObject, QTimer, Signal

from ..counting.counts import CountRow, ImageCounts
from ..counting.drawn_counts import DrawnCounts, Truth
from ..counting.true_counts import TrueCounts
from ..counting.typed_counts import TypedCounts
from ..layers.frames import FrameAxes
from ..layers.subject import Subject, Subjects
from ..layers.viewer_layers import ViewerLayers
from ..predicting.prediction import FrameCounts, FrameLayers, Model
from ..predicting.predictor import Predictor, Tell, tell_frames
from .arriving_layers import ArrivingLayers
from .image_result import ImageResult
from .spare_layers import SpareLayers

FILES_MS = 1000
"""Least time between two words about new counts of files that are not open."""


class Results(QObject):
    """All predictions of a session.

    `changed` tells that there are new counts. The image predicted last is `current`.

    Parameters
    ----------
    layers, predictor, subjects
        Of the session.
    """

    changed = Signal()

    def __init__(
        self,
        layers: ViewerLayers,
        predictor: Predictor,
        subjects: Subjects,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.current: ImageResult | None = None
        self.true = TrueCounts(self)
        self.true.counted.connect(self._on_counted)
        self.typed = TypedCounts(self)
        self.typed.changed.connect(self.changed)
        self._predictor, self._subjects = predictor, subjects
        self._by_subject: dict[Subject, ImageResult] = {}
        self._watched: weakref.WeakSet[Layer] = weakref.WeakSet()
        self._names: list[str] = []
        self.spare = SpareLayers(layers)
        self._arriving = ArrivingLayers(layers, self)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(FILES_MS)
        self._soon.timeout.connect(self.changed)
        predictor.renewed.connect(self._on_renewed)
        predictor.arrived.connect(self._on_arrived)
        predictor.ended.connect(self._on_ended)

    @property
    def counting(self) -> bool:
        """Whether labels are being counted."""
        return self.true.busy

    def predict(
        self, image: Image, axes: FrameAxes, frames: list[int], colors: Mapping[str, str]
    ) -> None:
        """Predict frames of an image with the newest networks of the run in use."""
        data = image.data[0] if image.multiscale else image.data
        subject = self._subjects.make(image, axes)
        self.predict_subject(subject, axes, data, frames, colors, newest=True)

    def predict_subject(
        self,
        subject: Subject,
        axes: FrameAxes,
        data: Any,
        frames: list[int],
        colors: Mapping[str, str],
        tell: Tell = tell_frames,
        *,
        newest: bool = False,
    ) -> None:
        """The same for an array that need not be shown; `tell` says how far it is.

        Many arrays, one after the other, are predicted with the networks in use, not the `newest`.
        """
        model = self._predictor.model
        if model is None:
            return
        known = self._by_subject.get(subject)
        if known is not None and not known.is_of(data):
            known.clear()
            self.typed.forget([subject])  # they were typed for another image
        self.current = result = self._result(subject, axes, model, colors)
        result.begin(data)
        self._predictor.predict(data, axes, frames, subject.name, tell, newest=newest)
        self._arriving.begin(result)
        self._count(subject)
        self.typed.open(subject, data)
        self.changed.emit()

    def know(self, image: Layer, truth: Truth | None) -> None:
        """Take labels to compare the counts of an image with, or none."""
        self.true.know(image, truth)
        self.count_drawn(image)

    def lie_on(self, image: Layer | None) -> None:
        """An image was scaled or moved: its results are where it is."""
        result = self.of(image)
        if image is not None and result is not None and result.layers is not None:
            result.layers.lie_on(image)

    def count_drawn(self, image: Layer) -> None:
        """Count what is drawn on an image that is predicted."""
        subject = self._subjects.of(image)
        if subject is not None:
            self._count(subject)

    def layers_changed(self) -> None:
        """Layers came, went, or are called something else now."""
        before, self._names = self._names, [subject.name for subject in self._by_subject]
        if before != self._names:
            self.changed.emit()

    def show(self, subject: Subject) -> None:
        """A file that may have been predicted is open now."""
        result = self._by_subject.get(subject)
        if result is not None and subject.layer is not None and result.axes == subject.axes:
            result.layers = self.spare.give(subject.layer, result)
        else:
            self.spare.keep_empty(subject)
        self.changed.emit()

    def hide(self, subject: Subject, image: Layer) -> None:
        """A file is no longer open: its counts and places stay, its layers wait for another."""
        self.true.know(image, None)
        result = self._by_subject.get(subject)
        if result is not None and result.layers is not None:
            self.spare.take(result.layers)
            result.layers = None
        self.changed.emit()

    def forget(self, subjects: Iterable[Subject]) -> None:
        """Know no more of files whose project is closed."""
        subjects = list(subjects)
        self.typed.forget(subjects)
        for subject in subjects:
            result = self._by_subject.pop(subject, None)
            if result is not None and self.current is result:
                self.current = None
        self.changed.emit()

    def _count(self, subject: Subject) -> None:
        if subject in self._by_subject:
            self.true.count(subject, self._by_subject[subject].counts.drawn)

    def all(self) -> list[ImageResult]:
        """What was predicted, image by image; of images that are gone too."""
        return list(self._by_subject.values())

    def rows(self) -> list[CountRow]:
        """The table of all images."""
        return [row for result in self._by_subject.values() for row in self.rows_of(result)]

    def rows_of(self, result: ImageResult) -> list[CountRow]:
        """The table of one image."""
        subject = result.subject
        return result.counts.rows(subject.name, self.typed.of(subject), subject)

    def show_mask_of(self, image: Layer | None, name: str | None) -> None:
        """Show the inconsistency mask of an image for one class, or for all (None)."""
        result = self.of(image)
        if result is not None and result.layers is not None:
            result.layers.show_mask_of(name)

    def toggle(self, image: Layer | None, key: str) -> None:
        """Show or hide the layer ``mask`` or ``votes`` of an image, else of the one before."""
        result = self.of(image) or self.current
        shown = None if result is None else result.layers
        layer = None if shown is None else shown.find(key)
        if layer is not None:
            layer.visible = not layer.visible

    def of(self, image: Layer | None) -> ImageResult | None:
        """What was predicted for an image, if anything."""
        subject = self._subjects.of(image)
        return None if subject is None else self.of_subject(subject)

    def of_subject(self, subject: Subject) -> ImageResult | None:
        """The same for what may not be open."""
        return self._by_subject.get(subject)

    def _result(
        self, subject: Subject, axes: FrameAxes, model: Model, colors: Mapping[str, str]
    ) -> ImageResult:
        """The result of this image; a new one for other networks, axes or classes.

        A retraining that was no better ends with the networks before it: what they predicted stays.
        """
        known = self._by_subject.get(subject)
        if known is None or (known.axes, known.model.scheme) != (axes, model.scheme):
            known = ImageResult(subject, axes, model, dict(colors), ImageCounts())
            if subject.layer is not None:
                known.layers = self.spare.give(subject.layer, known)
        elif not known.model.predicts_like(model):
            known.clear()
        if known.layers is not None and subject.layer is not None:
            known.layers.lie_on(subject.layer)
        known.model = model
        self._by_subject[subject] = known
        return known

    def _on_renewed(self, model: Model) -> None:
        """What is being predicted begins again with other networks."""
        result = self.current
        if result is not None:
            self._result(result.subject, result.axes, model, result.colors)
            self.changed.emit()

    def _on_arrived(self, frame: FrameLayers, counts: FrameCounts) -> None:
        result = self.current
        if result is None:
            return
        self._arriving.take(frame)
        result.places[frame.frame] = frame.places
        result.counts.predicted[frame.frame] = counts.states
        result.counts.cells[frame.frame] = frame.counted
        result.counts.unclear[frame.frame] = counts.unclear
        result.counts.inconsistent[frame.frame] = counts.inconsistent
        result.counts.notes[frame.frame] = counts.notes
        result.counts.areas[frame.frame] = frame.areas
        self._watch(result)
        if result.layers is None:
            if not self._soon.isActive():
                self._soon.start()
            return
        self.changed.emit()

    def _watch(self, result: ImageResult) -> None:
        """Tell when a person shows or hides a layer in napari's own list."""
        for key in ("mask", "votes") if result.layers is not None else ():
            layer = result.layers.find(key) if result.layers is not None else None
            if layer is not None and layer not in self._watched:
                self._watched.add(layer)
                layer.events.visible.connect(self._on_visible)

    def _on_visible(self, event: Any = None) -> None:  # noqa: ARG002  napari passes it
        self.changed.emit()

    def _on_ended(self, *_: Any) -> None:
        self._arriving.end()
        for result in self._by_subject.values():
            if result.layers is not None:
                result.layers.drop_unused()

    def _on_counted(self, subject: Subject, counts: Mapping[int, DrawnCounts]) -> None:
        if subject in self._by_subject:
            self._by_subject[subject].counts.drawn = dict(counts)
            self.changed.emit()
