"""Images that lie over others: what is drawn or predicted on those would seem to be theirs."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
from napari.layers import Image
from qtpy.QtCore import QObject, Signal

from .viewer_layers import ViewerLayers, role_of

_HIDE = frozenset({"opaque", "translucent", "translucent_no_depth"})
"""How a layer is blended if what lies below is not seen through it."""


def covering(layers: ViewerLayers, image: Image | None) -> Image | None:
    """The topmost image that hides the middle of another one, as the viewer is now, or None."""
    images = layers.images() if layers.flat else []
    above = next((n for n, other in enumerate(images, 1) if other is image), len(images))
    hiding = (other for other in reversed(images[above:]) if _hides(other, image))
    return next(hiding, None)


def _hides(upper: Image, lower: Image | None) -> bool:
    if lower is None or not upper.visible or upper.opacity < 1 or upper.blending not in _HIDE:
        return False
    first, last = np.asarray(upper.extent.world)[:, -2:]
    middle = np.asarray(lower.extent.world)[:, -2:].mean(axis=0)
    return bool((first <= middle).all() and (middle <= last).all())


_TOLD_BY = frozenset({"visible", "opacity", "blending", "reordered", "scale", "translate"})
"""Events of layers and of their list after which another image may lie on top."""


class Stacking(QObject):
    """Tells when other layers may be seen, though none came or went."""

    changed = Signal()

    def __init__(self, viewer: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        viewer.layers.events.connect(self._on_layers)  # those of each layer, too
        viewer.dims.events.ndisplay.connect(self._on_view)
        viewer.canvas.grid.events.enabled.connect(self._on_view)

    def _on_layers(self, event: Any) -> None:
        if event.type in _TOLD_BY:
            self.changed.emit()

    def _on_view(self, event: Any = None) -> None:  # noqa: ARG002  napari passes it
        self.changed.emit()


class Opened:
    """Which images the person has opened since last asked."""

    def __init__(self, layers: ViewerLayers) -> None:
        self._layers = layers
        self._known: weakref.WeakSet[Image] = weakref.WeakSet(layers.images())

    def over(self, image: Image | None) -> Image | None:
        """The one of them that hides an image now, or None."""
        opened = [item for item in self._layers.images() if item not in self._known]
        self._known.update(opened)
        cover = covering(self._layers, image) if opened else None
        is_new = cover is not None and role_of(cover) is None
        return cover if is_new and any(cover is item for item in opened) else None
