"""Where the members of an ensemble agree, and where they do not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..arguments import checked
from ..cells import dilate as dilated
from ..cells import erode as eroded
from ..cells import part_objects
from ..errors import InputError
from ..task import LabelScheme, Task

_Bool = npt.NDArray[np.bool_]

_ROUNDING = 1e-3  # probabilities averaged over tiles may exceed 1 by as little


@dataclass(frozen=True)
class Prediction:
    """What every member says about one image.

    Attributes
    ----------
    probability
        float32 ``(E, K, Y, X)``.
    scheme
        What the outputs mean.

    Raises
    ------
    InputError
        If the shape does not fit the scheme, or values are not probabilities: members that
        predict NaN would agree everywhere and pass for certain.
    """

    probability: npt.NDArray[np.float32]
    scheme: LabelScheme

    def __post_init__(self) -> None:
        shape = self.probability.shape
        if len(shape) != 4 or 0 in shape or shape[1] != self.scheme.outputs:
            raise InputError(
                f"A prediction of shape {shape} does not fit: give (members, "
                f"{self.scheme.outputs} outputs, rows, columns), none of them 0."
            )
        low, high = self.probability.min(), self.probability.max()
        if not (low >= -_ROUNDING and high <= 1 + _ROUNDING):  # also true of NaN
            raise InputError(
                f"A prediction with values from {low} to {high} is none of probabilities: "
                "give 0 to 1; if a member predicts NaN, train it again."
            )

    def hard(self, *, at_least_half: bool = False) -> _Bool:
        """Each member's hard labels ``(E, K, Y, X)``, see `LabelScheme.harden`."""
        return self.scheme.harden(self.probability, at_least_half=at_least_half)

    def mean(self) -> npt.NDArray[np.float32]:
        """Mean probability of the members ``(K, Y, X)``."""
        mean: npt.NDArray[np.float32] = self.probability.sum(axis=0)
        mean /= np.float32(len(self.probability))  # `ndarray.mean` divides in float64, and slowly
        return mean


@dataclass(frozen=True)
class Consensus:
    """Where members agree.

    Attributes
    ----------
    agreed
        bool ``(K, Y, X)``: what all members predict.
    disagreed
        bool ``(K, Y, X)``: what some members predict, but not all.
    votes
        bool ``(E, K, Y, X)``: each member's hard labels.
    best_guess
        bool ``(K, Y, X)``: hard labels of the mean probability, which decides also where members
        differ. Cells are counted in it.
    scheme
        What the outputs mean.
    """

    agreed: _Bool
    disagreed: _Bool
    votes: _Bool
    best_guess: _Bool
    scheme: LabelScheme

    @property
    def label(self) -> npt.NDArray[np.uint8]:
        """What all members predict, as a target of the scheme; 0 elsewhere."""
        return self.scheme.to_target(self.agreed)

    @cached_property
    def inconsistency(self) -> _Bool:
        """The inconsistency mask ``(Y, X)``: where members differ in any output."""
        mask: _Bool = np.logical_or.reduce(self.disagreed)
        return mask

    @property
    def area(self) -> float:
        """Share of the image that is inconsistent, 0 to 1."""
        return float(self.inconsistency.mean())

    def for_class(self, name: str) -> _Bool:
        """Where members differ about one class ``(Y, X)``."""
        names = self.scheme.output_names
        if name not in names:
            raise InputError(f"There is no class {name!r}: choose one of {', '.join(names)}.")
        mask: _Bool = self.disagreed[names.index(name)]
        return mask


@checked
def find_consensus(prediction: Prediction) -> Consensus:
    """Compare the hard labels of the members.

    Multi-label outputs of exactly 0.5 count as foreground here, as in the reference. Objects are
    parted where the rule of the scheme says so, those of each member and of the best guess: where
    one member parts an object and another does not, they differ.
    """
    scheme = prediction.scheme
    at_least_half = scheme.task is Task.MULTILABEL
    votes = part_objects(prediction.hard(at_least_half=at_least_half), scheme)
    agreed: _Bool = np.logical_and.reduce(votes)
    disagreed: _Bool = np.logical_or.reduce(votes) & ~agreed
    best_guess = scheme.harden(prediction.mean(), at_least_half=at_least_half)
    best_guess = part_objects(best_guess, scheme)
    return Consensus(agreed, disagreed, votes, best_guess, scheme)


def refine(consensus: Consensus, *, erode: int = 0, dilate: int = 0) -> Consensus:
    """Shrink and grow the inconsistency mask.

    Parameters
    ----------
    consensus
        From `find_consensus`.
    erode
        Side of the square, odd, by which the mask shrinks first, so that thin seams between
        regions vanish; 0 for not at all. The agreed label then grows by 3 x 3 over what they leave
        open: all but the positions if multi-label, classes one after the other if multi-class,
        later ones over earlier, and not at all if binary.
    dilate
        Side of the square, odd, by which the mask grows afterwards; 0 for not at all.

    Raises
    ------
    InputError
        If a side is even or negative.
    """
    for name, side in (("erode", erode), ("dilate", dilate)):
        if side != 0 and (side < 0 or side % 2 == 0):
            raise InputError(f"{name} = {side} pixels: choose 0 or an odd number, as 3 or 5.")
    agreed, disagreed = consensus.agreed, consensus.disagreed
    if erode:
        agreed = _grown(agreed, consensus.scheme)
        disagreed = disagreed & eroded(consensus.inconsistency, erode)  # the mask of all outputs
    if dilate:
        disagreed = dilated(disagreed, dilate)
    return replace(consensus, agreed=agreed, disagreed=disagreed)


def _grown(agreed: _Bool, scheme: LabelScheme) -> _Bool:
    """The agreed label ``(K, Y, X)``, dilated by 3 x 3 as the reference does per label kind."""
    if scheme.task is Task.BINARY:
        return agreed
    grown = dilated(agreed, 3)
    if scheme.position_output is not None:
        grown[scheme.position_output] = agreed[scheme.position_output]
    if scheme.exclusive:
        grown[0] = agreed[0]
        later = np.logical_or.accumulate(grown[::-1])[::-1]
        grown[:-1] &= ~later[1:]
    return grown


@checked
def disagreement(consensus: Consensus) -> npt.NDArray[np.uint8]:
    """How many members are outvoted, uint8 ``(Y, X)``; of several outputs the largest number.

    0 outside the inconsistency mask of `find_consensus`; with two members 0 or 1.
    """
    members = len(consensus.votes)
    votes = consensus.votes.sum(axis=0, dtype=np.uint8)  # (K, Y, X)
    outvoted: npt.NDArray[np.uint8]
    if consensus.scheme.exclusive:
        outvoted = members - votes.max(axis=0)
    else:
        outvoted = np.minimum(votes, members - votes).max(axis=0)
    return outvoted
