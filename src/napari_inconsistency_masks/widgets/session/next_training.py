"""What a training that starts now would learn, and whether it can."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QObject

from ...errors import InputError
from ...recipes import RECIPES
from ..correcting.correcting import Correcting
from ..training.preparation import RunRequest, TrainingData
from ..training.setup import TrainSetup
from ..training.trainer import Trainer
from .sources import Sources


class NextTraining(QObject):
    """The chosen data, recipe and settings, put together.

    Parameters
    ----------
    sources, setup, correcting, trainer
        Of the session.
    device
        Tells the chosen device.

    Attributes
    ----------
    drawn_since_start : bool
        Whether a person drew on what the running training learns from, after it had begun.
    """

    def __init__(
        self,
        sources: Sources,
        setup: TrainSetup,
        correcting: Correcting,
        trainer: Trainer,
        device: Callable[[], str],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.drawn_since_start = False
        self._started_from_strokes = False
        self._sources, self._setup = sources, setup
        self._correcting, self._trainer, self._device = correcting, trainer, device

    def problem(self) -> str | None:
        """Why training cannot start from the chosen data, in a sentence, or None."""
        return self._sources.data.problem() or self._unfit_recipe()

    def request(self) -> RunRequest:
        """What to start.

        Raises
        ------
        InputError
            If the data or the settings are not ready.
        """
        problem = self.problem()
        if problem is not None:
            raise InputError(problem)
        folder, recipe, config = self._setup.final(self._device())
        return RunRequest(folder, recipe, config, self.training_data())

    def training_data(self) -> TrainingData:
        """What a training that starts now learns from."""
        self._correcting.leave()  # what is only proposed is nothing to learn from
        data = self._sources.training_data()
        self._started_from_strokes, self.drawn_since_start = not callable(data), False
        return data

    def drawn(self) -> None:
        """A person drew: a training that has begun does not know it."""
        busy = self._trainer.machine.busy
        if busy and self._started_from_strokes and not self.drawn_since_start:
            self.drawn_since_start = True
            self._trainer.changed.emit()

    def _unfit_recipe(self) -> str | None:
        """Why the recipe cannot learn from data that is fine otherwise, or None."""
        recipe = RECIPES[self._setup.recipe]
        if recipe.needs_unlabeled and not self._sources.data.unlabeled:
            return (
                f"Everything is labeled, and the recipe {recipe.title} learns from unlabeled "
                f"images too: choose the recipe {RECIPES['labeled-aug'].title}, or add images."
            )
        return None
