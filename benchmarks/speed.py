"""How much faster training and prediction are than the plain way, as ratios in one run.

    python benchmarks/speed.py [--rounds 5] [--threads 1]

The plain way: float32, channels first, glibc's own allocator settings; for prediction one image at
a time through each network. Ours is measured in a process with the settings that training uses.
Both sides take turns, and the medians of the rounds are compared.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Annotated

import typer

SIDE, BATCH, FRAME = 256, 32, 1024
CHOICES = ("train plain", "train ours", "predict plain", "predict ours")


def main(
    rounds: Annotated[int, typer.Option()] = 5,
    threads: Annotated[int, typer.Option()] = 1,
    measure: Annotated[str, typer.Option(hidden=True)] = "",
) -> None:
    """Compare, or (with --measure) measure one side and print seconds as JSON."""
    if measure:
        typer.echo(json.dumps(_measure(measure, threads)))
        return
    seconds: dict[str, list[float]] = {choice: [] for choice in CHOICES}
    for number in range(rounds):
        for choice in CHOICES:
            seconds[choice].append(_in_process(choice, threads))
        typer.echo(f"round {number + 1} of {rounds} done", err=True)
    median = {choice: statistics.median(values) for choice, values in seconds.items()}
    for choice, values in seconds.items():
        spread = f"{min(values):.3f} to {max(values):.3f}"
        typer.echo(f"{choice:<14} median {median[choice]:.3f} s ({spread})")
    for what, goal in (("train", 2.5), ("predict", 2.0)):
        ratio = median[f"{what} plain"] / median[f"{what} ours"]
        typer.echo(f"{what}: {ratio:.2f} times as fast (goal {goal})")


def _in_process(choice: str, threads: int) -> float:
    """Measure one side in a process of its own, since the allocator is set up when one starts."""
    from napari_inconsistency_masks.devices import ALLOCATOR

    environment = {k: v for k, v in os.environ.items() if k not in ALLOCATOR}
    if choice.endswith("ours"):
        environment |= ALLOCATOR
    command = [sys.executable, __file__, "--measure", choice, "--threads", str(threads)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout))


def _measure(choice: str, threads: int) -> float:
    import torch

    torch.set_num_threads(threads)
    what, way = choice.split()
    work = {
        "train plain": _train_plain,
        "train ours": _train_ours,
        "predict plain": _predict_plain,
        "predict ours": _predict_ours,
    }[f"{what} {way}"]()
    work()  # the first time allocates and chooses kernels
    began = time.perf_counter()
    repeats = 2 if what == "train" else 3
    for _ in range(repeats):
        work()
    return (time.perf_counter() - began) / repeats


def _train_plain() -> Callable[[], None]:
    import torch

    from napari_inconsistency_masks.nets.unet import UNet

    network = UNet(1, 3)
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.003)
    image, target = torch.rand(BATCH, 1, SIDE, SIDE) * 255, torch.rand(BATCH, 3, SIDE, SIDE)

    def step() -> None:
        optimizer.zero_grad()
        loss = ((network(image).sigmoid() - target) ** 2).mean()
        loss.backward()
        optimizer.step()

    return step


def _train_ours() -> Callable[[], None]:
    import numpy as np

    from napari_inconsistency_masks.config import TrainConfig
    from napari_inconsistency_masks.data.batches.loader import Loader, Part
    from napari_inconsistency_masks.data.sample import Sample
    from napari_inconsistency_masks.devices import choose_device, choose_precision
    from napari_inconsistency_masks.losses import choose_loss
    from napari_inconsistency_masks.methods.supervised import Supervised
    from napari_inconsistency_masks.nets.ensemble import Architecture, Ensemble
    from napari_inconsistency_masks.task import LabelScheme, Task
    from napari_inconsistency_masks.training.fit import train_step
    from napari_inconsistency_masks.training.learner import Learner

    scheme = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")
    rng = np.random.default_rng(0)
    samples = [
        Sample(
            str(number),
            rng.integers(0, 255, (1, SIDE, SIDE), dtype=np.uint8),
            rng.integers(0, 2, (3, SIDE, SIDE), dtype=np.uint8),
        )
        for number in range(BATCH)
    ]
    device = choose_device("cpu")
    ensemble = Ensemble.create(Architecture(1, 3), 1, seed=0)
    ensemble.place(device, choose_precision(device))
    learner = Learner(ensemble, TrainConfig(members=1, teachers=1))
    loader = Loader([Part(samples)], batch=BATCH)
    method = Supervised(choose_loss("auto", scheme))
    return lambda: (train_step(learner, loader, method, 100), None)[1]


def _predict_plain() -> Callable[[], None]:
    import torch

    from napari_inconsistency_masks.nets.unet import UNet

    networks = [UNet(1, 3).eval() for _ in range(2)]
    image = torch.rand(1, 1, FRAME, FRAME) * 255

    @torch.inference_mode()
    def predict() -> None:
        for network in networks:
            network(image).sigmoid()

    return predict


def _predict_ours() -> Callable[[], None]:
    import numpy as np

    from napari_inconsistency_masks.devices import choose_device, choose_precision
    from napari_inconsistency_masks.inference.predict import predict_logits
    from napari_inconsistency_masks.nets.ensemble import Architecture, Ensemble

    device = choose_device("cpu")
    ensemble = Ensemble.create(Architecture(1, 3), 2, seed=0)
    ensemble.place(device, choose_precision(device)).eval()
    image = np.random.default_rng(0).integers(0, 255, (1, 1, FRAME, FRAME), dtype=np.uint8)
    return lambda: (predict_logits(ensemble, image).sigmoid(), None)[1]


if __name__ == "__main__":
    typer.run(main)
