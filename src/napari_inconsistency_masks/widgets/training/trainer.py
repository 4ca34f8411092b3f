"""The training of a session: the child that trains, and what it told so far."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from qtpy.QtCore import QObject, Signal

from ...errors import InputError
from ...files.locks import is_held
from ...plans import LOCK, RunPlan, read_plan
from ...training.events import Event, Finished
from ...training.progress import Position, Progress, duration
from ..runs.history import History
from ..runs.saved_run import Found, read_run
from ..work.process import CRASHED, REFUSED, Child, our_command
from ..work.status import Activity, Status
from ..work.words import in_words
from ..work.worker import Worker
from .preparation import RetrainingRequest, RunRequest, prepare
from .state import Order, State, TrainingState

TRAINING = "train"


class Trainer(QObject):
    """Starts, follows and stops one training at a time.

    `changed` tells of anything that sections show but the curves, `prepared` that the folder of a
    new run is written, `happened` carries each event, and `finished` the folder of a run that has
    just been completed.

    Parameters
    ----------
    status
        Where to show what is going on.
    say
        Takes lines for the log.

    Attributes
    ----------
    elsewhere : bool
        Whether another program was at work on the run when it was opened.
    """

    changed = Signal()
    prepared = Signal()
    happened = Signal(object)
    finished = Signal(object)

    def __init__(
        self, status: Status, say: Callable[[str], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.machine = TrainingState()
        self.run: Path | None = None
        self.plan: RunPlan | None = None
        self.history = History()
        self.position = Position()
        self.message = ""
        self.elsewhere = False
        self.child: Child | None = None
        self._status, self._say = status, say
        self._progress = Progress()
        self._preparing: Worker | None = None
        self._opening: Worker | None = None
        self._refusal, self._last_line = "", ""

    @property
    def state(self) -> State:
        """Where the training is."""
        return self.machine.state

    def press(self, request: Callable[[], RunRequest]) -> None:
        """The button was pressed; `request` says what to start, if that is what it does now."""
        wanted = None
        if not self.machine.busy and not self.machine.resumable:
            try:
                wanted = request()
            except InputError as error:
                self.message = str(error)
                self.changed.emit()
                return
        self._do(self.machine.press(), wanted)

    def press_anew(self, request: Callable[[], RetrainingRequest]) -> None:
        """A button was pressed that stops what runs, or else begins what `request` says.

        Raises
        ------
        InputError
            If there is nothing to begin; the run before then stays.
        """
        wanted = None if self.machine.busy else request()
        self._do(self.machine.press_anew(), wanted)

    def stop(self) -> None:
        """Stop what runs, if anything."""
        if self.machine.busy:
            self._do(self.machine.stop(), None)

    def end(self, milliseconds: int) -> None:
        """Have the child save and end before this returns: the window closes."""
        child = self.child  # it is none as soon as it has ended
        if child is not None:
            child.close_input()
            if not child.wait(milliseconds):
                child.kill()

    def open(self, folder: Path) -> None:
        """Take up a run folder from another day: use its networks, or go on with it.

        Of several wishes the last one counts.
        """
        if self._opening is not None:
            self._opening.stop()
        self.message = ""
        worker = self._opening = Worker(_look_at(folder), self)
        worker.returned.connect(lambda seen: self._on_opened(worker, folder, seen))
        worker.failed.connect(lambda error: self._on_not_opened(worker, error))
        worker.begin()

    def put_aside(self) -> None:
        """Forget the run, so that the next start is a new one."""
        if not self.machine.busy:
            self.machine.reset()
            self._forget()
            self.changed.emit()

    def reconsider(self) -> None:
        """What would be started next has changed: say no more why the last try was refused."""
        if self.message and not self.machine.busy and not self.machine.resumable:
            self.message = ""
            self.changed.emit()

    def take(self, values: dict[str, Any]) -> None:
        """Take a line of the child."""
        try:
            event = Event.from_json(values)
        except InputError as error:
            self._say(str(error))
            return
        self.follow(event)

    def follow(self, event: Event) -> None:
        """Take note of an event."""
        self.history.add(event)
        self.position = self._progress.follow(event)
        if isinstance(event, Finished):
            self.machine.completed()
        self._status.progress(TRAINING, f"Training: {self.words}", self.position.done)
        self.happened.emit(event)

    @property
    def words(self) -> str:
        """Where the training is, and how long it still takes, in words."""
        left = self.position.seconds_left
        return self.position.words + ("" if left is None else f", {duration(left)} left")

    def _do(self, order: Order | None, request: RunRequest | RetrainingRequest | None) -> None:
        if order is Order.PREPARE and request is not None:
            self._prepare(request)
        elif order is Order.LAUNCH:
            self._launch()
        elif order is Order.CANCEL and self._preparing is not None:
            self._preparing.stop()
        elif order is Order.STOP and self.child is not None:
            self.child.close_input()
        self.changed.emit()

    def _prepare(self, request: RunRequest | RetrainingRequest) -> None:
        self._forget()
        self.run = request.folder
        self._status.begin(TRAINING, Activity("Reading the data", None, self.stop, "Stop"))
        worker = self._preparing = Worker(prepare(request), self)
        worker.yielded.connect(self._on_written)
        worker.returned.connect(self._on_prepared)
        worker.failed.connect(self._on_not_prepared)
        worker.over.connect(lambda: self._on_preparation_over(worker))
        worker.begin()

    def _on_written(self, written: tuple[int, int]) -> None:
        done, total = written
        words = f"Copying frame {done} of {total} to the run folder"
        self.position = Position(words, 0.0)
        self._status.progress(TRAINING, words, done / total)
        self.changed.emit()

    def _on_prepared(self, folder: Path) -> None:
        self.plan = read_plan(folder)
        self.prepared.emit()
        self._do(self.machine.prepared(), None)

    def _on_not_prepared(self, error: Exception) -> None:
        self.message = in_words(error)
        self._say(self.message)

    def _on_preparation_over(self, worker: Worker) -> None:
        """Comes after the result, or alone if writing was given up."""
        if worker is not self._preparing:
            return  # the next one, or none, is prepared by now
        self._preparing = None
        if self.plan is None:
            self.machine.not_prepared()
            self.run = None
        if not self.machine.busy:
            self._status.end(TRAINING, self.message or "Not started.")
        self.changed.emit()

    def _launch(self) -> None:
        assert self.run is not None
        self._progress, self.message, self.elsewhere = Progress(), "", False
        self._refusal, self._last_line = "", ""
        self.position = Position("starting the networks")
        self._status.begin(TRAINING, Activity("Training: starting", None, self.stop, "Stop"))
        self._status.repeat_with("run", str(self.run))
        self.child = Child(our_command("run", str(self.run), "--json", "--end-with-input"), self)
        self.child.answered.connect(self.take)
        self.child.said.connect(self._on_said)
        self.child.ended.connect(self._on_ended)
        self.child.start()

    def _on_said(self, line: str) -> None:
        self._last_line = line
        if line.startswith(REFUSED):
            self._refusal = line.removeprefix(REFUSED)
        self._say(line)

    def _on_ended(self, code: int) -> None:
        self.child = None
        self.machine.ended(code)
        sentence = {
            State.FINISHED: "Training is finished.",
            State.STOPPED: "Training is stopped; what it has is saved.",
        }.get(self.state)
        if sentence is None:
            self.message = self._why(code)
        self._status.end(TRAINING, sentence or self.message)
        self.changed.emit()
        if self.state is State.FINISHED:
            self.finished.emit(self.run)

    def _why(self, code: int) -> str:
        """Why the training failed, in a sentence."""
        if self._refusal:
            return self._refusal
        if code == CRASHED:
            return (
                "The training crashed or was ended by something else, perhaps for lack of memory; "
                "what it had saved is kept."
            )
        return f"The training failed ({self._last_line or f'code {code}'}); the log says more."

    def _on_opened(self, worker: Worker, folder: Path, seen: tuple[Found, bool]) -> None:
        if worker is not self._opening or self.machine.busy:
            return  # something else was opened or started meanwhile
        self.run = folder
        found, self.elsewhere = seen
        self.plan, self.history, complete = found
        self.machine.opened(complete=complete)
        self.position = Position("finished" if complete else "stopped", 1.0 if complete else 0.0)
        self.changed.emit()
        if complete:
            self.finished.emit(self.run)

    def _on_not_opened(self, worker: Worker, error: Exception) -> None:
        if worker is not self._opening:
            return
        self.message = in_words(error)
        self.changed.emit()

    def _forget(self) -> None:
        self.run, self.plan, self.history, self.message = None, None, History(), ""
        self.position, self.elsewhere = Position(), False
        self._preparing = self._opening = None


def _look_at(folder: Path) -> Generator[None, None, tuple[Found, bool]]:
    """Read a run, and whether another program is at work on it."""
    found = yield from read_run(folder)
    return found, not found[2] and is_held(folder / LOCK)
