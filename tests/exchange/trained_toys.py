"""Small ensembles that were trained, to be written for other programs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import napari_inconsistency_masks as im
from napari_inconsistency_masks.data.sample import Sample, SegmentationData
from napari_inconsistency_masks.inference.trained import TrainedEnsemble
from napari_inconsistency_masks.task import LabelScheme, Task
from toy import QUICK, toy_data, toy_sample


def trained_toy(
    folder: Path, task: Task, channels: int = 1, scheme: LabelScheme | None = None
) -> TrainedEnsemble:
    """Two networks that have learned for a second, so that they do not agree everywhere."""
    data = toy_data(task)
    data = replace(
        data,
        scheme=scheme or data.scheme,
        channels=channels,
        labeled=_colored(data.labeled, channels),
        validation=_colored(data.validation, channels),
        test=[],
        unlabeled=[],
        hidden=[],
    )
    return _trained(folder, data)


def _colored(samples: Any, channels: int) -> list[Sample]:
    return [replace(sample, image=_color(sample.image[0], channels)) for sample in samples]


def _color(gray: npt.NDArray[np.uint8], channels: int) -> npt.NDArray[np.uint8]:
    """Channels ``(C, Y, X)`` that differ in brightness."""
    return np.stack([gray // (number + 1) for number in range(channels)])


def _trained(folder: Path, data: SegmentationData) -> TrainedEnsemble:
    list(im.train("labeled", data, replace(QUICK, steps=12), folder=folder))
    return im.load(folder, device="cpu", precision="float32")


def picture(height: int, width: int, channels: int = 1) -> npt.NDArray[np.uint8]:
    """Many bright and dark squares, uint8 ``(C, Y, X)``."""
    rows, columns = -(-height // 32), -(-width // 32)
    parts = [
        [toy_sample(Task.BINARY, row * columns + column).image[0] for column in range(columns)]
        for row in range(rows)
    ]
    return _color(np.block(parts)[:height, :width], channels)
