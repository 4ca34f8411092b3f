"""CrossMatch (methods.md B3) against loops."""

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
    slow_guess,
)
from napari_inconsistency_masks.method_config import CrossMatchConfig
from napari_inconsistency_masks.methods import crossmatch
from napari_inconsistency_masks.task import Task

TAU = 0.6


def slow_dice(task: Task, p: np.ndarray, guess: tuple[np.ndarray, ...]) -> float:
    """D of probabilities ``(U, G, N, Y, X)``, with squared denominators, class after class."""
    label, confidence, valid = guess
    first = 0 if task is Task.MULTICLASS else 1
    values = []
    for g in range(p.shape[1]):
        for n in range(first, p.shape[2]):
            overlap = size = 0.0
            for u in range(len(p)):
                for y, x in np.ndindex(*p.shape[3:]):
                    if valid[u, g, y, x] and confidence[u, g, y, x] >= TAU:
                        t = float(label[u, g, y, x] == n)
                        overlap += p[u, g, n, y, x] * t
                        size += p[u, g, n, y, x] ** 2 + t**2
            values.append(1 - (2 * overlap + 1e-4) / (size + 1e-4))
    return float(np.mean(values))


@pytest.mark.parametrize("task", list(Task))
def test_it_is_what_the_paper_says(task: Task, monkeypatch) -> None:
    eta = 0.3
    bench = make_bench(
        "crossmatch", task, replace(CONFIG, crossmatch=CrossMatchConfig(threshold=TAU))
    )
    step = bench.step(1)
    calls, boxes = record_calls(monkeypatch), record_boxes(monkeypatch, crossmatch)
    losses = bench.method.losses(step)
    one, two = calls
    assert torch.equal(one.image, torch.cat((step.batch.image, step.unlabeled.weak), 1))
    for e in range(2):
        seen = [pasted(step.unlabeled.strong[v][e].numpy(), boxes[v][e]) for v in range(2)]
        assert torch.equal(two.image[e], torch.cat([torch.from_numpy(s) for s in seen]))
        _, w, w_weak, w_strong = np.split(all_choices(task, one.logits)[e], 4)
        s1, s2, s2_weak, s2_strong = np.split(all_choices(task, two.logits)[e], 4)
        valid = step.unlabeled.valid[e].numpy()
        plain, weak, strong = (slow_guess(p, valid) for p in (w, w_weak, w_strong))

        def d(p: np.ndarray, guess: tuple[np.ndarray, ...]) -> float:
            return slow_dice(task, p, guess)

        first, second = (mixed_guess(plain, boxes[v][e]) for v in range(2))
        kd = (1 - eta) / 4 * (
            d(w_weak, plain) + d(w_strong, plain) + d(s2_weak, second) + d(s2_strong, second)
        ) + eta / 2 * (
            d(s2_weak, mixed_guess(weak, boxes[1][e]))
            + d(s2_strong, mixed_guess(strong, boxes[1][e]))
        )
        batch = step.batch
        x = float(bench.method.loss(one.logits[:, :3], batch.target, batch.known)[e])
        expected = (x + 0.25 * d(s1, first) + 0.25 * d(s2, second) + 0.5 * kd) / 2
        assert losses.total[e].item() == pytest.approx(expected, rel=1e-4)


def test_features_are_dropped_weakly_and_strongly(monkeypatch) -> None:
    bench = make_bench("crossmatch", Task.BINARY)
    calls = record_calls(monkeypatch)
    bench.method.losses(bench.step())
    assert len(calls) == 2
    for call in calls:
        (stream, _) = call.streams
        assert stream.rows.tolist() == [0, 1, 2, 3, 4, 5, 3, 4, 5, 3, 4, 5]
        dropped = [
            float(np.mean([(s[rows] == 0).float().mean() for s in stream.scales]))
            for rows in (slice(0, 6), slice(6, 9), slice(9, 12))
        ]
        assert dropped[0] == 0
        assert dropped[1] < 0.45 < 0.55 < dropped[2]
