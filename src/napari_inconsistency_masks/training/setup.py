"""What every stage of a run knows: recipe, data, settings, and where to compute."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import torch

from ..cells import usual_rule
from ..checkpoint import ModelCard
from ..config import TrainConfig
from ..count_rule import CountRule
from ..data.sample import SegmentationData
from ..inference.evaluate import Check, CheckSums
from ..losses import Loss, choose_loss
from ..nets.ensemble import Ensemble
from ..pseudolabels import PSEUDO_LABELERS, choose_markers
from ..pseudolabels.base import PseudoLabeler
from .apart import Apart
from .budget import Budget
from .checks import told_check
from .events import Checking
from .object_sizes import typical_sizes
from .recipe import Recipe
from .records import Records
from .results import GenerationRecord
from .schedule import SCHEDULES, Schedule


@dataclass(frozen=True)
class Setup:
    """One run of a recipe.

    Attributes
    ----------
    recipe, data, config
        What is trained, on what, how.
    card
        Describes the networks in their files, those of generation 0.
    records
        The run folder; what is complete there is not done again.
    device, precision
        Where and in which type the networks compute.
    given
        Whether generation 0 is networks of another run, which this one goes on from.
    corrected
        Which labeled samples count more; see `training_parts`.
    budget
        Time for the whole run.
    apart
        Lets members learn on other computers; None for here.
    """

    recipe: Recipe
    data: SegmentationData
    config: TrainConfig
    card: ModelCard
    records: Records
    device: torch.device
    precision: torch.dtype
    given: bool = False
    corrected: tuple[int, ...] = ()
    budget: Budget = field(default_factory=Budget)
    apart: Apart | None = None

    @property
    def last(self) -> int:
        """The last generation: those that learn from labels alone are one."""
        return self.config.generations if self.recipe.pseudo_labels else int(self.given)

    @property
    def loss(self) -> Loss:
        """What the supervised step minimizes."""
        return choose_loss(self.config.loss, self.data.scheme, self.config.position_weight)

    @property
    def schedule(self) -> Schedule:
        """What grows."""
        return SCHEDULES[self.recipe.schedule]

    @cached_property
    def labeler(self) -> PseudoLabeler:
        """How unlabeled images get labels, for a recipe in which they do."""
        assert self.recipe.pseudo_labels is not None
        config = self.config.pseudo_labels
        draw_markers = choose_markers(config, self.data)
        return PSEUDO_LABELERS[self.recipe.pseudo_labels](config, draw_markers)

    def card_of(self, generation: int) -> ModelCard:
        """Describe the networks of a generation; their width may grow."""
        architecture = self.card.architecture
        width = self.schedule.width(architecture.width, generation)
        return replace(self.card, architecture=replace(architecture, width=width))

    def teachers(self, record: GenerationRecord) -> tuple[int, ...]:
        """The best networks of a generation, the ensemble of the run; all of those given."""
        given = self.given and record.generation == 0
        return record.ranking[: None if given else self.config.teachers]

    def load(self, record: GenerationRecord, members: tuple[int, ...]) -> Ensemble:
        """Read some networks of a complete generation, ready to compute."""
        networks = self.records.load_networks(record.generation, members)
        return networks.place(self.device, self.precision)

    @cached_property
    def object_sizes(self) -> dict[str, float]:
        """How large objects are in the labels; see `typical_sizes`."""
        return typical_sizes((self.data.labeled, self.data.validation), self.data.scheme)

    @property
    def usual_rule(self) -> CountRule:
        """By which is counted as long as nothing else was found out."""
        return usual_rule(self.data.scheme, self.object_sizes)

    def check(
        self, ensemble: Ensemble, generation: int, rules: Sequence[CountRule] = ()
    ) -> Generator[Checking, None, Check]:
        """Score networks of a generation on the validation images.

        The ensemble is counted by the best of some rules, if any are given.
        """
        data, usual = self.data, self.usual_rule
        sums = CheckSums(len(ensemble), data.scheme, self.loss, usual=usual, rules=rules)
        return told_check(ensemble, data.validation, sums, generation)
