"""Open layers as training data: what is drawn in the layers that are chosen."""

from __future__ import annotations

from napari.layers import Image
from qtpy.QtCore import QObject, Signal

from ...errors import InputError
from ..layers.fitting import shape_of
from ..layers.label_boxes import LabelBoxes
from ..layers.viewer_layers import ViewerLayers
from .drawn_classes import drawing_of, refuse_shared_layers
from .drawn_frames import Scan
from .label_scan import LabelScan
from .layer_choice import LayerChoice
from .snapshot import Drawing


class LayerData(LayerChoice):
    """A choice of layers, and what is drawn in them.

    `scanned` tells of a new `scan`, `drawn` of a stroke, `boxed` that the image has a layer of
    label boxes now.
    """

    scanned = Signal()
    drawn = Signal()
    boxed = Signal()

    def __init__(self, layers: ViewerLayers, parent: QObject | None = None) -> None:
        super().__init__(layers, parent)
        self.boxes = LabelBoxes(layers, self._on_boxes)
        self._scanning = LabelScan(self.drawing, layers.sliders, self)
        self._scanning.done.connect(self.scanned)
        self._scanning.drawn.connect(self.drawn)
        self.together, self.painted = self._scanning.together, self._scanning.painted
        self.reshaped.connect(self._on_reshaped)
        self.placed.connect(self._on_placed)
        self.changed.connect(self._scan)  # before anybody else is told

    def let_go(self, image: Image) -> None:
        """Forget what is known of an image that is closed, and propose classes for others anew."""
        super().let_go(image)
        if self.image is image:
            self._scan()  # what is counted was drawn in layers that go

    def drawing(self, *, partly: bool = False) -> Drawing:
        """The image with what is drawn on it, as it is now; `partly` without missing layers.

        Raises
        ------
        InputError
            If a layer is missing or does not fit; the sentence names it and says what to do.
        """
        image, axes = self.image, self.axes
        if image is None or axes is None:
            raise InputError("There is no image: open one, choose a folder, or open the demo.")
        scheme = self.scheme()
        refuse_shared_layers(self.drawn_rows)
        rows = [row for row in self.drawn_rows if row.layer is not None or not partly]
        return drawing_of(image, axes, scheme, rows, self.boxes)

    @property
    def scan(self) -> Scan | None:
        """What is drawn, or None as long as it is being counted or cannot be."""
        return self._scanning.result

    @property
    def lacks_boxes(self) -> bool:
        """Whether the layer with the label boxes of the image was removed by hand."""
        return self.image is not None and self.boxes.lost(self.image)

    def box_strays(self) -> None:
        """Add label boxes around what is drawn outside of those that are there."""
        if self.image is None or self.axes is None or self.scan is None:
            return
        with self.together():
            for frame, boxes in self.scan.strays.items():
                for box in boxes:
                    self.boxes.add(self.image, self.axes, frame, box)

    @property
    def scanning(self) -> bool:
        """Whether what is drawn is being counted; `scanned` follows."""
        return self._scanning.busy

    @property
    def unlabeled(self) -> int:
        """Number of frames that are not labeled, or only in part."""
        return 0 if self.scan is None else int((~self.scan.complete).sum())

    def problem(self) -> str | None:
        """Why training cannot start from these layers, in a sentence, or None."""
        try:
            self.drawing()
        except InputError as error:
            return str(error)
        if self.scan is None:
            return self._scanning.problem or "The labeled frames are being counted."
        if not self.scan.labeled.any():
            names = ", ".join(row.name for row in self.used_rows)
            return f"Nothing is drawn yet: draw {names} on at least one frame, better on two."
        return None

    def scan_problem(self) -> str | None:
        """Why what is drawn cannot be counted, in a sentence, or None; missing layers are none."""
        try:
            self.drawing(partly=True)
        except InputError as error:
            return str(error)
        return self._scanning.problem or None

    def _on_reshaped(self, image: Image, before: tuple[int, ...]) -> None:
        self.boxes.reshape(image, before, shape_of(image))

    def _on_placed(self) -> None:
        if self.image is not None and self.axes is not None:
            self.boxes.lie_on(self.image, self.axes)

    def _on_boxes(self) -> None:
        """The layer of boxes is there: each box in it is a stroke."""
        self._scan()
        self.boxed.emit()

    def _scan(self) -> None:
        boxes = None if self.image is None else self.boxes.layer(self.image)
        drawn_in = [*(row.layer for row in self.drawn_rows), boxes]
        self._scanning.begin([layer for layer in drawn_in if layer is not None])
