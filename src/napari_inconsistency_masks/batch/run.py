"""Doing a batch: a generator of events that can be left at any of them, and gone on with later."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from ..cluster import ConnectionLostError
from ..files.atomic import WriteError
from ..files.folders import make_folder, remove
from ..files.locks import take_lock
from ..files.temporary import sweep
from ..inference.trained import TrainedEnsemble
from .crew import Crew, Done, LocalCrew, reason_of
from .events import (
    BatchEvent,
    BatchFinished,
    BatchStarted,
    ImageDone,
    ImageFailed,
    ImageStarted,
    Summarizing,
    Warned,
)
from .fingerprint import fingerprint
from .images import Image
from .in_work import GivenUnit, OpenImage
from .join import join
from .layout import (
    COUNTS,
    DONE,
    image_files,
    part_files,
    remove_parts,
    result_folders,
    summary_files,
    unit_files,
)
from .permission import is_done, open_journal
from .plan import Plan, Unit, units_of
from .process import UnitDone, UnitFailed
from .repeated import repeated
from .repeated import words_about as words_about_repeated
from .summary import write_sidecar, write_summary, write_tables
from .superseded import remove_superseded, words_about

__all__ = ["is_done", "open_journal", "run_batch"]

LOCK = "batch.lock"


def run_batch(
    plan: Plan, crew: Crew | TrainedEnsemble, *, overwrite: bool = False
) -> Iterator[BatchEvent]:
    """Do what is planned and not done yet.

    A loop drives it: not asking for the next event is a pause, closing the generator a stop, both
    within one tile. Then, as after a crash, the same call goes on where it was.

    Parameters
    ----------
    plan
        From `make_plan`.
    crew
        The networks of ``plan.model``, to work here, or the workers of a cluster.
    overwrite
        Whether files may be replaced that this batch did not write, or somebody changed since.
        What other networks, settings or images left in the folder goes, unless somebody changed it.

    Raises
    ------
    InputError
        If something would be overwritten unasked, or another process works on the folder.
    WriteError
        If results cannot be written, as on a full disk: then nothing else would succeed either.
    """
    folder = Path(plan.folder)
    make_folder(folder)
    lock = take_lock(
        folder / LOCK,
        held="another batch is writing to this folder; wait for it, or choose another folder.",
        instead="choose another one",
    )
    if isinstance(crew, TrainedEnsemble):
        crew = LocalCrew(crew)
    try:
        yield from _Batch(plan, crew, overwrite).run()
    finally:
        crew.stop()
        lock.release()


class _Batch:
    def __init__(self, plan: Plan, crew: Crew, overwrite: bool) -> None:
        self._plan, self._crew = plan, crew
        self._folder = Path(plan.folder)
        self._began = time.monotonic()
        self._states: dict[str, str] = {}
        self._overwrite = overwrite
        self._journal = open_journal(plan, overwrite=overwrite)
        self._edited = remove_superseded(plan, self._journal) if overwrite else ()
        if self._journal.other_settings:
            self._journal = self._journal.renew()
        self._to_come = deque(plan.images)
        self._last: OpenImage | None = None
        self._given: dict[str, GivenUnit] = {}

    def run(self) -> Iterator[BatchEvent]:
        plan, journal = self._plan, self._journal
        done = {image.stem for image in plan.good if is_done(image, journal)}
        self._states = dict.fromkeys(done, DONE)
        yield self._started(done)
        if self._edited:
            yield Warned(words_about(self._edited, plan))
        if twice := repeated(plan.good):
            yield Warned(words_about_repeated(twice))
        journal.begin(summary_files(plan))
        self._remove_outdated(done)
        write_sidecar(plan, self._crew.device)
        if (self._folder / COUNTS).exists():  # after a crash, it must not be that of before
            write_tables(plan, self._states)
        self._crew.begin(plan)
        for folder in result_folders(plan):
            sweep(folder)
        try:
            yield from self._work(done)
        except (GeneratorExit, ConnectionLostError):
            self._crew.stop()
            write_tables(plan, self._states)
            journal.summarized(file for file in summary_files(plan) if file.exists())
            raise
        yield Summarizing()
        seconds = time.monotonic() - self._began
        totals = write_summary(plan, self._states, self._crew.device, seconds)
        journal.summarized(summary_files(plan))
        failed = sum(state != DONE for state in self._states.values())
        told = tuple(total.to_record() for total in totals.all())
        yield BatchFinished(plan.folder, len(plan.images) - failed, failed, seconds, told)

    def _started(self, done: set[str]) -> BatchStarted:
        left = [image for image in self._plan.good if image.stem not in done]
        units = [unit for image in left for unit in self._units_left(image)]
        return BatchStarted(
            folder=self._plan.folder,
            images=len(self._plan.images),
            frames=self._plan.frame_count,
            done=len(done),
            bad=len(self._plan.images) - len(self._plan.good),
            pixels=sum((unit.stop - unit.first) * unit.image.pixels for unit in units),
            device=self._crew.device,
            precision=self._plan.model.precision,
            members=self._plan.model.members,
        )

    def _remove_outdated(self, done: set[str]) -> None:
        """Counts of another state of an image, or of other settings, must not pass for results.

        Of an image that cannot be processed any more, all results go. Those of a file that is out
        of reach stay, and those of one that is as it was.
        """
        for image in self._plan.images:
            if image.stem in done or not Path(image.path).exists():
                continue
            files = image_files(image, self._plan)
            outdated = [files["counts"]]
            if image.problem is not None:
                outdated = [] if is_done(image, self._journal) else list(files.values())
            for file in outdated:
                if self._overwrite or self._journal.may_replace(file):
                    remove(file)

    def _work(self, done: set[str]) -> Iterator[BatchEvent]:
        """Give units to the crew as long as it has room, and take note of what comes of them."""
        while self._to_come or self._last or self._given:
            while self._crew.room and (self._to_come or self._last):
                if self._last is None:
                    yield from self._next_image(self._to_come.popleft(), done)
                else:
                    yield from self._next_unit(self._last)
            if self._given:
                for event in self._crew.happened():
                    if isinstance(event, UnitDone | UnitFailed):
                        yield from self._ended(event)
                    else:
                        yield event

    def _next_image(self, image: Image, done: set[str]) -> Iterator[BatchEvent]:
        if image.stem in done:
            seconds = self._journal.seconds(image.key)
            yield ImageDone(image.name, image.frame_count, seconds, reused=True)
        elif image.problem is not None:
            yield self._failed(image, image.problem)
        else:
            yield ImageStarted(image.name, image.frame_count)
            self._last = OpenImage(image, deque(self._units_left(image)))
            if not self._last.waiting:  # all parts were done, but not joined
                yield from self._next_unit(self._last)

    def _next_unit(self, opened: OpenImage) -> Iterator[BatchEvent]:
        """Give the next unit of an image; what is wrong with the image is its own affair."""
        if opened.waiting:
            unit = opened.waiting.popleft()
            try:
                files = unit_files(unit, self._plan)
                before = fingerprint(Path(unit.image.path))
                self._make_room(files)
            except WriteError:
                raise
            except Exception as error:
                opened.give_up(reason_of(error))
            else:
                opened.given.add(unit.key)
                self._given[unit.key] = GivenUnit(opened, files, before)
                self._crew.give(unit, files)
        yield from self._close(opened)

    def _ended(self, ended: Done) -> Iterator[BatchEvent]:
        """Take note of a unit; an image is closed with the last of its units."""
        given = self._given.pop(ended.unit)
        given.of.given.discard(ended.unit)
        if isinstance(ended, UnitFailed):
            given.of.give_up(ended.reason)
        else:
            try:
                files = given.files.values()
                self._journal.done(ended.unit, given.before, files, ended.seconds)
            except WriteError:
                raise
            except Exception as error:
                given.of.give_up(reason_of(error))
        yield from self._close(given.of)

    def _close(self, opened: OpenImage) -> Iterator[BatchEvent]:
        """Join the parts of an image once all are there; nothing if they are not."""
        if opened.waiting:
            return
        if self._last is opened:
            self._last = None
        if opened.given:
            return
        try:
            seconds = 0.0 if opened.failed else self._joined(opened.image)
        except WriteError:
            raise
        except Exception as error:
            opened.failed = reason_of(error)
        if opened.failed:
            yield self._failed(opened.image, opened.failed)
        else:
            self._states[opened.image.stem] = DONE
            yield ImageDone(opened.image.name, opened.image.frame_count, seconds)

    def _joined(self, image: Image) -> float:
        """Make the files of a long image of those of its parts; returns the seconds it took."""
        plan, journal, units = self._plan, self._journal, units_of(image)
        if len(units) > 1:
            files = image_files(image, plan)
            before = fingerprint(Path(image.path))
            self._make_room(files)
            parts = [part_files(unit, plan) for unit in units]
            for kind, path in files.items():
                join(image, plan, kind, [part[kind] for part in parts], path)
            seconds = sum(journal.seconds(unit.key) for unit in units)
            journal.done(image.key, before, files.values(), seconds)
            remove_parts(image, plan)
        return journal.seconds(image.key)

    def _failed(self, image: Image, sentence: str) -> ImageFailed:
        reason = image.without_name(sentence)
        self._states[image.stem] = f"failed: {reason}"
        self._journal.failed(image.key, reason)
        return ImageFailed(image.name, reason)

    def _make_room(self, files: dict[str, Path]) -> None:
        """Results of an earlier state of the image must not stay beside a failure."""
        self._journal.begin(files.values())
        for file in files.values():
            make_folder(file.parent)
            remove(file)

    def _units_left(self, image: Image) -> list[Unit]:
        path = Path(image.path)
        return [unit for unit in units_of(image) if not self._journal.is_done(unit.key, path)]
