"""Samples kept in memory, so that a file is decoded once and not in every epoch."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

import psutil

from .sample import Sample

MOST_BYTES = 2 * 2**30


class SampleCache:
    """The samples used last, up to a number of bytes; may be shared by threads.

    Parameters
    ----------
    limit
        In bytes; 2 GiB by default, or a quarter of the free memory if that is less.
    """

    def __init__(self, limit: int | None = None) -> None:
        free = psutil.virtual_memory().available
        self._limit = min(MOST_BYTES, free // 4) if limit is None else limit
        self._kept: OrderedDict[Hashable, Sample] = OrderedDict()
        self._lock = Lock()
        self.nbytes = 0

    def get(self, key: Hashable, read: Callable[[], Sample]) -> Sample:
        """The kept sample of this key, or the one that `read` gives."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        sample = read()
        with self._lock:
            if key not in self._kept and _size(sample) <= self._limit:
                self._kept[key] = sample
                self.nbytes += _size(sample)
            while self.nbytes > self._limit:
                self.nbytes -= _size(self._kept.popitem(last=False)[1])
        return sample


def _size(sample: Sample) -> int:
    arrays = (sample.image, sample.target, sample.known, sample.blank)
    return sum(array.nbytes for array in arrays if array is not None)
