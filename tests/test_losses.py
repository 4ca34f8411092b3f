"""Losses against loops over pixels written from the formulas."""

from __future__ import annotations

import math

import pytest
import torch

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.losses import choose_loss
from napari_inconsistency_masks.task import LabelScheme, Task

HELA = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")
BINARY = LabelScheme(Task.BINARY, ("lesion",))
CLASSES = LabelScheme(Task.MULTICLASS, ("water", "fish"))


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


@pytest.fixture
def hela() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 2, 3, 4, 5, generator=generator)
    target = (torch.rand(2, 2, 3, 4, 5, generator=generator) > 0.6).to(torch.uint8)
    known = torch.rand(2, 2, 3, 4, 5, generator=generator) > 0.3
    return logits, target, known


@pytest.fixture
def classes() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(2, 2, 3, 4, 5, generator=generator)
    target = torch.randint(0, 3, (2, 2, 4, 5), generator=generator, dtype=torch.uint8)
    known = torch.rand(2, 2, 1, 4, 5, generator=generator) > 0.3
    return logits, target, known


@pytest.mark.parametrize("masked", [False, True])
def test_squared_error_pulls_positions_towards_three(hela, masked: bool) -> None:
    logits, target, known = hela
    loss = choose_loss("auto", HELA)(logits, target, known if masked else None)
    for member in range(2):
        errors = [
            (sigmoid(float(logits[index])) - int(target[index]) * (3 if index[2] == 2 else 1)) ** 2
            for index in (
                (member, *rest)
                for rest in torch.cartesian_prod(
                    torch.arange(2), torch.arange(3), torch.arange(4), torch.arange(5)
                ).tolist()
            )
            if not masked or known[index]
        ]
        assert float(loss[member]) == pytest.approx(sum(errors) / len(errors), rel=1e-5)


def test_squared_error_of_a_binary_task_has_target_one() -> None:
    loss = choose_loss("auto", BINARY)(
        torch.zeros(1, 1, 1, 1, 2),
        torch.tensor([0, 1], dtype=torch.uint8).reshape(1, 1, 1, 1, 2),
        None,
    )
    assert loss.tolist() == [0.25]


def test_weighted_binary_cross_entropy(hela) -> None:
    logits, target, known = hela
    loss = choose_loss("bce", HELA, position_weight=2.0)(logits, target, known)
    p = logits.sigmoid()
    weight = torch.tensor([1.0, 1.0, 2.0]).reshape(3, 1, 1)
    error = -(weight * target * p.log() + (1 - target.float()) * (1 - p).log())
    expected = torch.stack([error[m][known[m]].mean() for m in range(2)])
    torch.testing.assert_close(loss, expected)


def test_dice_is_the_references_smoothed_formula(hela) -> None:
    logits, target, _ = hela
    loss = choose_loss("dice", HELA)(logits, target, None)
    for member in range(2):
        scores = []
        for image in range(2):
            for output in range(3):
                p = logits[member, image, output].sigmoid()
                y = target[member, image, output].float()
                scores.append((2 * (y * p).sum() + 1) / (y.sum() + p.sum() + 1))
        assert float(loss[member]) == pytest.approx(1 - float(sum(scores)) / 6, rel=1e-5)


@pytest.mark.parametrize("masked", [False, True])
def test_cross_entropy_counts_class_zero(classes, masked: bool) -> None:
    logits, target, known = classes
    loss = choose_loss("auto", CLASSES)(logits, target, known if masked else None)
    for member in range(2):
        errors = [
            -float(logits[member, b, :, y, x].log_softmax(0)[int(target[member, b, y, x])])
            for b in range(2)
            for y in range(4)
            for x in range(5)
            if not masked or known[member, b, 0, y, x]
        ]
        assert float(loss[member]) == pytest.approx(sum(errors) / len(errors), rel=1e-5)


def test_multiclass_dice_leaves_class_zero_out(classes) -> None:
    logits, target, known = classes
    loss = choose_loss("dice", CLASSES)
    p = logits.softmax(2)[:, :, 1:]
    y = torch.stack([(target == k).float() for k in (1, 2)], dim=2)
    overlap, size = (p * y).sum((2, 3, 4)), p.sum((2, 3, 4)) + y.sum((2, 3, 4))
    torch.testing.assert_close(loss(logits, target, None), 1 - (2 * overlap / size).mean(1))
    changed = torch.where(known[:, :, 0], target, (target + 1) % 3)
    kept = loss(logits, target, known)
    torch.testing.assert_close(loss(logits, changed, known), kept)


@pytest.mark.parametrize("masked", [False, True])
def test_cross_entropy_and_dice_of_the_batch(hela, classes, masked: bool) -> None:
    for (logits, target, known), scheme in ((hela, HELA), (classes, CLASSES)):
        where = known if masked else torch.ones_like(known)
        loss = choose_loss("ce+dice", scheme)(logits, target, known if masked else None)
        entropy = choose_loss("cross-entropy" if scheme.exclusive else "bce", scheme, 1.0)
        for member in range(2):
            scores = []
            for output in range(scheme.exclusive, 3):
                if scheme.exclusive:
                    p = logits[member].softmax(1)[:, output]
                    y = (target[member] == output).float()
                    k = where[member, :, 0].float()
                else:
                    p = logits[member, :, output].sigmoid()
                    y = target[member, :, output].float()
                    k = where[member, :, output].float()
                scores.append((2 * (y * p * k).sum() + 1) / ((y * k).sum() + (p * k).sum() + 1))
            expected = entropy(logits, target, where)[member] + 1 - sum(scores) / len(scores)
            torch.testing.assert_close(loss[member], expected)


@pytest.mark.parametrize("name", ["mse", "bce", "dice", "ce+dice"])
def test_unknown_pixels_do_not_matter(hela, name: str) -> None:
    logits, target, known = hela
    loss = choose_loss(name, HELA)
    changed = torch.where(known, target, 1 - target)
    torch.testing.assert_close(loss(logits, changed, known), loss(logits, target, known))


@pytest.mark.parametrize(
    ("name", "scheme"),
    [("mse", HELA), ("bce", HELA), ("dice", HELA), ("cross-entropy", CLASSES), ("dice", CLASSES)],
)
def test_nothing_known_gives_a_finite_loss_and_no_gradient(name: str, scheme: LabelScheme) -> None:
    logits = torch.randn(1, 1, scheme.outputs, 4, 4, requires_grad=True)
    shape = (1, 1, 4, 4) if scheme.exclusive else (1, 1, scheme.outputs, 4, 4)
    known = torch.zeros(1, 1, 1, 4, 4, dtype=torch.bool)
    loss = choose_loss(name, scheme)(logits, torch.ones(shape, dtype=torch.uint8), known)
    loss.sum().backward()
    assert torch.isfinite(loss).all()
    assert logits.grad is not None
    assert not logits.grad.any()


@pytest.mark.parametrize(
    ("name", "scheme"), [("cross-entropy", HELA), ("mse", CLASSES), ("bce", CLASSES)]
)
def test_a_loss_that_does_not_fit_the_labels_is_refused(name: str, scheme: LabelScheme) -> None:
    with pytest.raises(InputError, match=f"'{name}' does not fit the {scheme.task.value} task"):
        choose_loss(name, scheme)
