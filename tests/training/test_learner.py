"""How fast networks and their running statistics change in the course of a training."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from torch import nn

from napari_inconsistency_masks.nets.ensemble import Architecture, Ensemble
from napari_inconsistency_masks.training.learner import Learner
from toy import QUICK


def make(**changes: object) -> Learner:
    ensemble = Ensemble.create(Architecture(1, 1, 0.25), 1, seed=0)
    return Learner(ensemble, replace(QUICK, **changes))


def steps(learner: Learner, total: int) -> Iterator[float]:
    """Let the same gradient act in each step, and yield how much the weights changed."""
    (network,) = learner.ensemble.members
    for _ in range(total):
        before = nn.utils.parameters_to_vector(network.parameters()).detach().clone()
        for parameter in network.parameters():
            parameter.grad = torch.ones_like(parameter)
        learner.prepare_step()
        learner.update([0.5], total)
        after = nn.utils.parameters_to_vector(network.parameters()).detach()
        yield float((after - before).abs().mean())


@pytest.mark.parametrize("epochs", [1, 4])
def test_the_learning_rate_falls_along_a_cosine_over_all_epochs(epochs: int) -> None:
    learner = make(cosine=True, weight_decay=0.0, learning_rate=0.01)
    changes = []
    for number, change in enumerate(steps(learner, 20), 1):
        changes.append(change)
        if number % (20 // epochs) == 0:
            learner.end_epoch((0.0,))
    expected = [0.01 * (1 + math.cos(math.pi * step / 20)) / 2 for step in range(20)]
    assert changes == pytest.approx(expected, rel=1e-3)


def test_as_published_it_stays() -> None:
    learner = make(cosine=False, weight_decay=0.0, learning_rate=0.01)
    assert list(steps(learner, 5)) == pytest.approx([0.01] * 5, rel=1e-3)


def test_all_of_the_first_steps_count_alike_in_running_statistics_if_wanted() -> None:
    for settles, expected in ((True, [1, 1 / 2, 1 / 3]), (False, [0.01] * 3)):
        learner = make(settle_norms=settles)
        norms = [each for each in learner.ensemble.modules() if isinstance(each, nn.BatchNorm2d)]
        momenta = []
        for _ in steps(learner, 150):
            assert len({norm.momentum for norm in norms}) == 1
            momenta.append(norms[0].momentum)
        assert momenta[:3] == pytest.approx(expected)
        assert momenta[-1] == pytest.approx(0.01)


def test_the_weights_of_the_best_epoch_are_kept_and_of_equal_ones_the_first() -> None:
    learner, weights = make(), []
    for score in (0.2, 0.9, 0.9, 0.5):
        list(steps(learner, 2))
        (network,) = learner.ensemble.members
        weights.append(nn.utils.parameters_to_vector(network.parameters()).detach().clone())
        learner.end_epoch((score,))
    learner.restore_best()
    kept = nn.utils.parameters_to_vector(network.parameters())
    assert [bool(kept.equal(each)) for each in weights] == [False, True, False, False]


def test_it_knows_whether_it_is_amid_an_epoch() -> None:
    learner = make()
    assert not learner.amid_epoch
    list(steps(learner, 1))
    assert learner.amid_epoch
    again = make()
    again.load_state(*learner.state())
    assert again.amid_epoch
    again.end_epoch((0.0,))
    assert not again.amid_epoch
