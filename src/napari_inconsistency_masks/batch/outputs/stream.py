"""Items that a thread of its own writes to a file."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

_WAITING = 4
"""Items that wait to be written; more would fill the memory if the drive is slow."""


class AbortedError(Exception):
    """The file is not to be written after all."""


class Stream(Generic[T]):
    """Runs ``write(items)`` in a thread, with the items that are put in one after the other.

    `write` is to make a file that appears complete or not at all (`files.atomic`), and to let an
    exception of its items through.
    """

    def __init__(self, write: Callable[[Iterator[T]], object]) -> None:
        self._items: queue.Queue[T | BaseException | None] = queue.Queue(_WAITING)
        self._write = write
        self._error: BaseException | None = None
        self._over = self._ended = False  # nothing is put any more; the last one was taken
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def put(self, item: T) -> None:
        """Hand over an item; waits as long as too many are waiting.

        Raises
        ------
        Exception
            What writing has failed with.
        """
        if self._error is not None:
            raise self._error
        self._items.put(item)

    def close(self) -> None:
        """Wait until the file is there; raises what writing has failed with."""
        self._end(None)
        if self._error is not None:
            raise self._error

    def abort(self) -> None:
        """Give up the file; does nothing once it is closed."""
        self._end(AbortedError())

    def _end(self, last: BaseException | None) -> None:
        if not self._over:
            self._over = True
            self._items.put(last)
        self._thread.join()

    def _run(self) -> None:
        try:
            self._write(self._taken())
        except BaseException as error:
            self._error = error
            for _ in self._taken_to_the_end():  # so that nobody waits for room
                pass

    def _taken(self) -> Iterator[T]:
        for item in self._taken_to_the_end():
            if isinstance(item, BaseException):
                raise item
            yield item

    def _taken_to_the_end(self) -> Iterator[T | BaseException]:
        while not self._ended:
            item = self._items.get()
            self._ended = item is None or isinstance(item, BaseException)
            if item is not None:
                yield item
