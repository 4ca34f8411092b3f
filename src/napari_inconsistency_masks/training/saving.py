"""When a generation in progress is saved."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from .events import EpochEnd, Event, StepEnd

QUICK_CHECK = 5.0
"""Seconds that a check of the networks may take without being worth a word to the disk before."""


def saved_on_the_way(
    events: Iterable[Event], save: Callable[[], None], *, before_checks: bool = True
) -> Iterator[Event]:
    """Pass on what `fit` tells, and save after each epoch and at a stop.

    The check at the end of an epoch may take long, and the process be killed while it lasts: if it
    does, or as long as nobody knows, the steps of the epoch are saved before it as well.

    Parameters
    ----------
    events
        Of a generation that learns.
    save
        Saves what it has reached.
    before_checks
        Whether that is possible once the steps of an epoch are done.
    """
    slow, began = True, time.monotonic()
    try:
        for event in events:
            if isinstance(event, EpochEnd):
                slow = time.monotonic() - began > QUICK_CHECK
            yield event  # first, so that no epoch is saved that was not told
            if isinstance(event, EpochEnd):
                save()
            elif before_checks and isinstance(event, StepEnd) and event.step == event.steps:
                if slow:
                    save()
                began = time.monotonic()
    except GeneratorExit:
        save()
        raise
