"""Where a batch in the window is, and what its button does: plain logic, no Qt."""

from __future__ import annotations

from enum import StrEnum

STOPPED_BY_REQUEST, SOME_FAILED = 130, 3
"""Exit codes of the command line."""


class State(StrEnum):
    """Where a batch is."""

    EMPTY = "no plan"
    PLANNING = "planning"
    PLANNED = "planned"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"


_WORDS = {
    State.EMPTY: "Show plan",
    State.PLANNING: "Cancel",
    State.PLANNED: "Start",
    State.RUNNING: "Stop",
    State.PAUSED: "Stop",
    State.STOPPING: "Stopping…",
    State.STOPPED: "Go on",
    State.FINISHED: "Show plan",
    State.FAILED: "Go on",
}


class BatchState:
    """Follows a batch from its plan to its end.

    Attributes
    ----------
    state
        Where it is.
    has_begun
        Whether the batch of this plan was started, so that it can be gone on with.
    is_planned
        Whether the plan is made, so that it can be started (again).
    """

    def __init__(self) -> None:
        self.state = State.EMPTY
        self.has_begun = self.is_planned = False
        self._complete = self._at_work = False

    @property
    def running(self) -> bool:
        """Whether files are being processed, or would be but for a pause."""
        return self.state in (State.RUNNING, State.PAUSED, State.STOPPING)

    @property
    def busy(self) -> bool:
        """Whether a program is at work."""
        return self.running or self.state is State.PLANNING

    @property
    def button(self) -> str:
        """Words on the button."""
        if self.state is State.FAILED and not self.has_begun:
            return _WORDS[State.PLANNED if self.is_planned else State.EMPTY]
        return _WORDS[self.state]

    def plan(self) -> None:
        """A plan is being made."""
        self.state, self.has_begun, self.is_planned = State.PLANNING, False, False
        self._at_work = False

    def start(self) -> None:
        """The batch is started, or goes on."""
        self.state, self.has_begun, self._complete = State.RUNNING, True, False

    def stop(self) -> None:
        """A stop was asked for."""
        self.state = State.STOPPING

    def told(self, event: str) -> None:
        """The program told an event that says where the batch is."""
        self._at_work |= event == "BatchStarted"
        if self.state is State.STOPPING:
            self._complete |= event == "BatchFinished"
        elif event == "Planned":
            self._complete = True
        elif event == "Paused":
            self.state = State.PAUSED
        elif event == "Resumed":
            self.state = State.RUNNING
        elif event == "BatchFinished":
            self._complete = True

    def ended(self, code: int) -> None:
        """The program has ended with this exit code."""
        complete, self._complete = self._complete and code in (0, SOME_FAILED), False
        if self.state is State.PLANNING:
            self.state, self.is_planned = State.PLANNED if complete else State.FAILED, complete
        elif complete:
            self.state = State.FINISHED
        elif code == STOPPED_BY_REQUEST or (self.state is State.STOPPING and code <= 0):
            self.state = State.STOPPED  # below 0: killed for not stopping in time
        else:  # perhaps refused before it had done anything
            self.state, self.has_begun = State.FAILED, self._at_work

    def forget(self) -> None:
        """Something else was chosen, or the plan was given up."""
        self.state, self.has_begun, self.is_planned = State.EMPTY, False, False
        self._complete = self._at_work = False
