"""FixMatch (methods.md B1) against loops."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from method_steps import (
    CONFIG,
    all_choices,
    make_bench,
    mixed_guess,
    pasted,
    record_boxes,
    record_calls,
    slow_confident_ce,
    slow_guess,
)
from napari_inconsistency_masks.method_config import FixMatchConfig
from napari_inconsistency_masks.methods import fixmatch
from napari_inconsistency_masks.task import Task


@pytest.mark.parametrize("task", list(Task))
@pytest.mark.parametrize("threshold", [0.0, 0.6])
def test_it_is_what_the_paper_says(task: Task, threshold: float, monkeypatch) -> None:
    config = replace(CONFIG, fixmatch=FixMatchConfig(threshold=threshold, weight=0.7))
    bench = make_bench("fixmatch", task, config)
    step = bench.step(1)
    calls, boxes = record_calls(monkeypatch), record_boxes(monkeypatch, fixmatch)
    losses = bench.method.losses(step)
    labeled, weak, strong = calls
    (box,) = boxes
    assert torch.equal(weak.image, step.unlabeled.weak)
    assert box.any()
    for e in range(2):
        shown = pasted(step.unlabeled.strong[0][e].numpy(), box[e])
        assert torch.equal(strong.image[e], torch.from_numpy(shown))
        guess = slow_guess(all_choices(task, weak.logits)[e], step.unlabeled.valid[e].numpy())
        unsupervised = slow_confident_ce(
            all_choices(task, strong.logits)[e], mixed_guess(guess, box[e]), threshold
        )
        batch = step.batch
        x = float(bench.method.loss(labeled.logits, batch.target, batch.known)[e])
        assert losses.total[e].item() == pytest.approx((x + 0.7 * unsupervised) / 2, rel=1e-4)
        assert unsupervised > 0


def test_unsure_pixels_teach_nothing() -> None:
    bench = make_bench(
        "fixmatch", Task.MULTILABEL, replace(CONFIG, fixmatch=FixMatchConfig(threshold=1.0))
    )
    losses = bench.method.losses(bench.step())
    assert (losses.parts["guessed"] < 1e-3).all()  # but for what is exactly 1 in float32
    torch.testing.assert_close(losses.total, losses.parts["labeled"] / 2, rtol=0, atol=1e-3)


WITH_TEACHER = replace(CONFIG, fixmatch=FixMatchConfig(threshold=0.0, teacher=0.75))


@pytest.mark.parametrize("task", list(Task))
def test_a_teacher_labels_the_weak_view_if_wanted(task: Task, monkeypatch) -> None:
    bench = make_bench("fixmatch", task, WITH_TEACHER)
    for module in bench.learner.beside:
        for parameter in module.teacher.parameters():
            parameter.data.mul_(1.02)
    step = bench.step(1)
    calls, boxes = record_calls(monkeypatch), record_boxes(monkeypatch, fixmatch)
    losses = bench.method.losses(step)
    labeled, weak, strong = calls
    assert weak.networks == [module.teacher for module in step.beside]
    assert [weak.training, labeled.training, strong.training] == [False, True, True]
    assert labeled.networks == strong.networks == list(step.ensemble.networks)
    for e in range(2):
        guess = slow_guess(all_choices(task, weak.logits)[e], step.unlabeled.valid[e].numpy())
        unsupervised = slow_confident_ce(
            all_choices(task, strong.logits)[e], mixed_guess(guess, boxes[0][e]), 0.0
        )
        x = float(bench.method.loss(labeled.logits, step.batch.target, step.batch.known)[e])
        assert losses.total[e].item() == pytest.approx((x + unsupervised) / 2, rel=1e-4)
    losses.total.sum().backward()
    assert all(p.grad is None for module in step.beside for p in module.parameters())


def test_the_teacher_follows_slowly_and_is_what_is_kept() -> None:
    bench = make_bench("fixmatch", Task.BINARY, WITH_TEACHER)
    learner = bench.learner
    assert list(learner.judged.networks) == [module.teacher for module in learner.beside]
    before = [module.teacher.head.weight.clone() for module in learner.beside]
    for network in learner.ensemble.networks:
        network.head.weight.data += 1.0
    bench.method.follow(learner.ensemble, learner.beside, 1, 0)  # stays: 1 - 1 / 2
    bench.method.follow(learner.ensemble, learner.beside, 100, 0)  # stays: 0.75
    for module, old in zip(learner.beside, before, strict=True):
        expected = old + 1 - 0.5 * 0.75
        torch.testing.assert_close(module.teacher.head.weight, expected)


def test_as_published_there_is_no_teacher() -> None:
    bench = make_bench("fixmatch", Task.BINARY)
    assert FixMatchConfig().teacher == 0
    assert [len(list(module.parameters())) for module in bench.learner.beside] == [0, 0]
    assert bench.learner.judged is bench.learner.ensemble
