"""The workers of a cluster, each with one job at a time.

Who does what is decided here and not by the scheduler: a worker that takes another job for each of
its threads would load networks twice, and what is not given out yet can be paused.
"""

from __future__ import annotations

import json
import queue
import time
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from .connect import ConnectionLostError
from .desk import attend
from .happenings import Happening, Job, Lost, Noted, Refused, Returned, Said
from .worker import Task, Worker

if TYPE_CHECKING:
    from distributed import Client

LIVES = 3
"""Workers that may end while they do the same job; then it is the job's fault."""

SILENCE = 600.0
"""Seconds without a word from a job after which a person is told: its worker may hang."""

WAIT, STOP_WITHIN, ANSWER_WITHIN = 1.0, 60.0, 30.0


class Team:
    """All workers of a cluster, those that come later as well.

    Parameters
    ----------
    client
        From `connected`.
    greeting
        The job that each worker does first; it may raise `UnfitError`.
    """

    def __init__(self, client: Client, greeting: Job) -> None:
        self._client, self._greeting = client, greeting
        self._address = str(getattr(client.scheduler, "address", ""))
        self._topic = f"napari-im-{uuid.uuid4().hex}"
        self._inbox: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        client.subscribe_topic(self._topic, lambda event: self._inbox.put(json.loads(event[1])))
        self._workers: dict[str, Worker] = {}
        self._tasks: dict[str, Task] = {}
        self._again: deque[Job] = deque()
        self._lost: dict[str, list[str]] = {}
        self._next_look = 0.0

    @property
    def room(self) -> bool:
        """Whether a worker is free for another job."""
        return len(self._free()) > len(self._again)

    @property
    def ready(self) -> list[Any]:
        """What the workers that can be used said when they were greeted."""
        fit = (each for each in self._workers.values() if not each.unfit)
        return [each.about for each in fit if each.about is not None]

    @property
    def busy(self) -> bool:
        """Whether some job is not done yet."""
        return bool(self._again) or any(task.worker.about for task in self._tasks.values())

    @property
    def greeting(self) -> bool:
        """Whether a worker has not answered yet."""
        return not all(worker.answered for worker in self._workers.values())

    def give(self, job: Job) -> None:
        """Let a free worker do a job; there must be `room`.

        Raises
        ------
        ConnectionLostError
            If the client was closed meanwhile.
        """
        self._start(job, self._free()[0])

    def happened(self) -> list[Happening]:
        """What happened meanwhile; waits for a second at most, then there may be nothing.

        Raises
        ------
        ConnectionLostError
            If the scheduler does not answer any more.
        InputError
            If no worker can be used.
        """
        found = list(self._look())
        while self._again and (free := self._free()):
            self._start(self._again.popleft(), free[0])
        try:
            message = self._inbox.get(timeout=0 if found else WAIT)
            while True:
                found += self._take(message)
                message = self._inbox.get_nowait()
        except queue.Empty:
            pass
        found += self._silent()
        self._refuse_nobody()
        return found

    def stop(self) -> None:
        """End the jobs that run, and wait until they have."""
        with suppress(ConnectionLostError):  # then the workers stop by themselves
            self._there()
            for key, task in list(self._tasks.items()):
                self._cancel(task)
                if task.job is self._greeting:  # which writes nothing
                    del self._tasks[key]
            began = time.monotonic()
            while self._tasks and time.monotonic() < began + STOP_WITHIN:
                self._wait_for_ends(sure=time.monotonic() > began + 2 * WAIT)
        self._tasks.clear()
        self._again.clear()
        for address, worker in list(self._workers.items()):
            worker.task = None
            if not worker.answered:
                del self._workers[address]

    def _wait_for_ends(self, *, sure: bool) -> None:
        """Forget tasks that ended; if ``sure``, also those that never began."""
        there = self._there()
        for key, task in list(self._tasks.items()):
            if task.worker.address not in there or (sure and not task.began):
                del self._tasks[key]
        with suppress(queue.Empty):
            message = self._inbox.get(timeout=WAIT if self._tasks else 0)
            if "ended" in message:
                self._tasks.pop(message["key"], None)
            elif "began" in message and message["key"] in self._tasks:
                self._tasks[message["key"]].began = True

    def _free(self) -> list[Worker]:
        return [worker for worker in self._workers.values() if worker.free]

    def _start(self, job: Job, worker: Worker) -> None:
        key = f"napari-im-{uuid.uuid4().hex}"
        arguments = (key, self._topic, worker.turn, job.function, job.arguments)
        with self._connection():
            future = self._client.submit(
                attend, *arguments, key=key, workers=[worker.address], pure=False
            )
        worker.task = key
        self._tasks[key] = Task(job, worker, future)

    def _look(self) -> Iterator[Happening]:
        """Now and then: which workers are there, and whether tasks ended without a message."""
        if time.monotonic() < self._next_look:
            return
        yield from self._see_workers()
        for key, task in list(self._tasks.items()):
            status = task.future.status
            if status in ("cancelled", "lost"):
                raise self._connection_lost()
            if status == "error":
                self._inbox.put({"key": key, "ended": _error(task)})
        self._next_look = time.monotonic() + WAIT

    def _see_workers(self) -> Iterator[Happening]:
        there = self._there()
        for address in self._workers.keys() - there:
            yield from self._gone(self._workers.pop(address))
        for address in sorted(there - self._workers.keys()):
            host = address.split("://")[-1].rsplit(":", 1)[0]
            taken = {each.turn for each in self._workers.values() if each.host == host}
            turn = min(set(range(len(taken) + 1)) - taken)
            self._workers[address] = worker = Worker(address, host, turn)
            self._start(self._greeting, worker)

    def _there(self) -> set[str]:
        if self._client.status != "running":
            raise self._connection_lost()
        try:
            return set(self._client.nthreads(callback_timeout=ANSWER_WITHIN))
        except (OSError, TimeoutError):
            raise self._connection_lost() from None

    def _cancel(self, task: Task) -> None:
        with self._connection():
            task.future.cancel()

    @contextmanager
    def _connection(self) -> Iterator[None]:
        """Any error of a client that was closed meanwhile is a lost connection."""
        try:
            yield
        except Exception:
            if self._client.status == "running":
                raise
            raise self._connection_lost() from None

    def _connection_lost(self) -> ConnectionLostError:
        return ConnectionLostError(self._address)

    def _gone(self, worker: Worker) -> Iterator[Happening]:
        task = None if worker.task is None else self._tasks.pop(worker.task, None)
        if task is None:
            return
        self._cancel(task)
        if task.job is self._greeting:
            yield Noted(f"Worker {worker.address} ended before it answered.")
            return
        name, lost = task.job.name, self._lost.setdefault(task.job.name, [])
        lost.append(worker.address)
        yield Lost(name, worker.address, worker.writer)
        if len(lost) < LIVES:
            self._again.append(task.job)
        else:
            workers = ", ".join(self._lost.pop(name))
            yield Refused(name, f"{LIVES} workers ended while they worked on it ({workers}).")

    def _take(self, message: dict[str, Any]) -> Iterator[Happening]:
        task = self._tasks.get(message["key"])
        if task is None:  # of a worker that was given up
            return
        task.heard, task.silence_told = time.monotonic(), False
        if "began" in message:
            task.began, task.worker.writer = True, message["began"]
        elif "said" in message:
            yield Said(task.job.name, message["said"])
        else:
            del self._tasks[message["key"]]
            task.worker.task = None
            task.future.release()
            yield from self._ended(task, message["ended"])

    def _ended(self, task: Task, outcome: dict[str, Any]) -> Iterator[Happening]:
        name, worker = task.job.name, task.worker
        unseen = outcome.get("unseen")
        if "unfit" in outcome or (unseen is not None and Path(unseen).exists()):
            said = outcome.get("unfit") or f"does not see {unseen}, which this computer sees"
            worker.unfit = f"Worker {worker.address} is left out: it {said}."
            yield Noted(worker.unfit)
            if task.job is not self._greeting:
                self._again.append(task.job)
        elif task.job is self._greeting:
            worker.about = outcome.get("value")
            if worker.about is None:
                worker.unfit = f"Worker {worker.address} is left out: {outcome.get('refused')}"
                yield Noted(worker.unfit)
        elif "value" in outcome:
            self._lost.pop(name, None)
            yield Returned(name, outcome["value"], worker.address)
        elif "stopped" in outcome:
            self._again.append(task.job)
        else:
            reason = outcome.get("refused") or f"{unseen}: does not exist (any more)."
            yield Refused(name, reason)

    def _silent(self) -> Iterator[Noted]:
        """The workers to look at; nobody but a person can tell whether one hangs or has much to do.

        A job is not taken from a worker that may still do it: two would write to the same files.
        """
        now = time.monotonic()
        for task in self._tasks.values():
            if task.silence_told or now - task.heard < SILENCE:
                continue
            task.silence_told = True
            yield Noted(
                f"Worker {task.worker.address} has told nothing of {task.job.name} for "
                f"{(now - task.heard) / 60:.0f} minutes. If it hangs, end its process, and what it "
                f"was doing is done by another."
            )

    def _refuse_nobody(self) -> None:
        reasons = [each.unfit for each in self._workers.values()]
        if reasons and all(reasons):
            raise InputError(f"No worker can be used. {reasons[0]}")


def _error(task: Task) -> dict[str, Any]:
    """Of a task that did not get as far as `attend`."""
    error = task.future.exception()
    if isinstance(error, ImportError):
        return {"unfit": f"has not this version of napari-inconsistency-masks ({error})"}
    return {"refused": f"{type(error).__name__}: {error}"}
