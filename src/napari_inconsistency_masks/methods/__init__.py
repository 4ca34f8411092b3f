"""How one step learns: one file per paper, and the list of them."""

from __future__ import annotations

from collections.abc import Callable

from ..config import TrainConfig
from ..losses import Loss
from ..task import LabelScheme
from .base import Method
from .consistency import Consistency
from .fixmatch import FixMatch
from .supervised import Supervised

METHODS: dict[str, Callable[[Loss, LabelScheme, TrainConfig], Method]] = {
    "supervised": lambda loss, scheme, config: Supervised(loss),
    "consistency": lambda loss, scheme, config: Consistency(loss, scheme, config.consistency),
    "fixmatch": lambda loss, scheme, config: FixMatch(loss, scheme, config.fixmatch),
}
"""Makes a method from the supervised loss, the label kind and the settings, by its name."""
