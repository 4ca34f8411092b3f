"""What is drawn at a place, in its label box: read, drawn, boxed and put back."""

from __future__ import annotations

import numpy as np

from ...errors import InputError
from ..drawing.layer_data import LayerData
from ..predicting.found_places import Answer, inside
from ..results.results import Results
from .box_edit import (
    Content,
    check_classes,
    check_layers,
    draw,
    forget_strokes,
    frame_is_empty,
    is_empty,
    put_back,
    read_box,
)
from .queue import QueuedPlace


class PlaceDrawing:
    """The layers of the classes at one place after the other.

    Parameters
    ----------
    data, results
        Of the session.
    """

    def __init__(self, data: LayerData, results: Results) -> None:
        self._data, self._results = data, results
        self._labeled_all_over = False

    def come_to(self, item: QueuedPlace) -> None:
        """Note whether the frame is labeled all over, before anything is drawn there.

        Raises
        ------
        InputError
            If something else than label boxes is drawn among them.
        """
        boxes = self._data.boxes.of(item.image, item.axes)
        unboxed = item.frame not in boxes
        self._labeled_all_over = unboxed and not frame_is_empty(self._data, item.frame)

    def check(self, item: QueuedPlace) -> None:
        """Raise `InputError` unless classes and frames are those that the networks know.

        Or if what is drawn cannot be changed.
        """
        axes = self._data.axes
        if axes is not None and (axes.count, axes.size) != (item.axes.count, item.axes.size):
            raise InputError(
                f"Image {item.subject.name!r} is {axes.describe()} now and was predicted as "
                f"{item.axes.describe()}: predict it again."
            )
        if result := self._results.of(item.image):
            check_classes(self._data, result.model.scheme)
        check_layers(self._data)

    def now(self, item: QueuedPlace) -> Content:
        """What is drawn."""
        return read_box(self._data, item.frame, item.found.box)

    def draw(self, item: QueuedPlace, answer: Answer) -> None:
        """Draw an answer of networks."""
        if result := self._results.of(item.image):
            draw(self._data, item.frame, item.found.box, answer, result.model.scheme)

    def forget_strokes(self) -> None:
        """Let napari's own undo lead no further back than to what is drawn now."""
        forget_strokes(self._data)

    def put_back(self, item: QueuedPlace, content: Content) -> None:
        """Draw what was there before."""
        put_back(self._data, item.frame, item.found.box, content)

    def box(self, item: QueuedPlace) -> None:
        """Say that the place is labeled."""
        self._data.boxes.add(item.image, item.axes, item.frame, item.found.box)

    def unbox(self, item: QueuedPlace) -> None:
        """Take the label box away."""
        self._data.boxes.remove(item.image, item.axes, item.frame, item.found.box)

    def is_labeled(self, item: QueuedPlace) -> bool:
        """Whether anything is said about the place already."""
        return self._labeled_all_over or self._in_a_box(item) or not is_empty(self.now(item))

    def wants_box(self, item: QueuedPlace) -> bool:
        """Whether only a label box of its own says that this place is labeled.

        So it is as long as the label boxes cannot be read; then it may get a second one.
        """
        if self._labeled_all_over:
            return False
        try:
            boxes = self._data.boxes.of(item.image, item.axes)
        except InputError:
            return True
        return item.found.box not in boxes.get(item.frame, ())

    def _in_a_box(self, item: QueuedPlace) -> bool:
        """Whether the center lies in a label box already."""
        center = np.array([item.found.place.center])
        boxes = self._data.boxes.of(item.image, item.axes).get(item.frame, ())
        return any(bool(inside(center, box).all()) for box in boxes)
