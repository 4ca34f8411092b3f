"""What the commands print: bars and sentences for people, JSON lines for programs."""

from __future__ import annotations

import io
import json
import math
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from ..training.events import (
    EpochEnd,
    Event,
    Finished,
    GenerationEnd,
    Started,
    Warned,
)
from ..training.progress import Progress as RunProgress
from ..training.progress import duration

out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)
"""Names of files and classes may hold what rich takes for markup, as ``[b]``: it is plain text."""

STEP_INTERVAL = 0.1
"""Least seconds between two steps that are printed as JSON one after the other."""


def take_any_text() -> None:
    """Let standard output show what it has no letters for as escapes.

    Windows writes into files and pipes in the letters of one region, and a name in other letters
    must not end a command.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a program without a console may have none
            stream.reconfigure(errors="backslashreplace")


def show_events(events: Iterable[Event]) -> None:
    """Show a run to a person: a bar with time left, a line per generation."""
    following = RunProgress()
    with new_bar() as bar:
        task = bar.add_task("starting", total=1.0, left="")
        for event in events:
            place = following.follow(event)
            left = "" if place.seconds_left is None else f"{duration(place.seconds_left)} left"
            bar.update(task, completed=place.done, description=place.words, left=left)
            for line in _lines(event):
                bar.console.print(line)


def print_events(events: Iterable[Event]) -> None:
    """Print a run as JSON lines for a program; of fast steps only some, and each first one."""
    next_step = 0.0
    for event in events:
        if event.passing and time.monotonic() < next_step:
            continue
        next_step = time.monotonic() + STEP_INTERVAL if event.passing else 0.0
        sys.stdout.write(json.dumps(event.to_json()) + "\n")
        sys.stdout.flush()


@contextmanager
def counting(words: str, total: int) -> Iterator[Progress]:
    """Show a bar that the caller advances by ``bar.advance(bar.task_ids[0])``."""
    with new_bar() as bar:
        bar.add_task(words, total=total, left="")
        yield bar


def new_bar() -> Progress:
    """A bar on standard error, if that is a terminal; a task needs the field ``left``."""
    return Progress(
        TextColumn("{task.description:<34}", markup=False),
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        TextColumn("{task.fields[left]}", markup=False),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )


def _lines(event: Event) -> Iterator[str]:
    if isinstance(event, Started):
        going = "Going on" if event.resumed else "Training"
        unlabeled = f" and {event.unlabeled} unlabeled" if event.unlabeled else ""
        corrected = f" ({event.corrections} corrected)" if event.corrections else ""
        yield (
            f"{going} with recipe {event.recipe} on {event.device} ({event.precision}): "
            f"{event.members} networks, {event.labeled} labeled{unlabeled} images{corrected}."
        )
    elif isinstance(event, Warned):
        yield f"Note: {event.message}"
    elif isinstance(event, GenerationEnd):
        refused = "" if event.accepted else ", refused: worse than the one before"
        yield f"Generation {event.generation}: {_quality(event)}{_sureness(event)}{refused}."
    elif isinstance(event, Finished):
        yield f"Finished. Result: generation {event.generation}, {_quality(event)}."
    elif isinstance(event, EpochEnd) and not err.is_terminal:
        losses = [loss for loss in event.validation_loss if loss is not None]
        yield (
            f"generation {event.generation}, epoch {event.epoch + 1} of {event.epochs}: "
            f"validation loss {min(losses, default=math.nan):.4f}, inconsistent "
            f"{event.inconsistent:.1%}"
        )


def _sureness(event: GenerationEnd) -> str:
    if event.confident is None:
        return ""
    shares = ", ".join(f"{name} {share:.1%}" for name, share in event.confident.items())
    return f"; sure in the unlabeled images of {shares} of the area"


def _quality(event: GenerationEnd | Finished) -> str:
    counts = "" if event.count_error is None else f"count error {event.count_error:.2f}, "
    return f"{counts}IoU {event.mean_iou:.3f} on the validation images"
