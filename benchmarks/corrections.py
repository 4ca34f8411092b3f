"""How much corrections should count when networks learn on.

    python benchmarks/corrections.py DATA --classes alive,dead,position --position position -o OUT

Networks learn from a few labeled images. The true labels are then filled in at the places of other
images that `places.rank` puts first, and the networks learn on with each share of corrections, all
from the same weights and with as many steps. The test images are scored.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console

from napari_inconsistency_masks import runs
from napari_inconsistency_masks.boxes import known_mask, padded
from napari_inconsistency_masks.config import TrainConfig
from napari_inconsistency_masks.data.folders.folder import load_folder
from napari_inconsistency_masks.data.sample import Sample, SegmentationData
from napari_inconsistency_masks.data.sources import Joined, Subset
from napari_inconsistency_masks.devices import use_threads
from napari_inconsistency_masks.inference.evaluate import evaluate
from napari_inconsistency_masks.inference.predict import predict_samples
from napari_inconsistency_masks.inference.trained import TrainedEnsemble, load
from napari_inconsistency_masks.places import Place, find_places, rank
from napari_inconsistency_masks.plans import find_preset, retraining

SHARES = (None, 0.25, 0.5, 0.75)
MARGIN = 8

_say = Console(highlight=False, soft_wrap=True).print


def main(
    data: Path,
    out: Annotated[Path, typer.Option("--out", "-o")],
    classes: Annotated[str, typer.Option()],
    position: Annotated[str | None, typer.Option()] = None,
    labeled: Annotated[int, typer.Option()] = 16,
    pool: Annotated[int, typer.Option(help="Images to correct in.")] = 60,
    places: Annotated[int, typer.Option(help="Corrected places.")] = 24,
    tested: Annotated[int, typer.Option(help="Test images.")] = 120,
    first_epochs: Annotated[int, typer.Option(help="Of 50 steps.")] = 8,
    epochs: Annotated[int, typer.Option(help="Of 50 steps, for learning on.")] = 3,
    seeds: Annotated[int, typer.Option()] = 2,
) -> None:
    """Print a line of scores for each share and seed."""
    use_threads(1)
    everything = load_folder(data, classes=classes.split(","), position=position, labeled=labeled)
    every = max(1, len(everything.hidden) // pool)
    hidden = Subset(everything.hidden, range(0, len(everything.hidden), every)[:pool])
    few = dataclasses.replace(everything, validation=_every(everything.validation, 24), origin=None)
    test = _every(everything.test, tested)
    for seed in range(seeds):
        config = dataclasses.replace(find_preset("quick"), seed=seed, epochs=first_epochs, steps=50)
        first = out / f"first-{seed}"
        if not (first / "ensemble.json").exists():
            list(runs.train("labeled-aug", few, config, folder=first))
        old = load(first)
        _say({"seed": seed, "networks": "first", **_scores(old, test)}, markup=False)
        more = _with_corrections(few, hidden, old, places)
        for share in SHARES:
            folder = out / f"share-{share}-{seed}"
            if not (folder / "ensemble.json").exists():
                learn_on = _settings(first, more, share, epochs)
                list(runs.retrain(first, more, learn_on, folder=folder, recipe="labeled-aug"))
            found = _scores(load(folder / "generation-1"), test)
            _say({"seed": seed, "share": share, **found}, markup=False)


def _settings(first: Path, data: SegmentationData, share: float | None, epochs: int) -> TrainConfig:
    _, config = retraining(first, data)
    return dataclasses.replace(config, correction_share=share, epochs=epochs, minutes=None)


def _every(samples: Any, count: int) -> Subset:
    return Subset(samples, range(0, len(samples), max(1, len(samples) // count))[:count])


def _with_corrections(
    data: SegmentationData, pool: Subset, networks: TrainedEnsemble, count: int
) -> SegmentationData:
    """The data with images of the pool whose true labels count in boxes around the best places."""
    scheme, found = data.scheme, list[Place]()
    for index, logits in predict_samples(networks.networks, pool):
        sample = pool[index]
        probability = scheme.probability(logits).numpy()
        found += find_places(
            scheme.harden(probability).astype(np.uint8),
            scheme,
            image=str(index),
            frame=0,
            probabilities=probability,
            pixels=sample.image,
        )
    boxes: dict[int, list[Any]] = {}
    for place in rank(found, limit=count):
        boxes.setdefault(int(place.image), []).append(place.box)
    corrected = [_corrected(pool[index], inside) for index, inside in boxes.items()]
    return dataclasses.replace(data, labeled=Joined([data.labeled, corrected]))


def _corrected(sample: Sample, boxes: list[Any]) -> Sample:
    shape = sample.image.shape[-2:]
    known = known_mask([padded(box, MARGIN, shape) for box in boxes], shape)
    return dataclasses.replace(sample, target=sample.labeled * known, known=known)


def _scores(networks: TrainedEnsemble, test: Subset) -> dict[str, Any]:
    scores = evaluate(networks, test)
    numbers: dict[str, float | None] = {"mcce": scores.mcce, "margin": scores.count_error_margin}
    numbers |= {f"iou {name}": value for name, value in scores.iou.items()}
    numbers |= {f"recall {name}": count.recall for name, count in scores.counts.items()}
    return {k: None if v is None else round(v, 3) for k, v in numbers.items()}


if __name__ == "__main__":
    typer.run(main)
