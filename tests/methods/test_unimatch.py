"""UniMatch (methods.md B6) against loops."""

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
from napari_inconsistency_masks.method_config import UniMatchConfig
from napari_inconsistency_masks.methods import unimatch
from napari_inconsistency_masks.methods.cutmix import unimatch_box
from napari_inconsistency_masks.task import Task


@pytest.mark.parametrize("task", list(Task))
def test_it_is_what_the_paper_says(task: Task, monkeypatch) -> None:
    config = replace(CONFIG, unimatch=UniMatchConfig(threshold=0.6, dropout=0.25))
    bench = make_bench("unimatch", task, config)
    step = bench.step(1)
    calls, boxes = record_calls(monkeypatch), record_boxes(monkeypatch, unimatch)
    losses = bench.method.losses(step)
    both, strong = calls
    assert torch.equal(both.image, torch.cat((step.batch.image, step.unlabeled.weak), 1))
    for e in range(2):
        p = all_choices(task, both.logits)[e]  # 3 labeled, 3 weak, 3 weak with dropout
        seen = [pasted(step.unlabeled.strong[v][e].numpy(), boxes[v][e]) for v in range(2)]
        assert torch.equal(strong.image[e], torch.cat([torch.from_numpy(s) for s in seen]))
        views = all_choices(task, strong.logits)[e]
        guess = slow_guess(p[3:6], step.unlabeled.valid[e].numpy())
        s1 = slow_confident_ce(views[:3], mixed_guess(guess, boxes[0][e]), 0.6)
        s2 = slow_confident_ce(views[3:], mixed_guess(guess, boxes[1][e]), 0.6)
        fp = slow_confident_ce(p[6:], guess, 0.6)
        batch = step.batch
        x = float(bench.method.loss(both.logits[:, :3], batch.target, batch.known)[e])
        expected = (x + 0.25 * s1 + 0.25 * s2 + 0.5 * fp) / 2
        assert losses.total[e].item() == pytest.approx(expected, rel=1e-4)


def test_only_the_third_part_of_the_features_is_dropped_at_all_five_levels(monkeypatch) -> None:
    config = replace(CONFIG, unimatch=UniMatchConfig(dropout=0.25))
    bench = make_bench("unimatch", Task.BINARY, config)
    calls = record_calls(monkeypatch)
    bench.method.losses(bench.step())
    one, other = calls[0].streams
    assert one.rows.tolist() == [0, 1, 2, 3, 4, 5, 3, 4, 5]
    assert len(one.scales) == 5
    for scale in one.scales:
        assert (scale[:6] == 1).all()
        kept = scale[6:][scale[6:] != 0]
        torch.testing.assert_close(kept, torch.full_like(kept, 1 / 0.75))
    dropped = torch.cat([scale[6:].flatten() for scale in one.scales])
    assert 0 < (dropped == 0).float().mean() < 0.6
    assert any(not torch.equal(a, b) for a, b in zip(one.scales, other.scales, strict=True))


def test_without_dropout_the_perturbed_features_are_the_plain_ones(monkeypatch) -> None:
    config = replace(CONFIG, unimatch=UniMatchConfig(dropout=0.0))
    bench = make_bench("unimatch", Task.MULTILABEL, config)
    calls = record_calls(monkeypatch)
    bench.method.losses(bench.step())
    torch.testing.assert_close(calls[0].logits[:, 3:6], calls[0].logits[:, 6:])


def test_an_image_so_narrow_that_no_box_fits_gets_none() -> None:
    rng = np.random.default_rng(0)
    assert not any(unimatch_box(rng, (2, 4000)).any() for _ in range(8))


def test_half_of_the_images_are_mixed_in_a_box_of_up_to_two_fifths() -> None:
    rng = np.random.default_rng(0)
    boxes = [unimatch_box(rng, (96, 128)) for _ in range(600)]
    mixed = [box for box in boxes if box.any()]
    assert 0.45 < len(mixed) / len(boxes) < 0.55
    shares = [box.mean() for box in mixed]
    assert 0.015 < min(shares) < 0.05
    assert 0.3 < max(shares) <= 0.4
    for box in mixed:
        height, width = box.any(1).sum(), box.any(0).sum()
        assert height * width == box.sum()
        assert 0.25 < height / width < 4
