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
