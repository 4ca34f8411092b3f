"""The images of the next step, read and cut while a GPU computes this one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType

import torch

from .batches import Batches, PreparedBatches
from .loader import Batch

Key = tuple[tuple[int, ...], int]
"""Members and step."""


def made_ahead(
    batches: PreparedBatches, device: torch.device, end: int
) -> AbstractContextManager[Batches]:
    """`Ahead` of a GPU; for a CPU the batches as they are, which has enough to do."""
    return nullcontext(batches) if device.type == "cpu" else Ahead(batches, end)


class Ahead:
    """Batches whose images a thread of its own prepares, one step ahead.

    Everything random in a batch depends on its members and its step alone, so they are the same
    batches. All images are read in that one thread, and none after the end of the ``with`` block.

    Parameters
    ----------
    batches
        What makes them.
    end
        The step that will not be asked for, nor any after it.
    """

    def __init__(self, batches: PreparedBatches, end: int) -> None:
        self._batches, self._end = batches, end
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="batches")
        self._ahead: dict[Key, Future[Callable[[], Batch]]] = {}

    def __enter__(self) -> Ahead:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._thread.shutdown(cancel_futures=True)

    def __len__(self) -> int:
        """Images that one pass sees."""
        return len(self._batches)

    @property
    def pixels(self) -> int:
        """Pixels of a step, per member."""
        return self._batches.pixels

    def batch(self, members: Sequence[int], step: int) -> Batch:
        """Make step number ``step`` for some of the members, and begin their next one."""
        key = (tuple(members), step)
        prepared = self._ahead.pop(key, None) or self._prepare(key)
        self._ahead = {key: made for key, made in self._ahead.items() if key[1] >= step}
        finish = prepared.result()
        if step + 1 < self._end:
            self._ahead[key[0], step + 1] = self._prepare((key[0], step + 1))
        return finish()

    def _prepare(self, key: Key) -> Future[Callable[[], Batch]]:
        return self._thread.submit(self._batches.prepare, *key)
