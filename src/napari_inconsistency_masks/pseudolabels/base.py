"""How unlabeled images get labels between generations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ..cells import pseudo_label_markers
from ..config import PseudoLabelConfig
from ..data.batches.transforms import Change
from ..data.pseudo import PseudoLabel
from ..inconsistency import Prediction
from ..task import LabelScheme

DrawMarkers = Callable[[npt.NDArray[np.bool_]], npt.NDArray[np.bool_]]
"""Draws the markers of a mask ``(Y, X)`` anew."""

AS_IT_IS = (Change(),)
"""One view: the image without a change."""


class PseudoLabeler(Protocol):
    """Makes labels of what the teachers predict for one image.

    Attributes
    ----------
    masks
        Whether places are left out of the labels, so that a judge has to expect it.
    compares
        Whether all depends on where teachers differ, so that one alone would not do.
    chooses
        Whether the better ones of the judged images are trained on, and compete with those of the
        next generation.
    """

    masks: bool
    compares: bool
    chooses: bool

    def teachers(self, ranking: tuple[int, ...], most: int) -> tuple[int, ...]:
        """Which members to ask, of all (best first) and the ``most`` that the config allows."""
        ...

    def views(self, rng: np.random.Generator, *, free_rotation: bool) -> tuple[Change, ...]:
        """Which versions of the image to show them; their answers are moved back."""
        ...

    def candidates(self, prediction: Prediction) -> tuple[PseudoLabel, ...]:
        """Pseudo-labels of the image, of which a judge chooses where there are several.

        The members of ``prediction`` are the teachers, for each view anew. A label's ``keep`` says
        whether to train on it.
        """
        ...

    def exercise(self, prediction: Prediction, rng: np.random.Generator) -> PseudoLabel:
        """Draw a label of a labeled image, better or worse, for a judge to learn from.

        The members of ``prediction`` are all networks of a generation.
        """
        ...


@dataclass(frozen=True)
class FromTeachers(ABC):
    """What most ways have in common: the best teachers look at the image as it is.

    Attributes
    ----------
    config
        As a person chose it.
    draw_markers
        Draws positions anew, see `markers.choose_markers`; by default as the reference does.
    """

    config: PseudoLabelConfig
    draw_markers: DrawMarkers = pseudo_label_markers

    masks = False
    compares = False
    chooses = False

    def teachers(self, ranking: tuple[int, ...], most: int) -> tuple[int, ...]:
        """The best ones."""
        return ranking[:most]

    def views(self, rng: np.random.Generator, *, free_rotation: bool) -> tuple[Change, ...]:  # noqa: ARG002
        """The image as it is."""
        return AS_IT_IS

    @abstractmethod
    def candidates(self, prediction: Prediction) -> tuple[PseudoLabel, ...]:
        """See `PseudoLabeler.candidates`."""

    def without_mask(self, channels: npt.NDArray[np.bool_], scheme: LabelScheme) -> PseudoLabel:
        """The label of ``(K, Y, X)`` with nothing left out; markers are drawn anew."""
        if scheme.position_output is not None:
            channels = channels.copy()
            channels[scheme.position_output] = self.draw_markers(channels[scheme.position_output])
        planes = 1 if scheme.exclusive else scheme.outputs
        nowhere = np.zeros((planes, *channels.shape[1:]), bool)
        return PseudoLabel(scheme.to_target(channels), nowhere)

    def exercise(self, prediction: Prediction, rng: np.random.Generator) -> PseudoLabel:
        """The label of some of the networks, two at least."""
        members = len(prediction.probability)
        count = int(rng.integers(min(2, members), members + 1))
        chosen = rng.permutation(members)[:count]
        return self.candidates(Prediction(prediction.probability[chosen], prediction.scheme))[0]
