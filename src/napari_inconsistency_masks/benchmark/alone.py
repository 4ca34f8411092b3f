"""One process at a time works on a comparison, and on each of its trainings."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..cluster.desk import LOOK
from ..errors import InputError
from ..files.atomic import WriteError
from ..files.locks import take_lock
from ..plans import only_here
from .child import STOP_WITHIN

LOCK = "study.lock"


@contextmanager
def alone(study: Path) -> Iterator[None]:
    """Hold the folder of a comparison; the system lets go of it when this process ends.

    Raises
    ------
    InputError
        If another process holds it, or it may not be written to.
    """
    lock = take_lock(
        study / LOCK,
        held="another process is working on this comparison; wait for it, or stop it.",
        instead="choose another one",
    )
    try:
        yield
    finally:
        lock.release()


def until_let_go(runs: Iterable[Path]) -> Iterator[None]:
    """Wait for trainings whose program or worker was killed: they save, and end within a step.

    Parameters
    ----------
    runs
        Run folders.

    Yields
    ------
    None
        Now and then while one is still being worked on, for `STOP_WITHIN` seconds at the most.
    """
    held, end = list(runs), time.monotonic() + STOP_WITHIN
    while (held := [run for run in held if _is_held(run)]) and time.monotonic() < end:
        yield
        time.sleep(LOOK)


def _is_held(run: Path) -> bool:
    try:
        with only_here(run):
            return False
    except WriteError:
        return False  # the training says what is wrong there
    except InputError:
        return True
