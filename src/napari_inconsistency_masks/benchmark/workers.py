"""Trains run folders on the workers of a cluster, and tells what they say."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from ..cluster import Happening, Job, Lost, Noted, Refused, Returned, Team
from ..cluster import Said as Told
from ..cluster.shared_files import content_key
from .children import Choose, Said
from .on_worker import greet, train_there
from .trials import Trial

if TYPE_CHECKING:
    from distributed import Client


@dataclass(frozen=True)
class Aside:
    """Something a person should know; empty if nothing happened for a second."""

    message: str = ""


class Workers:
    """Runs ``napari-im run FOLDER`` for each trial, one at a time on each worker.

    Parameters
    ----------
    folders
        The run folder of each trial, made already, which all computers see.
    client
        From `cluster.connected`.
    study
        A file of the comparison that does not change.
    threads
        Processor cores for each; 0 for those the workers were started with.
    choose
        Says which trial starts next.
    """

    def __init__(
        self,
        folders: dict[Trial, Path],
        client: Client,
        study: Path,
        threads: int,
        choose: Choose,
    ) -> None:
        self._choose = choose
        greeting = Job("greeting", greet, (version("napari-inconsistency-masks"),))
        self._team = Team(client, greeting)
        self._trials = {trial.name: trial for trial in folders}
        self._waiting, self._running = list(folders), set[Trial]()
        key = content_key(study)
        self._jobs = {
            trial: Job(trial.name, train_there, (folder, study, key, threads))
            for trial, folder in folders.items()
        }

    def run(self) -> Generator[Said | Aside, None, None]:
        """Train all; closing the iterator stops what runs, which is saved."""
        try:
            while self._waiting or self._team.busy:
                self._give()
                found = self._team.happened()
                self._give()  # scoring takes its time
                yield from map(self._said, found)
                if not found:
                    yield Aside()
        finally:
            self._team.stop()

    def _give(self) -> None:
        while self._waiting and self._team.room:
            trial = self._choose(self._waiting, self._running)
            self._waiting.remove(trial)
            self._running.add(trial)
            self._team.give(self._jobs[trial])

    def _said(self, event: Happening) -> Said | Aside:
        if isinstance(event, Returned | Refused):
            self._running.discard(self._trials[event.job])
        if isinstance(event, Told):
            return Said(self._trials[event.job], event=event.value)
        if isinstance(event, Returned):
            return Said(self._trials[event.job], code=event.value)
        if isinstance(event, Refused):
            return Said(self._trials[event.job], reason=event.reason)
        if isinstance(event, Lost):
            return Aside(f"Worker {event.worker} ended; {event.job} goes on elsewhere.")
        assert isinstance(event, Noted)
        return Aside(event.message)
