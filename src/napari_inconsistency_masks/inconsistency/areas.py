"""Areas of classes with the range that the members span."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arguments import checked
from ..errors import unknown
from ..task import LabelScheme
from .consensus import Consensus


@dataclass(frozen=True, repr=False)
class ClassAreas(Mapping[str, float]):
    """Share of an image that each class covers, 0 to 1: ``areas["alive"]``.

    As confluence, or the cover of a tissue. Classes that may overlap may add up to more than 1.

    Attributes
    ----------
    estimate
        Pixels of the ensemble's best guess, per class.
    low, high
        The smallest and largest of the members' own numbers of pixels and the estimate.
    pixels
        Of the whole image.
    """

    estimate: Mapping[str, int]
    low: Mapping[str, int]
    high: Mapping[str, int]
    pixels: int

    def __getitem__(self, name: str) -> float:
        if name not in self.estimate:
            raise unknown("area of", name, self.estimate)
        return self.estimate[name] / self.pixels

    def __iter__(self) -> Iterator[str]:
        return iter(self.estimate)

    def __len__(self) -> int:
        return len(self.estimate)

    def span(self, name: str) -> tuple[float, float]:
        """The range of the share."""
        return self.low[name] / self.pixels, self.high[name] / self.pixels

    def __repr__(self) -> str:
        parts = (
            "{}={:.1%} [{:.1%}-{:.1%}]".format(name, self[name], *self.span(name)) for name in self
        )
        return f"ClassAreas({', '.join(parts)})"


@dataclass
class AreaSums:
    """Pixels per class of an image that comes some rows at a time.

    Attributes
    ----------
    scheme
        What the channels mean; of its classes, those that are counted have an area.
    sums
        int64 ``(1 + E, N)``: of the best guess and of each member, for N counted classes.
    pixels
        That were seen.
    """

    scheme: LabelScheme
    sums: npt.NDArray[np.int64] | None = None
    pixels: int = 0

    def feed(self, best_guess: npt.NDArray[Any], votes: npt.NDArray[Any]) -> None:
        """Take the next rows ``(K, y, X)``, and of the members ``(E, K, y, X)``; 0 is outside."""
        outputs = [self.scheme.output_names.index(name) for name in self.scheme.counted]
        sums = np.array(
            [
                [np.count_nonzero(channels[output]) for output in outputs]
                for channels in (best_guess, *votes)
            ]
        )  # (1 + E, N)
        self.sums = sums if self.sums is None else self.sums + sums
        self.pixels += best_guess[0].size

    def result(self) -> ClassAreas:
        """The areas in all rows that came."""
        assert self.sums is not None
        best, low, high = self.sums[0], self.sums.min(axis=0), self.sums.max(axis=0)  # (N,)
        estimate, least, most = (
            dict(zip(self.scheme.counted, map(int, numbers), strict=True))
            for numbers in (best, low, high)
        )
        return ClassAreas(estimate, least, most, self.pixels)


@checked
def measure_areas(consensus: Consensus) -> ClassAreas:
    """The area of each class in the best guess, and in each member's own labels for the range.

    As `count_cells` does with cells; the area of a position class says nothing and is left out.
    """
    sums = AreaSums(consensus.scheme)
    sums.feed(consensus.best_guess, consensus.votes)
    return sums.result()
