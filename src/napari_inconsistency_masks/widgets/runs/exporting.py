"""Writing the networks of a run for other programs, in a child."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from qtpy.QtCore import QObject, Signal

from ...files.temporary import sweep
from ..work.process import REFUSED, Child, our_command
from ..work.status import Activity, Status

EXPORT = "export"


@dataclass(frozen=True)
class ExportRequest:
    """What is to be written.

    Attributes
    ----------
    run
        Whose networks.
    file
        The package to make (.zip); a person agreed to replace it if it is there.
    example
        An image that goes into the package.
    authors, license, description, gray_values
        As `napari-im export` takes them; empty for what is not said.
    """

    run: Path
    file: Path
    example: Path
    authors: tuple[str, ...] = ()
    license: str = ""
    description: str = ""
    gray_values: str = ""

    def arguments(self) -> tuple[str, ...]:
        """The command that does it."""
        words = ["export", str(self.run), "--out", str(self.file), "--example", str(self.example)]
        for author in self.authors:
            words += ["--author", author]
        for flag in ("license", "description", "gray_values"):
            if value := getattr(self, flag):
                words += [f"--{flag.replace('_', '-')}", value]
        return (*words, "--overwrite")


class Exporting(QObject):
    """One export at a time; `changed` tells that it begins or ends.

    Parameters
    ----------
    status
        Where to show what is going on.
    say
        Takes lines for the log.

    Attributes
    ----------
    message
        Why the last one did not work, in a sentence, or nothing.
    """

    changed = Signal()

    def __init__(
        self, status: Status, say: Callable[[str], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.message = ""
        self._status, self._say = status, say
        self._request: ExportRequest | None = None
        self._child: Child | None = None
        self._last_line = ""

    def message_about(self, run: Path) -> str:
        """Why the networks of a run could not be written, if they were the last; or nothing."""
        return self.message if self._request is not None and self._request.run == run else ""

    @property
    def busy(self) -> bool:
        """Whether networks are being written."""
        return self._child is not None

    def start(self, request: ExportRequest) -> None:
        """Write the networks of a run, unless others are being written."""
        if self.busy:
            return
        self._request, self.message, self._last_line = request, "", ""
        self._status.repeat_with(*request.arguments())
        words = f"Writing the networks of {request.run.name} for other programs"
        self._status.begin(EXPORT, Activity(words, None, self.stop))
        self._child = Child(our_command(*request.arguments()), self)
        self._child.said.connect(self._on_said)
        self._child.ended.connect(self._on_ended)
        self._child.start()
        self.changed.emit()

    def stop(self) -> None:
        """Give it up: nothing is written."""
        child, self._child = self._child, None
        if child is None or self._request is None:
            return
        child.blockSignals(True)
        child.kill()
        child.deleteLater()
        with suppress(OSError):
            sweep(self._request.file.parent)  # of what it had begun
        self._status.end(EXPORT, "Nothing was written for other programs.")
        self.changed.emit()

    def _on_said(self, line: str) -> None:
        self._last_line = line
        self._say(line)

    def _on_ended(self, code: int) -> None:
        assert self._request is not None
        self._child = None
        written = f"The networks are written: {self._request.file}"
        if code != 0:
            self.message = self._last_line.removeprefix(REFUSED) or f"It failed (code {code})."
        self._status.end(EXPORT, self.message or written)
        self.changed.emit()
