"""What an EvalNet learns to say of a label, and the one number that is made of what it says."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...data.pseudo import PseudoLabel
from ...inconsistency import blank
from ...metrics.reference import classwise_iou, detected_after_blanking, detected_classes, iou
from ...task import BLANKED, LabelScheme, Task

_Float = npt.NDArray[np.floating]

LEAST_AREA = 0.01
"""Share of the area from which a class is there to be found."""

LEAST_POSITION_AREA = 0.001
"""The same of position markers."""


def has_two_heads(scheme: LabelScheme) -> bool:
    """Whether detection is learned as well: for more than one output (reference)."""
    return scheme.task is not Task.BINARY


def detected(
    label: PseudoLabel, truth: npt.NDArray[np.uint8], scheme: LabelScheme, *, masks: bool
) -> npt.NDArray[np.bool_]:
    """Which outputs are there to be found ``(K,)``, from the true label of the image.

    Parameters
    ----------
    label
        The one that is judged; only its mask counts.
    truth
        As in `LabelScheme`.
    scheme
        What both mean.
    masks
        Whether labels are made with masks: multi-class outputs then count if enough of them is
        left outside of it.
    """
    if scheme.exclusive and masks:
        left = blank(truth, label.anywhere)
        return detected_after_blanking(left, truth, scheme.outputs)
    if scheme.exclusive:
        return detected_classes(truth, scheme.outputs)
    least = np.full(scheme.outputs, LEAST_AREA)
    if scheme.position_output is not None:
        least[scheme.position_output] = LEAST_POSITION_AREA
    there: npt.NDArray[np.bool_] = truth.astype(bool).mean((1, 2)) >= least
    return there


def overlaps(
    label: PseudoLabel,
    truth: npt.NDArray[np.uint8],
    scheme: LabelScheme,
    there: npt.NDArray[np.bool_],
) -> _Float:
    """IoU per output ``(K,)`` of a label with the whole true label, masked places included.

    Multi-label outputs that are not ``there`` have 0, as in the reference.
    """
    if scheme.exclusive:
        return classwise_iou(label.target, truth, scheme.outputs)
    each = [iou(a != 0, b != 0) for a, b in zip(label.target, truth, strict=True)]
    if not has_two_heads(scheme):
        return np.array(each)
    return np.where(there, each, 0.0)


def score_of(overlap: _Float, detection: _Float | None, scheme: LabelScheme) -> float:
    """The score of a label from what several EvalNets say.

    Parameters
    ----------
    overlap, detection
        Probabilities ``(n, K)``; ``(n, 1)`` and None of networks with one head.
    scheme
        What the outputs mean.

    Returns
    -------
    float
        The mean overlap of the outputs that they detect on average, 0 if they detect none. The
        output for blanked pixels never counts.
    """
    mean = overlap.mean(0)
    if detection is None:
        return float(mean.mean())
    counts = detection.mean(0) >= 0.5
    if scheme.exclusive:
        counts[BLANKED] = False
    return float(mean[counts].mean()) if counts.any() else 0.0
