"""Counting what is drawn on images, in threads, to compare predicted counts with."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Iterable, Mapping
from typing import Protocol

from napari.layers import Layer
from qtpy.QtCore import QObject, Signal

from ..layers.subject import Subject
from ..work.worker import Worker
from .drawn_counts import DrawnCounts, Truth, count_drawn

logger = logging.getLogger(__name__)


class Saved(Protocol):
    """What is known of files that are not open."""

    def truth(self, subject: Subject) -> Truth | None:
        """The saved labels of a file, to compare counts with."""

    def complete(self, subject: Subject) -> Iterable[int]:
        """Its frames that are labeled all over."""


class NothingSaved:
    """There is no project."""

    def truth(self, subject: Subject) -> Truth | None:  # noqa: ARG002
        """None are known."""
        return None

    def complete(self, subject: Subject) -> Iterable[int]:  # noqa: ARG002
        """None is."""
        return ()


class TrueCounts(QObject):
    """What is drawn on layers, or saved for files that are not open; one count at a time of each.

    `counted` carries an image and, by frame, what is drawn on it.
    """

    counted = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.saved: Saved = NothingSaved()
        self._truths: weakref.WeakKeyDictionary[Layer, Truth] = weakref.WeakKeyDictionary()
        self._counting: dict[Subject, Worker] = {}

    @property
    def busy(self) -> bool:
        """Whether labels are being counted."""
        return bool(self._counting)

    def know(self, image: Layer, truth: Truth | None) -> None:
        """Take the labels of a layer, or none."""
        if truth is None:
            self._truths.pop(image, None)
        else:
            self._truths[image] = truth

    def count(self, subject: Subject, before: Mapping[int, DrawnCounts]) -> None:
        """Count what is drawn on an image; frames on which nothing changed are not counted again.

        Parameters
        ----------
        subject
            The image.
        before
            What was counted last.
        """
        if subject in self._counting:
            self._counting.pop(subject).stop()
        truth = None if subject.layer is None else self._truths.get(subject.layer)
        known = self.saved.truth(subject) if truth is None else truth
        if known is None:
            self.counted.emit(subject, {})
            return
        worker = self._counting[subject] = Worker(count_drawn(known, before), self)
        worker.returned.connect(lambda counts: self._take(subject, worker, counts))
        worker.failed.connect(lambda error: self._on_failed(subject, worker, error))
        worker.begin()

    def _on_failed(self, subject: Subject, worker: Worker, error: Exception) -> None:
        logger.warning("What is drawn cannot be counted: %s", error)
        self._take(subject, worker, {})

    def _take(self, subject: Subject, worker: Worker, counts: Mapping[int, DrawnCounts]) -> None:
        if self._counting.get(subject) is worker:  # no other count has been started since
            del self._counting[subject]
            self.counted.emit(subject, counts)
