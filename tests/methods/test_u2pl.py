"""U2PL (methods.md B5) against loops."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from method_steps import CONFIG, all_choices, make_bench, pasted, record_boxes, record_calls
from napari_inconsistency_masks.method_config import U2plConfig
from napari_inconsistency_masks.methods import contrast as contrasts
from napari_inconsistency_masks.methods import u2pl
from napari_inconsistency_masks.methods.contrast import Pixels, info_nce
from napari_inconsistency_masks.methods.memory import DIMENSIONS, ClassMemory
from napari_inconsistency_masks.methods.u2pl import half_box, split_by_entropy
from napari_inconsistency_masks.nets.ensemble import Ensemble
from napari_inconsistency_masks.nets.unet import UNet
from napari_inconsistency_masks.task import Task
from napari_inconsistency_masks.training.fit import train_step

SMALL = U2plConfig(anchors=7, negatives=5, bank=40, contrast=0.5)


def record_heads(monkeypatch: Any) -> list[tuple[Any, ...]]:
    """Note what `Ensemble.with_heads` was asked and returned."""
    calls: list[tuple[Any, ...]] = []
    original = Ensemble.with_heads

    def noted(self: Ensemble, image: Any, heads: Any) -> Any:
        logits, features = original(self, image, heads)
        training = self.networks[0].training
        calls.append((list(self.networks), training, image, logits.detach(), features))
        return logits, features

    monkeypatch.setattr(Ensemble, "with_heads", noted)
    return calls


def slow_entropy(p: np.ndarray) -> np.ndarray:
    """``(U, G, Y, X)`` of ``(U, G, N, Y, X)``."""
    h = np.zeros((*p.shape[:2], *p.shape[3:]))
    for u, g, y, x in np.ndindex(*h.shape):
        h[u, g, y, x] = -sum(q * np.log(q) for q in p[u, g, :, y, x] if q > 0)
    return h


@pytest.mark.parametrize("task", list(Task))
@pytest.mark.parametrize("number", [0, 1, 2, 15])
def test_pixels_are_dropped_by_entropy_and_the_rest_counts_more(
    task: Task, number: int, monkeypatch: Any
) -> None:
    bench = make_bench("u2pl", task, replace(CONFIG, u2pl=SMALL))
    step = bench.step(number)
    calls, boxes = record_calls(monkeypatch), record_boxes(monkeypatch, u2pl)
    heads = record_heads(monkeypatch)
    mixes: list[list[bool]] = []

    def noted(*args: Any) -> Any:
        made = half_of_the_steps(*args)
        mixes.append(made.flatten().tolist())
        return made

    half_of_the_steps = u2pl.half_of_the_steps
    monkeypatch.setattr(u2pl, "half_of_the_steps", noted)
    losses = bench.method.losses(step)
    (weak,), (taught, learned) = calls, heads
    assert (weak.training, taught[1], learned[1]) == (False, True, True)
    assert weak.networks == taught[0] == [each.teacher for each in step.beside]
    a = 20 * (1 - number / 20)
    for e in range(2):
        box = boxes[0][e] & mixes[0][e]
        both = pasted(step.unlabeled.weak[e].numpy(), box)
        shown = torch.cat((step.batch.image[e], torch.from_numpy(both)))
        assert torch.equal(taught[2][e], shown)
        assert torch.equal(learned[2][e], shown)
        label = pasted(all_choices(task, weak.logits)[e].argmax(2), box)
        valid = pasted(step.unlabeled.valid[e].numpy(), box)
        h = slow_entropy(all_choices(task, taught[3])[e][3:])
        p = all_choices(task, learned[3])[e][3:]
        unsupervised = []
        for g in range(label.shape[1]):
            limit = np.percentile(h[:, g][valid[:, 0]], 100 - a)
            total = kept = every = 0.0
            for u, y, x in np.ndindex(len(label), *label.shape[2:]):
                if not valid[u, 0, y, x]:
                    continue
                every += 1
                if h[u, g, y, x] < limit - 1e-7:
                    kept += 1
                    total -= np.log(p[u, g, label[u, g, y, x], y, x])
            unsupervised.append(every / kept * total / kept)
        batch = step.batch
        x = float(bench.method.loss(learned[3][:, :3], batch.target, batch.known)[e])
        parts = losses.parts
        assert parts["labeled"][e].item() == pytest.approx(x, rel=1e-5)
        assert parts["guessed"][e].item() == pytest.approx(np.mean(unsupervised), rel=2e-3)
        total = x + parts["guessed"][e].item() + 0.5 * parts["contrast"][e].item()
        assert losses.total[e].item() == pytest.approx(total, rel=1e-5)


def random_pixels(classes: int, choices: int = 2, many: int = 2) -> tuple[Any, ...]:
    """Probabilities, labels and masks at full resolution, float64; four images of 6 x 8."""
    generator = torch.Generator().manual_seed(classes)
    logits = 3 * torch.randn(4, choices, classes, 6, 8, generator=generator, dtype=torch.float64)
    label = torch.randint(classes, (4, choices, 6, 8), generator=generator)
    trusted, doubted = (torch.rand(4, choices, 6, 8, generator=generator) < 0.6 for _ in range(2))
    return logits.softmax(2), label, trusted, doubted, many


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("classes", [2, 3, 5, 25])
def test_what_a_class_is_not(classes: int, first: int) -> None:
    probability, label, trusted, doubted, many = random_pixels(classes)
    pixels = Pixels.at_half(probability, label, trusted, doubted, many, first)
    p = probability.numpy()
    real = list(range(first, classes))
    low, high = {1: 1, 2: 1, 3: 2}.get(len(real), 3), min(20, len(real))
    found = 0
    for g in range(2):
        for n in real:
            expected = []
            for b, y, x in np.ndindex(4, 3, 4):
                pooled = p[b, g, :, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2].mean((1, 2))
                rank = sorted(real, key=lambda k: -pooled[k]).index(n)
                at = (b, g, 2 * y, 2 * x)
                other = int(label[at]) in real and bool(label[at] != n)
                mistaken = b < many and other and rank < low
                unlikely = b >= many and low <= rank < high
                expected.append((mistaken or unlikely) and bool(doubted[at]))
            assert pixels.negatives(g, n).tolist() == expected
            found += sum(expected)
    assert bool(found) == (len(real) > 1)


def test_the_output_of_blanked_pixels_is_no_class(monkeypatch: Any) -> None:
    """It pushes no class down the ranking, and nothing is compared with it."""
    bench = make_bench("u2pl", Task.MULTICLASS, replace(CONFIG, u2pl=SMALL))
    step = bench.step(15)
    with torch.no_grad():
        for memory in step.beside:
            memory.teacher.head.bias[0] += 20  # all pixels seem blanked
    seen: list[Pixels] = []

    def noted(config: Any, memory: Any, pixels: Pixels, *others: Any) -> torch.Tensor:
        seen.append(pixels)
        return contrasts.contrast(config, memory, pixels, *others)

    monkeypatch.setattr(u2pl, "contrast", noted)
    bench.method.losses(step)
    for memory, pixels in zip(step.beside, seen, strict=True):
        assert memory.count[0] == 0
        unsure = pixels.doubted[:, 0] & ~pixels.labeled[:, 0]
        of_no_class = torch.stack([pixels.negatives(0, n) for n in pixels.classes])[:, unsure]
        likely = pixels.probability[unsure, 0, 1:].argmax(1)
        assert unsure.any()
        assert not of_no_class[likely, torch.arange(len(likely))].any()


@pytest.mark.parametrize("classes", [2, 4])
def test_classes_are_contrasted_by_their_number(classes: int, monkeypatch: Any) -> None:
    """Anchors, prototypes and memories of one class, even if a class before it is absent."""
    probability, label, trusted, doubted, many = random_pixels(classes)
    label[label == 0] = 1  # class 0 is absent
    pixels = Pixels.at_half(probability, label, trusted, doubted, many)
    memory = ClassMemory(UNet(1, 2, 0.25), 2 * classes, 60, (0,))
    generator = torch.Generator().manual_seed(5)
    mine, other = (torch.randn(4, DIMENSIONS, 3, 4, generator=generator) for _ in range(2))
    seen: list[Any] = []

    def noted(*args: Any) -> torch.Tensor:
        seen.append(args)
        return info_nce(*args)

    monkeypatch.setattr(contrasts, "info_nce", noted)
    loss = contrasts.contrast(SMALL, memory, pixels, mine, other, np.random.default_rng(0))
    rows = [each.permute(0, 2, 3, 1).reshape(-1, DIMENSIONS) for each in (mine, other)]
    values, present = [], 0
    for g in range(2):
        for n in range(classes):
            number = g * classes + n
            negative = rows[1][pixels.negatives(g, n)]
            stored = memory.bank[number, : memory.count[number]]
            torch.testing.assert_close(stored, negative)
            of_class = (pixels.label[:, g] == n) & pixels.trusted[:, g]
            if not of_class.any():
                continue
            present += 1
            if not len(negative):
                continue
            anchor, positive, negatives, temperature = seen.pop(0)
            allowed = rows[0][of_class & (pixels.probability[:, g, n] > 0.3)]
            assert all(any(torch.equal(row, a) for a in allowed) for row in anchor)
            torch.testing.assert_close(positive[0], rows[1][of_class].mean(0))
            assert all(any(torch.equal(row, b) for b in stored) for row in negatives.flatten(0, 1))
            values.append(slow_nce(anchor, positive, negatives, temperature))
    assert not seen
    assert present < 2 * classes
    assert float(loss) == pytest.approx(sum(values) / present, rel=1e-4)


def slow_nce(anchor: Any, positive: Any, negatives: Any, temperature: float) -> float:
    """Mean of -log(e^(cos+ / T) / sum e^(cos / T)), anchor by anchor."""

    def cosine(a: np.ndarray, b: np.ndarray) -> float:
        return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))

    losses = []
    for a, others in zip(anchor.double().numpy(), negatives.double().numpy(), strict=True):
        first = np.exp(cosine(a, positive[0].double().numpy()) / temperature)
        rest = sum(np.exp(cosine(a, b) / temperature) for b in others)
        losses.append(-np.log(first / (first + rest)))
    return float(np.mean(losses))


def test_without_doubt_only_the_most_uncertain_pixel_is_dropped() -> None:
    values = torch.rand(1, 2, 1, 4, 4)
    reliable, unreliable = split_by_entropy(values, torch.ones(1, 2, 1, 4, 4, dtype=torch.bool), 0)
    assert unreliable.sum() == reliable.sum() == 1
    assert values[unreliable] == values.max()
    assert values[reliable] == values.min()


def test_pixels_outside_of_an_image_are_neither() -> None:
    values, valid = torch.rand(1, 2, 1, 4, 4), torch.rand(1, 2, 1, 4, 4) < 0.5
    for part in split_by_entropy(values, valid, 30):
        assert part.any()
        assert not (part & ~valid).any()


def test_the_memory_forgets_the_oldest() -> None:
    memory = ClassMemory(UNet(1, 2, 0.25), 2, 16, (0,))
    rng = np.random.default_rng(0)

    def features(values: range) -> torch.Tensor:
        return torch.tensor(list(values), dtype=torch.float32)[:, None].expand(-1, DIMENSIONS)

    memory.remember(1, features(range(10)), rng)
    assert (memory.count.tolist(), memory.place.tolist()) == ([0, 10], [0, 10])
    memory.remember(1, features(range(10, 20)), rng)
    assert sorted(memory.bank[1, :, 0].tolist()) == list(range(4, 20))
    memory.remember(1, features(range(100, 200)), rng)
    kept = memory.bank[1, :, 0].tolist()
    assert len(set(kept)) == 16
    assert min(kept) >= 100
    assert set(memory.recall(1, 50, rng)[:, 0].tolist()) <= set(kept)
    assert not memory.bank[0].any()


def test_boxes_hold_half_of_the_image() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        box = half_box(rng, (32, 48))
        assert abs(box.mean() - 0.5) < 0.03
        assert box.any(0).sum() >= 24


def test_weights_of_the_teacher_follow_and_its_statistics_are_its_own() -> None:
    bench = make_bench("u2pl", Task.BINARY, replace(CONFIG, u2pl=replace(SMALL, decay=0.5)))
    learner = bench.learner
    for number in range(3):
        memory, student = learner.beside[0], learner.ensemble.networks[0]
        before = memory.teacher.head.weight.clone(), memory.teacher_head[1].weight.clone()
        train_step(learner, bench.batches, bench.method, 8)
        stays = min(1 - 1 / (number + 1), 0.5)
        for old, new, other in zip(
            before,
            (memory.teacher.head.weight, memory.teacher_head[1].weight),
            (student.head.weight, memory.head[1].weight),
            strict=True,
        ):
            torch.testing.assert_close(new, (stays * old + (1 - stays) * other).detach())
    mine, other = (net.stem[2].running_mean for net in (memory.teacher, student))
    assert not torch.equal(mine, other)
    assert mine.any()
