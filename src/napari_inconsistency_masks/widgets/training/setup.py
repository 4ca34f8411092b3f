"""What the next training will be: shared by all sections that show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from qtpy.QtCore import QObject, Signal

from ...config import TrainConfig
from ...errors import InputError
from ...method_config import METHOD_GROUPS
from ...recipes import PRESETS, RECIPES
from ..parts.forms import GROUPS
from .preparation import check_run_name, new_run_name

CUSTOM = "custom"


class TrainSetup(QObject):
    """Preset, recipe, settings and name of the next run.

    Parameters
    ----------
    preset
        Its settings are the first ones.
    folder
        Where runs are kept.
    data_name
        Tells what the chosen data is called.
    """

    changed = Signal()

    def __init__(
        self, preset: str, folder: Path, data_name: Callable[[], str], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.preset = preset if preset in PRESETS else "standard"
        self.recipe = "im"
        self.config = PRESETS[self.preset]
        self.own_folder = folder
        self.project_runs: Path | None = None
        self.problem: str | None = None
        self._data_name = data_name
        self._name: str | None = None

    @property
    def folder(self) -> Path:
        """Where the run is kept: in the project that it learns from, or as was chosen."""
        return self.project_runs or self.own_folder

    @property
    def name(self) -> str:
        """Of the run: what a person called it, else one that is free."""
        if self._name is not None:
            return self._name
        return new_run_name(self.folder, self._data_name(), self.preset)

    @property
    def changes(self) -> bool:
        """Whether the settings are no longer those of the preset."""
        return self.config != PRESETS[self.preset]

    @property
    def groups(self) -> list[str]:
        """Groups of settings that the recipe uses: those of other methods change nothing."""
        own = RECIPES[self.recipe].method.replace("-", "_")
        return [group for group in GROUPS if group not in METHOD_GROUPS or group == own]

    def choose_preset(self, preset: str) -> None:
        """Take the settings of a preset."""
        self.preset, self.config, self.problem = preset, PRESETS[preset], None
        self.changed.emit()

    def choose_recipe(self, recipe: str) -> None:
        """Take another recipe."""
        self.recipe = recipe
        self.changed.emit()

    def choose_name(self, name: str) -> None:
        """Take another name; an empty one leaves it to the program."""
        self._name = name.strip() or None
        self.changed.emit()

    def choose_folder(self, folder: Path) -> None:
        """Keep runs somewhere else."""
        self.own_folder, self.project_runs = folder, None
        self.changed.emit()

    def set(self, make: Callable[[TrainConfig], TrainConfig]) -> None:
        """Change settings; those that are refused are kept in mind as a `problem`."""
        try:
            self.config, self.problem = make(self.config), None
        except InputError as error:
            self.problem = str(error)
        self.changed.emit()

    def started(self) -> None:
        """The name is taken now."""
        self._name = None
        self.changed.emit()

    def final(self, device: str) -> tuple[Path, str, TrainConfig]:
        """Run folder, recipe and settings; `InputError` if something is wrong with them."""
        if self.problem is not None:
            raise InputError(self.problem)
        check_run_name(self.name)
        return self.folder / self.name, self.recipe, replace(self.config, device=device)

    def describe(self) -> str:
        """What will be trained, in a sentence."""
        config = self.config
        networks = "1 network" if config.members == 1 else f"{config.members} networks"
        epochs = "1 epoch" if config.epochs == 1 else f"{config.epochs} epochs"
        recipe = RECIPES[self.recipe]
        images = "labeled and unlabeled images" if recipe.unlabeled else "labeled images"
        if not recipe.pseudo_labels or not config.generations:
            return f"Trains {networks} for {epochs} on the {images}."
        times = "once" if config.generations == 1 else f"{config.generations} times"
        return (
            f"Trains {networks} for {epochs} on the {images}, then {times} anew with the "
            f"unlabeled images, labeled {recipe.labeled_by}."
        )
