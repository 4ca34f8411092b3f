"""What the footer shows: the last sentence, what is running, the log, the command."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from qtpy.QtCore import QObject, Signal

from ...files.atomic import write_text
from ...files.command_line import join_command

PACKAGE = "napari_inconsistency_masks"
_MOST_LINES = 20_000


class Log(QObject):
    """All lines of a session, whatever thread or program they come from."""

    added = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.lines: deque[str] = deque(maxlen=_MOST_LINES)
        self._handler = _Handler(self)
        logging.getLogger(PACKAGE).addHandler(self._handler)

    def add(self, text: str) -> None:
        """Add a line, or several, with the time."""
        stamp = datetime.now().strftime("%H:%M:%S")  # noqa: DTZ005  the time on the wall
        for line in text.splitlines():
            self.lines.append(f"{stamp}  {line}")
            self.added.emit(self.lines[-1])

    def save(self, path: Path) -> None:
        """Write all lines to a text file."""
        write_text(path, "\n".join([*self.lines, ""]))

    def close(self) -> None:
        """Take no more lines from the package's loggers."""
        logging.getLogger(PACKAGE).removeHandler(self._handler)


class _Handler(logging.Handler):
    def __init__(self, log: Log) -> None:
        super().__init__(logging.INFO)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        self._log.add(self.format(record))


@dataclass(frozen=True)
class Activity:
    """Something that runs.

    Attributes
    ----------
    words
        What it is doing.
    share
        How much is done, 0 to 1, or None if nobody knows.
    cancel
        Ends it, or None if it cannot be ended.
    cancel_words
        What the button for that says.
    """

    words: str
    share: float | None = None
    cancel: Callable[[], object] | None = None
    cancel_words: str = "Cancel"


class Status(QObject):
    """The sentence, the activities and the command of a session."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.sentence = "Ready."
        self.command = ""
        self._activities: dict[str, Activity] = {}

    @property
    def activity(self) -> Activity | None:
        """What was begun last and still runs."""
        return next(reversed(self._activities.values()), None)

    def say(self, sentence: str) -> None:
        """Show a sentence."""
        self.sentence = sentence
        self.changed.emit()

    def begin(self, key: str, activity: Activity) -> None:
        """Show something that runs; of several with the same key the last one counts."""
        self._activities.pop(key, None)
        self._activities[key] = activity
        self.changed.emit()

    def progress(self, key: str, words: str, share: float | None) -> None:
        """Show how far it is; nothing happens if it does not run."""
        if key in self._activities:
            self._activities[key] = replace(self._activities[key], words=words, share=share)
            self.changed.emit()

    def end(self, key: str, sentence: str | None = None) -> None:
        """Show that it ended."""
        self._activities.pop(key, None)
        self.sentence = sentence or self.sentence
        self.changed.emit()

    def repeat_with(self, *arguments: str) -> None:
        """Show the command that does the same without a window."""
        self.command = join_command(("napari-im", *arguments))
        self.changed.emit()
