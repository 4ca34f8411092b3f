"""Labels are saved in a thread: the newest of each frame, and again if that fails."""

from __future__ import annotations

import errno
import logging
import queue
import threading
from pathlib import Path

import pytest
from toy_project import SIZE, cells, make_project, same

from napari_inconsistency_masks.files.atomic import WriteError
from napari_inconsistency_masks.projects import Autosave, FrameLabels

NEVER = 3600.0
LONG = 60


class Disk:
    """Stands in for a project: keeps what is saved, and refuses or waits if told to."""

    def __init__(self) -> None:
        self.saved: list[tuple[str, int, FrameLabels]] = []
        self.full = False
        self.entered = threading.Event()
        self.free = threading.Event()
        self.free.set()

    def write_frame(self, image_id: str, frame: int, labels: FrameLabels, /) -> int:
        self.entered.set()
        assert self.free.wait(LONG)
        if self.full:
            error = WriteError("the disk is full")
            error.errno = errno.ENOSPC
            raise error
        self.saved.append((image_id, frame, labels))
        return len(self.saved)


def test_saved_soon_after_the_last_change() -> None:
    disk, told = Disk(), queue.Queue[tuple[str, int, int]]()
    autosave = Autosave(disk, 0.01, NEVER, on_saved=lambda *news: told.put(news))
    labels = cells(1)
    autosave.touch("a", 3, lambda: labels)
    assert told.get(timeout=LONG) == ("a", 3, 1)
    assert disk.saved == [("a", 3, labels)]
    assert autosave.unsaved("a", 3) is None
    assert autosave.close()


def test_saved_though_changes_never_end() -> None:
    disk, told = Disk(), queue.Queue[tuple[str, int, int]]()
    autosave = Autosave(disk, NEVER, 0.01, on_saved=lambda *news: told.put(news))
    autosave.touch("a", 0, lambda: cells(1))
    assert told.get(timeout=LONG) == ("a", 0, 1)
    autosave.close()


def test_only_the_newest_of_each_frame_is_saved() -> None:
    disk = Disk()
    autosave = Autosave(disk, NEVER, NEVER)
    states = [cells(number) for number in range(6)]
    for number, labels in enumerate(states):
        autosave.touch("a", number % 2, lambda labels=labels: labels)  # type: ignore[misc]
    assert disk.saved == []
    assert autosave.unsaved("a", 1) is states[5]
    assert autosave.flush(LONG)
    assert sorted(disk.saved, key=lambda item: item[1]) == [
        ("a", 0, states[4]),
        ("a", 1, states[5]),
    ]
    assert autosave.flush(LONG)
    assert len(disk.saved) == 2
    autosave.close()


def test_snapshot_is_taken_at_once_by_the_owner_of_the_arrays() -> None:
    disk = Disk()
    autosave = Autosave(disk, NEVER, NEVER)
    drawn, threads = cells(2), []

    def snapshot() -> FrameLabels:
        threads.append(threading.current_thread())
        return drawn.copy()

    autosave.touch("a", 0, snapshot)
    drawn.masks["alive"][:] = 1
    autosave.close(LONG)
    assert threads == [threading.current_thread()]
    assert same(disk.saved[0][2], cells(2))


def test_change_while_saving_is_saved_too() -> None:
    disk = Disk()
    disk.free.clear()
    autosave = Autosave(disk, 0.0, 0.0)
    one, two = cells(1), cells(2)
    autosave.touch("a", 0, lambda: one)
    assert disk.entered.wait(LONG)
    assert autosave.unsaved("a", 0) is one
    assert not autosave.flush(0.0)
    autosave.touch("a", 0, lambda: two)
    assert autosave.unsaved("a", 0) is two
    disk.free.set()
    assert autosave.flush(LONG)
    assert [labels for *_, labels in disk.saved] == [one, two]
    autosave.close()


def test_what_cannot_be_saved_stays_and_is_reported() -> None:
    disk, errors = Disk(), queue.Queue[tuple[str, int, Exception]]()
    autosave = Autosave(disk, NEVER, NEVER, retry=NEVER, on_error=lambda *news: errors.put(news))
    disk.full = True
    one, two = cells(1), cells(2)
    autosave.touch("a", 0, lambda: one)
    assert not autosave.flush(LONG)
    image, frame, error = errors.get(timeout=LONG)
    assert (image, frame, str(error)) == ("a", 0, "the disk is full")
    assert autosave.unsaved("a", 0) is one
    autosave.touch("a", 0, lambda: two)
    disk.full = False
    assert autosave.flush(LONG)
    assert disk.saved == [("a", 0, two)]
    autosave.close()


def test_saving_is_tried_again() -> None:
    disk, told = Disk(), queue.Queue[int]()
    disk.full = True

    def on_error(*_: object) -> None:
        disk.full = False

    autosave = Autosave(
        disk, 0.0, 0.0, retry=0.01, on_error=on_error, on_saved=lambda *news: told.put(news[2])
    )
    autosave.touch("a", 0, lambda: cells(1))
    assert told.get(timeout=LONG) == 1
    autosave.close()


def test_newer_labels_are_kept_when_saving_older_ones_fails() -> None:
    disk = Disk()
    disk.free.clear()
    disk.full = True
    failed = threading.Event()
    autosave = Autosave(disk, 0.0, 0.0, retry=NEVER, on_error=lambda *_: failed.set())
    one, two = cells(1), cells(2)
    autosave.touch("a", 0, lambda: one)
    assert disk.entered.wait(LONG)
    autosave.touch("a", 0, lambda: two)
    disk.free.set()
    assert failed.wait(LONG)
    assert autosave.unsaved("a", 0) is two
    disk.full = False
    assert autosave.flush(LONG)
    assert disk.saved == [("a", 0, two)]
    autosave.close()


def test_flush_does_not_take_a_newer_change_for_the_one_that_failed() -> None:
    disk = Disk()
    disk.free.clear()
    disk.full = True
    autosave = Autosave(disk, 0.0, 0.0, retry=NEVER)
    autosave.touch("a", 0, lambda: cells(1))
    assert disk.entered.wait(LONG)
    results: list[bool] = []
    flushing = threading.Thread(target=lambda: results.append(autosave.flush(LONG)))
    flushing.start()
    while not autosave._waiting:
        flushing.join(0.001)
    autosave.touch("a", 0, lambda: cells(2))
    disk.free.set()
    flushing.join(LONG)
    assert results == [False]
    autosave.close()


def test_one_bad_frame_does_not_hold_up_the_others() -> None:
    class OneBad(Disk):
        def write_frame(self, image_id: str, frame: int, labels: FrameLabels, /) -> int:
            if frame == 0:
                raise ValueError("bad")
            return super().write_frame(image_id, frame, labels)

    disk = OneBad()
    autosave = Autosave(disk, NEVER, NEVER)
    for frame in range(3):
        autosave.touch("a", frame, lambda: cells(1))
    assert not autosave.flush(LONG)
    assert {frame for _, frame, _ in disk.saved} == {1, 2}
    assert not autosave.close(LONG)


def test_closing_saves_and_ends_the_thread() -> None:
    disk, before = Disk(), threading.active_count()
    autosave = Autosave(disk, NEVER, NEVER)
    assert threading.active_count() == before + 1
    autosave.touch("a", 0, lambda: cells(1))
    assert autosave.close(LONG)
    assert len(disk.saved) == 1
    assert threading.active_count() == before
    with pytest.raises(RuntimeError, match="closed"):
        autosave.touch("a", 0, lambda: cells(1))
    assert autosave.close()


def test_a_failing_callback_does_not_end_the_saving(caplog: pytest.LogCaptureFixture) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    disk = Disk()
    autosave = Autosave(disk, NEVER, NEVER, on_saved=fail)
    with caplog.at_level(logging.CRITICAL + 1, logger="napari_inconsistency_masks"):
        for frame in range(2):
            autosave.touch("a", frame, lambda: cells(1))
            assert autosave.flush(LONG)
        autosave.close()
    assert len(disk.saved) == 2


def test_into_a_project(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    autosave = Autosave(project, NEVER, NEVER)
    autosave.touch("image-0", 0, cells(3).copy)
    autosave.touch("image-0", 0, lambda: FrameLabels(SIZE))  # fits no scheme
    assert not autosave.flush(LONG)
    autosave.touch("image-0", 0, cells(2).copy)
    assert autosave.close(LONG)
    assert same(project.read_frame("image-0", 0), cells(2))
