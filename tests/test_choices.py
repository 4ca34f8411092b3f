"""Every label kind as choices between exclusive classes."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from napari_inconsistency_masks.methods.guess import Guess, cross_entropy, entropy
from napari_inconsistency_masks.task import Task
from toy import SCHEMES

LOGITS = torch.randn(2, 3, 3, 5, 4, generator=torch.Generator().manual_seed(0)) * 3


def test_a_sigmoid_is_a_choice_between_absent_and_present() -> None:
    scheme = SCHEMES[Task.MULTILABEL]
    soft = scheme.as_softmax(LOGITS)
    assert soft.shape == (2, 3, 3, 2, 5, 4)
    torch.testing.assert_close(soft.softmax(3)[:, :, :, 1], LOGITS.sigmoid())
    guess = Guess.of(soft, torch.ones(2, 3, 1, 5, 4, dtype=torch.bool))
    q = LOGITS.sigmoid()
    assert torch.equal(guess.label, (q >= 0.5).long())
    torch.testing.assert_close(guess.confidence, torch.maximum(q, 1 - q))
    label = torch.randint(2, LOGITS.shape)
    expected = binary_cross_entropy_with_logits(LOGITS, label.float(), reduction="none")
    torch.testing.assert_close(cross_entropy(soft, label), expected)
    certain = q * q.log() + (1 - q) * (1 - q).log()
    torch.testing.assert_close(entropy(soft.softmax(3)), -certain)


def test_a_softmax_is_one_choice() -> None:
    scheme = SCHEMES[Task.MULTICLASS]
    soft = scheme.as_softmax(LOGITS)
    assert soft.shape == (2, 3, 1, 3, 5, 4)
    assert torch.equal(soft[:, :, 0], LOGITS)


@pytest.mark.parametrize("task", list(Task))
def test_targets_have_a_class_per_choice(task: Task) -> None:
    scheme = SCHEMES[task]
    shape = (2, 5, 4) if task is Task.MULTICLASS else (2, scheme.outputs, 5, 4)
    target = torch.randint(2, shape, dtype=torch.uint8)
    chosen = scheme.as_choices(target)
    assert chosen.shape == scheme.as_softmax(torch.zeros(2, scheme.outputs, 5, 4))[:, :, 0].shape
    assert torch.equal(chosen.reshape(shape), target.long())


def test_nothing_is_certain_of_impossible_classes() -> None:
    assert torch.equal(
        entropy(torch.tensor([0.0, 1.0]).reshape(1, 1, 1, 2, 1, 1)).flatten(), torch.zeros(1)
    )
