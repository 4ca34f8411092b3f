"""What is trained in a comparison: every recipe, number of labels and seed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..plans import RunPlan, find_recipe
from ..recipes import RECIPES


@dataclass(frozen=True, order=True)
class Trial:
    """One training.

    Attributes
    ----------
    recipe
        A key of `RECIPES`.
    labeled
        How many images are labeled; None for recipes that learn from all labels.
    run
        1, 2, 3 ...; runs differ in their seed only.
    """

    recipe: str
    labeled: int | None
    run: int

    @property
    def name(self) -> str:
        """The name of its run folder."""
        labels = "" if self.labeled is None else f"-{self.labeled}-labels"
        return f"{self.recipe}{labels}-run-{self.run}"

    def folder(self, study: Path) -> Path:
        """Its run folder in the folder of a comparison."""
        return study / "runs" / self.name


def plan_trials(recipes: Sequence[str], labeled: Sequence[int], runs: int) -> list[Trial]:
    """All trainings of a comparison, so that a table is whole early: run by run.

    Raises
    ------
    InputError
        For a recipe that does not exist.
    """
    chosen = [find_recipe(key) for key in dict.fromkeys(recipes)]
    trials = [
        Trial(recipe.key, None if recipe.data == "full" else number, run)
        for run in range(1, runs + 1)
        for number in dict.fromkeys(labeled)
        for recipe in chosen
    ]
    return list(dict.fromkeys(trials))


def find_trials(study: Path) -> list[Trial]:
    """All trials that have a run folder in the folder of a comparison, in the order of a plan."""
    found = [trial for path in study.glob("runs/*") if (trial := _trial(path.name)) is not None]
    order = list(RECIPES)
    return sorted(found, key=lambda t: (t.run, t.labeled or 0, order.index(t.recipe)))


def _trial(name: str) -> Trial | None:
    """The inverse of `Trial.name`; None for another folder."""
    parts = _NAME.fullmatch(name)
    if parts is None or parts["recipe"] not in RECIPES:
        return None
    labeled = parts["labeled"]
    return Trial(parts["recipe"], int(labeled) if labeled else None, int(parts["run"]))


_NAME = re.compile(r"(?P<recipe>.+?)(-(?P<labeled>[0-9]+)-labels)?-run-(?P<run>[0-9]+)")


def begins_alike(one: RunPlan, other: RunPlan) -> bool:
    """Whether two runs on the same data train the same networks in generation 0.

    With a time limit none do: how much of it generation 0 has depends on how many follow.
    """
    return one.config.minutes is None and _beginning(one) == _beginning(other)


def _beginning(plan: RunPlan) -> tuple[object, ...]:
    recipe, config = plan.recipe, plan.config
    augmented = config.augment == "recipe" and recipe.augmented
    return recipe.method, recipe.data, augmented, config
