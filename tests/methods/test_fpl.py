"""FPL (methods.md B2) against loops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from method_steps import CONFIG, make_bench, pasted, record_boxes, record_calls
from napari_inconsistency_masks.method_config import FplConfig
from napari_inconsistency_masks.methods import fpl
from napari_inconsistency_masks.methods.fpl import plausible, three_boxes
from napari_inconsistency_masks.task import Task
from napari_inconsistency_masks.training.fit import train_step

T = 0.9


def two_sided(task: Task, z: np.ndarray) -> np.ndarray:
    """Logits ``(G, N, Y, X)`` in float64 of one image's ``(K, Y, X)``."""
    z = z.astype(np.float64)
    return z[None] if task is Task.MULTICLASS else np.stack((np.zeros_like(z), z), 1)


def slow_set(p: np.ndarray) -> tuple[list[int], float]:
    """Plausible classes and weight of one pixel with probabilities ``(N,)``."""
    order = sorted(range(len(p)), key=lambda k: -p[k])
    most = min(4, len(p)) - 1
    m = most
    for candidate in range(1, most + 1):
        if sum(p[k] for k in order[: candidate + 1]) >= T:
            m = candidate
            break
    c = sum(p[k] for k in order[: m + 1])
    a = c / (m + 1)
    weight = np.log(1 + 50 * (a - p[order[m]])) / np.log(1 + 50 * a)
    return order[:m], min(1.0, float(weight))


def slow_fuzzy(student: np.ndarray, teacher: np.ndarray, valid: np.ndarray) -> tuple[float, float]:
    """Mean of w * l, and of the cross-entropy with hard labels, of logits ``(U, G, N, Y, X)``."""
    fuzzy, plain, count = 0.0, 0.0, 0
    for u in range(len(student)):
        for g in range(student.shape[1]):
            for y, x in np.ndindex(*student.shape[3:]):
                if not valid[u, 0, y, x]:
                    continue
                t, z = teacher[u, g, :, y, x], student[u, g, :, y, x]
                p = np.exp(t - t.max()) / np.exp(t - t.max()).sum()
                inside, weight = slow_set(p)
                outside = [k for k in range(len(p)) if k not in inside]
                logit = np.log(sum(np.exp(-z[k]) for k in inside))
                logit += np.log(sum(np.exp(z[k]) for k in outside))
                fuzzy += weight * np.log1p(np.exp(logit))
                plain += np.log(np.exp(z).sum()) - z[int(np.argmax(t))]
                count += 1
    return fuzzy / count, plain / count


@pytest.mark.parametrize("task", list(Task))
def test_it_is_what_the_paper_says(task: Task, monkeypatch) -> None:
    config = replace(CONFIG, fpl=FplConfig(weight=2.0, ramp=0.5))
    bench = make_bench("fpl", task, config)
    step = bench.step(4, total=20)  # 4 of 10 steps of the ramp
    calls, boxes = record_calls(monkeypatch), record_boxes(monkeypatch, fpl)
    losses = bench.method.losses(step)
    (box,) = boxes
    assert [call.networks[0] is step.ensemble.networks[0] for call in calls] == [True, False] * 3
    for e in range(2):
        seen = torch.from_numpy(pasted(step.unlabeled.weak[e].numpy(), box[e]))
        assert torch.equal(calls[4].image[e], seen)
        assert torch.equal(calls[5].image[e], seen)
        valid = pasted(step.unlabeled.valid[e].numpy(), box[e])
        z = [np.stack([two_sided(task, i) for i in call.logits[e].numpy()]) for call in calls]
        total = 0.0
        for student, teacher in ((4, 3), (5, 2)):
            total += slow_fuzzy(z[student], pasted(z[teacher], box[e]), valid)[1]
        batch = step.batch
        x = sum(
            float(bench.method.loss(call.logits, batch.target, batch.known)[e])
            for call in calls[:2]
        )
        assert losses.total[e].item() == pytest.approx(x + 0.4 * 2.0 * total, rel=1e-4)


@pytest.mark.parametrize("classes", [2, 3, 6])
def test_gradients_are_those_of_the_fuzzy_loss_times_one_factor(classes: int) -> None:
    bench = make_bench("fpl", Task.MULTICLASS)
    generator = torch.Generator().manual_seed(1)
    student, teacher = (
        2 * torch.randn(1, 2, 1, classes, 3, 4, generator=generator, dtype=torch.float64)
        for _ in range(2)
    )
    valid = torch.ones(1, 2, 1, 3, 4, dtype=torch.bool)
    valid[0, 1, 0, 0] = False
    student.requires_grad_()
    bench.method.fuzzy(student, teacher, valid).sum().backward()
    z, t = student.detach().numpy()[0], teacher.numpy()[0]
    value, plain = slow_fuzzy(z, t, valid[0].numpy())
    for index in [(0, 0, 0, 0, 0), (1, 0, 1, 2, 3), (0, 0, classes - 1, 1, 1), (1, 0, 0, 0, 0)]:
        moved = [z.copy(), z.copy()]
        moved[0][index] -= 1e-5
        moved[1][index] += 1e-5
        low, high = (slow_fuzzy(each, t, valid[0].numpy())[0] for each in moved)
        slope = (high - low) / 2e-5 * plain / value
        assert student.grad[0][index].item() == pytest.approx(slope, rel=1e-4, abs=1e-9)


def test_one_class_of_two_is_plausible_and_the_weight_is_confidence() -> None:
    p = torch.tensor([0.5, 0.7, 0.99])
    both = torch.stack((1 - p, p)).reshape(1, 1, 1, 2, 1, 3)
    likely, weight = plausible(both, T)
    assert (likely.sum(3) == 1).all()
    expected = np.log1p(50 * (0.5 - (1 - p.numpy()))) / np.log(26)
    np.testing.assert_allclose(weight.flatten().numpy(), expected, rtol=1e-4, atol=1e-6)


def test_plausible_sets_grow_with_doubt() -> None:
    rows = [[0.9, 0.06, 0.03, 0.01], [0.5, 0.3, 0.15, 0.05], [0.3, 0.28, 0.22, 0.2]]
    p = torch.tensor(rows).T.reshape(1, 1, 1, 4, 1, 3)
    likely, _ = plausible(p, T)
    assert likely.sum(3).flatten().tolist() == [len(slow_set(np.array(row))[0]) for row in rows]
    assert likely.sum(3).flatten().tolist() == [1, 2, 3]


def test_boxes_hold_part_of_the_image() -> None:
    rng = np.random.default_rng(0)
    shares = [three_boxes(rng, (64, 48)).mean() for _ in range(200)]
    assert 0.25 / 3 < min(shares) < max(shares) <= 0.52
    assert 0.2 < np.mean(shares) < 0.45


def test_both_networks_learn_and_are_different() -> None:
    bench = make_bench("fpl", Task.BINARY)
    pair = bench.learner.ensemble.networks[0], bench.learner.beside[0].network
    before = [net.head.weight.detach().clone() for net in pair]
    assert not torch.equal(*before)
    train_step(bench.learner, bench.batches, bench.method, 8)
    for net, old in zip(pair, before, strict=True):
        assert not torch.equal(net.head.weight, old)


def test_second_networks_begin_as_other_trained_ones_but_never_as_the_first() -> None:
    bench = make_bench("fpl", Task.BINARY)
    trained = [make_bench("fpl", Task.BINARY, seed=s).learner.ensemble.networks[0] for s in (7, 8)]
    beside = bench.learner.beside
    made = [each.network.head.weight.detach().clone() for each in beside]
    bench.method.go_on_from(beside, trained[:1])
    assert all(
        torch.equal(each.network.head.weight, w) for each, w in zip(beside, made, strict=True)
    )
    bench.method.go_on_from(beside, trained)
    assert torch.equal(beside[0].network.head.weight, trained[1].head.weight)
    assert torch.equal(beside[1].network.head.weight, trained[0].head.weight)
