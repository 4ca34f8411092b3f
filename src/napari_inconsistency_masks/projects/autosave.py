"""Labels are saved soon after they were drawn, in a thread, without anybody's asking."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from .labels import FrameLabels

Frame = tuple[str, int]
"""An image id and a frame."""

_AT_EXIT = 20.0
"""Seconds that a program waits for labels to be saved when it ends, such as on a stuck drive."""


class FrameWriter(Protocol):
    """What saves labels, such as a `Project`."""

    def write_frame(self, image_id: str, frame: int, labels: FrameLabels, /) -> int: ...


@dataclass
class _Unsaved:
    """The newest labels of a frame that are not on disk yet.

    ``first`` and ``last`` are the times of the first and last change since the last save;
    ``not_before`` is later than those after a failure. ``since`` is the number of the first change,
    ``failed`` the flush (or 0) in which saving failed last.
    """

    labels: FrameLabels
    first: float
    last: float
    since: int
    not_before: float = 0.0
    failed: int = -1


class Autosave:
    """Saves the newest labels of each frame in one background thread.

    A frame is saved `delay` seconds after its last change, and at most `latest` seconds after the
    first one. What cannot be saved stays, and is tried again every `retry` seconds.

    Parameters
    ----------
    project
        Where to save.
    delay, latest, retry
        In seconds.
    on_saved
        Called in the background thread with image id, frame and the number of the save.
    on_error
        Called in the background thread with image id, frame and what went wrong.
    """

    def __init__(
        self,
        project: FrameWriter,
        delay: float = 0.5,
        latest: float = 2.0,
        *,
        retry: float = 5.0,
        on_saved: Callable[[str, int, int], object] | None = None,
        on_error: Callable[[str, int, Exception], object] | None = None,
    ) -> None:
        self._project = project
        self._delay, self._latest, self._retry = delay, latest, retry
        self._on_saved, self._on_error = on_saved, on_error
        self._changed = threading.Condition()
        self._unsaved: dict[Frame, _Unsaved] = {}
        self._writing: tuple[Frame, _Unsaved] | None = None
        self._changes = self._flushes = self._waiting = 0
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="autosave", daemon=True)
        self._thread.start()
        atexit.register(self.close, _AT_EXIT)

    def touch(self, image_id: str, frame: int, snapshot: Callable[[], FrameLabels]) -> None:
        """Say that the labels of a frame have changed.

        Parameters
        ----------
        image_id, frame
            Which.
        snapshot
            Called at once, in the thread of the caller, who owns the arrays and so is not drawing
            in them at this moment. Gives labels with arrays of their own (`FrameLabels.copy`; one
            byte per pixel and class); call this at the end of a stroke, not for every pixel.
        """
        labels = snapshot()
        now = time.monotonic()
        with self._changed:
            if self._closed:
                raise RuntimeError("autosave is closed")
            self._changes += 1
            old = self._unsaved.get((image_id, frame))
            if old is None:
                self._unsaved[image_id, frame] = _Unsaved(labels, now, now, self._changes)
            else:
                old.labels, old.last = labels, now
            self._changed.notify_all()

    def unsaved(self, image_id: str, frame: int) -> FrameLabels | None:
        """The newest labels of a frame if they are not on disk yet, else None."""
        key = (image_id, frame)
        with self._changed:
            if key in self._unsaved:
                return self._unsaved[key].labels
            if self._writing and self._writing[0] == key:
                return self._writing[1].labels
            return None

    def flush(self, timeout: float | None = None) -> bool:
        """Save everything now, and wait for it.

        Returns
        -------
        bool
            Whether all that was drawn before this call is on disk. False if something could not be
            saved (it stays, and is tried again later), or the time was up.
        """
        with self._changed:
            self._flushes += 1
            number, last = self._flushes, self._changes
            self._waiting += 1
            self._changed.notify_all()
            try:
                self._changed.wait_for(lambda: not self._open(number, last), timeout)
                return not self._left(last)
            finally:
                self._waiting -= 1

    def close(self, timeout: float | None = None) -> bool:
        """Flush, and end the thread; the result is that of `flush`."""
        saved = self.flush(timeout)
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(timeout)
        atexit.unregister(self.close)
        return saved

    def _left(self, last: int) -> list[_Unsaved]:
        """What is not on disk of the changes up to a number."""
        entries = [*self._unsaved.values(), *([self._writing[1]] if self._writing else [])]
        return [entry for entry in entries if entry.since <= last]

    def _open(self, flush: int, last: int) -> bool:
        """Whether a flush still has to wait for anything."""
        return any(
            entry.failed < flush or (self._writing is not None and self._writing[1] is entry)
            for entry in self._left(last)
        )

    def _work(self) -> None:
        while True:
            with self._changed:
                while True:
                    if self._closed:
                        return
                    wait = self._wait()
                    if wait is not None and wait <= 0:
                        break
                    self._changed.wait(wait)
                key = min(self._unsaved, key=lambda key: self._due(self._unsaved[key]))
                entry = self._unsaved.pop(key)
                self._writing, flush = (key, entry), self._flushes
            self._write(key, entry, flush)

    def _wait(self) -> float | None:
        """Seconds until something is due, or None."""
        due = [self._due(entry) for entry in self._unsaved.values()]
        return min(due) - time.monotonic() if due else None

    def _due(self, entry: _Unsaved) -> float:
        if self._waiting and entry.failed < self._flushes:
            return 0.0
        return max(min(entry.last + self._delay, entry.first + self._latest), entry.not_before)

    def _write(self, key: Frame, entry: _Unsaved, flush: int) -> None:
        """Save one frame, outside of the lock; what fails is kept, unless there is newer."""
        try:
            number = self._project.write_frame(*key, entry.labels)
        except Exception as error:
            self._keep(key, entry, flush)
            _tell(self._on_error, *key, error)
            return
        with self._changed:
            self._writing = None
            self._changed.notify_all()
        _tell(self._on_saved, *key, number)

    def _keep(self, key: Frame, entry: _Unsaved, flush: int) -> None:
        with self._changed:
            newer = self._unsaved.get(key)
            kept = entry if newer is None else newer
            kept.since, kept.first = entry.since, entry.first
            kept.not_before = time.monotonic() + self._retry
            kept.failed = flush
            self._unsaved[key] = kept
            self._writing = None
            self._changed.notify_all()


def _tell(callback: Callable[..., object] | None, *arguments: object) -> None:
    """Call back; whatever goes wrong there must not end the saving."""
    if callback is None:
        return
    try:
        callback(*arguments)
    except Exception:
        logging.getLogger(__name__).exception("a callback of autosave failed")
