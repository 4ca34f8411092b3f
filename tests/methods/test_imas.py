"""iMAS (methods.md B4) against loops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from method_steps import CONFIG, all_choices, make_bench, record_calls, slow_guess
from napari_inconsistency_masks.method_config import ImasConfig
from napari_inconsistency_masks.methods import imas
from napari_inconsistency_masks.methods.imas import opposite, side_boxes
from napari_inconsistency_masks.task import Task
from napari_inconsistency_masks.training.fit import train_step

TAU = 0.6


def slow_gamma(task: Task, teacher, student, u: int) -> float:
    """(IoU_t r_t + IoU_s r_s) / 2 of one image, from labels, confidences and valid pixels."""
    last = 4 if task is Task.MULTICLASS else 2
    gamma = 0.0
    for reference, other in ((teacher, student), (student, teacher)):
        label, confidence, valid = (each[u] for each in reference)
        guess = other[0][u]
        pairs = []
        for g in range(len(label)):
            for k in range(1, last):
                mine, its = (label[g] == k) & valid[g], (guess[g] == k) & valid[g]
                either = (mine | its).sum()
                pairs.append((mine.sum(), (mine & its).sum() / either if either else 0.0))
        found = sum(often for often, _ in pairs)
        iou = sum(often * value for often, value in pairs) / found if found else 0.0
        sure = sum((confidence[g] >= TAU)[valid[g]].sum() for g in range(len(label)))
        gamma += iou * sure / valid.sum() / 2
    return float(gamma)


def slow_guessed(p: np.ndarray, guess, gamma: list[float]) -> float:
    """Mean over images of gamma times the mean over pixels of -log p where sure."""
    label, confidence, valid = guess
    values = []
    for u in range(len(p)):
        total = count = 0.0
        for g, y, x in np.ndindex(*label.shape[1:]):
            if valid[u, g, y, x]:
                count += 1
                if confidence[u, g, y, x] >= TAU:
                    total -= np.log(p[u, g, label[u, g, y, x], y, x])
        values.append(gamma[u] * total / count)
    return float(np.mean(values))


@pytest.mark.parametrize("task", list(Task))
@pytest.mark.parametrize("number", range(3))
def test_it_is_what_the_paper_says(task: Task, number: int, monkeypatch) -> None:
    bench = make_bench("imas", task, replace(CONFIG, imas=ImasConfig(threshold=TAU, weight=2.0)))
    train_step(bench.learner, bench.batches, bench.method, 20)  # student and teacher differ
    for each in bench.learner.beside:
        each.teacher.head.bias.data.add_(0.05)
    step = bench.step(number)
    calls = record_calls(monkeypatch)
    drawn: list[np.ndarray] = []

    def noted(*args):  # type: ignore[no-untyped-def]
        drawn.append(side_boxes(*args))
        return drawn[-1]

    monkeypatch.setattr(imas, "side_boxes", noted)
    losses = bench.method.losses(step)
    by_teacher, by_student, labeled, intense, *mixed = calls
    assert by_teacher.networks == [each.teacher for each in step.beside]
    assert not by_teacher.training
    assert not by_student.training
    assert all(call.training for call in (labeled, intense, *mixed))
    assert step.ensemble.training
    for e in range(2):
        valid = step.unlabeled.valid[e].numpy()
        teacher, student = (
            slow_guess(all_choices(task, call.logits)[e], valid)
            for call in (by_teacher, by_student)
        )
        gamma = [slow_gamma(task, teacher, student, u) for u in range(3)]
        assert losses.parts["gamma"][e].item() == pytest.approx(np.mean(gamma), rel=1e-4, abs=1e-6)
        weak, strong = step.unlabeled.weak[e].numpy(), step.unlabeled.strong[0][e].numpy()
        for u in range(3):
            blend = gamma[u] * strong[u] + (1 - gamma[u]) * weak[u]
            np.testing.assert_allclose(intense.image[e, u].numpy(), blend, atol=1e-2)
        expected = slow_guessed(all_choices(task, intense.logits)[e], teacher, gamma)
        mine = [c for c in mixed if c.networks[0] is step.ensemble.networks[e]]
        if mine:
            box = drawn[mixed.index(mine[0])]
            order = np.argsort(gamma, kind="stable")
            partner = {int(a): int(b) for a, b in zip(order, order[::-1], strict=True)}

            def paste(values: np.ndarray, box=box, partner=partner) -> np.ndarray:
                made = values.copy()
                for u, y, x in np.ndindex(*box.shape):
                    if box[u, y, x]:
                        made[u, ..., y, x] = values[partner[u], ..., y, x]
                return made

            assert torch.equal(mine[0].image[0], torch.from_numpy(paste(weak)))
            guess = tuple(paste(each) for each in teacher)
            second = slow_guessed(all_choices(task, mine[0].logits)[0], guess, gamma)
            expected = (expected + second) / 2
        batch = step.batch
        x = float(bench.method.loss(labeled.logits, batch.target, batch.known)[e])
        assert losses.total[e].item() == pytest.approx(x + 2.0 * expected, rel=1e-4)


def test_some_steps_mix_and_some_do_not(monkeypatch) -> None:
    bench = make_bench("imas", Task.MULTICLASS)
    monkeypatch.setattr(imas.Imas, "easiness", lambda *_: torch.full((2, 3), 0.5))
    counts = []
    for number in range(12):
        calls = record_calls(monkeypatch)
        bench.method.losses(bench.step(number))
        counts.append(len(calls) - 4)
        monkeypatch.undo()
        monkeypatch.setattr(imas.Imas, "easiness", lambda *_: torch.full((2, 3), 0.5))
    assert set(counts) == {0, 1, 2}


def test_easy_is_paired_with_hard() -> None:
    assert opposite(torch.tensor([0.9, 0.1, 0.5, 0.3])).tolist() == [1, 0, 3, 2]


def test_an_image_on_which_both_agree_and_are_sure_is_easy_and_an_empty_one_is_not_used() -> None:
    bench = make_bench("imas", Task.BINARY)
    label = torch.zeros(1, 2, 1, 4, 4, dtype=torch.int64)
    label[0, 0, 0, 1:3] = 1
    guess = imas.Guess(label, torch.ones(label.shape), torch.ones(1, 2, 1, 4, 4, dtype=torch.bool))
    assert bench.method.easiness(guess, guess)[0].tolist() == [1.0, 0.0]


def test_boxes_have_one_size_and_are_cut_at_the_border() -> None:
    largest = []
    for seed in range(20):
        boxes = side_boxes(np.random.default_rng(seed), 40, (32, 64))
        heights, widths = (np.array([box.any(axis).sum() for box in boxes]) for axis in (1, 0))
        assert ((heights <= heights.max()) & (widths <= widths.max())).all()
        assert abs(widths.max() - 2 * heights.max()) <= 4
        assert 2 <= heights.max() <= 28
        largest.append((heights.max(), len(set(heights.tolist()))))
    assert max(largest)[0] > 2 * min(largest)[0]
    assert max(different for _, different in largest) > 1, "none was cut"


def test_the_teacher_is_the_student_in_the_first_epoch_and_follows_later() -> None:
    bench = make_bench("imas", Task.BINARY, replace(CONFIG, imas=ImasConfig(decay=0.5)))
    learner = bench.learner

    def weights() -> tuple[torch.Tensor, torch.Tensor]:
        student, teacher = learner.ensemble.networks[0], learner.beside[0].teacher
        return student.head.weight.detach().clone(), teacher.head.weight.detach().clone()

    for _ in range(2):
        train_step(learner, bench.batches, bench.method, 8)
        assert torch.equal(*weights())
    learner.end_epoch((1.0, 1.0))
    _, before = weights()
    train_step(learner, bench.batches, bench.method, 8)
    student, teacher = weights()
    torch.testing.assert_close(teacher, 0.5 * before + 0.5 * student)
