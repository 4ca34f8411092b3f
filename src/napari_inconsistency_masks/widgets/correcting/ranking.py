"""Ranking the places of all predictions, each time there are new ones."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QObject, QTimer, Signal

from ..drawing.layer_data import LayerData
from ..layers.viewer_layers import ViewerLayers
from ..results.image_result import ImageResult
from ..results.results import Results
from ..work.worker import Worker
from .queue import Queue, QueuedPlace, in_order

logger = logging.getLogger(__name__)

SETTLE_MS = 300
"""After frames were predicted, until places are ranked again."""

MANY, MANY_TIMES = 2000, 10
"""From so many places on, the list is made anew less often."""


class Ranking(QObject):
    """Keeps the `queue` of places up to date; `changed` tells that it is another one.

    Parameters
    ----------
    layers, layer_data, results
        Of the session.
    """

    changed = Signal()

    def __init__(
        self,
        layers: ViewerLayers,
        layer_data: LayerData,
        results: Results,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.queue = Queue()
        self._layers, self._data, self._results = layers, layer_data, results
        self._worker: Worker | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE_MS)
        self._timer.timeout.connect(self.rank)
        results.changed.connect(self._rank_soon)
        layer_data.scanned.connect(self._rank_soon)  # what is labeled need not be corrected

    def predicted_frames(self) -> tuple[int, int]:
        """How many frames are predicted, and how many of them are labeled all over."""
        predicted = complete = 0
        for result in self._there():
            labeled = self._labeled_frames(result)
            predicted += len(result.places)
            complete += sum(bool(labeled[frame]) for frame in result.places)
        return predicted, complete

    def rank(self) -> None:
        """List the open places anew; as soon as it is known which frames are labeled."""
        if self._data.scanning:
            return  # it tells when it is done
        if self._worker is not None:
            self._worker.stop()
        candidates = list(self._candidates())
        self._timer.setInterval(SETTLE_MS * (MANY_TIMES if len(candidates) > MANY else 1))
        worker = self._worker = Worker(in_order(candidates, self.queue.kept), self)
        worker.returned.connect(lambda ranked: self._take(worker, ranked))
        worker.failed.connect(lambda error: logger.warning("Places cannot be ranked: %s", error))
        worker.begin()

    def _rank_soon(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _take(self, worker: Worker, ranked: list[QueuedPlace]) -> None:
        if worker is self._worker:
            self._worker = None
            self.queue.take(ranked)
            self.changed.emit()

    def _candidates(self) -> Iterator[QueuedPlace]:
        for result in self._there():
            labeled = self._labeled_frames(result)
            for frame, places in result.places.items():
                if not labeled[frame]:
                    for found in places:
                        yield QueuedPlace(result.subject, found)

    def _there(self) -> Iterator[ImageResult]:
        """Results of images that can be drawn on."""
        for result in self._results.all():
            if result.subject.file is not None or self._layers.has(result.image):
                yield result

    def _labeled_frames(self, result: ImageResult) -> npt.NDArray[np.bool_]:
        """Frames that are labeled all over: nobody has to correct them."""
        scan = self._data.scan
        complete = np.zeros(result.axes.count, bool)
        if result.image is not None and result.image is self._data.image and scan is not None:
            complete[: len(scan.complete)] = scan.complete[: len(complete)]
        elif result.subject.file is not None:
            complete[list(self._results.true.saved.complete(result.subject))] = True
        return complete
