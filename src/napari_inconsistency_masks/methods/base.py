"""What a training method is: how one step learns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field

from torch import Tensor, nn

from ..data.batches.loader import Batch
from ..data.batches.views import Unlabeled, Views
from ..nets.ensemble import Ensemble
from ..nets.network import Network
from .load import Load


@dataclass(frozen=True)
class Losses:
    """Losses of one step.

    Attributes
    ----------
    total
        ``(E,)``, what each member minimizes.
    parts
        The terms of the total, ``(E,)`` each, for curves and tables.
    """

    total: Tensor
    parts: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One step of some members.

    Attributes
    ----------
    ensemble
        The members, in training mode.
    batch
        What they see.
    beside
        For each member, what the method keeps of it; see `Method.beside`.
    number, total
        Of the step in the generation, and how many there will be.
    epoch
        Number of the epoch.
    """

    ensemble: Ensemble
    batch: Batch
    beside: Sequence[nn.Module]
    number: int
    total: int
    epoch: int

    def ramp(self, part: float) -> float:
        """What grows from 0 to 1 in the first part of the training, evenly."""
        return 1.0 if part == 0 else min(1.0, self.number / (part * self.total))

    @property
    def unlabeled(self) -> Unlabeled:
        """The unlabeled images, for methods with `Method.views`."""
        assert self.batch.unlabeled is not None
        return self.batch.unlabeled


class Method(ABC):
    """How one step learns. Members must not see each other.

    What a method remembers from step to step is in the modules that it keeps beside the networks:
    their parameters that need gradients are trained with the network, and all their tensors are
    saved and restored with it. So a method object itself never changes.
    """

    @property
    def views(self) -> Views | None:
        """What it wants to see of unlabeled images, or None if it learns from labels alone."""
        return None

    def beside(self, ensemble: Ensemble, key: tuple[int, int]) -> list[nn.Module]:
        """Make what is kept of each member; all that is random depends on ``key`` and member."""
        del key
        return [nn.Module() for _ in range(len(ensemble))]

    def go_on_from(self, beside: Sequence[nn.Module], trained: Sequence[nn.Module]) -> None:
        """Let what `beside` made begin as trained networks do, where it can.

        Called when member m begins with the weights of ``trained[m % len(trained)]``.
        """
        del beside, trained  # teachers are copies of their networks, the rest has no other weights

    def adds(self, network: Network) -> Load:
        """Say what `beside` and a step need for one member, for an estimate of the memory."""
        del network
        return Load()

    @abstractmethod
    def losses(self, step: Step) -> Losses:
        """Compute the losses of the members on their images."""

    def follow(
        self, ensemble: Ensemble, beside: Sequence[nn.Module], step: int, epoch: int
    ) -> None:
        """Do what comes after the networks took a step, such as letting a teacher follow."""
        del ensemble, beside, step, epoch  # most methods do nothing here

    def judged(self, ensemble: Ensemble, beside: Sequence[nn.Module]) -> Ensemble:
        """Return the networks that are checked on the validation images, and kept."""
        del beside
        return ensemble
