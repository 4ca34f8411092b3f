"""A comparison of recipes: trains what is missing, scores it, and writes the tables."""

from __future__ import annotations

import logging
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config import TrainConfig
from ..data.sample import SegmentationData
from ..devices import use_threads
from ..errors import InputError
from ..files.atomic import FileHeldError
from ..files.folders import make_folder
from ..plans import create, read_plan, settled
from ..recipes import RECIPES
from ..training.shared_start import share_start
from .about import ABOUT, agree
from .alone import alone, until_let_go
from .child import LOG
from .children import Children, Said
from .protocols import protocol_config
from .report import write_report
from .scored import Scored, read_scored
from .scoring import is_scored, score_run
from .trials import Trial, begins_alike, find_trials, plan_trials
from .workers import Aside, Workers

if TYPE_CHECKING:
    from distributed import Client

logger = logging.getLogger(__name__)

STOPPED = 130

LEFT_BEHIND = "Waiting for trainings that a comparison before left behind: they save, and end."


@dataclass(frozen=True)
class TrialStarted:
    """The training of a trial begins or goes on; ``done`` of ``total`` trials are complete."""

    trial: Trial
    done: int
    total: int


@dataclass(frozen=True)
class TrialStep:
    """An event of the training of a trial, as JSON values."""

    trial: Trial
    event: dict[str, Any]


@dataclass(frozen=True)
class TrialEnded:
    """A trial is trained and scored, or failed for a reason."""

    trial: Trial
    done: int
    total: int
    failed: str = ""


@dataclass(frozen=True)
class Study:
    """What is compared, and where.

    Attributes
    ----------
    data
        Per number of labeled images the data set, with test images; they differ in nothing else.
    recipes
        Keys of `RECIPES`.
    runs
        Trainings of each, with other seeds.
    protocol
        A key of `PROTOCOLS`.
    folder
        Where everything is written.
    changes
        Settings that differ from the protocol's, for `Config.changed`.
    """

    data: Mapping[int, SegmentationData]
    recipes: Sequence[str]
    runs: int
    protocol: str
    folder: Path
    changes: Mapping[str, Any]

    @property
    def trials(self) -> list[Trial]:
        """All trainings, in the order in which they are done."""
        return plan_trials(self.recipes, list(self.data), self.runs)

    @property
    def missing(self) -> list[Trial]:
        """Those that are not trained and scored yet."""
        return [each for each in self.trials if not is_scored(self._folder(each))]

    def generations(self, trial: Trial) -> int:
        """How many generations of networks a trial learns, the first one counted."""
        if RECIPES[trial.recipe].pseudo_labels is None:
            return 1
        return 1 + self._config(trial).generations

    def run(
        self,
        jobs: int = 1,
        threads: int = 0,
        gpus: Sequence[int] = (),
        client: Client | None = None,
    ) -> Iterator[TrialStarted | TrialStep | TrialEnded | Aside]:
        """Train and score what is missing, then write tables and figures.

        Closing the iterator stops the trainings, which are saved; a later call goes on.

        Parameters
        ----------
        jobs
            Trainings at a time, each a process of its own.
        threads
            Processor cores for each; 0 leaves that to the program.
        gpus
            Numbers of the GPUs that the jobs take turns with.
        client
            From `cluster.connected`: train on its workers, one training on each, instead of here.

        Raises
        ------
        InputError
            If a training there was made with other settings, there are no test images, or another
            process works on this comparison.
        """
        self._check_data()
        make_folder(self.folder)
        with alone(self.folder):
            self._agree()
            folders = {trial: self._make(trial) for trial in self.missing}
            for number, _ in enumerate(until_let_go(folders.values())):
                yield Aside("" if number else LEFT_BEHIND)
            if threads:
                use_threads(threads)  # scoring is done here, beside the trainings
            with closing(self._trainings(folders, jobs, threads, gpus, client)) as trainings:
                yield from self._follow(trainings, f"cuda:{gpus[0]}" if gpus else None)
            self.write_tables()

    def _follow(
        self, trainings: Iterable[Said | Aside], device: str | None
    ) -> Iterator[TrialStarted | TrialStep | TrialEnded | Aside]:
        """Tell what trainings say, and score each that ends."""
        trials = self.trials
        done = len(trials) - len(self.missing)
        begun: set[Trial] = set()
        for said in trainings:
            if isinstance(said, Aside):
                yield said
                continue
            if said.trial not in begun:
                begun.add(said.trial)
                yield TrialStarted(said.trial, done, len(trials))
            if said.event is not None:
                yield TrialStep(said.trial, said.event)
                continue
            failed = said.reason or self._why(said.trial, said.code)
            failed = failed or self._score(said.trial, device)
            if not failed:
                with suppress(FileHeldError):  # somebody looks at them; they are written again
                    self.write_tables()
            done += 1
            yield TrialEnded(said.trial, done, len(trials), failed)

    def _trainings(
        self,
        folders: dict[Trial, Path],
        jobs: int,
        threads: int,
        gpus: Sequence[int],
        client: Client | None,
    ) -> Generator[Said | Aside, None, None]:
        if client is None:
            return Children(folders, jobs, threads, gpus, self._next).run()
        return Workers(folders, client, self.folder / ABOUT, threads, self._next).run()

    def _next(self, waiting: Sequence[Trial], running: Collection[Trial]) -> Trial:
        """Choose the next trial, and give it the generation 0 of one that begins alike.

        It is the first one, unless another is just learning the same networks.
        """
        for trial in waiting:
            alike = self._alike(trial)
            if any(share_start(self._folder(each), self._folder(trial)) for each in alike):
                return trial
            if not set(alike).intersection(running):
                return trial
        return waiting[0]

    def _alike(self, trial: Trial) -> list[Trial]:
        """The other trials that begin with the same networks."""
        plan = read_plan(self._folder(trial))
        others = [each for each in self.trials if each.labeled == trial.labeled and each != trial]
        begun = [each for each in others if (self._folder(each) / "run.json").is_file()]
        return [each for each in begun if begins_alike(plan, read_plan(self._folder(each)))]

    def _score(self, trial: Trial, device: str | None) -> str:
        """Score a trial; why not, in a sentence, if that fails: the others go on."""
        try:
            score_run(self._folder(trial), self._data_of(trial), device)
        except Exception as error:
            logger.exception("scoring %s", trial.name)
            return f"It is trained, but scoring it failed: {error!r}"
        return ""

    def write_tables(self) -> None:
        """Write results.csv, the tables and the figures of what is scored so far."""
        scored = self.scored()
        if scored:
            write_report(self.folder, scored, next(iter(self.data.values())).scheme)

    def scored(self) -> list[Scored]:
        """The scores of all trials in the folder that have some, also those of earlier calls."""
        return [
            read_scored(trial, self._folder(trial))
            for trial in find_trials(self.folder)
            if is_scored(self._folder(trial))
        ]

    def _check_data(self) -> None:
        for number, data in self.data.items():
            if not len(data.test):
                raise InputError(
                    f"{data.name}: there are no test images, and methods are compared on those; "
                    f"give a list splits/test.txt, or a share with --test."
                )
            if number != len(data.labeled):
                raise InputError(f"{data.name}: {len(data.labeled)} labeled images, not {number}.")

    def _agree(self) -> None:
        agree(self.folder, self.protocol, self.changes, self.data)

    def _make(self, trial: Trial) -> Path:
        """Make the run folder of a trial, if it is not there."""
        folder, data = self._folder(trial), self._data_of(trial)
        config = self._config(trial)
        if not (folder / "run.json").exists():
            return create(folder, trial.recipe, data, config)
        if read_plan(folder).config != settled(config):
            raise InputError(f"{folder}: this run has other settings; choose another folder.")
        return folder

    def _config(self, trial: Trial) -> TrainConfig:
        data = next(iter(self.data.values()))  # of all numbers of labels the same
        return protocol_config(self.protocol, trial.run - 1, data).changed(self.changes)

    def _folder(self, trial: Trial) -> Path:
        return trial.folder(self.folder)

    def _data_of(self, trial: Trial) -> SegmentationData:
        return next(iter(self.data.values())) if trial.labeled is None else self.data[trial.labeled]

    def _why(self, trial: Trial, code: int | None) -> str:
        """Why a training failed, in a sentence; empty if it did not."""
        if code == 0:
            return ""
        if code == STOPPED:
            return "It was stopped."
        if code is not None and code < 0:
            return f"Signal {-code} ended it, as when memory is short; a later call goes on."
        log = self._folder(trial) / LOG
        lines = log.read_text("utf-8", "replace").splitlines() if log.is_file() else []
        last = next((line for line in reversed(lines) if line.strip()), "no message")
        return f"Code {code}: {last.removeprefix('napari-im: ')}"
