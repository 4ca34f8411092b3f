"""Cross-width consultation (methods.md B8, the decision) against loops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from method_steps import (
    CONFIG,
    all_choices,
    make_bench,
    record_calls,
    slow_confident_ce,
    slow_guess,
)
from napari_inconsistency_masks.method_config import SegkcConfig
from napari_inconsistency_masks.task import Task


def slow_divergence(p: np.ndarray, q: np.ndarray, valid: np.ndarray) -> float:
    """Mean over valid pixels and choices of sum p log(p / q), ``(U, G, N, Y, X)``."""
    total, count = 0.0, 0
    for u, g, y, x in np.ndindex(*p.shape[:2], *p.shape[3:]):
        if valid[u, 0, y, x]:
            a, b = p[u, g, :, y, x], q[u, g, :, y, x]
            total, count = total + float((a * np.log(a / b)).sum()), count + 1
    return total / count


@pytest.mark.parametrize("task", list(Task))
def test_it_is_what_was_decided(task: Task, monkeypatch) -> None:
    config = replace(CONFIG, segkc=SegkcConfig(weight=0.7, consultation=1.3, ramp=0.25))
    bench = make_bench("segkc", task, config)
    step = bench.step(2, total=20)  # 2 of 5 steps of the ramp
    calls = record_calls(monkeypatch)
    losses = bench.method.losses(step)
    assert len(calls) == 4
    for e in range(2):
        wide, narrow = (all_choices(task, call.logits)[e] for call in calls[2:])
        valid = step.unlabeled.valid[e].numpy()
        crossed = slow_confident_ce(wide, slow_guess(narrow, valid), 0)
        crossed += slow_confident_ce(narrow, slow_guess(wide, valid), 0)
        consulted = slow_divergence(narrow, wide, valid) + slow_divergence(wide, narrow, valid)
        batch = step.batch
        x = sum(
            float(bench.method.loss(call.logits, batch.target, batch.known)[e])
            for call in calls[:2]
        )
        expected = x + 0.4 * (0.7 * crossed + 1.3 * consulted)
        assert losses.total[e].item() == pytest.approx(expected, rel=1e-4)
        from_narrow = slow_divergence(narrow, wide, valid)
        assert losses.parts["consulted"][e].item() == pytest.approx(from_narrow, rel=1e-4)


def test_the_second_network_is_narrower() -> None:
    bench = make_bench("segkc", Task.BINARY, replace(CONFIG, width=0.5))
    sizes = [
        sum(p.numel() for p in net.parameters())
        for net in (bench.learner.ensemble.networks[0], bench.learner.beside[0].network)
    ]
    assert sizes[1] < sizes[0] / 3
