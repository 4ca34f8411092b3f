"""Does a ranked place teach more than a random one? A person who corrects is simulated.

    python benchmarks/annotator.py DATA --classes alive,dead,position --position position --out OUT

An ensemble learns from a few labeled images. Then, in rounds, true labels are filled in at some
places of the other training images, the networks go on learning with them, and the test images
are scored. Strategies: `ours` (places by `places.rank`), `regions` (boxes of the same sizes at
random places), `images` (whole images at random), `none` (no labels, only the further steps).
The cost of a correction is the number of true cells with their center in its box, at least 1.

Writes OUT/DATA-STRATEGY-SEED-ROUND.json, prints the table and draws OUT/annotator.svg. Can be
stopped and started again. Scored with the networks after the last step: nothing is chosen, and
the validation images are not used.
"""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from rich.console import Console

from annotator_corrections import STRATEGIES, Annotator, Correction
from annotator_table import draw_figure, print_table
from napari_inconsistency_masks.checkpoint import load_tensors, save_tensors
from napari_inconsistency_masks.config import TrainConfig
from napari_inconsistency_masks.data.folder import load_folder
from napari_inconsistency_masks.data.loader import Loader, Part
from napari_inconsistency_masks.data.sample import SegmentationData
from napari_inconsistency_masks.data.sources import Joined, Subset
from napari_inconsistency_masks.devices import choose_device, choose_precision, use_threads
from napari_inconsistency_masks.files.atomic import write_json
from napari_inconsistency_masks.files.json_files import read_json
from napari_inconsistency_masks.inference.evaluate import check
from napari_inconsistency_masks.losses import choose_loss
from napari_inconsistency_masks.methods.supervised import Supervised
from napari_inconsistency_masks.metrics import Scores
from napari_inconsistency_masks.nets.ensemble import Architecture, Ensemble
from napari_inconsistency_masks.plans import find_preset
from napari_inconsistency_masks.training.fit import train_step
from napari_inconsistency_masks.training.learner import Learner

_say = Console(highlight=False).print


@dataclasses.dataclass(frozen=True)
class Protocol:
    """How one simulation is made: the same for all strategies."""

    data: SegmentationData
    config: TrainConfig
    first_steps: int
    steps: int
    cells: tuple[int, ...]
    out: Path
    until: float

    def path(self, strategy: str, seed: int, turn: int, ending: str) -> Path:
        return self.out / f"{self.data.name}-{strategy}-{seed}-{turn}.{ending}"


def main(
    data: Path,
    out: Annotated[Path, typer.Option()],
    classes: Annotated[str, typer.Option()],
    position: Annotated[str | None, typer.Option()] = None,
    labeled: Annotated[int, typer.Option()] = 16,
    strategies: Annotated[str, typer.Option()] = ",".join(STRATEGIES),
    seeds: Annotated[int, typer.Option()] = 3,
    cells: Annotated[str, typer.Option(help="Corrected cells after each round.")] = "16,32,64",
    first_steps: Annotated[int, typer.Option()] = 600,
    steps: Annotated[int, typer.Option(help="Per round.")] = 100,
    members: Annotated[int, typer.Option()] = 2,
    width: Annotated[float, typer.Option()] = 0.5,
    patch: Annotated[int, typer.Option()] = 96,
    pool: Annotated[int, typer.Option(help="Images to correct in.")] = 150,
    budget_minutes: Annotated[float, typer.Option()] = 25.0,
) -> None:
    """Simulate what is not simulated yet, as far as the time goes; print the table."""
    use_threads(1)
    config = dataclasses.replace(
        find_preset("quick"), members=members, teachers=members, width=width, patch=patch
    )
    everything = load_folder(data, classes=classes.split(","), position=position, labeled=labeled)
    every = max(1, len(everything.hidden) // pool)  # names in order are of one session
    hidden = Subset(everything.hidden, range(0, len(everything.hidden), every)[:pool])
    protocol = Protocol(
        data=dataclasses.replace(everything, hidden=hidden),
        config=config,
        first_steps=first_steps,
        steps=steps,
        cells=tuple(int(number) for number in cells.split(",")),
        out=out,
        until=time.monotonic() + 60 * budget_minutes,
    )
    out.mkdir(parents=True, exist_ok=True)
    for seed in range(seeds):
        for strategy in strategies.split(","):
            simulate(protocol, strategy, seed)
    rows = [read_json(path) for path in sorted(out.glob("*.json"))]
    print_table(rows)
    draw_figure(rows, out / "annotator.svg")


def simulate(protocol: Protocol, strategy: str, seed: int) -> None:
    """Go through the rounds that are missing, as long as there is time."""
    if time.monotonic() > protocol.until:
        return
    networks = _first_networks(protocol, seed)
    annotator: Annotator | None = None
    corrections: list[Correction] = []
    for turn, budget in enumerate(protocol.cells, start=1):
        path = protocol.path(strategy, seed, turn, "json")
        if not path.exists():
            if time.monotonic() > protocol.until:
                return
            annotator = annotator or Annotator(protocol.data, seed, _first_networks(protocol, seed))
            new = annotator.correct(strategy, networks, corrections, budget)
            corrections = [*corrections, *new]
            pieces = [annotator.piece(c, protocol.config.patch) for c in corrections]
            _learn(protocol, networks, pieces, protocol.steps, (seed, turn))
            _save(protocol, networks, strategy, seed, turn)
            row = _row(protocol, networks, strategy, seed, turn)
            row |= {"cells": sum(c.cells for c in corrections), "places": len(corrections)}
            row |= {"pixels": sum(c.pixels for c in corrections)}
            write_json(path, {**row, "corrections": [dataclasses.asdict(c) for c in corrections]})
            _say({k: v for k, v in row.items() if not k.startswith("iou ")}, markup=False)
        else:
            _load(protocol, networks, strategy, seed, turn)
            corrections = [Correction.from_json(c) for c in read_json(path)["corrections"]]


def _first_networks(protocol: Protocol, seed: int) -> Ensemble:
    """Networks that learned from the labeled images only, made once per seed."""
    data, config = protocol.data, protocol.config
    networks = Ensemble.create(
        Architecture(data.channels, data.scheme.outputs, config.width), config.members, seed=seed
    )
    device = choose_device(config.device)
    networks.place(device, choose_precision(device, config.precision))
    path = protocol.path("none", seed, 0, "json")
    if not path.exists():
        _learn(protocol, networks, [], protocol.first_steps, (seed, 0))
        _save(protocol, networks, "none", seed, 0)
        row = _row(protocol, networks, "none", seed, 0)
        write_json(path, {**row, "cells": 0, "places": 0, "pixels": 0, "corrections": []})
        _say(row, markup=False)
    _load(protocol, networks, "none", seed, 0)
    return networks


def _learn(
    protocol: Protocol, networks: Ensemble, pieces: Any, steps: int, key: tuple[int, int]
) -> None:
    data, config = protocol.data, protocol.config
    loader = Loader(
        [Part(Joined([data.labeled, pieces]), config.augmentation)],
        batch=config.batch,
        patch=config.patch,
        seed=key[0],
        generation=key[1],
        free_rotation=data.free_rotation,
        device=networks.device,
    )
    loss = choose_loss(config.loss, data.scheme, config.position_weight)
    learner, method = Learner(networks, config), Supervised(loss)
    while learner.step < steps:
        train_step(learner, loader, method, steps)


def _row(
    protocol: Protocol, networks: Ensemble, strategy: str, seed: int, turn: int
) -> dict[str, Any]:
    data, config = protocol.data, protocol.config
    loss = choose_loss(config.loss, data.scheme, config.position_weight)
    found = check(networks, data.test, data.scheme, loss)
    return {
        "data": data.name,
        "strategy": strategy,
        "seed": seed,
        "round": turn,
        **_numbers(found.ensemble),
        "single count_error": sum(_error(scores) for scores in found.members) / len(networks),
        "inconsistent": found.inconsistent,
    }


def _numbers(scores: Scores) -> dict[str, Any]:
    numbers: dict[str, Any] = {"count_error": _error(scores), "mean_iou": scores.mean_iou}
    numbers |= {f"iou {name}": value for name, value in scores.iou.items()}
    return numbers | {f"recall {name}": count.recall for name, count in scores.counts.items()}


def _error(scores: Scores) -> float:
    error = scores.object_count_error if scores.mcce is None else scores.mcce
    assert error is not None
    return error


def _save(protocol: Protocol, networks: Ensemble, strategy: str, seed: int, turn: int) -> None:
    tensors = {name: value.detach().cpu() for name, value in networks.state_dict().items()}
    save_tensors(protocol.path(strategy, seed, turn, "safetensors"), tensors, "state", {})


def _load(protocol: Protocol, networks: Ensemble, strategy: str, seed: int, turn: int) -> None:
    tensors: dict[str, torch.Tensor]
    tensors, _ = load_tensors(protocol.path(strategy, seed, turn, "safetensors"), "state")
    networks.load_state_dict(tensors)


if __name__ == "__main__":
    typer.run(main)
