"""The figures of the reference implementation of arXiv 2401.14387, each exactly as it computes it.

For comparison with the paper. Where they differ from common usage, `Evaluation` reports both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..cells import find_cells, redraw_markers
from ..errors import InputError
from ..task import LabelScheme

_Bool = npt.NDArray[np.bool_]
_Ids = npt.NDArray[np.integer[Any]]
_Float = npt.NDArray[np.float64]

TINY = 1e-7
"""What the reference adds to every union: two empty masks have IoU 0."""


def iou(a: _Bool, b: _Bool) -> float:
    """Intersection over union of two masks; 0 for two empty ones."""
    return float(np.count_nonzero(a & b) / (np.count_nonzero(a | b) + TINY))


def dice(a: _Bool, b: _Bool) -> float:
    """Smoothed Dice score ``(2 I + 1) / (|a| + |b| + 1)``; 1 for two empty masks."""
    both = 2 * np.count_nonzero(a & b) + 1
    return both / (np.count_nonzero(a) + np.count_nonzero(b) + 1)


def pixel_accuracy(predicted: _Ids, true: _Ids) -> float:
    """Share of pixels with the right class id."""
    return float((predicted == true).mean())


def classwise_iou(predicted: _Ids, true: _Ids, classes: int) -> _Float:
    """IoU of the class ids ``0 ... classes - 1``; 0 for absent ones, unions as they are.

    Only id 0 ("blanked") is 1 when it is predicted but absent from `true`.
    """
    found, there = _count_ids(predicted, classes), _count_ids(true, classes)
    both = _count_ids(true[predicted == true], classes)
    each: _Float = both / np.maximum(found + there - both, 1)
    if found[0] and not there[0]:
        each[0] = 1
    return each


def detected_classes(true: _Ids, classes: int) -> _Bool:
    """Which class ids cover more than 1 % of a label: what an EvalNet learns to detect."""
    return _count_ids(true, classes) > 0.01 * true.size


def detected_after_blanking(blanked: _Ids, true: _Ids, classes: int) -> _Bool:
    """Which class ids are still to be detected in a label that was blanked.

    Those that keep at least 30 % of their pixels or cover 10 % of the image, and id 0 if any pixel
    is blanked.
    """
    left, before = _count_ids(blanked, classes), _count_ids(true, classes)
    detected = ((before > 0) & (left >= 0.3 * before)) | (left >= 0.1 * blanked.size)
    detected[0] = left[0] > 0
    return detected


def _count_ids(ids: _Ids, classes: int) -> npt.NDArray[np.intp]:
    return np.bincount(ids.ravel(), minlength=classes)


def mean_iou_of_present_classes(predicted: _Ids, true: _Ids) -> float:
    """Mean IoU of the class ids that occur in `true`, 0 ("blanked") among them."""
    each = [iou(predicted == k, true == k) for k in np.unique(true)]
    return sum(each) / len(each)


@dataclass(frozen=True)
class HelaScores:
    """The reference's three figures for cells, rounded to three decimals as it does.

    Attributes
    ----------
    mean_iou
        Of all outputs and images.
    mean_iou_states
        The same without the positions.
    mcce
        Mean cell count error: wrong counts, summed over the states, per image.
    """

    mean_iou: float
    mean_iou_states: float
    mcce: float


def reference_hela_scores(
    predicted: Iterable[_Bool], true: Iterable[_Bool], scheme: LabelScheme
) -> HelaScores:
    """Score hard labels ``(K, Y, X)`` of a scheme with a position class, image by image.

    Raises
    ------
    InputError
        If the scheme has no position class.
    """
    if scheme.position_output is None:
        raise InputError("The mean cell count error needs a position class: name one.")
    overlaps, wrong = [], []
    for guess, truth in zip(predicted, true, strict=True):
        guess = redraw_positions(guess, scheme)
        overlaps.append([iou(a, b) for a, b in zip(guess, truth, strict=True)])
        found = find_cells(guess, scheme, as_in_paper=True).counts
        there = find_cells(truth, scheme, as_in_paper=True).counts
        wrong.append(sum(abs(found[state] - there[state]) for state in there))
    of_outputs = np.round(overlaps, 4)  # (images, K)
    of_states = np.delete(of_outputs, scheme.position_output, axis=1)
    # NumPy's way of rounding, in the order of the reference: it shows in the last decimal.
    return HelaScores(
        mean_iou=float(of_outputs.mean(axis=1).mean().round(3)),
        mean_iou_states=float(of_states.mean(axis=1).mean().round(3)),
        mcce=float(np.mean(wrong).round(3)),
    )


def redraw_positions(channels: _Bool, scheme: LabelScheme) -> _Bool:
    """Channels ``(K, Y, X)`` with `redraw_markers` applied to the position class, if any."""
    if scheme.position_output is None:
        return channels
    channels = channels.copy()
    channels[scheme.position_output] = redraw_markers(channels[scheme.position_output])
    return channels
