"""Letting the networks that are in use learn on from corrections, and going back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from ...errors import InputError
from ...plans import RETRAINING_MINUTES, choose_generation, read_plan
from ...task import LabelScheme
from ...training.comparison import Comparison, read_comparison
from ..predicting.prediction import Model
from ..training.preparation import RetrainingRequest, new_run_name
from ..training.state import State

if TYPE_CHECKING:
    from .session import Session

NO_CORRECTION = "Accept or draw at least one correction."
STAY = "The old networks are still used."


class Retraining(QObject):
    """A training that goes on from the networks in use; what it is like lies in its run folder.

    `changed` tells that something of it is another one now.

    Attributes
    ----------
    minutes : float
        Time the next one may take.
    comparison : Comparison or None
        Of the networks in use with those before them, if they come from such a training.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.minutes = RETRAINING_MINUTES
        self.comparison: Comparison | None = None
        self._session = session
        self._begun: Path | None = None
        self._drawn = False
        self._model: Model | None = None
        session.trainer.changed.connect(self._on_trainer)
        session.trainer.happened.connect(self.changed)
        session.predictor.changed.connect(self._on_predictor)
        session.correcting.changed.connect(self.changed)
        session.source_changed.connect(self.changed)
        session.layer_data.drawn.connect(self._on_drawn)

    @property
    def runs(self) -> bool:
        """Whether networks are learning on."""
        return self._session.trainer.machine.busy and self._begun is not None

    def is_about(self, model: Model | None) -> bool:
        """Whether these networks were asked for here: learned on, or chosen."""
        return model is not None and model.run == self._begun

    def problem(self) -> str | None:
        """Why it cannot start, in a sentence, or None."""
        session, model = self._session, self._session.predictor.model
        if session.trainer.machine.busy:
            return None if self.runs else "A training is running: wait for it, or stop it."
        if model is None:
            return "There are no networks yet that could learn on: train some under 2 Train."
        scan = session.layer_data.scan
        if session.data is session.layer_data and scan is not None and not scan.labeled.any():
            return NO_CORRECTION  # that is enough: nobody need draw on a whole frame here
        problem = session.data.problem()
        if problem is not None or session.data is not session.layer_data:
            return problem
        scheme = session.layer_data.scheme()
        if scheme != model.scheme:
            return (
                f"The networks know {_classes(model.scheme)}, and the classes under 1 Data are "
                f"{_classes(scheme)}: they must be the same, in the same order."
            )
        return None if self._corrected() else NO_CORRECTION

    def allow(self, minutes: float) -> None:
        """Give the next one so much time."""
        if minutes != self.minutes:
            self.minutes = minutes
            self.changed.emit()

    def press(self) -> None:
        """The button was pressed: start, or stop what runs.

        Raises
        ------
        InputError
            If it cannot start.
        """
        self._session.trainer.press_anew(self._request)

    def switch(self) -> None:
        """Use the other networks: the old ones, or the new ones again."""
        model, comparison = self._session.predictor.model, self.comparison
        if model is None or comparison is None:
            return
        choose_generation(model.run, 1 - comparison.kept)
        self._begun = model.run
        self.comparison = read_comparison(model.run)
        self.changed.emit()
        self._session.looking.use(model.run)

    def words(self) -> str:
        """Where it is, or what became of it, in a sentence; nothing if there was none."""
        trainer = self._session.trainer
        if self._begun is None or (self._begun != trainer.run and not trainer.message):
            return ""
        if self.runs:
            return f"Learning on: {trainer.words}."
        if trainer.state is State.STOPPED:
            return f"Stopped. {STAY} 2 Train goes on with it."
        if trainer.state is State.FAILED:
            return f"{trainer.message} {STAY}"
        return ""

    def _request(self) -> RetrainingRequest:
        session, model = self._session, self._session.predictor.model
        problem = self.problem()
        if problem is not None or model is None:
            raise InputError(problem or "There are no networks yet.")
        runs = session.setup.folder
        folder = runs / new_run_name(runs, session.data_name(), "retrained")
        request = RetrainingRequest(
            folder, session.next.training_data(), model.run, self.minutes, session.devices.chosen
        )
        self._begun = folder
        return request

    def _corrected(self) -> bool:
        """Whether anything was accepted, drawn or boxed."""
        session = self._session
        image, axes = session.layer_data.image, session.layer_data.axes
        if self._drawn or session.correcting.queue.done:
            return True
        return (
            image is not None
            and axes is not None
            and bool(session.layer_data.boxes.of(image, axes))
        )

    def _on_drawn(self) -> None:
        if not self._drawn:
            self._drawn = True
            self.changed.emit()

    def _on_trainer(self) -> None:
        if self._session.trainer.run not in (None, self._begun):
            self._begun = None  # another run was begun or opened
        self.changed.emit()

    def _on_predictor(self) -> None:
        model = self._session.predictor.model
        if model is not self._model:
            self._model = model
            self.comparison = None if model is None else _comparison(model.run)
        self.changed.emit()


def _comparison(run: Path) -> Comparison | None:
    try:
        goes_on = (run / "run.json").is_file() and read_plan(run).start is not None
        return read_comparison(run) if goes_on else None
    except InputError:
        return None  # whoever reads the run for more than this says what is wrong


def _classes(scheme: LabelScheme) -> str:
    return ", ".join(scheme.classes)
