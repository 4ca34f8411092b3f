"""Predictions by image: their layers, their counts, and the counts of what a person drew."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from napari.layers import Image, Layer
from qtpy.QtCore import QObject, QTimer, Signal

from ._counts import CountRow, ImageCounts
from ._drawn_counts import DrawnCounts, Truth, count_drawn
from ._found_places import FoundPlace
from ._frames import FrameAxes
from ._layers import ViewerLayers
from ._prediction import FrameCounts, FrameLayers, Model
from ._predictor import Predictor
from ._result_layers import ResultLayers
from ._typed_counts import TypedCounts
from ._worker import Worker

logger = logging.getLogger(__name__)

POINTS_MS = 500
"""Least time between two updates of the points while frames arrive."""

POINTS_SHARE = 0.05
"""Of the window's time, at most, goes into these updates: many points take long."""

BREATH_MS = 50
"""For the person, between two new layers: napari stands still for each."""

OVER = object()


@dataclass
class ImageResult:
    """What was predicted for one image."""

    image: Image
    axes: FrameAxes
    model: Model
    layers: ResultLayers
    counts: ImageCounts
    places: dict[int, tuple[FoundPlace, ...]] = field(default_factory=dict)


class Results(QObject):
    """All predictions of a session.

    `changed` tells that there are new counts. The image predicted last is `current`.

    Parameters
    ----------
    layers, predictor
        Of the session.
    """

    changed = Signal()

    def __init__(
        self, layers: ViewerLayers, predictor: Predictor, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.current: ImageResult | None = None
        self.show_votes = False
        self.typed = TypedCounts(self)
        self.typed.changed.connect(self.changed)
        self._layers, self._predictor = layers, predictor
        self._by_image: dict[int, ImageResult] = {}
        self._truths: dict[int, tuple[Layer, Truth]] = {}
        self._counting: dict[int, Worker] = {}
        self._watched: list[Layer] = []
        self._points = QTimer(self)
        self._points.setSingleShot(True)
        self._points.setInterval(POINTS_MS)
        self._points.timeout.connect(self._show_points)
        self._missing: Iterator[None] = iter(())
        self._prepare = QTimer(self)
        self._prepare.setInterval(BREATH_MS)
        self._prepare.timeout.connect(self._prepare_layer)
        predictor.arrived.connect(self._on_arrived)
        predictor.ended.connect(self._on_ended)

    @property
    def counting(self) -> bool:
        """Whether labels are being counted."""
        return bool(self._counting)

    def predict(
        self, image: Image, axes: FrameAxes, frames: list[int], colors: Mapping[str, str]
    ) -> None:
        """Predict frames of an image with the networks in use."""
        model = self._predictor.model
        if model is None:
            return
        if self._points.isActive():
            self._show_points()  # of the image before
        self.current = self._result(image, axes, model, colors)
        data = image.data[0] if image.multiscale else image.data
        self._predictor.predict(data, axes, frames)
        self._missing = self.current.layers.prepare()
        self._prepare.start()
        self.count_drawn(image)
        self.typed.open(image, axes)
        self.changed.emit()

    def know(self, image: Layer, truth: Truth | None) -> None:
        """Take labels to compare the counts of an image with, or none."""
        if truth is None:
            self._truths.pop(id(image), None)
        else:
            self._truths[id(image)] = image, truth
        self.count_drawn(image)

    def count_drawn(self, image: Layer) -> None:
        """Count what is drawn on an image that is predicted."""
        key = id(image)
        if key not in self._by_image:
            return
        if key in self._counting:
            self._counting.pop(key).stop()
        if key not in self._truths:
            self._take_true(key, {})
            return
        before = self._by_image[key].counts.drawn
        worker = self._counting[key] = Worker(count_drawn(self._truths[key][1], before))
        worker.returned.connect(lambda counts: self._take_true(key, counts, worker))
        worker.failed.connect(lambda error: self._on_not_counted(key, worker, error))
        worker.begin()

    def all(self) -> list[ImageResult]:
        """What was predicted, image by image; of images that are gone too."""
        return list(self._by_image.values())

    def rows(self) -> list[CountRow]:
        """The table of all images."""
        return [row for result in self._by_image.values() for row in self.rows_of(result)]

    def rows_of(self, result: ImageResult) -> list[CountRow]:
        """The table of one image."""
        return result.counts.rows(self.typed.of(result.image))

    def show_mask_of(self, image: Layer | None, name: str | None) -> None:
        """Show the inconsistency mask of an image for one class, or for all (None)."""
        result = self.of(image)
        if result is not None:
            result.layers.show_mask_of(name)

    def toggle(self, image: Layer | None, key: str) -> None:
        """Show or hide the layer ``mask`` or ``votes`` of an image, else of the one before."""
        result = self.of(image) or self.current
        layer = None if result is None else result.layers.find(key)
        if layer is not None:
            layer.visible = not layer.visible

    def of(self, image: Layer | None) -> ImageResult | None:
        """What was predicted for an image, if anything."""
        return self._by_image.get(id(image))

    def _result(
        self, image: Image, axes: FrameAxes, model: Model, colors: Mapping[str, str]
    ) -> ImageResult:
        """The result of this image; a new one for other networks, axes or classes."""
        known = self._by_image.get(id(image))
        if known is None or (known.axes, known.model.scheme) != (axes, model.scheme):
            known = ImageResult(
                image,
                axes,
                model,
                ResultLayers(self._layers, image, axes, model.scheme, colors),
                ImageCounts(image.name),
            )
            known.layers.want_votes(wanted=self.show_votes)
        elif known.model != model:
            known.model, known.counts, known.places = model, ImageCounts(image.name), {}
            known.layers.clear()
        self._by_image[id(image)] = known
        return known

    def _prepare_layer(self) -> None:
        """Make one layer while the networks compute; the window can breathe before the next."""
        if next(self._missing, OVER) is OVER:
            self._prepare.stop()

    def _on_arrived(self, frame: FrameLayers, counts: FrameCounts) -> None:
        result = self.current
        if result is None:
            return
        there = self._layers.has(result.image)
        shown = there and self._layers.frame_shown(result.image, result.axes) == frame.frame
        result.layers.show(frame, shown=shown or not there)
        result.places[frame.frame] = frame.places
        result.counts.predicted[frame.frame] = counts.states
        result.counts.cells[frame.frame] = frame.counted
        result.counts.unclear[frame.frame] = counts.unclear
        result.counts.inconsistent[frame.frame] = counts.inconsistent
        result.counts.notes[frame.frame] = counts.notes
        self._watch(result)
        if not self._points.isActive():
            self._points.start()
        self.changed.emit()

    def _watch(self, result: ImageResult) -> None:
        """Tell when a person shows or hides a layer in napari's own list."""
        for key in ("mask", "votes"):
            layer = result.layers.find(key)
            if layer is not None and layer not in self._watched:
                self._watched.append(layer)
                layer.events.visible.connect(self._on_visible)

    def _on_visible(self, event: Any = None) -> None:  # noqa: ARG002  napari passes it
        self.changed.emit()

    def _on_ended(self, *_: Any) -> None:
        self._prepare.stop()
        self._show_points()
        for result in self._by_image.values():
            result.layers.drop_unused()

    def _show_points(self) -> None:
        self._points.stop()
        if self.current is not None:
            began = time.monotonic()
            self.current.layers.show_points()
            took = 1000 * (time.monotonic() - began)
            self._points.setInterval(max(POINTS_MS, round(took / POINTS_SHARE)))

    def _on_not_counted(self, key: int, worker: Worker, error: Exception) -> None:
        logger.warning("What is drawn cannot be counted: %s", error)
        self._take_true(key, {}, worker)

    def _take_true(
        self, key: int, counts: Mapping[int, DrawnCounts], worker: Worker | None = None
    ) -> None:
        if self._counting.get(key) is not worker:
            return  # another count has been started since
        self._counting.pop(key, None)
        if key in self._by_image:
            self._by_image[key].counts.drawn = dict(counts)
            self.changed.emit()
