"""What networks do on a list of images, whatever the truth: signs of a collapse show here."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import numpy.typing as npt

from ..inconsistency import Consensus

_Bool = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Behavior:
    """What the members of an ensemble do on the images.

    Attributes
    ----------
    members
        Their number.
    agreed, seen
        Share of the area that all members, or any, give to each output, ``(K,)``.
    constant
        Members that say the same at every pixel of every image.
    alike
        Pairs of members that never differ.
    labeled
        Share of the area that has each output in the labels, where these count, ``(K,)``.
    """

    members: int
    agreed: tuple[float, ...]
    seen: tuple[float, ...]
    constant: tuple[int, ...]
    alike: tuple[tuple[int, int], ...]
    labeled: tuple[float, ...]


@dataclass
class Watch:
    """Collects what members do, image by image."""

    _agreed: list[npt.NDArray[np.float64]] = field(default_factory=list)
    _seen: list[npt.NDArray[np.float64]] = field(default_factory=list)
    _shares: list[npt.NDArray[np.float64]] = field(default_factory=list)
    _labeled: list[npt.NDArray[np.float64]] = field(default_factory=list)
    _alike: set[tuple[int, int]] | None = None

    def add(self, consensus: Consensus, truth: _Bool) -> None:
        """Take note of one image, and its labels ``(K, Y, X)``, False where they do not count."""
        votes = consensus.votes  # (E, K, Y, X)
        if self._alike is None:
            self._alike = set(combinations(range(len(votes)), 2))
        self._alike = {(a, b) for a, b in self._alike if np.array_equal(votes[a], votes[b])}
        self._agreed.append(consensus.agreed.mean((-2, -1)))
        self._seen.append((consensus.agreed | consensus.disagreed).mean((-2, -1)))
        self._shares.append(votes.mean((-2, -1)))
        self._labeled.append(truth.mean((-2, -1)))

    def behavior(self) -> Behavior:
        """What they did on all images so far, at least one."""
        assert self._alike is not None
        shares = np.array(self._shares)  # (images, E, K)
        always = ((shares == 0).all(0) | (shares == 1).all(0)).all(-1)  # (E,)
        return Behavior(
            members=shares.shape[1],
            agreed=tuple(np.mean(self._agreed, axis=0).tolist()),
            seen=tuple(np.mean(self._seen, axis=0).tolist()),
            constant=tuple(np.flatnonzero(always).tolist()),
            alike=tuple(sorted(self._alike)),
            labeled=tuple(np.mean(self._labeled, axis=0).tolist()),
        )
