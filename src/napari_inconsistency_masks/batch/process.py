"""Processing one unit of work: reads some frames of an image, and writes its files.

Nothing else is touched or remembered, so units can be done in any order and by any process.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files.tables import write_csv
from ..inference.trained import TrainedEnsemble
from .columns import count_columns
from .events import BatchEvent, FrameDone, TileDone
from .frame import FoundFrame, FrameAnalysis
from .images import identity
from .outputs.cells import count_row, write_cells
from .outputs.geojson import write_geojson
from .outputs.rois import write_rois
from .outputs.stacks import STACKS, compression, write_stack
from .outputs.stream import Stream
from .plan import Plan, Unit
from .reading import Frame, FrameReader
from .tiles import see

_AHEAD = 2
"""Frames that are read before they are needed, and tiles that wait to be looked at."""


@dataclass(frozen=True)
class UnitDone:
    """All files of a unit are on disk; ``unit`` is its key."""

    unit: str
    seconds: float


@dataclass(frozen=True)
class UnitFailed:
    """A unit has no results, for a reason."""

    unit: str
    reason: str


def process(
    unit: Unit, plan: Plan, ensemble: TrainedEnsemble, files: dict[str, Path]
) -> Generator[BatchEvent | UnitDone, None, None]:
    """Process a unit; it can be left after every event, and then leaves no file behind.

    Parameters
    ----------
    unit, plan
        What to do.
    ensemble
        Of ``plan.model``.
    files
        Where to write, by kind; their folders exist.

    Raises
    ------
    InputError
        If the image cannot be read, does not fit, or changes meanwhile.
    WriteError
        If the operating system refuses to write.
    """
    image, began = unit.image, time.monotonic()
    rows: list[dict[str, Any]] = []
    with ExitStack() as stack:
        opened = stack.enter_context(closing(image.open(plan.options)))
        reader = FrameReader(opened, ensemble, plan.options.channels)
        streams = _open_streams(unit, plan, files)
        for stream in streams:
            stack.callback(stream.abort)
        threads = [stack.enter_context(ThreadPoolExecutor(1)) for _ in range(2)]
        work = _Work(unit, plan, ensemble, streams)
        for event in stack.enter_context(closing(work.run(reader, *threads))):
            if isinstance(event, FoundFrame):
                rows.append(count_row(image, event, plan.model))
                yield _frame_done(unit, event)
            else:
                yield event
        if identity(Path(image.path)) != (image.size, image.changed):
            raise InputError(f"{image.name}: changed while it was being read; try again.")
        for stream in streams:
            stream.close()
    write_csv(files["counts"], rows, count_columns(plan.model.scheme))
    yield UnitDone(unit.key, time.monotonic() - began)


def _open_streams(unit: Unit, plan: Plan, files: dict[str, Path]) -> list[Stream[FoundFrame]]:
    """A thread for each file that grows frame by frame."""
    image, scheme = unit.image, plan.model.scheme
    frames = unit.stop - unit.first
    streams: list[Stream[FoundFrame]] = []
    for kind, path in files.items():
        if kind in STACKS:

            def stack(items: Iterator[FoundFrame], kind: str = kind, path: Path = path) -> None:
                strips = (strip for frame in items for strip in frame.strips[kind])
                write_stack(path, strips, kind, image, frames, plan.options, scheme)

            streams.append(Stream(stack))
        elif kind in _WRITERS:
            streams.append(Stream(partial(_WRITERS[kind], path, image=image)))
    return streams


_WRITERS = {"cells": write_cells, "rois": write_rois, "geojson": write_geojson}


@dataclass
class _Work:
    """The frames of a unit: read ahead, predicted here, looked at and written behind."""

    unit: Unit
    plan: Plan
    ensemble: TrainedEnsemble
    streams: list[Stream[FoundFrame]]

    def run(
        self, reader: FrameReader, reading: ThreadPoolExecutor, looking: ThreadPoolExecutor
    ) -> Generator[BatchEvent | FoundFrame, None, None]:
        """Events in between, and the results of the frames in their order."""
        waiting: deque[Future[FoundFrame | None]] = deque()
        try:
            with closing(_read_ahead(reader, self.unit.frames, reading)) as frames:
                for frame in frames:
                    analysis = self._analysis(frame)
                    for seen in see(self.ensemble, frame):
                        waiting.append(looking.submit(analysis.add, seen))
                        yield TileDone(self.unit.image.name, seen.pixels)
                        yield from self._finished(waiting, _AHEAD)
                    waiting.append(looking.submit(self._finish, analysis))
            yield from self._finished(waiting, 0)
        finally:
            for future in waiting:
                future.cancel()

    def _analysis(self, frame: Frame) -> FrameAnalysis:
        return FrameAnalysis(
            frame,
            self.plan.model.scheme,
            frozenset(self.unit.image.writes(self.plan.options)),
            compression(self.plan.options),
        )

    def _finish(self, analysis: FrameAnalysis) -> FoundFrame:
        found = analysis.result()
        for stream in self.streams:
            stream.put(found)
        return found

    def _finished(
        self, waiting: deque[Future[FoundFrame | None]], most: int
    ) -> Iterator[FoundFrame]:
        """Take off what is finished, until at most some are waiting."""
        while waiting and (len(waiting) > most or waiting[0].done()):
            found = waiting.popleft().result()
            if found is not None:
                yield found


def _read_ahead(
    reader: FrameReader, frames: list[int], reading: ThreadPoolExecutor
) -> Generator[Frame, None, None]:
    upcoming: deque[Future[Frame]] = deque()
    numbers = iter(frames)
    try:
        for number in numbers:
            upcoming.append(reading.submit(reader.read, number))
            if len(upcoming) > _AHEAD:
                yield upcoming.popleft().result()
        while upcoming:
            yield upcoming.popleft().result()
    finally:
        for future in upcoming:
            future.cancel()


def _frame_done(unit: Unit, found: FoundFrame) -> FrameDone:
    return FrameDone(
        image=unit.image.name,
        frame=unit.image.label(found.index),
        counts=dict(found.counts.estimate),
        unclear=found.counts.unclear,
        inconsistent=found.share,
    )
