"""What a worker of a cluster does for a comparison: it trains a run folder, in a child process."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from ..cluster import Desk, NotWantedError, must_have_version
from ..cluster.desk import LOOK, Now
from ..cluster.shared_files import must_see
from ..devices import gpu_of_turn
from .alone import until_let_go
from .child import STOP_WITHIN, Child

_FAST = ("StepEnd", "Checking", "Judging")


def greet(desk: Desk, expected: str) -> dict[str, Any]:
    """Say which GPU a child would see; refuse another version of this package."""
    must_have_version(expected)
    return {"gpu": gpu_of_turn(desk.turn)}


def train_there(desk: Desk, folder: Path, study: Path, key: str, threads: int) -> int:
    """Train a run folder, telling its events; returns the exit code.

    Parameters
    ----------
    desk
        Of this worker.
    folder
        The run folder.
    study, key
        A file of the comparison, and its `content_key`.
    threads
        Processor cores; 0 for those the worker was started with.

    Raises
    ------
    UnfitError
        If this worker does not see the folder of the comparison.
    NotWantedError
        After a stop; the training is saved.
    """
    must_see(study, key)
    for _ in until_let_go([folder]):
        pass
    child = Child(folder, threads or desk.threads, gpu_of_turn(desk.turn))
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(desk, child, ended))
    watcher.start()
    step = Now()
    try:
        for event in child.events():
            if event.get("event") not in _FAST or step:
                desk.say(event)
        code = child.wait()
    finally:
        ended.set()
        watcher.join()
        child.ask_to_end()
    if not desk.wanted():
        raise NotWantedError
    return code


def _watch(desk: Desk, child: Child, ended: threading.Event) -> None:
    """Ask the child to end once nobody wants it any more."""
    while not ended.wait(LOOK):
        if not desk.wanted():
            child.ask_to_end()
            child.end(STOP_WITHIN)
            return
