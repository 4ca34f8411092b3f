"""The layers of an image as a place to draw kept labels in: plain logic, no Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from napari.layers import Image, Labels, Layer, Points

from ...projects import FrameLabels
from ...projects.objects import numbered
from ...task import LabelScheme
from ..layers.class_rows import ClassRow
from ..layers.fitting import points_in, points_on, say_last
from ..layers.frames import FrameAxes
from ..layers.label_boxes import LabelBoxes
from .kept import plane_of, said_states
from .layer_data import LayerData


@dataclass(frozen=True)
class Canvas:
    """The layers in which the classes of an image are drawn, whatever is chosen later."""

    image: Image
    axes: FrameAxes
    scheme: LabelScheme
    rows: tuple[ClassRow, ...]
    boxes: LabelBoxes

    @classmethod
    def of(cls, data: LayerData) -> Canvas:
        """The one that is chosen now; every class has a layer."""
        assert data.image is not None
        assert data.axes is not None
        return cls(data.image, data.axes, data.scheme(), tuple(data.drawn_rows), data.boxes)

    def put(self, frame: int, labels: FrameLabels) -> bool:
        """Draw labels on a frame, under what is drawn there by now; whether it was empty.

        Raises
        ------
        InputError
            If the label boxes that are drawn are none; then nothing is changed.
        """
        there = self.boxes.of(self.image, self.axes).get(frame, ())
        empty = [self._put_in(row, frame, labels) for row in self.rows]
        for box in labels.boxes:
            if box not in there:
                self.boxes.add(self.image, self.axes, frame, box)
        return all(empty) and not there

    def _put_in(self, row: ClassRow, frame: int, labels: FrameLabels) -> bool:
        layer: Layer | None = row.layer
        if isinstance(layer, Points):
            return self._add_points(layer, frame, labels)
        if not isinstance(layer, Labels):
            return True
        plane = plane_of(labels, self.scheme, row.name)
        if not self.scheme.exclusive and numbered(plane):
            _make_room(layer, plane)
        there = np.array(self.axes.read_plane(layer.data, frame))
        self.axes.write_plane(layer.data, frame, np.where(there == 0, plane, there))
        layer.refresh()
        return not there.any()

    def _add_points(self, layer: Points, frame: int, labels: FrameLabels) -> bool:
        there = self.axes.frames_of_points(points_on(self.image, layer))[0] == frame
        points = self.axes.points(frame, labels.positions)
        layer.add(points_in(layer, self.image, points))
        layer.selected_data = set()
        say_last(layer, said_states(labels) or ("",) * len(points))
        return not there.any()


def _make_room(layer: Labels, plane: npt.NDArray[np.generic]) -> None:
    """Let a layer hold the numbers of objects."""
    if not np.can_cast(np.min_scalar_type(plane.max()), layer.data.dtype):
        layer.data = layer.data.astype(plane.dtype)
