"""A teacher whose weights are a moving average of the student's (arXiv 1703.01780)."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import cast

import torch
from torch import Tensor, nn

from ..nets.ensemble import Ensemble
from ..nets.network import Network
from .base import Method
from .load import Load, following


class Follower(nn.Module):
    """What mean-teacher methods keep beside a network: a copy that is not trained."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.teacher = deepcopy(network).requires_grad_(False)


class MeanTeacher(Method):
    """A method with a teacher of each network that is always there; it is what is kept."""

    def beside(self, ensemble: Ensemble, key: tuple[int, int]) -> list[nn.Module]:
        """Make the teachers."""
        del key  # copies: nothing is drawn
        return [Follower(network) for network in ensemble.networks]

    def adds(self, network: Network) -> Load:
        """A teacher like the network."""
        return following(network)

    def judged(self, ensemble: Ensemble, beside: Sequence[nn.Module]) -> Ensemble:
        """Return the teachers."""
        return teachers_of(ensemble, beside)


def teachers_of(ensemble: Ensemble, beside: Sequence[nn.Module]) -> Ensemble:
    """Return the teachers of some members, as they compute: like the members."""
    teachers = [cast("Network", each.teacher) for each in beside]
    return Ensemble(teachers, precision=ensemble.precision)


def decay(step: int, most: float) -> float:
    """How much of the teacher stays after a step: min(1 - 1 / (step + 1), most)."""
    return min(1 - 1 / (step + 1), most)


def follow_all(beside: Sequence[nn.Module], ensemble: Ensemble, decay: float) -> None:
    """Move every member's teacher, running statistics included; see `follow`."""
    for each, network in zip(beside, ensemble.networks, strict=True):
        follow(cast("Network", each.teacher), network, decay)


@torch.no_grad()
def follow(teacher: nn.Module, student: nn.Module, decay: float, *, buffers: bool = True) -> None:
    """Move the teacher's weights towards the student's: decay t + (1 - decay) s.

    Parameters
    ----------
    teacher, student
        Of the same kind.
    decay
        Part of the teacher that stays.
    buffers
        Whether running statistics follow too; else they are the teacher's own.
    """
    pairs: list[tuple[Tensor, Tensor]] = []
    pairs += zip(teacher.parameters(), student.parameters(), strict=True)
    if buffers:
        pairs += zip(teacher.buffers(), student.buffers(), strict=True)
    for mine, other in pairs:
        if mine.is_floating_point():
            mine.lerp_(other, 1 - decay)
