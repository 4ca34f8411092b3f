"""The layers of label boxes, one per image, made when the first box is."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from napari.layers import Layer, Shapes

from ...boxes import Box
from .boxes import boxes_by_frame, corners
from .frames import FrameAxes
from .viewer_layers import ViewerLayers, geometry, mark, put, told_once

COLOR = "#ffffff"


class LabelBoxes:
    """The label boxes of a viewer's images.

    Parameters
    ----------
    layers
        Of the viewer.
    made
        Is called when there is a new layer.
    """

    def __init__(self, layers: ViewerLayers, made: Callable[[], None]) -> None:
        self._layers, self._on_made = layers, made
        self._made: weakref.WeakKeyDictionary[Layer, Shapes] = weakref.WeakKeyDictionary()
        self._parted: dict[tuple[int, ...], weakref.WeakKeyDictionary[Layer, Shapes]] = {}

    def layer(self, image: Layer) -> Shapes | None:
        """The layer with the boxes of an image, if there is one (still)."""
        shapes = self._made.get(image)
        return shapes if self._layers.has(shapes) else None

    def lost(self, image: Layer) -> bool:
        """Whether the layer with the boxes of an image was removed by hand."""
        return image in self._made and self.layer(image) is None

    def let_go(self, image: Layer) -> None:
        """Remove the layer with the boxes of an image that is closed."""
        shapes = self._made.pop(image, None)
        if shapes is not None:
            self._layers.remove(shapes)

    def reshape(self, image: Layer, old: tuple[int, ...], new: tuple[int, ...]) -> None:
        """An image has another shape: boxes drawn on the old one say nothing about it.

        Their layer stays, and counts again if the image gets that shape again.
        """
        for shape in (old, new):
            self._parted.setdefault(shape, weakref.WeakKeyDictionary())
        before, again = self._made.pop(image, None), self._parted[new].pop(image, None)
        if before is not None:
            self._parted[old][image] = before
        if again is not None:
            self._made[image] = again

    def of(self, image: Layer, axes: FrameAxes) -> dict[int, tuple[Box, ...]]:
        """The boxes by frame; `InputError` if other shapes are drawn."""
        shapes = self.layer(image)
        if shapes is None:
            return {}
        return boxes_by_frame(shapes.data, shapes.shape_type, axes, shapes.name)

    def add(self, image: Layer, axes: FrameAxes, frame: int, box: Box) -> None:
        """Add a box, and the layer if it is the first."""
        shapes = self.layer(image) or self._begin(image, axes)
        with told_once(shapes):
            shapes.add(corners(box, frame, axes), shape_type="rectangle", edge_color=COLOR)

    def prepare(self, image: Layer, axes: FrameAxes) -> None:
        """Add the layer before there is a box, unless it was removed by hand."""
        if image not in self._made:
            self._begin(image, axes)

    def _begin(self, image: Layer, axes: FrameAxes) -> Shapes:
        shapes = self.make(image, axes, {})
        self._on_made()
        return shapes

    def make(self, image: Layer, axes: FrameAxes, boxes: Mapping[int, Sequence[Box]]) -> Shapes:
        """Add a layer with boxes by frame, in the place of one that was there before."""
        drawn = [corners(box, frame, axes) for frame in sorted(boxes) for box in boxes[frame]]
        shapes = self._made[image] = self._layers.add(
            Shapes(
                drawn or None,
                ndim=len(axes.layer_letters),
                name="label boxes",
                edge_color=COLOR,
                face_color="transparent",
                edge_width=1,
                **{**geometry(image, axes), "metadata": mark("boxes", of=image.name)},
            )
        )
        return shapes

    def fill(self, image: Layer, axes: FrameAxes, boxes: Mapping[int, Sequence[Box]]) -> None:
        """Show boxes in the place of those that are there."""
        shapes = self.layer(image)
        if shapes is None:
            self._made.pop(image, None)
            if boxes:
                self.make(image, axes, boxes)
            return
        put(shapes, geometry(image, axes))
        shapes.selected_data = set(range(len(shapes.data)))
        shapes.remove_selected()
        drawn = [corners(box, frame, axes) for frame in sorted(boxes) for box in boxes[frame]]
        if drawn:
            shapes.add(drawn, shape_type="rectangle", edge_color=COLOR)

    def lie_on(self, image: Layer, axes: FrameAxes) -> None:
        """Be where the image is now: a person may have scaled or moved it."""
        shapes = self.layer(image)
        if shapes is not None and shapes.ndim == image.ndim == len(axes.layer_letters):
            put(shapes, geometry(image, axes))

    def remove(self, image: Layer, axes: FrameAxes, frame: int, box: Box) -> None:
        """Take a box away, if it is still there as it was made."""
        shapes = self.layer(image)
        if shapes is None:
            return
        wanted = corners(box, frame, axes)
        for number, shape in enumerate(shapes.data):
            if shape.shape == wanted.shape and np.allclose(np.sort(shape, 0), np.sort(wanted, 0)):
                with told_once(shapes):
                    shapes.selected_data = {number}
                    shapes.remove_selected()
                return
