"""Counting the labeled frames in the background, anew after every stroke."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from napari.layers import Layer, Points
from qtpy.QtCore import QObject, QTimer, Signal

from ...errors import InputError
from ..work.words import in_words
from ..work.worker import Worker
from .drawn_frames import Scan, scan
from .snapshot import Drawing

PAINTED = ("paint", "labels_update")
STROKES = (*PAINTED, "data")
"""What napari says when labels or points are changed; when painted, in the same array."""

_SAID = "features"
"""And when something is said of points, such as their states."""

UNREADABLE = "The labels cannot be read"

SETTLE_MS = 400
"""After a stroke, until the labeled frames are counted again."""


class LabelScan(QObject):
    """Watches the layers of a drawing, and counts its labeled frames.

    `done` tells that `result` and `problem` are up to date, `drawn` of a stroke.

    Parameters
    ----------
    drawing
        Makes the drawing as it is now; `InputError` if there is none.
    step
        Where the viewer's sliders are.
    """

    done = Signal()
    drawn = Signal()

    def __init__(
        self,
        drawing: Callable[[], Drawing],
        step: Callable[[], tuple[int, ...]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.result: Scan | None = None
        self.problem = ""
        self._painted = False
        self._drawing, self._step = drawing, step
        self._worker: Worker | None = None
        self._watched: list[Layer] = []
        self._seen_at: tuple[int, ...] = ()
        self._held: bool | None = None  # whether there was a stroke while strokes are held back
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE_MS)
        self._timer.timeout.connect(self._start)

    @property
    def busy(self) -> bool:
        """Whether `result` is out of date; `done` follows."""
        return self._timer.isActive() or self._worker is not None

    def painted(self) -> bool:
        """Whether the last stroke changed nothing but pixels in an array that is known."""
        return self._painted

    def begin(self, layers: list[Layer]) -> None:
        """Other layers are drawn in now: forget what is known, and count soon."""
        self._watch(layers)
        self._stop()
        self.result, self.problem = None, ""
        self._timer.start()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Tell of all strokes made inside as of one, at the end."""
        if self._held is not None:
            yield
            return
        self._held = False
        try:
            yield
        finally:
            stroke, self._held = self._held, None
            if stroke:
                self._on_stroke()

    def _watch(self, layers: list[Layer]) -> None:
        for layer, watch in [(old, False) for old in self._watched] + [
            (new, True) for new in layers
        ]:
            strokes = strokes_of(layer)
            for name in (*strokes, "set_data"):
                slot = self._on_stroke if name in strokes else self._on_redrawn
                emitter = layer.events.emitters.get(name)
                if emitter is not None:
                    (emitter.connect if watch else emitter.disconnect)(slot)
        self._watched = layers
        self._seen_at = self._step() if layers else ()

    def _on_stroke(self, event: Any = None) -> None:
        self._painted = getattr(event, "type", "") in PAINTED
        if self._held is not None:
            self._held = True
            return
        self._timer.start()
        self.drawn.emit()

    def _on_redrawn(self, event: Any = None) -> None:  # noqa: ARG002  napari passes it
        """Undo says no more than this; so does moving a slider, which changes nothing."""
        step = self._step()
        if step == self._seen_at:
            self._timer.start()
        self._seen_at = step

    def _start(self) -> None:
        self._stop()
        try:
            drawing = self._drawing()
        except InputError:
            self._finish(None, "")
            return
        worker = self._worker = Worker(scan(drawing), self)
        worker.returned.connect(lambda found: self._take(worker, found, ""))
        worker.failed.connect(lambda error: self._take(worker, None, in_words(error, UNREADABLE)))
        worker.begin()

    def _stop(self) -> None:
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    def _take(self, worker: Worker, scan: Scan | None, problem: str) -> None:
        if worker is self._worker:  # else something else was chosen meanwhile
            self._worker = None
            self._finish(scan, problem)

    def _finish(self, scan: Scan | None, problem: str) -> None:
        self.result, self.problem = scan, problem
        self.done.emit()


def strokes_of(layer: Layer) -> tuple[str, ...]:
    """What napari says when a person changes what is drawn in a layer."""
    return (*STROKES, _SAID) if isinstance(layer, Points) else STROKES
