"""What ``napari-im batch`` shows to a person: the plan, and a bar with the time left."""

from __future__ import annotations

import json as json_text
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import typer

from ..batch.progress import disk_space
from ..errors import InputError
from ..files.names import listed
from ..training.progress import duration
from .console import new_bar, out
from .exit_codes import STOPPED
from .stopping import Stopper

if TYPE_CHECKING:
    from ..batch.events import BatchEvent, BatchFinished, BatchStarted
    from ..batch.images import Image
    from ..batch.plan import Plan

_SHOWN = 30
"""Images and reasons that a plan lists."""


def print_plan(plan: Plan, *, json: bool, overwrite: bool) -> None:
    """Print what a batch would do.

    Raises
    ------
    InputError
        If it would overwrite something unasked; as JSON this is a part of the plan.
    """
    from ..batch.images import Image
    from ..batch.run import is_done, open_journal
    from ..batch.superseded import find_superseded

    done, refusal, removed = list[Image](), None, tuple[Path, ...]()
    try:
        journal = open_journal(plan, overwrite=overwrite)
        done = [image for image in plan.good if is_done(image, journal)]
        if overwrite:
            removed = find_superseded(plan, journal).untouched
    except InputError as error:
        if not json:
            raise
        refusal = str(error)
    if json:
        say(_planned(plan, [image.name for image in done], refusal, removed))
        return
    for line in _lines(plan, {image.stem for image in done}, removed):
        out.print(line, markup=False)


def plan_teller(*, end_with_input: bool) -> Callable[[Image, int], None]:
    """What tells each image as a JSON line, and ends where it is if the input ends."""
    from ..batch.events import ImageLooked

    stopper = Stopper(on_end_of_input=True) if end_with_input else None
    looked = 0

    def tell(image: Image, total: int) -> None:
        nonlocal looked
        looked += 1
        good = image.problem is None
        say(
            ImageLooked(
                image.name,
                looked,
                total,
                image.read_as if good else "",
                image.frame_count if good else 0,
                None if image.problem is None else image.without_name(image.problem),
                (*image.known.notes, *_remarks(image)) if good else (),
            )
        )
        if stopper is not None and stopper.wanted.is_set():
            raise typer.Exit(STOPPED)

    return tell


def say(event: BatchEvent) -> None:
    """Print an event as a JSON line."""
    sys.stdout.write(json_text.dumps(event.to_json()) + "\n")
    sys.stdout.flush()


def _planned(
    plan: Plan, done: list[str], refusal: str | None, removed: tuple[Path, ...]
) -> BatchEvent:
    from ..batch.events import Planned

    return Planned(
        folder=plan.folder,
        images=len(plan.images),
        frames=plan.frame_count,
        left_out=len(plan.images) - len(plan.good),
        done=tuple(done),
        others=plan.others,
        members=plan.model.members,
        seconds=plan.seconds,
        megabytes=plan.megabytes,
        refusal=refusal,
        unsearched=plan.unsearched,
        removed=tuple(file.relative_to(plan.folder).as_posix() for file in removed),
    )


def show_batch(events: Iterable[BatchEvent]) -> int:
    """Show a batch to a person; returns how many images failed."""
    from ..batch import events as kinds
    from ..batch.progress import BatchProgress

    following, failed = BatchProgress(), 0
    with new_bar() as progress:
        task = progress.add_task("starting", total=1.0, left="")
        for event in events:
            place = following.follow(event)
            left = "" if place.seconds_left is None else f"{duration(place.seconds_left)} left"
            count = f"{place.images}/{place.total} {left}"
            progress.update(task, completed=place.done, description=place.words[-34:], left=count)
            if isinstance(event, kinds.ImageFailed):
                failed += 1
                progress.console.print(f"Failed: {event.image}: {event.reason}", markup=False)
            elif isinstance(event, kinds.Warned):
                progress.console.print(event.message, markup=False)
            elif isinstance(event, kinds.BatchStarted):
                progress.console.print(_started(event), markup=False)
            elif isinstance(event, kinds.BatchFinished):
                text = f"{event.done} images done, {event.failed} failed: {event.folder}"
                progress.console.print(text, markup=False)
                for line in _counted(event):
                    progress.console.print(line, markup=False)
    return failed


def _counted(event: BatchFinished) -> Iterator[str]:
    from ..batch.totals import compared_with, counted
    from ..metrics.expected_counts import expected_from

    if event.totals:
        yield counted(event.totals)
    if compared := compared_with(event.totals):
        yield expected_from(*compared)


def _started(event: BatchStarted) -> str:
    before = f", {event.done} of them done before" if event.done else ""
    return (
        f"{event.images} images{before}, {event.frames} frames, with {event.members} networks on "
        f"{event.device} ({event.precision})."
    )


def _ignored(others: Sequence[str], *, named: bool) -> str:
    """Files left aside, hidden ones last; ``named`` if only some names are wanted."""
    one = len(others) == 1
    files = "1 file that is no image" if one else f"{len(others):,} files that are no images"
    shown = sorted(others, key=lambda name: PurePosixPath(name).name.startswith("."))
    return f"{files}{' or named otherwise' if named else ''}: {listed(shown)}"


def _lines(plan: Plan, done: set[str], removed: tuple[Path, ...]) -> Iterator[str]:
    from ..batch.listing import words_about
    from ..batch.superseded import names_of

    good, bad = plan.good, [image for image in plan.images if image.problem is not None]
    yield f"Networks: {plan.model.short}, {plan.model.members} of them"
    yield f"Results:  {plan.folder}"
    yield f"Writes:   counts.csv, {', '.join(plan.options.write)} ({plan.options.format})"
    yield f"Images:   {len(good)} with {plan.frame_count} frames, {len(done)} of them done already"
    for image in good[:_SHOWN]:
        yield f"  {_image(image)}{' (done)' if image.stem in done else ''}"
        yield from (f"    note: {note}" for note in image.known.notes)
    if len(good) > _SHOWN:
        yield f"  and {len(good) - _SHOWN} more"
    if bad:
        yield f"Left out: {len(bad)}, each gets a row with its reason"
    for image in bad[:_SHOWN]:
        yield f"  {image.name}: {image.without_name(image.problem or '')}"
    if plan.others:
        yield f"Ignored:  {_ignored(plan.others, named=plan.inputs.glob is not None)}"
    if plan.unsearched:
        yield f"Skipped:  {words_about(plan.unsearched)}"
    if removed:
        yield f"Removes:  {len(removed)} files of an earlier batch: {names_of(removed, plan)}"
    if plan.seconds is not None:
        yield f"Needs:    about {duration(plan.seconds)} and {disk_space(plan.megabytes)}"


def _image(image: Image) -> str:
    frames = f"{image.frame_count} frame{'s' if image.frame_count > 1 else ''}"
    return "; ".join([f"{image.name}: {image.read_as}", frames, *_remarks(image)])


def _remarks(image: Image) -> Iterator[str]:
    from ..batch.images import LARGE

    if image.pixels > LARGE:
        yield "too large for a label image"
