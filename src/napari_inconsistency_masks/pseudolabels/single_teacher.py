"""One teacher: its hard labels, as a noisy student learns from them."""

from __future__ import annotations

from dataclasses import dataclass

from ..data.pseudo import PseudoLabel
from ..inconsistency import Prediction
from ..task import Task
from .base import FromTeachers


@dataclass(frozen=True)
class SingleTeacher(FromTeachers):
    """Teach what the best teacher says about the unchanged image."""

    def teachers(self, ranking: tuple[int, ...], most: int) -> tuple[int, ...]:  # noqa: ARG002
        """The best one."""
        return ranking[:1]

    def candidates(self, prediction: Prediction) -> tuple[PseudoLabel, ...]:
        """Return its hard labels."""
        scheme = prediction.scheme
        hard = prediction.hard(at_least_half=scheme.task is Task.MULTILABEL)  # (1, K, Y, X)
        return (self.without_mask(hard[0], scheme),)
