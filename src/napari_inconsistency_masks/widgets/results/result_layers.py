"""Predictions as layers on their image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt
import pandas as pd
from napari.layers import Image, Labels, Layer, Points
from napari.utils.colormaps import DirectLabelColormap

from ...cells import UNCLEAR, Cells
from ...task import LabelScheme
from ..drawing.drawing_layers import label_colors
from ..layers.frames import FrameAxes
from ..layers.viewer_layers import ViewerLayers, geometry, mark, put
from ..parts.colors import MASK_COLOR, UNCLEAR_COLOR, state_symbol
from ..predicting.prediction import FrameLayers, mask_names, plane_names

POINT_SIZE = 9
AREA_OPACITY, OUTLINE_OPACITY = 0.5, 0.9
"""Of exclusive classes, whose areas lie over the whole image, and of outlines."""


class ResultLayers:
    """The layers with the predictions for one image.

    Parameters
    ----------
    layers
        Of the viewer.
    image, axes
        What was predicted.
    scheme
        What the networks see.
    colors
        Of its classes.

    Attributes
    ----------
    mask_class : str or None
        The class the inconsistency mask is shown for; None for all.
    """

    def __init__(
        self,
        layers: ViewerLayers,
        image: Layer,
        axes: FrameAxes,
        scheme: LabelScheme,
        colors: Mapping[str, str],
    ) -> None:
        self._layers = layers
        self._name = image.name
        self._geometry = geometry(image, axes)
        self.axes, self.scheme = axes, scheme
        self.colors = dict(colors)
        self._made: WeakValueDictionary[str, Layer] = WeakValueDictionary()
        self._unused: set[str] = set()
        self._points: dict[int, Cells] = {}
        self._mask_values: set[int] = set()
        self.mask_class: str | None = None
        self._votes_wanted = False
        self._most_votes = 1

    def prepare(self) -> Iterator[None]:
        """Make the layers that are missing, one at each step: napari takes its time for each."""
        planes = [f"class {name}" for name in plane_names(self.scheme)]
        cells = [] if self.scheme.position is None else ["cells"]
        for key in (*planes, "mask", "votes", *cells):
            if self.find(key) is None:
                self._layer(key)
                self._unused.add(key)
                yield

    def drop_unused(self) -> None:
        """Remove the layers that were prepared in vain."""
        for key in self._unused:
            layer = self._made.pop(key, None)
            if layer is not None:
                self._layers.remove(layer)
        self._unused.clear()

    def fits(self, axes: FrameAxes, scheme: LabelScheme) -> bool:
        """Whether the layers can show predictions of another image."""
        return (self.axes.letters, self.scheme) == (axes.letters, scheme)

    def move(self, image: Layer, axes: FrameAxes) -> None:
        """Show nothing, and be there for another image: faster than to make all layers anew."""
        self.axes = axes
        self._points.clear()
        for key, layer in self._made.items():
            if self._layers.has(layer):
                if key == "cells":
                    layer.selected_data = set()
                    layer.data = np.zeros((0, len(axes.layer_letters)))
                else:
                    layer.data = np.zeros(axes.layer_shape, layer.data.dtype)
                layer.metadata = mark("result", of=image.name, key=key)
        self.lie_on(image)

    def lie_on(self, image: Layer) -> None:
        """Be where the image is now: a person may have scaled or moved it."""
        if image.ndim != len(self.axes.layer_letters):
            return  # it shows something else by now
        self._name, self._geometry = image.name, geometry(image, self.axes)
        for layer in self._made.values():
            if self._layers.has(layer):
                put(layer, self._geometry)

    def remove(self) -> None:
        """Remove all layers: the image is no longer open."""
        for layer in self._made.values():
            self._layers.remove(layer)
        self._made.clear()
        self._unused.clear()

    def show(self, result: FrameLayers, *, shown: bool) -> None:
        """Put a frame into the layers; only one that is shown now has to be drawn again."""
        for name, plane in result.planes.items():
            self._put(f"class {name}", result.frame, plane, shown)
        known = len(self._mask_values)
        self._mask_values |= result.mask_values
        mask = self._put("mask", result.frame, result.mask, shown)
        if len(self._mask_values) > known:
            mask.colormap = self._mask_colors()
        self._most_votes = max(self._most_votes, result.most_votes)
        votes = self._put("votes", result.frame, result.votes, shown)
        votes.contrast_limits = (0, self._most_votes)
        if result.cells is not None:
            self._points[result.frame] = result.cells

    def show_points(self) -> None:
        """Show the cells of all frames so far."""
        if not self._points:
            return
        frames = sorted(self._points)
        places = [self.axes.points(frame, self._points[frame].centers) for frame in frames]
        states = np.concatenate([self._points[frame].states for frame in frames])
        names = self._points[frames[0]].names
        self._unused.discard("cells")
        layer = self._layer("cells")
        layer.selected_data = set()
        layer.data = np.concatenate(places)
        layer.features = pd.DataFrame({"class": [_state_name(state, names) for state in states]})
        if len(states):
            layer.symbol = [state_symbol(state) for state in states]
            layer.face_color = [self._state_color(state, names) for state in states]
            layer.border_color = "black"
            layer.size = POINT_SIZE

    def clear(self) -> None:
        """Take everything out of the layers: other networks see other things."""
        self._points.clear()
        for key, layer in self._made.items():
            if self._layers.has(layer):
                empty = np.zeros_like(layer.data)
                layer.data = empty[:0] if key == "cells" else empty

    def show_mask_of(self, name: str | None) -> None:
        """Show the inconsistency mask of one class, or of all (None)."""
        self.mask_class = name
        if self._layers.has(self._made.get("mask")):
            self._made["mask"].colormap = self._mask_colors()

    def want_votes(self, *, wanted: bool) -> None:
        """Show the vote map or not, also if it is made later."""
        self._votes_wanted = wanted
        if self._layers.has(self._made.get("votes")):
            self._made["votes"].visible = wanted

    def find(self, key: str) -> Layer | None:
        """The layer ``mask``, ``votes``, ``cells`` or ``class NAME``, if it is there."""
        layer = self._made.get(key)
        return layer if self._layers.has(layer) else None

    def _put(self, key: str, frame: int, plane: npt.NDArray[Any], shown: bool) -> Layer:
        self._unused.discard(key)
        layer = self._layer(key)
        self.axes.write_plane(layer.data, frame, plane)
        if shown:
            layer.refresh()
        return layer

    def _layer(self, key: str) -> Layer:
        """The layer with this key; made anew if it was deleted."""
        layer = self._made.get(key)
        if not self._layers.has(layer):
            layer = self._made[key] = self._layers.add(self._new(key))
        return layer

    def _new(self, key: str) -> Layer:
        where = {**self._geometry, "metadata": mark("result", of=self._name, key=key)}
        if key == "cells":
            return Points(
                np.zeros((0, len(self.axes.layer_letters))),
                name="cells (predicted)",
                features=pd.DataFrame({"class": pd.Series(dtype=str)}),
                out_of_slice_display=False,
                **where,
            )
        empty = np.zeros(self.axes.layer_shape, np.uint16 if key == "mask" else np.uint8)
        if key == "votes":
            return Image(
                empty,
                name="votes (networks outvoted)",
                colormap="magma",
                blending="additive",
                contrast_limits=(0, self._most_votes),
                visible=self._votes_wanted,
                **where,
            )
        if key == "mask":
            return Labels(
                empty,
                name="inconsistency mask",
                colormap=self._mask_colors(),
                opacity=0.8,
                **where,
            )
        name = key.removeprefix("class ")
        in_order = (self.colors[name] for name in self.scheme.classes)
        layer = Labels(
            empty,
            name=f"{name} (predicted)",
            colormap=label_colors(enumerate(in_order, start=1)),
            features=pd.DataFrame(
                {"index": range(len(self.scheme.classes) + 1), "class": ["", *self.scheme.classes]}
            ),
            opacity=AREA_OPACITY if self.scheme.exclusive else OUTLINE_OPACITY,
            **where,
        )
        layer.contour = 0 if self.scheme.exclusive else 2
        return layer

    def _mask_colors(self) -> DirectLabelColormap:
        names = mask_names(self.scheme)
        chosen = 0xFFFF if self.mask_class is None else 1 << names.index(self.mask_class)
        return label_colors((value, MASK_COLOR) for value in self._mask_values if value & chosen)

    def _state_color(self, state: int, names: tuple[str, ...]) -> str:
        if state == UNCLEAR:
            return UNCLEAR_COLOR
        return self.colors[names[state]]


def _state_name(state: int, names: tuple[str, ...]) -> str:
    return "unclear" if state == UNCLEAR else names[state]
