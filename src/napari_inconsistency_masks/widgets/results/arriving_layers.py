"""Layers of an image while its frames arrive: the window must not stand still for them."""

from __future__ import annotations

import time
from collections.abc import Iterator

from qtpy.QtCore import QObject, QTimer

from ..layers.viewer_layers import ViewerLayers
from ..predicting.prediction import FrameLayers
from .image_result import ImageResult

POINTS_MS = 500
"""Least time between two updates of the points while frames arrive."""

POINTS_SHARE = 0.05
"""Of the window's time, at most, goes into these updates: many points take long."""

BREATH_MS = 50
"""For the person, between two new layers: napari stands still for each."""

OVER = object()


class ArrivingLayers(QObject):
    """Makes the layers of a result one by one, and shows its frames as they arrive.

    An image that was removed meanwhile gets no layers.

    Parameters
    ----------
    layers
        Of the viewer.
    """

    def __init__(self, layers: ViewerLayers, parent: QObject) -> None:
        super().__init__(parent)
        self._layers = layers
        self._result: ImageResult | None = None
        self._missing: Iterator[None] = iter(())
        self._breath = QTimer(self)
        self._breath.setInterval(BREATH_MS)
        self._breath.timeout.connect(self._make_layer)
        self._points = QTimer(self)
        self._points.setSingleShot(True)
        self._points.setInterval(POINTS_MS)
        self._points.timeout.connect(self._show_points)

    def begin(self, result: ImageResult) -> None:
        """Frames of this result come next."""
        if self._points.isActive():
            self._show_points()  # of the image before
        self._result = result
        self._missing = iter(()) if result.layers is None else result.layers.prepare()
        self._breath.start()

    def take(self, frame: FrameLayers) -> None:
        """Show a frame; its points follow soon."""
        result = self._there()
        if result is None or result.layers is None:
            return
        here = self._layers.frame_shown(result.image, result.axes)
        result.layers.show(frame, shown=here == frame.frame)
        if not self._points.isActive():
            self._points.start()

    def end(self) -> None:
        """No more frames come."""
        self._breath.stop()
        self._show_points()

    def _there(self) -> ImageResult | None:
        """The result, if its image is in the viewer, so that layers may lie on it."""
        result = self._result
        return result if result is not None and self._layers.has(result.image) else None

    def _make_layer(self) -> None:
        """Make one layer while the networks compute; the window can breathe before the next."""
        if self._there() is None or next(self._missing, OVER) is OVER:
            self._breath.stop()

    def _show_points(self) -> None:
        self._points.stop()
        result = self._there()
        if result is not None and result.layers is not None:
            began = time.monotonic()
            result.layers.show_points()
            took = 1000 * (time.monotonic() - began)
            self._points.setInterval(max(POINTS_MS, round(took / POINTS_SHARE)))
