"""Steps of methods on toy images, and what networks were asked and answered in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from napari_inconsistency_masks.config import TrainConfig
from napari_inconsistency_masks.data.batches.batches import Batches
from napari_inconsistency_masks.data.batches.loader import Loader, Part
from napari_inconsistency_masks.losses import choose_loss
from napari_inconsistency_masks.methods import METHODS
from napari_inconsistency_masks.methods.base import Method, Step
from napari_inconsistency_masks.nets.ensemble import Architecture, Ensemble
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.training.learner import Learner
from napari_inconsistency_masks.training.unlabeled import with_unlabeled
from toy import QUICK, toy_data

CONFIG = replace(QUICK, batch=3)
CPU = torch.device("cpu")


@dataclass
class Bench:
    """A method with networks that learn, and their batches."""

    method: Method
    learner: Learner
    batches: Batches
    scheme: LabelScheme

    def step(self, number: int = 0, total: int = 20, members: tuple[int, ...] = (0, 1)) -> Step:
        """One step of some members, as the training loop makes it."""
        chosen = list(members)
        part = self.learner.ensemble.select(chosen).train()
        beside = [self.learner.beside[member] for member in chosen]
        batch = self.batches.batch(chosen, number)
        return Step(part, batch, beside, number, total, self.learner.epoch)


def make_bench(
    name: str,
    task: Task,
    config: TrainConfig = CONFIG,
    *,
    small: bool = True,
    seed: int = 0,
    device: torch.device = CPU,
) -> Bench:
    """Two networks; some unlabeled images are smaller than a piece, so not all is valid."""
    data = toy_data(task)
    if small:
        low = [replace(s, image=s.image[:, :28, 2:]) for s in data.unlabeled[::2]]
        data = replace(data, unlabeled=[*low, *data.unlabeled[1::2]])
    loss = choose_loss(config.loss, data.scheme, config.position_weight)
    method = METHODS[name](loss, data.scheme, config)
    architecture = Architecture(
        1, data.scheme.outputs, config.width, config.network, config.encoder_weights
    )
    ensemble = Ensemble.create(architecture, 2, seed=seed).place(device, torch.float32)
    beside = method.beside(ensemble, (seed, 0))
    learner = Learner(ensemble, config, beside, method.judged(ensemble, beside))
    loader = Loader([Part(data.labeled)], batch=config.batch, seed=seed, device=device)
    batches = with_unlabeled(loader, method, data, config, generation=0, device=device)
    return Bench(method, learner, batches, data.scheme)


@dataclass(frozen=True)
class Call:
    """One forward pass: what was asked of which networks, and the logits."""

    networks: list[Any]
    training: bool
    image: Tensor
    logits: Tensor
    streams: Any = ()


def record_calls(monkeypatch: Any) -> list[Call]:
    """Note every forward pass of an ensemble from now on."""
    calls: list[Call] = []
    forward = Ensemble.forward

    def noted(self: Ensemble, image: Tensor, streams: Any = ()) -> Tensor:
        logits = forward(self, image, streams)
        networks = list(self.networks)
        training = bool(networks[0].training)
        calls.append(Call(networks, training, image.clone(), logits.detach().clone(), streams))
        return logits

    monkeypatch.setattr(Ensemble, "forward", noted)
    return calls


def record_boxes(monkeypatch: Any, module: Any) -> list[np.ndarray]:
    """Note every set of CutMix boxes that a method draws, bool ``(E, U, Y, X)``."""
    boxes: list[np.ndarray] = []
    draw: Callable[..., Tensor] = module.draw_boxes

    def noted(*args: Any) -> Tensor:
        made = draw(*args)
        boxes.append(made[:, :, 0].numpy().copy())
        return made

    monkeypatch.setattr(module, "draw_boxes", noted)
    return boxes


def choices(task: Task, logits: np.ndarray) -> np.ndarray:
    """Probabilities ``(G, N, Y, X)`` in float64 of one image's logits ``(K, Y, X)``."""
    z = logits.astype(np.float64)
    if task is Task.MULTICLASS:
        e = np.exp(z - z.max(0))
        return (e / e.sum(0))[None]
    q = 1 / (1 + np.exp(-z))
    return np.stack((1 - q, q), 1)


def all_choices(task: Task, logits: Tensor) -> np.ndarray:
    """Probabilities ``(E, U, G, N, Y, X)`` of logits ``(E, U, K, Y, X)``."""
    return np.stack([[choices(task, z) for z in member] for member in logits.numpy()])


def pasted(values: np.ndarray, box: np.ndarray) -> np.ndarray:
    """CutMix, pixel by pixel: values ``(U, ..., Y, X)``, box ``(U, Y, X)``."""
    mixed = values.copy()
    for u in range(len(values)):
        for y in range(box.shape[1]):
            for x in range(box.shape[2]):
                if box[u, y, x]:
                    mixed[u, ..., y, x] = values[len(values) - 1 - u, ..., y, x]
    return mixed


def slow_guess(p: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Label and confidence ``(U, G, Y, X)`` of probabilities ``(U, G, N, Y, X)``; and valid."""
    label = np.zeros((*p.shape[:2], *p.shape[3:]), int)
    confidence = np.zeros(label.shape)
    for index in np.ndindex(*label.shape):
        u, g, y, x = index
        at = p[u, g, :, y, x]
        label[index], confidence[index] = int(np.argmax(at)), at.max()
    return label, confidence, np.broadcast_to(valid, label.shape).copy()


def slow_confident_ce(
    p: np.ndarray, guess: tuple[np.ndarray, np.ndarray, np.ndarray], threshold: float
) -> float:
    """Sum of -log p of the guessed label where sure, over the number of valid pixels."""
    label, confidence, valid = guess
    total, count = 0.0, 0
    for u, g, y, x in np.ndindex(*label.shape):
        if valid[u, g, y, x]:
            count += 1
            if confidence[u, g, y, x] >= threshold:
                total -= np.log(p[u, g, label[u, g, y, x], y, x])
    return total / count


def mixed_guess(
    guess: tuple[np.ndarray, np.ndarray, np.ndarray], box: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The guess about pasted images."""
    label, confidence, valid = (pasted(each, box) for each in guess)
    return label, confidence, valid
