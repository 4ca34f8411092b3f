"""Strokes on an image that is not the chosen one."""

from __future__ import annotations

import weakref
from typing import Any

from napari.layers import Image, Layer
from qtpy.QtCore import QObject

from ..layers.viewer_layers import unwrap
from .label_scan import strokes_of
from .layer_data import LayerData


class Elsewhere(QObject):
    """Whoever draws on an image while another one is chosen, chooses it: so it is saved.

    Layers are known by the image that they were drawn in for; files of a project are not looked
    at, nor layers that the chosen image is drawn in as well.

    Parameters
    ----------
    data
        Says which image is chosen.
    """

    def __init__(self, data: LayerData, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._data = data
        self._images: weakref.WeakKeyDictionary[Layer, weakref.ref[Image]] = (
            weakref.WeakKeyDictionary()
        )
        data.leaving.connect(self._on_leaving)

    def _on_leaving(self) -> None:
        image = self._data.image
        if image is None or self._data.image_layers.own.of(image) is not None:
            return
        mine = self._layers()
        before = [layer for layer, its in self._images.items() if its() is image]
        for layer in before:
            if not any(layer is other for other in mine):
                del self._images[layer]  # it is drawn in no longer for this image
        for layer in mine:
            if layer not in self._images:
                for name in strokes_of(layer):
                    emitter = layer.events.emitters.get(name)
                    if emitter is not None:
                        emitter.connect(self._on_stroke)
            self._images[layer] = weakref.ref(image)

    def _layers(self) -> list[Layer]:
        """Those of the chosen image."""
        data = self._data
        boxes = None if data.image is None else data.boxes.layer(data.image)
        found = [*(row.layer for row in data.drawn_rows), boxes]
        return [layer for layer in found if layer is not None]

    def _on_stroke(self, event: Any) -> None:
        layer, data = unwrap(event.source), self._data
        its = self._images.get(layer)
        image = None if its is None else its()
        if image is None or image is data.image or not data.layers.has(image):
            return
        if any(layer is mine for mine in self._layers()):
            return
        data.choose_image(image)
        if any(layer is mine for mine in self._layers()):
            data.drawn.emit()
