"""What a training loop asks for: batches, of labeled images or of both kinds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from .loader import Batch, Loader
from .views import UnlabeledImages


class Batches(Protocol):
    """Makes the batches of one generation; every `Loader` does."""

    def __len__(self) -> int:
        """Images that one pass sees."""
        ...

    @property
    def pixels(self) -> int:
        """Pixels of a step, per member."""
        ...

    def batch(self, members: Sequence[int], step: int) -> Batch:
        """Make step number ``step`` of the generation for some of the members."""
        ...


class WithUnlabeled:
    """Batches of labeled images, joined by unlabeled ones.

    Parameters
    ----------
    labeled
        Makes the labeled part.
    unlabeled
        Makes the other part.
    """

    def __init__(self, labeled: Loader, unlabeled: UnlabeledImages) -> None:
        self._labeled, self._unlabeled = labeled, unlabeled

    def __len__(self) -> int:
        """Images that one pass sees: the labeled or the unlabeled ones, whichever are more."""
        return max(len(self._labeled), len(self._unlabeled.samples))

    @property
    def pixels(self) -> int:
        """Pixels of a step, per member."""
        return self._labeled.pixels + self._unlabeled.pixels

    def batch(self, members: Sequence[int], step: int) -> Batch:
        """Make step number ``step`` of the generation for some of the members."""
        unlabeled = self._unlabeled.batch(members, step)
        return replace(self._labeled.batch(members, step), unlabeled=unlabeled)
