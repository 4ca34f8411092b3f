"""Layers for tests of the window."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Image, Labels, Points


def add_image(viewer: Any, shape: tuple[int, ...] = (40, 48), **about: Any) -> Image:
    """Noise as an image layer, called ``cells`` unless something else is said."""
    pixels = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    return viewer.add_layer(Image(pixels, **{"name": "cells", **about}))


def add_labels(viewer: Any, name: str, shape: tuple[int, ...] = (40, 48), **about: Any) -> Labels:
    """A labels layer with nothing on it."""
    return viewer.add_layer(Labels(np.zeros(shape, np.uint8), name=name, **about))


def add_points(viewer: Any, name: str, points: Any, **about: Any) -> Points:
    """A points layer."""
    return viewer.add_layer(Points(np.asarray(points, float), name=name, **about))
