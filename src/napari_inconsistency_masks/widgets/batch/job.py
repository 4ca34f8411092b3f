"""The batch of a session: the child that plans and does it, and what it told so far."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtCore import QObject, Signal

from ...batch.events import BatchEvent
from ...errors import InputError
from ...files.atomic import WriteError, write_text
from ..work.process import CRASHED, REFUSED, Child, our_command
from ..work.status import Activity, Status
from .choice import LIST, BatchChoice, BatchRequest
from .follower import BatchFollower
from .state import BatchState, State

BATCH = "batch"

IN_WINDOW = {"add --overwrite": "tick Replace", "add --recursive": "tick Subfolders"}
"""What a terminal says that a person should do, and what the window says instead."""


class BatchJob(QObject):
    """Plans, starts, follows, pauses and stops one batch at a time.

    `changed` tells that a batch begins, ends or pauses, or that there is another plan; `happened`
    that something was told; `replacing` carries the folder of results that are about to be
    replaced, `finished` that of results that are complete.

    Parameters
    ----------
    status
        Where to show what is going on.
    say
        Takes lines for the log.

    Attributes
    ----------
    choice
        What the next plan is made of.
    may_replace
        Whether a person allowed to replace results that are there.
    request
        What is planned or done.
    """

    changed = Signal()
    happened = Signal()
    replacing = Signal(object)
    finished = Signal(object)

    def __init__(
        self, status: Status, say: Callable[[str], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.machine = BatchState()
        self.follower = BatchFollower()
        self.choice = BatchChoice()
        self.may_replace = False
        self.request: BatchRequest | None = None
        self.message = ""
        self.child: Child | None = None
        self._status, self._say = status, say
        self._last_line, self._refusal = "", ""
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    @property
    def state(self) -> State:
        """Where the batch is."""
        return self.machine.state

    @property
    def refusal(self) -> str:
        """What would be overwritten unasked, in a sentence, or nothing."""
        planned = self.follower.planned
        refusal = planned.refusal if planned is not None else None
        return _for_window(refusal or "")

    def choose(self, choice: BatchChoice) -> None:
        """Choose something else: what was planned no longer holds. A batch that runs goes on."""
        self.choice = choice
        self.forget()

    def allow(self, *, replace: bool) -> None:
        """Allow to replace results that are there, or not."""
        self.may_replace = replace
        self.changed.emit()

    def plan(self, in_use: Path | None, device: str) -> None:
        """Find out what would be done; nothing is written.

        Parameters
        ----------
        in_use
            The run whose networks are in use, if any.
        device
            Where to compute.

        Raises
        ------
        InputError
            If something is missing.
        """
        if self.machine.busy:
            return
        request = self.choice.request(in_use, device)
        self.request, self.follower, self.message = request, BatchFollower(), ""
        self.may_replace = False
        self.machine.plan()
        self._status.begin(BATCH, Activity("Planning the batch", None, self.stop))
        listed = self._list(request, self._scratch_folder()) if request.is_long else None
        flags = ("--dry-run", "--json", "--end-with-input")
        self._launch(request.arguments(*flags, listed=listed))

    def start(self) -> None:
        """Do what is planned, or go on with it.

        Raises
        ------
        InputError
            If results would be replaced unasked, or the folder of results cannot be written to.
        """
        if self.request is None or self.machine.busy:
            return
        if self.refusal and not self.may_replace:
            raise InputError(self.refusal)
        listed = self._list(self.request, self.request.folder) if self.request.is_long else None
        flags = ("--overwrite",) if self.may_replace else ()
        if self.may_replace:
            self.replacing.emit(self.request.folder)
        self._status.repeat_with(*self.request.arguments(*flags, listed=listed))
        self.machine.start()
        self.message = ""
        self.follower.begin()
        self._status.begin(BATCH, Activity("Batch: starting", None, self.stop, "Stop"))
        more = ("--json", "--end-with-input")
        self._launch(self.request.arguments(*flags, *more, listed=listed))

    def pause(self) -> None:
        """Pause within one tile."""
        if self.child is not None and self.state is State.RUNNING:
            self.child.send({"do": "pause"})

    def resume(self) -> None:
        """Go on after a pause."""
        if self.child is not None and self.state is State.PAUSED:
            self.child.send({"do": "resume"})

    def stop(self) -> None:
        """Give up the plan, or stop the batch within one tile; what is done is kept."""
        if self.child is None:
            return
        if self.state is State.PLANNING:
            self.forget()
            self._status.end(BATCH, "The plan was given up.")
        elif self.state is not State.STOPPING:
            self.machine.stop()
            self.child.close_input()
            self.changed.emit()

    def forget(self) -> None:
        """Give up the plan, or put the batch aside. One that runs goes on."""
        if self.machine.running:
            return
        child, self.child = self.child, None
        self.machine.forget()
        self.request, self.follower, self.message = None, BatchFollower(), ""
        if child is not None:
            child.blockSignals(True)
            child.kill()  # a plan has nothing to save
            child.deleteLater()
        self.changed.emit()

    def take(self, values: dict[str, Any]) -> None:
        """Take a line of the child."""
        try:
            event = BatchEvent.from_json(values)
        except InputError as error:
            self._say(str(error))
            return
        before = self.state
        self.follower.follow(event)
        self.machine.told(type(event).__name__)
        self._tell()
        self.happened.emit()
        if self.state is not before:
            self.changed.emit()

    def end(self, milliseconds: int) -> None:
        """Stop for good: the window closes."""
        child, self.child = self.child, None
        if child is not None:
            child.close_input()
            if self.state is State.PLANNING or not child.wait(milliseconds):
                child.kill()
        if self._scratch is not None:
            self._scratch.cleanup()
            self._scratch = None

    def _tell(self) -> None:
        if self.state is State.PLANNING:
            done, total = self.follower.looked
            words = f"Planning the batch: read {done:,} of {total:,} files"
            self._status.progress(BATCH, words, done / max(1, total))
        else:
            lead = "Batch, paused" if self.state is State.PAUSED else "Batch"
            self._status.progress(BATCH, f"{lead}: {self.follower.words}", self.follower.share)

    def _launch(self, arguments: tuple[str, ...]) -> None:
        self._last_line, self._refusal = "", ""
        self.child = Child(our_command(*arguments), self)
        self.child.answered.connect(self.take)
        self.child.said.connect(self._on_said)
        self.child.ended.connect(self._on_ended)
        self.child.start()
        self.changed.emit()

    def _on_said(self, line: str) -> None:
        self._last_line = line
        if line.startswith(REFUSED):
            self._refusal = _for_window(line.removeprefix(REFUSED))
        self._say(line)

    def _on_ended(self, code: int) -> None:
        self.child = None
        self.machine.ended(code)
        sentence = {
            State.PLANNED: "The plan is made; nothing is written yet.",
            State.FINISHED: f"The batch is finished: {self.follower.outcome()}",
            State.STOPPED: "The batch is stopped; what is done is kept.",
        }.get(self.state)
        if sentence is None:
            self.message = self._why(code)
        if self.machine.has_begun:
            self.follower.left()
        self._status.end(BATCH, sentence or self.message)
        self.changed.emit()
        if self.state is State.FINISHED and self.request is not None:
            self.finished.emit(self.request.folder)

    def _why(self, code: int) -> str:
        """Why it failed, in a sentence."""
        if self._refusal:
            return self._refusal
        kept = " What is done is kept: go on whenever you like." if self.machine.has_begun else ""
        if code == CRASHED:
            return (
                f"The program crashed or was ended by something else, perhaps for lack of memory. "
                f"{self._last_line}{kept}"
            )
        return f"The program failed ({self._last_line or f'code {code}'}).{kept}"

    def _list(self, request: BatchRequest, folder: Path) -> Path:
        """A file that names the images: they are too many for a command."""
        path = folder / LIST
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_text(path, "\n".join([*map(str, request.paths), ""]))
        except (OSError, WriteError) as error:
            raise InputError(f"{folder}: cannot be written to ({error}).") from None
        return path

    def _scratch_folder(self) -> Path:
        if self._scratch is None:
            self._scratch = tempfile.TemporaryDirectory(
                "", "napari-im-", ignore_cleanup_errors=True
            )
        return Path(self._scratch.name)


def _for_window(sentence: str) -> str:
    """A refusal of the command line, with the names of the window for what to do."""
    for flag, tick in IN_WINDOW.items():
        sentence = sentence.replace(flag, tick)
    return sentence
