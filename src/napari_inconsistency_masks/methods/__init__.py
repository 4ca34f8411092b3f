"""How one step learns: one file per paper, and the list of them."""

from __future__ import annotations

from collections.abc import Callable

from ..losses import Loss
from .base import Method
from .supervised import Supervised

METHODS: dict[str, Callable[[Loss], Method]] = {
    "supervised": Supervised,
}
"""Makes a method from the supervised loss, by the name recipes use."""
