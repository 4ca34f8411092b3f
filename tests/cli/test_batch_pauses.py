"""``napari-im batch`` as the window drives it: pauses, and the end of its standard input."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import typer

from napari_inconsistency_masks import runs
from napari_inconsistency_masks.batch.events import BatchEvent, Paused, Resumed, TileDone
from napari_inconsistency_masks.batch.images import Image
from napari_inconsistency_masks.batch.progress import BatchProgress
from napari_inconsistency_masks.cli import batch_console
from napari_inconsistency_masks.cli.exit_codes import STOPPED
from napari_inconsistency_masks.cli.pausing import Pauser
from napari_inconsistency_masks.files.tables import read_csv
from napari_inconsistency_masks.files.tiff import write_tiff
from napari_inconsistency_masks.task import Task
from toy import QUICK, toy_data, toy_sample

FRAMES = 60


class Source:
    """Tiles that can be counted, and told apart from a source that was closed."""

    def __init__(self, tiles: int) -> None:
        self.given, self.closed = 0, False
        self._tiles = tiles

    def events(self) -> Iterator[BatchEvent]:
        try:
            for _ in range(self._tiles):
                self.given += 1
                yield TileDone("image", 1)
        finally:
            self.closed = True


def test_a_pause_begins_before_the_next_event_is_asked_for() -> None:
    source, pauser = Source(3), Pauser()
    events = pauser.with_pauses(source.events(), threading.Event())
    assert next(events) == TileDone("image", 1)
    pauser.take(b'{"do": "pause"}')
    assert next(events) == Paused()
    assert source.given == 1
    pauser.take(b'{"do": "resume"}')
    assert next(events) == Resumed()
    assert list(events) == [TileDone("image", 1)] * 2
    assert source.closed


def test_a_stop_ends_a_pause() -> None:
    source, pauser, stop = Source(3), Pauser(), threading.Event()
    events = pauser.with_pauses(source.events(), stop)
    next(events)
    pauser.take(b'{"do": "pause"}')
    next(events)
    threading.Timer(0.2, stop.set).start()
    assert list(events) == []
    assert source.closed


@pytest.mark.parametrize("line", [b"dance", b'{"do": "dance"}', b"[1]", b'{"id": 1}'])
def test_a_line_that_asks_for_nothing_known_is_told(
    line: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    pauser = Pauser()
    pauser.take(line)
    assert line.decode() in capsys.readouterr().err
    assert len(list(pauser.with_pauses(Source(2).events(), threading.Event()))) == 2


def test_a_pause_is_left_out_of_the_time_that_is_left() -> None:
    from napari_inconsistency_masks.batch.events import BatchStarted

    now = [0.0]
    progress = BatchProgress(lambda: now[0])
    progress.follow(BatchStarted("out", 1, 10, 0, 0, 10, "cpu", "float32", 2))
    for _ in range(4):
        now[0] += 1
        place = progress.follow(TileDone("image", 1))
    assert place.seconds_left == 6
    progress.follow(Paused())
    now[0] += 1000
    place = progress.follow(TileDone("image", 1))
    assert place.seconds_left == pytest.approx(4)  # nobody knows how long that tile took


def test_a_plan_ends_with_its_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = threading.Event()
    monkeypatch.setattr(
        batch_console, "Stopper", lambda *, on_end_of_input: SimpleNamespace(wanted=ended)
    )
    tell = batch_console.plan_teller(end_with_input=True)
    bad = Image("/bad.tif", "bad.tif", "bad", problem="damaged")
    tell(bad, 2)
    ended.set()
    with pytest.raises(typer.Exit) as raised:
        tell(bad, 2)
    assert raised.value.exit_code == STOPPED
    assert [json.loads(line)["number"] for line in capsys.readouterr().out.splitlines()] == [1, 2]


class Batch:
    """The command in a process that does not outlive the test."""

    def __init__(self, *words: object) -> None:
        command = [sys.executable, "-m", "napari_inconsistency_masks", "batch", *map(str, words)]
        flags = ["--json", "--end-with-input", "--threads", "1"]
        self.process = subprocess.Popen(
            [*command, *flags], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.kinds: list[str] = []

    def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        event: dict[str, Any] = json.loads(self.process.stdout.readline())
        self.kinds.append(event["event"])
        return event

    def read_until(self, kind: str) -> dict[str, Any]:
        while (event := self.read())["event"] != kind:
            pass
        return event

    def ask(self, what: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": what}) + "\n")
        self.process.stdin.flush()

    def close_input(self) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.read()
        return self.process.wait(60)


@pytest.fixture
def batch(tmp_path: Path) -> Iterator[Batch]:
    list(runs.train("im", toy_data(), QUICK, folder=tmp_path / "run"))
    frames = np.stack([toy_sample(Task.MULTILABEL, n).image[0] for n in range(FRAMES)])
    write_tiff(tmp_path / "movie.tif", np.tile(frames, (1, 8, 8)), "TYX")
    made = Batch(tmp_path / "run", tmp_path / "movie.tif", "--out", tmp_path / "out")
    yield made
    made.process.kill()
    made.process.wait()
    for pipe in (made.process.stdin, made.process.stdout):
        if pipe is not None:
            pipe.close()


def test_a_batch_pauses_goes_on_and_ends_with_its_input(batch: Batch, tmp_path: Path) -> None:
    batch.read_until("FrameDone")
    batch.ask("pause")
    batch.read_until("Paused")
    batch.ask("resume")
    assert batch.read()["event"] == "Resumed"
    batch.read_until("FrameDone")
    batch.ask("pause")
    batch.read_until("Paused")
    assert batch.kinds.count("FrameDone") < FRAMES
    assert batch.close_input() == STOPPED  # also in a pause
    assert read_csv(tmp_path / "out" / "counts.csv")[0]["status"] == "not processed yet"
