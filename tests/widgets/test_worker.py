"""Work in a thread of its own: what it gives, how it fails, and how it is stopped."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from qtpy.compat import isalive
from qtpy.QtCore import QObject, QTimer

from napari_inconsistency_masks.widgets.work.worker import Worker, _running, stop_all

pytestmark = pytest.mark.usefixtures("qapp")


class Heard:
    """What a worker tells, in order, and in which thread."""

    def __init__(self, generator: Any, owner: QObject | None = None) -> None:
        self.told = []
        self.threads = set()
        self.owner = owner or QObject()
        worker = self.worker = Worker(generator, self.owner)
        worker.yielded.connect(lambda value: self._hear("yielded", value))
        worker.returned.connect(lambda value: self._hear("returned", value))
        worker.failed.connect(lambda error: self._hear("failed", error))
        worker.over.connect(lambda: self._hear("over", None))

    def _hear(self, what: Any, value: Any) -> None:
        self.told.append((what, value))
        self.threads.add(threading.get_ident())

    def run(self, qtbot: Any) -> Any:
        self.worker.begin()
        qtbot.waitUntil(lambda: bool(self.told) and self.told[-1][0] == "over")
        return self.told


def count(numbers: Any) -> Iterator[Any]:
    yield from range(numbers)
    return "sum"


def fails(numbers: Any) -> Iterator[Any]:
    yield from range(numbers)
    raise ValueError("no more")


def cannot_clean_up() -> Iterator[Any]:
    try:
        while True:
            yield
    finally:
        raise OSError("the disk is full")


def test_values_the_result_and_the_end_come_in_order(qtbot: Any) -> None:
    assert Heard(count(2)).run(qtbot) == [
        ("yielded", 0), ("yielded", 1), ("returned", "sum"), ("over", None)
    ]  # fmt: skip


@pytest.mark.parametrize(("work", "what"), [(count, "returned"), (fails, "failed")])
def test_nothing_else_happens_between_the_result_and_the_end(
    qtbot: Any, work: Any, what: str
) -> None:
    heard = Heard(work(1))
    later = [("later", None)]
    getattr(heard.worker, what).connect(
        lambda _: QTimer.singleShot(0, lambda: heard.told.extend(later))
    )
    heard.worker.begin()
    qtbot.waitUntil(lambda: heard.told[-1:] == later)
    assert [told for told, _ in heard.told] == ["yielded", what, "over", "later"]


def test_the_end_is_told_though_cleaning_up_fails(
    qtbot: Any, caplog: pytest.LogCaptureFixture
) -> None:
    heard = Heard(cannot_clean_up())
    heard.worker.yielded.connect(lambda _: heard.worker.stop())
    assert heard.run(qtbot)[-1] == ("over", None)
    assert "the disk is full" in caplog.text


def test_work_is_done_in_another_thread_and_told_in_this_one(qtbot: Any) -> None:
    threads = []

    def work() -> Iterator[Any]:
        threads.append(threading.get_ident())
        yield
        try:
            yield
        finally:
            threads.append(threading.get_ident())

    heard = Heard(work())
    heard.run(qtbot)
    assert heard.threads == {threading.get_ident()}
    assert threads[0] == threads[1] != threading.get_ident()


@pytest.mark.parametrize("kind", [ValueError, RuntimeError, StopAsyncIteration, KeyError])
def test_every_error_is_told(qtbot: Any, kind: Any) -> None:
    def work() -> Iterator[Any]:
        yield 1
        raise kind("out of memory")

    told = Heard(work()).run(qtbot)
    assert [what for what, _ in told] == ["yielded", "failed", "over"]
    assert isinstance(told[1][1], kind)


def test_what_is_stopped_cleans_up_and_tells_only_its_end(qtbot: Any) -> None:
    cleaned, waiting = [], threading.Event()

    def work() -> Iterator[Any]:
        try:
            yield 1
            waiting.wait(10)
            yield 2
            yield 3
        finally:
            cleaned.append(True)

    heard = Heard(work())
    heard.worker.begin()
    qtbot.waitUntil(lambda: ("yielded", 1) in heard.told)
    heard.worker.stop()
    waiting.set()
    qtbot.waitUntil(lambda: ("over", None) in heard.told)
    assert ("yielded", 3) not in heard.told
    assert not {"returned", "failed"} & {what for what, _ in heard.told}
    assert cleaned == [True]


def test_who_is_gone_is_told_nothing(qtbot: Any) -> None:
    window, go_on = QObject(), threading.Event()

    def work() -> Iterator[Any]:
        yield 1
        go_on.wait(10)
        return "too late"

    heard = Heard(work(), owner=QObject(window))
    heard.worker.begin()
    qtbot.waitUntil(lambda: heard.told == [("yielded", 1)])
    window.deleteLater()  # with everything in it, as when a viewer closes
    qtbot.waitUntil(lambda: not isalive(window))
    go_on.set()
    qtbot.waitUntil(lambda: heard.worker not in _running)
    assert heard.told == [("yielded", 1)]


def test_a_worker_nobody_keeps_goes_on(qtbot: Any) -> None:
    done = threading.Event()

    def work() -> Iterator[Any]:
        yield
        done.set()

    Worker(work(), QObject()).begin()
    qtbot.waitUntil(done.is_set)
    qtbot.waitUntil(lambda: not _running)


def test_at_the_end_all_are_stopped(qtbot: Any) -> None:
    def work() -> Iterator[Any]:
        while True:
            yield

    owner = QObject()
    workers = [Worker(work(), owner).begin() for _ in range(3)]
    stop_all(10_000)
    assert all(worker.isFinished() for worker in workers)


def test_who_listened_is_not_kept_once_it_is_over(qtbot: Any) -> None:
    """PySide never collects a function that listens, nor what it knows."""

    def run_and_forget() -> weakref.ref[Heard]:
        heard = Heard(count(1))
        heard.run(qtbot)
        return weakref.ref(heard)

    heard = run_and_forget()
    qtbot.waitUntil(lambda: gc.collect() >= 0 and heard() is None)
