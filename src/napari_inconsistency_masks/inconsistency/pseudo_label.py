"""The label that a generation of networks hands to the next one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from ..cells import pseudo_label_markers
from ..task import Task
from .consensus import Consensus, Prediction, find_consensus, refine

_Bool = npt.NDArray[np.bool_]
_Pixel = TypeVar("_Pixel", bound=np.generic)


@dataclass(frozen=True)
class MaskedLabel:
    """What all members say about an image, and where they differ.

    Attributes
    ----------
    target
        uint8 as in `LabelScheme`.
    mask
        bool ``(M, Y, X)``: the inconsistency mask per output if outputs are independent (M = K),
        else one for all (M = 1).
    size
        Inconsistent pixels before the mask was eroded or dilated; one that is inconsistent in
        several independent outputs counts several times, as the reference reports it.
    kept
        Whether the image is worth training on.
    """

    target: npt.NDArray[np.uint8]
    mask: _Bool
    size: int
    kept: bool


def pseudo_label(
    prediction: Prediction,
    *,
    erode: int = 0,
    dilate: int = 0,
    blank_label: bool = True,
    drop_uncertain: bool = True,
    same_classes: bool = False,
    draw_markers: Callable[[_Bool], _Bool] = pseudo_label_markers,
) -> MaskedLabel:
    """Make a pseudo-label with an inconsistency mask, as the reference does.

    Parameters
    ----------
    prediction
        Of all members.
    erode, dilate
        Sides of the squares that shrink and grow the mask, see `refine`.
    blank_label
        Whether the target is 0 on the mask.
    drop_uncertain
        Whether binary images are left out that have no agreed pixel, or not more of them than
        inconsistent ones.
    same_classes
        Whether multi-class images are left out in which members see different sets of classes.
    draw_markers
        Draws the markers of a position class anew.
    """
    found = find_consensus(prediction)
    scheme = prediction.scheme
    refined = refine(found, erode=erode, dilate=dilate)
    channels = refined.agreed
    if scheme.position_output is not None:
        channels = channels.copy()
        channels[scheme.position_output] = draw_markers(channels[scheme.position_output])
    target = scheme.to_target(channels)
    differing = found.inconsistency if scheme.exclusive else found.disagreed
    return MaskedLabel(
        target=blank(target, refined.inconsistency) if blank_label else target,
        mask=refined.inconsistency[None] if scheme.exclusive else refined.disagreed,
        size=int(differing.sum()),
        kept=_worth_keeping(found, drop_uncertain, same_classes),
    )


def _worth_keeping(found: Consensus, drop_uncertain: bool, same_classes: bool) -> bool:
    if found.scheme.task is Task.BINARY and drop_uncertain:
        return bool(found.agreed.sum() > found.disagreed.sum())
    if found.scheme.task is Task.MULTICLASS and same_classes:
        seen = np.logical_or.reduce(found.votes, axis=(-2, -1))  # (E, K)
        return bool((seen == seen[0]).all())
    return True


def blank(pixels: npt.NDArray[_Pixel], mask: _Bool) -> npt.NDArray[_Pixel]:
    """A copy of an image ``(C, Y, X)`` or a target, 0 on `mask` ``(Y, X)``."""
    return np.where(mask, np.zeros((), pixels.dtype), pixels)
