"""A job where it is done: on a worker, which tells what happens and asks whether to go on."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files.temporary import writer

LOOK = 0.2
"""Seconds between two looks at whether a job is still wanted."""

_one_at_a_time = threading.Lock()
"""Of this process: a worker may have several threads, and even several teams."""


class UnfitError(InputError):
    """The worker can do no such job, others may: it is left out, with the message."""


class UnseenError(InputError):
    """The worker does not see a path; if the team does, the worker is left out."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: does not exist (any more).")
        self.path = str(path)


def must_have_version(expected: str) -> None:
    """Refuse to work where this package has another version than for the team.

    Raises
    ------
    UnfitError
        With both versions.
    """
    mine = version("napari-inconsistency-masks")
    if mine != expected:
        raise UnfitError(f"has napari-inconsistency-masks {mine}, and this computer {expected}")


class NotWantedError(Exception):
    """The job was left, because nobody wants it done here any more."""


class Desk:
    """What a job is given: its link to the team.

    Parameters
    ----------
    key, topic
        Of the task and of its messages.
    turn
        0, 1, 2 ... among the workers of this computer.
    """

    def __init__(self, key: str, topic: str, turn: int) -> None:
        from distributed import get_worker

        self.turn = turn
        self._key, self._topic, self._worker = key, topic, get_worker()

    @property
    def threads(self) -> int:
        """Processor cores that whoever started the worker gave it."""
        return int(self._worker.state.nthreads)

    def say(self, value: Any) -> None:
        """Tell the team something: JSON values."""
        self._send({"said": value})

    def wanted(self) -> bool:
        """Whether to go on: not after a stop, nor when the team or the scheduler is gone."""
        task = self._worker.state.tasks.get(self._key)
        closed = self._worker.status.name in ("closing", "closed", "failed", "stopping")
        return task is not None and task.state == "executing" and not closed

    def _send(self, message: dict[str, Any]) -> None:
        # As text, since names of files may hold half characters, which only JSON escapes.
        self._worker.log_event(self._topic, json.dumps({"key": self._key, **message}))


def attend(
    key: str, topic: str, turn: int, function: Callable[..., Any], arguments: tuple[Any, ...]
) -> None:
    """Do a job on this worker; everything that comes of it is a message to the team."""
    desk = Desk(key, topic, turn)
    desk._send({"began": writer()})  # noqa: SLF001  its other half
    desk._send({"ended": _outcome(desk, function, arguments)})  # noqa: SLF001


def _outcome(
    desk: Desk, function: Callable[..., Any], arguments: tuple[Any, ...]
) -> dict[str, Any]:
    while not _one_at_a_time.acquire(timeout=LOOK):
        if not desk.wanted():
            return {"stopped": True}
    try:
        return {"value": function(desk, *arguments)}
    except NotWantedError:
        return {"stopped": True}
    except UnseenError as error:
        return {"unseen": error.path}
    except UnfitError as error:
        return {"unfit": str(error)}
    except InputError as error:
        return {"refused": str(error)}
    except Exception as error:
        return {"refused": f"unexpected: {error!r}"}
    finally:
        _one_at_a_time.release()


class Now:
    """Says now and then that it is time, for what is too frequent to be told or asked."""

    def __init__(self, seconds: float = LOOK) -> None:
        self._seconds, self._next = seconds, 0.0

    def __bool__(self) -> bool:
        now = time.monotonic()
        due = now >= self._next
        if due:
            self._next = now + self._seconds
        return due
