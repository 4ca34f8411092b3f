"""The layers of an image of a batch and its results: made once, and filled anew for the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from napari.layers import Image, Labels, Layer, Points

from ...cells import UNCLEAR
from ...task import LabelScheme
from ..drawing.drawing_layers import numbered_colors
from ..layers.file_frames import layer_look
from ..layers.viewer_layers import ViewerLayers, geometry, mark, put
from ..parts.colors import MASK_COLOR, UNCLEAR_COLOR, state_symbol
from ..results.result_layers import AREA_OPACITY, POINT_SIZE
from .frames import FrameArray, KeptFrames
from .reading import ReadImage, plane_type

CELLS, IMAGE = "cells", "image"
WORDS = {"mask": "inconsistency", "labels": "labels", "votes": "votes", CELLS: "cells"}
HIDDEN = ("labels", "votes")
"""Kinds that would hide others."""


class BatchLayers:
    """The layers that show one image of a batch; all are made here, and known by identity.

    Parameters
    ----------
    layers
        Of the viewer.
    """

    def __init__(self, layers: ViewerLayers) -> None:
        self._layers = layers
        self._made: dict[str, Layer] = {}
        self._letters: tuple[str, bool] = ("", False)

    @property
    def image(self) -> Layer | None:
        """The image, if it is (still) there."""
        layer = self._made.get(IMAGE)
        return layer if self._layers.has(layer) else None

    def show(
        self,
        read: ReadImage,
        frames: KeptFrames,
        scheme: LabelScheme,
        colors: Mapping[str, str],
    ) -> Iterator[None]:
        """Show an image in the place of the one before, a layer at each step."""
        keys = [IMAGE, *(f"class {name}" for name in read.classes), *read.kinds]
        keys += [CELLS] if read.points is not None else []
        letters = (read.axes.layer_letters, read.axes.color_last)
        gone = set(self._made) if letters != self._letters else set(self._made) - {*keys}
        for key in [key for key in reversed(list(self._made)) if key in gone]:
            self._layers.remove(self._made.pop(key))
            yield
        self._letters = letters
        made = _Maker(read, frames, scheme, colors)
        for key in keys:
            layer = self._made.get(key)
            if layer is not None and self._layers.has(layer):
                made.fill(key, layer)
            else:
                layer = made.new(key)
                self._made[key] = self._layers.add(layer)
            if key == IMAGE:
                made.where = geometry(self._made[IMAGE], read.axes)
            yield

    def refresh(self) -> None:
        """Draw again what is shown: it has come."""
        for key, layer in self._made.items():
            if key != CELLS and self._layers.has(layer):
                layer.refresh()

    def remove(self) -> Iterator[None]:
        """Remove all layers from the top, one at each step."""
        for key in reversed(list(self._made)):
            self._layers.remove(self._made.pop(key))
            yield


class _Maker:
    """Makes and fills layers for one image."""

    def __init__(
        self,
        read: ReadImage,
        frames: KeptFrames,
        scheme: LabelScheme,
        colors: Mapping[str, str],
    ) -> None:
        self._read, self._frames = read, frames
        self._scheme, self._colors = scheme, colors
        self.where: dict[str, Any] = {}

    def new(self, key: str) -> Layer:
        """A new layer."""
        name, about = self._name(key), {"metadata": mark("batch", of=self._read.name, key=key)}
        if key == IMAGE:
            look = layer_look(self._read.source.header, self._read.axes)
            rgb = self._read.axes.color_last
            limits = None if rgb else self._read.limits
            return Image(
                self._array(key), name=name, rgb=rgb, contrast_limits=limits, **look, **about
            )
        about |= self.where
        if key == CELLS:
            made = Points(np.zeros((0, len(self._read.axes.layer_letters))), name=name, **about)
            self._fill_cells(made)
            return made
        if key == "votes":
            limits = (0, max(1, self._read.members // 2))
            return Image(
                self._array(key), name=name, colormap="magma", blending="additive",
                contrast_limits=limits, visible=False, **about,
            )  # fmt: skip
        layer = Labels(self._array(key), name=name, visible=key not in HIDDEN, **about)
        if key == "mask":
            layer.colormap = numbered_colors([MASK_COLOR])
        elif key != "labels":
            layer.colormap = numbered_colors([self._colors[key.removeprefix("class ")]])
            layer.contour = 0 if self._scheme.exclusive else 2
            layer.opacity = AREA_OPACITY if self._scheme.exclusive else layer.opacity
        layer.editable = False
        return layer

    def fill(self, key: str, layer: Layer) -> None:
        """Show this image in a layer that was made for another one."""
        layer.name = self._name(key)
        layer.metadata = mark("batch", of=self._read.name, key=key)
        if key == CELLS:
            self._fill_cells(layer)
        else:
            layer.data = self._array(key)
            if isinstance(layer, Labels):
                layer.editable = False  # other data allows it
        if key == IMAGE:
            put(layer, layer_look(self._read.source.header, self._read.axes))
            if not self._read.axes.color_last:
                layer.contrast_limits_range = self._read.limits
                layer.contrast_limits = self._read.limits
        else:
            put(layer, self.where)

    def _name(self, key: str) -> str:
        name = self._read.name
        if key == IMAGE:
            return name
        return f"{name}: {WORDS.get(key, key.removeprefix('class '))}"

    def _array(self, key: str) -> FrameArray:
        axes = self._read.axes
        lead = len(axes.stack_shape)
        if key == IMAGE:
            return FrameArray(
                self._frames, key, axes.stack_shape, axes.shape[lead:], self._read.source.dtype
            )
        shape = axes.layer_shape[lead:]
        return FrameArray(self._frames, key, axes.stack_shape, shape, plane_type(key))

    def _fill_cells(self, layer: Points) -> None:
        """Put the cells of all frames into a layer of points."""
        layer.selected_data = set()
        points = self._read.points
        assert points is not None
        layer.data = points
        layer.features = {"state": self._read.states}
        layer.out_of_slice_display = False
        if len(points):
            names = list(self._scheme.counted)
            numbers = [names.index(s) if s in names else UNCLEAR for s in self._read.states]
            layer.symbol = [state_symbol(number) for number in numbers]
            layer.face_color = [
                UNCLEAR_COLOR if number == UNCLEAR else self._colors[names[number]]
                for number in numbers
            ]
            layer.border_color = "black"
            layer.size = POINT_SIZE
        layer.editable = False
