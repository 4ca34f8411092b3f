"""Doing a batch: a generator of events that can be left at any of them, and gone on with later."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import InputError
from ..files.atomic import WriteError, sweep
from ..files.folders import make_folder
from ..files.json_files import read_json
from ..inference.trained import TrainedEnsemble
from .events import (
    BatchEvent,
    BatchFinished,
    BatchStarted,
    ImageDone,
    ImageFailed,
    ImageStarted,
    Summarizing,
)
from .fingerprint import fingerprint
from .images import Image
from .join import join
from .journal import JOURNAL, Journal, settings_key
from .layout import SIDECAR, image_files, part_files, remove_parts, summary_files
from .plan import Plan, Unit, units_of
from .process import UnitDone, process
from .summary import DONE, write_sidecar, write_summary, write_tables

LOCK = "batch.lock"


def run_batch(
    plan: Plan, ensemble: TrainedEnsemble, *, overwrite: bool = False
) -> Iterator[BatchEvent]:
    """Do what is planned and not done yet.

    A loop drives it: not asking for the next event is a pause, closing the generator a stop, both
    within one tile. Then, as after a crash, the same call goes on where it was.

    Parameters
    ----------
    plan
        From `make_plan`.
    ensemble
        The networks of ``plan.model``.
    overwrite
        Whether files may be replaced that this batch did not write, or somebody changed since.

    Raises
    ------
    InputError
        If something would be overwritten unasked, or another process works on the folder.
    WriteError
        If results cannot be written, as on a full disk: then nothing else would succeed either.
    """
    folder = Path(plan.folder)
    make_folder(folder)
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise InputError(f"{folder}: another batch is writing to this folder.") from None
    try:
        yield from _Batch(plan, ensemble, overwrite).run()
    finally:
        lock.release()


class _Batch:
    def __init__(self, plan: Plan, ensemble: TrainedEnsemble, overwrite: bool) -> None:
        self._plan, self._ensemble = plan, ensemble
        self._folder = Path(plan.folder)
        self._began = time.monotonic()
        self._states: dict[str, str] = {}
        self._journal = open_journal(plan, overwrite=overwrite)

    def run(self) -> Iterator[BatchEvent]:
        plan, journal = self._plan, self._journal
        done = {image.stem for image in plan.good if is_done(image, journal)}
        yield self._started(done)
        journal.begin(summary_files(plan))
        write_sidecar(plan, self._ensemble)
        self._sweep()
        try:
            for image in plan.images:
                if image.stem in done:
                    seconds = journal.seconds(image.key)
                    yield ImageDone(image.name, image.frame_count, seconds, reused=True)
                    self._states[image.stem] = DONE
                else:
                    yield from self._image(image)
        except GeneratorExit:
            write_tables(plan, self._states)
            journal.summarized(file for file in summary_files(plan) if file.exists())
            raise
        yield Summarizing()
        seconds = time.monotonic() - self._began
        write_summary(plan, self._states, self._ensemble, seconds)
        journal.summarized(summary_files(plan))
        failed = sum(state != DONE for state in self._states.values())
        yield BatchFinished(plan.folder, len(plan.images) - failed, failed, seconds)

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
            device=str(self._ensemble.networks.device),
            precision=self._plan.model.precision,
            members=len(self._ensemble.networks),
        )

    def _sweep(self) -> None:
        """Remove what a killed process left half written."""
        folders = {self._folder}
        for image in self._plan.good:
            folders |= {file.parent for file in image_files(image, self._plan).values()}
        for folder in sorted(folders):
            if folder.is_dir():
                sweep(folder)

    def _image(self, image: Image) -> Iterator[BatchEvent]:
        """One image; what is wrong with it is its own affair."""
        if image.problem is not None:
            yield self._failed(image, image.problem)
            return
        yield ImageStarted(image.name, image.frame_count)
        try:
            seconds = yield from self._results(image)
        except WriteError:
            raise
        except Exception as error:
            known = isinstance(error, InputError)
            yield self._failed(image, str(error) if known else f"unexpected: {error!r}")
        else:
            self._states[image.stem] = DONE
            yield ImageDone(image.name, image.frame_count, seconds)

    def _failed(self, image: Image, reason: str) -> ImageFailed:
        self._states[image.stem] = f"failed: {reason}"
        self._journal.failed(image.key, reason)
        return ImageFailed(image.name, reason)

    def _results(self, image: Image) -> Generator[BatchEvent, None, float]:
        plan, journal = self._plan, self._journal
        units, files = units_of(image), image_files(image, plan)
        if len(units) == 1:
            return (yield from self._unit(units[0], files))
        for unit in self._units_left(image):
            yield from self._unit(unit, part_files(unit, plan))
        before = fingerprint(Path(image.path))
        self._begin(files)
        parts = [part_files(unit, plan) for unit in units]
        for kind, path in files.items():
            join(image, plan, kind, [part[kind] for part in parts], path)
        seconds = sum(journal.seconds(unit.key) for unit in units)
        journal.done(image.key, before, files.values(), seconds)
        remove_parts(image, plan)
        return seconds

    def _unit(self, unit: Unit, files: dict[str, Path]) -> Generator[BatchEvent, None, float]:
        before = fingerprint(Path(unit.image.path))
        self._begin(files)
        seconds = 0.0
        for event in process(unit, self._plan, self._ensemble, files):
            if isinstance(event, UnitDone):
                seconds = event.seconds
            else:
                yield event
        self._journal.done(unit.key, before, files.values(), seconds)
        return seconds

    def _begin(self, files: dict[str, Path]) -> None:
        """Make room: results of an earlier state of the image must not stay beside a failure."""
        self._journal.begin(files.values())
        for file in files.values():
            make_folder(file.parent)
            file.unlink(missing_ok=True)

    def _units_left(self, image: Image) -> list[Unit]:
        path = Path(image.path)
        return [unit for unit in units_of(image) if not self._journal.is_done(unit.key, path)]


def is_done(image: Image, journal: Journal) -> bool:
    """Whether an image has all its results."""
    return journal.is_done(image.key, Path(image.path))


def open_journal(plan: Plan, *, overwrite: bool, look_only: bool = False) -> Journal:
    """The journal of a plan's folder, once it is clear that nothing is overwritten unasked.

    With ``look_only`` nothing is changed on disk.

    Raises
    ------
    InputError
        If something would be.
    """
    folder, key = Path(plan.folder), settings_key(plan)
    journal = Journal(folder, key)
    if overwrite:
        if journal.other_settings and not look_only:
            (folder / JOURNAL).unlink()
            journal = Journal(folder, key)
        return journal
    if journal.other_settings:
        raise InputError(
            f"{folder}: holds results of other networks or settings; choose another folder, or add "
            f"--overwrite."
        )
    left_out = _left_out(plan, folder / SIDECAR)
    if left_out:
        raise InputError(
            f"{folder}: holds results of {left_out[0]}, which is not among these images; give all "
            f"of them, choose another folder, or add --overwrite."
        )
    files = [
        file
        for image in plan.good
        if not is_done(image, journal)
        for file in image_files(image, plan).values()
    ]
    there = [file for file in [*summary_files(plan), *files] if not journal.may_replace(file)]
    if there:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise InputError(
            f"{there[0]}{more} would be overwritten; choose another folder, or add --overwrite."
        )
    return journal


def _left_out(plan: Plan, sidecar: Path) -> list[str]:
    """Images of an earlier batch in this folder that still exist, but are not in the plan."""
    if not sidecar.is_file():
        return []
    planned = {image.path for image in plan.images}
    before = [str(image["path"]) for image in read_json(sidecar).get("images", [])]
    return [path for path in before if path not in planned and Path(path).exists()]
