"""What the one button of training does next: plain logic, no Qt."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum

DOUBLE_CLICK = 0.4
"""Seconds in which a second press is a slip of the hand, and not a wish."""

STOPPED_BY_REQUEST = 130


class State(StrEnum):
    """Where a training is."""

    IDLE = "idle"
    PREPARING = "preparing"
    TRAINING = "training"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"


class Order(StrEnum):
    """What has to be done now."""

    PREPARE = "write the run folder"
    CANCEL = "give up writing the run folder"
    LAUNCH = "start the child on the run folder"
    STOP = "ask the child to save and end"


class TrainingState:
    """Follows one training through start, stop and resume.

    Every method takes what happened and returns what has to be done, if anything. A wish to stop
    always wins, also while the run folder is still being written.

    Parameters
    ----------
    clock
        Seconds that never go back.

    Attributes
    ----------
    state : State
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.state = State.IDLE
        self._clock = clock
        self._pressed = -DOUBLE_CLICK
        self._has_run = False
        self._complete = False

    @property
    def busy(self) -> bool:
        """Whether something runs that can be stopped, or is being stopped."""
        return self.state in (State.PREPARING, State.TRAINING, State.STOPPING)

    @property
    def resumable(self) -> bool:
        """Whether the button goes on with a run that was begun."""
        return self.state is State.STOPPED or (self.state is State.FAILED and self._has_run)

    @property
    def button(self) -> str:
        """Words on the button."""
        if self.state is State.STOPPING:
            return "Stopping…"
        if self.busy:
            return "Stop"
        return "Resume training" if self.resumable else "Start training"

    def press(self) -> Order | None:
        """The button was pressed."""
        if self._slipped():
            return None
        if self.busy:
            return self.stop()
        if self.resumable:
            self.state, self._complete = State.TRAINING, False
            return Order.LAUNCH
        return self._prepare()

    def press_anew(self) -> Order | None:
        """A button was pressed that stops what runs, and otherwise always begins a new run."""
        if self._slipped():
            return None
        return self.stop() if self.busy else self._prepare()

    def stop(self) -> Order | None:
        """A stop is wanted, however short ago the button was pressed."""
        if not self.busy or self.state is State.STOPPING:
            return None
        order = Order.CANCEL if self.state is State.PREPARING else Order.STOP
        self.state = State.STOPPING
        return order

    def _slipped(self) -> bool:
        """Whether this press comes too soon after the one before to be meant."""
        now = self._clock()
        slipped = now - self._pressed < DOUBLE_CLICK
        self._pressed = self._pressed if slipped else now
        return slipped

    def _prepare(self) -> Order:
        self.state, self._has_run, self._complete = State.PREPARING, False, False
        return Order.PREPARE

    def prepared(self) -> Order | None:
        """The run folder is written."""
        self._has_run = True
        if self.state is State.PREPARING:
            self.state = State.TRAINING
            return Order.LAUNCH
        self.state = State.STOPPED
        return None

    def not_prepared(self) -> None:
        """The run folder could not be written, or writing it was given up."""
        self.state = State.IDLE if self.state is State.STOPPING else State.FAILED

    def completed(self) -> None:
        """The child said that the run is complete."""
        self._complete = True

    def ended(self, code: int) -> None:
        """The child has ended with this exit code."""
        if self._complete and code == 0:
            self.state = State.FINISHED
        elif code == STOPPED_BY_REQUEST or (self.state is State.STOPPING and code <= 0):
            self.state = State.STOPPED  # below 0: killed for not stopping in time
        else:
            self.state = State.FAILED

    def opened(self, *, complete: bool) -> None:
        """A run folder from another day was opened."""
        self._has_run = True
        self.state = State.FINISHED if complete else State.STOPPED

    def reset(self) -> None:
        """The run was put aside for a new one."""
        self._has_run = False
        self.state = State.IDLE
