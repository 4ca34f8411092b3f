"""UniMatch v2 (methods.md B7) against loops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
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
from napari_inconsistency_masks.method_config import UniMatchV2Config
from napari_inconsistency_masks.methods import unimatch_v2
from napari_inconsistency_masks.methods.unimatch_v2 import complementary
from napari_inconsistency_masks.task import Task
from napari_inconsistency_masks.training.fit import train_step


@pytest.mark.parametrize("task", list(Task))
def test_it_is_what_the_paper_says(task: Task, monkeypatch) -> None:
    config = replace(CONFIG, unimatch_v2=UniMatchV2Config(threshold=0.6))
    bench = make_bench("unimatch-v2", task, config)
    step = bench.step(1)
    calls, boxes = record_calls(monkeypatch), record_boxes(monkeypatch, unimatch_v2)
    losses = bench.method.losses(step)
    labeled, weak, strong = calls
    assert weak.networks == [each.teacher for each in step.beside]
    assert not weak.training
    for e in range(2):
        guess = slow_guess(all_choices(task, weak.logits)[e], step.unlabeled.valid[e].numpy())
        seen = [pasted(step.unlabeled.strong[v][e].numpy(), boxes[v][e]) for v in range(2)]
        assert torch.equal(strong.image[e], torch.cat([torch.from_numpy(s) for s in seen]))
        views = all_choices(task, strong.logits)[e]
        s1 = slow_confident_ce(views[:3], mixed_guess(guess, boxes[0][e]), 0.6)
        s2 = slow_confident_ce(views[3:], mixed_guess(guess, boxes[1][e]), 0.6)
        batch = step.batch
        x = float(bench.method.loss(labeled.logits, batch.target, batch.known)[e])
        assert losses.total[e].item() == pytest.approx((x + (s1 + s2) / 2) / 2, rel=1e-4)


def test_channels_of_the_two_views_are_complementary_and_half_of_the_images_keep_all() -> None:
    draw = complementary(np.random.default_rng(0), 6)
    levels = [draw(channels) for channels in (4, 8, 16)]
    whole = []
    for scale in levels:
        first, second = scale[:6], scale[6:]
        torch.testing.assert_close(first + second, torch.full_like(first, 2.0))
        assert set(first.unique().tolist()) <= {0.0, 1.0, 2.0}
        whole.append((first == 1).all(1).tolist())
    assert whole[0] == whole[1] == whole[2]
    assert sum(whole[0]) == 3
    assert torch.equal(draw(8), levels[1])  # as in the paper, one mask for levels that are alike


def test_the_teacher_follows_with_its_statistics_and_is_what_is_kept() -> None:
    bench = make_bench(
        "unimatch-v2", Task.BINARY, replace(CONFIG, unimatch_v2=UniMatchV2Config(decay=0.6))
    )
    learner = bench.learner
    expected = {k: v.double() for k, v in learner.beside[1].teacher.state_dict().items()}
    for number in range(4):
        train_step(learner, bench.batches, bench.method, 8)
        decay = min(1 - 1 / (number + 1), 0.6)
        for name, value in learner.ensemble.networks[1].state_dict().items():
            if value.is_floating_point():
                expected[name] = decay * expected[name] + (1 - decay) * value.double()
    for name, value in learner.beside[1].teacher.state_dict().items():
        if value.is_floating_point():
            torch.testing.assert_close(value.double(), expected[name], rtol=1e-4, atol=1e-5)
    learner.end_epoch((1.0, 1.0))
    learner.restore_best()
    kept, teacher = learner.ensemble.networks[1], learner.beside[1].teacher
    for a, b in zip(kept.parameters(), teacher.parameters(), strict=True):
        assert torch.equal(a, b)
