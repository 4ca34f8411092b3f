"""What should be drawn on the frames of an image: the plain model of random walks."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from napari_inconsistency_masks.projects import FrameLabels
from napari_inconsistency_masks.projects.corrections import Corrections
from napari_inconsistency_masks.task import LabelScheme

Box = tuple[int, int, int, int]
Spot = tuple[float, float, str]
"""Row, column and state of a position."""


@dataclass
class Drawn:
    """One frame: planes ``(Y, X)`` by layer, positions and label boxes."""

    planes: dict[str, Any]
    spots: list[Spot] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)

    def copy(self) -> Drawn:
        planes = {name: plane.copy() for name, plane in self.planes.items()}
        return replace(self, planes=planes, spots=list(self.spots), boxes=list(self.boxes))

    def key(self) -> Any:
        """The same for the same labels: one number in a plane is as good as any other."""
        planes = [(name, told(self.planes[name]).tobytes()) for name in sorted(self.planes)]
        spots = sorted((round(y, 4), round(x, 4), state) for y, x, state in self.spots)
        return tuple(planes), tuple(spots), tuple(sorted(self.boxes))

    def words(self) -> str:
        """For a person who reads why a walk failed."""
        planes = {
            name: [(int(y), int(x), int(plane[y, x])) for y, x in np.argwhere(plane)][:12]
            for name, plane in self.planes.items()
        }
        return f"{planes} {self.spots} {self.boxes}"


def told(plane: Any) -> Any:
    """What files tell of a plane: the numbers of several objects, or where the only one is."""
    plane = np.asarray(plane).astype(np.int64)
    return plane if len(np.unique(plane[plane > 0])) > 1 else (plane > 0).astype(np.int64)


def layers_of(scheme: LabelScheme) -> tuple[str, ...]:
    """The layers of labels that a scheme is drawn in."""
    return ("classes",) if scheme.exclusive else scheme.states


def nothing(scheme: LabelScheme, size: tuple[int, int]) -> Drawn:
    """An empty frame."""
    return Drawn({name: np.zeros(size, np.int64) for name in layers_of(scheme)})


def from_labels(labels: FrameLabels | None, scheme: LabelScheme, size: tuple[int, int]) -> Drawn:
    """What a program reads from disk."""
    found = nothing(scheme, size)
    if labels is None:
        return found
    if labels.ids is not None:
        found.planes["classes"] = labels.ids.astype(np.int64)
    else:
        found.planes = {name: mask.astype(np.int64) for name, mask in labels.masks.items()}
    states = labels.states or ("",) * len(labels.positions)
    found.spots = [(*map(float, spot), s) for spot, s in zip(labels.positions, states, strict=True)]
    found.boxes = [tuple(map(int, box)) for box in labels.boxes]
    return found


def on_disk(
    corrections: Corrections, image: str, frames: int, size: tuple[int, int]
) -> list[Drawn]:
    """The newest labels of all frames."""
    return [
        from_labels(corrections.read(image, frame), corrections.scheme, size)
        for frame in range(frames)
    ]


def ever_saved(corrections: Corrections, image: str, frame: int) -> Iterator[Any]:
    """The keys of all versions of a frame that are still there."""
    for version in sorted((corrections.folder / image / str(frame)).glob("v*")):
        with tempfile.TemporaryDirectory() as alone:
            shutil.copytree(version, Path(alone, image, "0", version.name))
            labels = Corrections(Path(alone), corrections.scheme).read(image, 0)
            if labels is not None:
                yield from_labels(labels, corrections.scheme, labels.size).key()
