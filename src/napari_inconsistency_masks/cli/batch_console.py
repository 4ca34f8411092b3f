"""What ``napari-im batch`` shows to a person: the plan, and a bar with the time left."""

from __future__ import annotations

import json as json_text
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import typer

from ..training.progress import duration
from .console import new_bar, out

if TYPE_CHECKING:
    from ..batch.events import BatchEvent, BatchStarted
    from ..batch.images import Image
    from ..batch.plan import Plan

_SHOWN = 30
"""Images and reasons that a plan lists."""


def print_plan(plan: Plan, *, json: bool, overwrite: bool) -> None:
    """Print what a batch would do; `InputError` if it would overwrite something unasked."""
    from ..batch.run import is_done, open_journal

    journal = open_journal(plan, overwrite=overwrite, look_only=True)
    done = [image for image in plan.good if is_done(image, journal)]
    if json:
        values = {**plan.to_json(), "done": [image.name for image in done]}
        typer.echo(json_text.dumps(values))
        return
    for line in _lines(plan, {image.stem for image in done}):
        out.print(line, markup=False)


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
            elif isinstance(event, kinds.BatchStarted):
                progress.console.print(_started(event), markup=False)
            elif isinstance(event, kinds.BatchFinished):
                text = f"{event.done} images done, {event.failed} failed: {event.folder}"
                progress.console.print(text, markup=False)
    return failed


def _started(event: BatchStarted) -> str:
    before = f", {event.done} of them done before" if event.done else ""
    return (
        f"{event.images} images{before}, {event.frames} frames, with {event.members} networks on "
        f"{event.device} ({event.precision})."
    )


def _lines(plan: Plan, done: set[str]) -> Iterator[str]:
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
        yield f"  {image.name}: {image.problem}"
    if plan.others:
        yield f"Ignored:  {len(plan.others)} files that are no images, as {plan.others[0]}"
    if plan.seconds is not None:
        yield f"Needs:    about {duration(plan.seconds)} and {plan.megabytes:.0f} MB"


def _image(image: Image) -> str:
    from ..batch.images import LARGE

    header = image.known
    shape = " x ".join(map(str, header.shape))
    size = ""
    if header.pixel_size is not None:
        size = f", {header.pixel_size[0]:g} {header.unit} per pixel"
    large = "" if image.pixels <= LARGE else "; too large for a label image"
    frames = f"{image.frame_count} frame{'s' if image.frame_count > 1 else ''}"
    return f"{image.name}: {header.axes} {shape}, {header.dtype}{size}; {frames}{large}"
