"""Consistency loss (methods.md A14) against loops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from method_steps import CONFIG, choices, make_bench, record_calls
from napari_inconsistency_masks.config import AugmentConfig
from napari_inconsistency_masks.method_config import ConsistencyConfig
from napari_inconsistency_masks.methods.consistency import STRENGTHS
from napari_inconsistency_masks.task import Task


@pytest.mark.parametrize("task", list(Task))
def test_it_is_the_mean_squared_difference_of_two_views(task: Task, monkeypatch) -> None:
    bench = make_bench(
        "consistency", task, replace(CONFIG, consistency=ConsistencyConfig(weight=2.5))
    )
    step, calls = bench.step(3), record_calls(monkeypatch)
    losses = bench.method.losses(step)
    labeled, first, second = calls
    assert torch.equal(first.image, step.unlabeled.strong[0])
    assert torch.equal(second.image, step.unlabeled.strong[1])
    assert not torch.equal(first.image, second.image)
    for e in range(2):
        total, count = 0.0, 0
        for u in range(3):
            p, q = (choices(task, call.logits[e, u].numpy()) for call in (first, second))
            if task is not Task.MULTICLASS:
                p, q = p[:, 1:], q[:, 1:]  # one probability per output
            for g, n, y, x in np.ndindex(*p.shape):
                if step.unlabeled.valid[e, u, 0, y, x]:
                    total, count = total + (p[g, n, y, x] - q[g, n, y, x]) ** 2, count + 1
        batch = step.batch
        x = bench.method.loss(labeled.logits, batch.target, batch.known)[e]
        assert losses.total[e].item() == pytest.approx(float(x) + 2.5 * total / count, rel=1e-5)


def test_gradients_flow_through_both_views() -> None:
    bench = make_bench("consistency", Task.BINARY)
    logits = [torch.randn(1, 2, 1, 4, 4, requires_grad=True) for _ in range(2)]
    bench.method.difference(*logits, torch.ones(1, 2, 1, 4, 4, dtype=torch.bool)).sum().backward()
    assert all(each.grad.any() for each in logits)


def test_strengths_are_the_reference_s() -> None:
    values = {name: (s.blur, s.noise, s.contrast, s.brightness) for name, s in STRENGTHS.items()}
    assert values == {
        "low": (1, 10, 0.15, 10), "mid": (2, 17, 0.3, 17), "high": (3, 25, 0.5, 25)
    }  # fmt: skip
    assert all(isinstance(s, AugmentConfig) for s in STRENGTHS.values())
