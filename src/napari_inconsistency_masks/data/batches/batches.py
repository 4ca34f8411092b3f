"""What a training loop asks for: batches, of labeled images or of both kinds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from .loader import Batch, Loader
from .views import UnlabeledImages


class Batches(Protocol):
    """Makes the batches of a generation."""

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


class PreparedBatches(Batches, Protocol):
    """Makes them in two parts, of which one can be done while others learn; a `Loader` does."""

    def prepare(self, members: Sequence[int], step: int) -> Callable[[], Batch]:
        """Do what needs no GPU, in any one thread; what is returned makes the batch."""
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
        return self.prepare(members, step)()

    def prepare(self, members: Sequence[int], step: int) -> Callable[[], Batch]:
        """Read and cut the images of a step, as `Loader.prepare` does."""
        labeled = self._labeled.prepare(members, step)
        unlabeled = self._unlabeled.prepare(members, step)
        return lambda: replace(labeled(), unlabeled=unlabeled())
