"""The true overlap, from hidden labels: an upper bound, and no method (reference, GT_IM++)."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from ...data.pseudo import PseudoLabel
from ...data.sample import Sample, Source
from ...errors import InputError
from ...inconsistency import blank
from ...metrics.reference import iou, mean_iou_of_present_classes
from ...task import LabelScheme
from ..events import Event
from ..setup import Setup


@dataclass(frozen=True)
class Truth:
    """Compares pseudo-labels with the labels that training may not see."""

    hidden: Source
    place: dict[str, int]
    scheme: LabelScheme

    def score(self, index: int, image: Sample, label: PseudoLabel) -> float:  # noqa: ARG002
        """Return `true_overlap` with the hidden labels of the image."""
        return true_overlap(label, self.hidden[self.place[image.name]], self.scheme)


def true_overlap(label: PseudoLabel, truth: Sample, scheme: LabelScheme) -> float:
    """Mean IoU of the outputs that the truth has where it is not masked; 0 if it has none.

    Only where the truth is known. If multi-class the mask itself counts as an output, as in the
    reference.
    """
    mask = label.anywhere
    predicted, true = blank(label.target, mask), blank(truth.labeled, mask)
    if truth.known is not None:
        known = np.broadcast_to(truth.known, true.shape)
        if scheme.exclusive:
            predicted, true = predicted[known], true[known]  # (known pixels,)
        else:
            predicted, true = predicted * known, true * known
    if scheme.exclusive:
        return mean_iou_of_present_classes(predicted, true) if true.size else 0.0
    there = [k for k in range(scheme.outputs) if true[k].any()]
    each = [iou(predicted[k] != 0, true[k] != 0) for k in there]
    return sum(each) / len(each) if each else 0.0


def appoint_truth(setup: Setup) -> Generator[Event, None, Truth]:
    """Find the hidden labels of all unlabeled images.

    Raises
    ------
    InputError
        If an unlabeled image has none.
    """
    yield from ()
    data = setup.data
    place = {sample.name: index for index, sample in enumerate(data.hidden)}
    for sample in data.unlabeled:
        if sample.name not in place:
            raise InputError(
                f"{sample.name}: the recipe {setup.recipe.key!r} compares pseudo-labels with the "
                f"true labels of the unlabeled images, and this one has none; take a recipe "
                f"without hidden labels."
            )
    return Truth(data.hidden, place, data.scheme)
