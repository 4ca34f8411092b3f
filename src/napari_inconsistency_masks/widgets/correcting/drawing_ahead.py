"""Making the layers to draw in before they are needed: napari stands still for each."""

from __future__ import annotations

import weakref

from napari.layers import Image, Layer
from qtpy.QtCore import QObject, QTimer

from ..drawing.drawing_layers import add_missing_layer
from ..drawing.layer_data import LayerData

BREATH_MS = 50
"""For the person, between two new layers."""


class DrawingAhead(QObject):
    """Makes a layer for each class that has none, and that of label boxes, once per image.

    Parameters
    ----------
    data
        Of the session: which image is drawn on.
    """

    def __init__(self, data: LayerData, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._data = data
        self._begun: weakref.WeakSet[Image] = weakref.WeakSet()
        self._first: Layer | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(BREATH_MS)
        self._timer.timeout.connect(self._step)

    def begin(self) -> None:
        """Make them one by one; those that a person removes later are left out."""
        image = self._data.image
        if image is not None and image not in self._begun:
            self._begun.add(image)
            self._timer.start()

    def finish(self) -> None:
        """Make those that are missing now, and select the first that was made."""
        self._timer.stop()
        while self._make_class():
            pass
        if self._data.layers.has(self._first) and self._first is not None:
            self._data.layers.select(self._first)
        self._first = None

    def _step(self) -> None:
        data = self._data
        if not data.layers.alive or data.image not in self._begun:
            self._timer.stop()  # another image is drawn on now
            return
        if self._make_class() or data.image is None or data.axes is None:
            return
        self._timer.stop()
        data.boxes.prepare(data.image, data.axes)

    def _make_class(self) -> bool:
        """Make a layer that is missing; False if there is none."""
        made = add_missing_layer(self._data)
        if made is not None and not self._data.layers.has(self._first):
            self._first = made
        return made is not None
