"""The places of one frame at which the members of an ensemble differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ..boxes import Box, padded
from ..cells import dilate, erode
from ..cells.markers import EIGHT_NEIGHBORS
from ..errors import InputError
from ..inconsistency import Consensus, Prediction, disagreement, find_consensus
from ..task import LabelScheme
from .outcomes import differences, find_outcomes
from .pieces import cut_regions
from .place import Place

_Bool = npt.NDArray[np.bool_]
_Int = npt.NDArray[np.int64]
_Float = npt.NDArray[np.float64]
_Labels = npt.NDArray[np.int32]

_THIN = 3
"""Disagreement less than so many pixels wide is a rim."""

LARGEST = 8
"""A place spans at most so many marker radii, which is about twice the distance of two cells."""

_TYPICAL_AREA = 100.0
"""A region of so many pixels gets half of what size can add to a score."""

_UNSEEN, _SEEN = 0.2, 0.1
"""Wrong cells to expect though no count differs: where no member sees a cell (all may miss one),
and where all see the same. A cell that differs counts 1. Per cell looked at, 0.4 to 0.6, 0.04 to
0.9 and 0.1 to 0.3 were wrong with networks that had learned from a few images (docs/benchmarks.md).
"""


def find_places(
    members: npt.NDArray[np.uint8],
    scheme: LabelScheme,
    *,
    image: str,
    frame: int,
    probabilities: npt.NDArray[Any] | None = None,
    pixels: npt.NDArray[np.uint8] | None = None,
) -> list[Place]:
    """Find where the members of an ensemble differ in one frame.

    Regions of the inconsistency mask that are closer to each other than two marker radii are one
    place. Rims one or two pixels wide are left out, unless cells differ there: with positions,
    within a marker radius of a cell that not all members see in the same state; without them,
    where members see a different number of connected objects.

    Parameters
    ----------
    members
        Hard labels ``(E, K, Y, X)``, 0 or 1, of at least two members.
    scheme
        What the K outputs mean.
    image, frame
        For the places.
    probabilities
        ``(E, K, Y, X)``, 0 to 1, of the same members: disagreement is then measured in them.
    pixels
        ``(C, Y, X)``, 0 to 255: the places then know their gray values.

    Returns
    -------
    list of Place
        Highest score first; the order depends on nothing else than the places themselves.

    Raises
    ------
    InputError
        If there are fewer than two members, or shapes do not fit.
    """
    _check(image, members, probabilities, pixels)
    once_parted = scheme.counting_by(scheme.rule.once_parted)
    consensus = find_consensus(Prediction(members.astype(np.float32), once_parted))
    outcomes, reach = find_outcomes(consensus)
    components: _Labels = ndimage.label(consensus.inconsistency, EIGHT_NEIGHBORS)[0]
    kept = _thick(consensus.disagreed) | outcomes.differing(components)
    groups: _Labels = ndimage.label(dilate(kept, 2 * reach + 1), EIGHT_NEIGHBORS)[0]
    regions, number = cut_regions(np.where(kept, groups, 0), LARGEST * reach)
    counts = outcomes.count(regions, number)
    features = _Features(
        consensus=consensus,
        regions=regions,
        counts=counts,
        differences=differences(counts),
        area=np.bincount(regions.ravel(), minlength=number + 1)[1:],
        strength=_means(regions, number, _strength(consensus, probabilities)).clip(0, 1),
        center=ndimage.center_of_mass(kept, regions, np.arange(1, number + 1)),
        gray=None if pixels is None else pixels.mean(axis=0),
        reach=reach,
    )
    places = [
        features.place(index, rows, columns, image, frame)
        for index, (rows, columns) in enumerate(ndimage.find_objects(regions))
    ]
    return sorted(places, key=lambda place: (-place.score, place.box))


@dataclass(frozen=True)
class _Features:
    """What is known about the N regions of a frame; ``regions`` is 1 to N where they are."""

    consensus: Consensus
    regions: _Labels
    counts: _Int
    differences: _Int
    area: _Int
    strength: _Float
    center: list[tuple[float, float]]
    gray: _Float | None
    reach: int

    def place(self, index: int, rows: slice, columns: slice, image: str, frame: int) -> Place:
        region: _Bool = self.regions[rows, columns] == index + 1
        area, strength = int(self.area[index]), float(self.strength[index])
        row, column = self.center[index]
        return Place(
            image=image,
            frame=frame,
            box=(rows.start, columns.start, rows.stop, columns.stop),
            center=(float(row), float(column)),
            area=area,
            classes=self._classes(region, rows, columns),
            disagreement=strength,
            effect=int(self.differences[index].max()),
            outcomes=tuple(tuple(of_member) for of_member in self.counts[index].tolist()),
            score=self._score(index, strength * area / (area + _TYPICAL_AREA)),
            appearance=self._appearance((rows.start, columns.start, rows.stop, columns.stop)),
        )

    def _score(self, index: int, doubt: float) -> float:
        """See `Place.score`; `doubt` is 0 to 1."""
        members = len(self.counts[index])
        most = int(self.counts[index].sum(axis=1).max())
        wrong = float(self.differences[index].sum()) / (members * (members - 1))
        wrong += (_SEEN if most else _UNSEEN) * (1 + doubt)
        return wrong / max(1, most)

    def _appearance(self, box: Box) -> tuple[float, ...]:
        """Mean and standard deviation of the gray values in and around a box."""
        if self.gray is None:
            return ()
        top, left, bottom, right = padded(box, self.reach, self.regions.shape)
        window = self.gray[top:bottom, left:right]
        return (float(window.mean()), float(window.std()))

    def _classes(self, region: _Bool, rows: slice, columns: slice) -> tuple[str, ...]:
        names = self.consensus.scheme.classes
        window = self.consensus.disagreed[-len(names) :, rows, columns] & region
        return tuple(name for name, mask in zip(names, window, strict=True) if mask.any())


def _check(
    image: str,
    members: npt.NDArray[np.uint8],
    probabilities: npt.NDArray[Any] | None,
    pixels: npt.NDArray[np.uint8] | None,
) -> None:
    if members.ndim != 4 or len(members) < 2:
        raise InputError(
            f"{image}: hard labels of shape {members.shape} show no disagreement; give (members, "
            f"outputs, rows, columns) of at least two networks."
        )
    if probabilities is not None and probabilities.shape != members.shape:
        raise InputError(
            f"{image}: probabilities {probabilities.shape} do not fit hard labels "
            f"{members.shape}; give those of the same networks."
        )
    if pixels is not None and (pixels.ndim != 3 or pixels.shape[1:] != members.shape[2:]):
        raise InputError(
            f"{image}: gray values {pixels.shape} do not fit hard labels {members.shape}; give "
            f"(channels, rows, columns) of the same image."
        )


def _thick(disagreed: _Bool) -> _Bool:
    """Where members differ about an output over at least `_THIN` pixels, ``(Y, X)``."""
    opened = dilate(erode(disagreed, _THIN), _THIN) & disagreed
    thick: _Bool = np.logical_or.reduce(opened)
    return thick


def _strength(consensus: Consensus, probabilities: npt.NDArray[Any] | None) -> _Float:
    """How much members differ at each pixel ``(Y, X)``, see `Place.disagreement`."""
    if probabilities is not None:
        spread: _Float = 4 * probabilities.var(axis=0, dtype=np.float64).max(axis=0)
        return spread
    members, outputs = consensus.votes.shape[:2]
    sides = min(members, outputs) if consensus.scheme.exclusive else 2
    most = members - -(-members // sides)  # outvoted members at a tie
    share: _Float = disagreement(consensus) / max(1, most)
    return share


def _means(regions: _Labels, number: int, values: _Float) -> _Float:
    """Mean of `values` over each region, ``(number,)``."""
    flat = regions.ravel()
    sums = np.bincount(flat, values.ravel(), minlength=number + 1)[1:]
    means: _Float = sums / np.bincount(flat, minlength=number + 1)[1:].clip(1)
    return means
