"""What a training method is: how one step learns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor

from ..data.loader import Batch
from ..nets.ensemble import Ensemble


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


class Method(Protocol):
    """How one step learns. Members must not see each other."""

    def losses(self, ensemble: Ensemble, batch: Batch) -> Losses:
        """Compute the losses of the members of ``ensemble`` on their images."""
        ...
