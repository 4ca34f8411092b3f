"""Where napari lets a person draw, and how far back its own undo leads: plain logic, no Qt."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Labels, Layer


def can_be_painted(layer: Labels) -> bool:
    """Whether single pixels can be changed.

    Not in a pyramid, nor where dask or h5py reads a file, nor in what is open for reading only.
    """
    data = layer.data
    if layer.multiscale or getattr(data, "read_only", False):
        return False
    if isinstance(data, np.ndarray):
        return bool(data.flags.writeable)
    try:
        data[tuple(np.zeros((layer.ndim, 1), np.int64))]  # as napari asks for what it changes
    except (NotImplementedError, TypeError):
        return False
    return True


def forget_undo(layer: Labels) -> None:
    """Let no undo lead further back than to what is drawn now; all else stays as it is."""
    hold = HeldLayers()
    hold.take(layer)
    hold.release()


class HeldLayers:
    """Layers in which nobody can draw, as they are about to show something else.

    No undo leads back into what they showed before.
    """

    def __init__(self) -> None:
        self._held: list[tuple[Any, str]] = []

    def take(self, layer: Layer) -> None:
        """Let nobody draw in a layer; once more after it got other data, which allows it."""
        if not layer.editable:
            return
        if not any(layer is held for held, _ in self._held):
            self._held.append((layer, str(layer.mode)))
        layer.editable = False  # forgets all strokes

    def release(self) -> None:
        """Let the person draw as before."""
        for layer, mode in self._held:
            layer.editable = True
            layer.mode = mode
        self._held.clear()
