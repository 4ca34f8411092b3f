"""Cell counts with the range that the members span."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..arguments import checked
from ..cells import Cells, find_cells
from ..errors import unknown
from .consensus import Consensus


@dataclass(frozen=True, repr=False)
class CellCounts(Mapping[str, int]):
    """Cells per state (or objects per class) in one image: ``counts["alive"]``.

    Attributes
    ----------
    estimate
        The count of the ensemble's best guess.
    low, high
        The smallest and largest of the members' own counts and the estimate.
    unclear
        Cells whose state cannot be told; they are in no count.
    """

    estimate: Mapping[str, int]
    low: Mapping[str, int]
    high: Mapping[str, int]
    unclear: int = 0

    @classmethod
    def of(cls, best: Cells, members: Iterable[Cells]) -> CellCounts:
        """Count the cells of the best guess, and those of each member for the range."""
        every = [best.counts, *(cells.counts for cells in members)]
        return cls(
            estimate=best.counts,
            low={name: min(counts[name] for counts in every) for name in best.names},
            high={name: max(counts[name] for counts in every) for name in best.names},
            unclear=best.unclear,
        )

    def __getitem__(self, name: str) -> int:
        if name not in self.estimate:
            raise unknown("count of", name, self.estimate)
        return self.estimate[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.estimate)

    def __len__(self) -> int:
        return len(self.estimate)

    @property
    def total(self) -> int:
        """All cells, the unclear ones included."""
        return sum(self.estimate.values()) + self.unclear

    def __repr__(self) -> str:
        parts = [f"{name}={self[name]} [{self.low[name]}-{self.high[name]}]" for name in self]
        return f"CellCounts({', '.join(parts)}, unclear={self.unclear})"


@checked
def count_cells(consensus: Consensus) -> CellCounts:
    """Count the cells in the best guess, and in each member's own labels for the range.

    The best guess is of the mean probability, and not a vote of hard labels: of two members that
    differ, the surer one decides, where a vote would be a tie. It may still find a number that
    no member finds (two members that each miss another cell), so the range is widened to include
    it: what is shown is what is counted, and it always lies within ``[low, high]``.

    Returns
    -------
    CellCounts
        Per state with a position class, else connected objects per class.
    """
    scheme = consensus.scheme
    members = (find_cells(votes, scheme) for votes in consensus.votes)
    return CellCounts.of(find_cells(consensus.best_guess, scheme), members)
