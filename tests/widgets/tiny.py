"""Data and networks so small that real programs train and use them within seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from napari.layers import Image, Labels, Points

from napari_inconsistency_masks.cells import find_marks
from napari_inconsistency_masks.files.atomic import write_json
from napari_inconsistency_masks.files.tiff import write_tiff
from napari_inconsistency_masks.task import LabelScheme, Task
from toy import QUICK, SCHEMES, toy_sample

LONG = replace(QUICK, members=1, teachers=1, generations=0, epochs=100_000, steps=5)
"""Training that goes on until somebody stops it."""

SIDE = 48
PATIENCE = 90_000
"""Milliseconds for programs that import torch while the machine does something else."""


def add_stack(viewer: Any, frames: int = 8, labeled: int = 4) -> list[Any]:
    """A stack of squares, with bright and dark ones painted and their positions as points."""
    samples = [toy_sample(Task.MULTILABEL, number, SIDE) for number in range(frames)]
    image = np.stack([sample.image[0] for sample in samples])
    masks = np.stack([sample.labeled for sample in samples])  # (N, K, Y, X)
    masks[labeled:] = 0
    centers = [
        np.column_stack([np.full(2, number), find_marks(mask[2] != 0).centers])
        for number, mask in enumerate(masks[:labeled])
    ]
    layers = [
        Image(image, name="squares"),
        Labels(masks[:, 0].copy(), name="bright"),
        Labels(masks[:, 1].copy(), name="dark"),
        Points(np.concatenate(centers), name="position", size=4),
    ]
    return [viewer.add_layer(layer) for layer in layers]


def write_folder(root: Path, images: int = 8, labeled: int = 5) -> Path:
    """The same as files: images, and a folder of masks per class."""
    for number in range(images):
        sample = toy_sample(Task.MULTILABEL, number, SIDE)
        planes = {"images": sample.image[0]}
        if number < labeled:
            classes = SCHEMES[Task.MULTILABEL].classes
            planes |= dict(zip(classes, sample.labeled * np.uint8(255), strict=True))
        for name, plane in planes.items():
            (root / name).mkdir(parents=True, exist_ok=True)
            write_tiff(root / name / f"squares_{number:02d}.tif", plane, "YX")
    return root


def write_networks(folder: Path, scheme: LabelScheme, members: int = 2) -> Path:
    """Networks as training leaves them, of which none has learned anything."""
    from napari_inconsistency_masks.checkpoint import ModelCard, save_network
    from napari_inconsistency_masks.intensity import Intensity
    from napari_inconsistency_masks.nets.ensemble import Architecture, Ensemble

    architecture = Architecture(1, scheme.outputs, 0.25)
    card = ModelCard(scheme, architecture, Intensity())
    folder.mkdir(parents=True)
    names = [f"network-{number}.safetensors" for number in range(members)]
    ensemble = Ensemble.create(architecture, members, seed=1)
    for name, network in zip(names, ensemble.networks, strict=True):
        save_network(folder / name, network, card)
    write_json(folder / "ensemble.json", {"generation": 0, "networks": names})
    return folder


def setting(config: Any) -> Callable[[Any], Any]:
    """For `TrainSetup.set`: these settings, whatever they were."""
    return lambda _: config
