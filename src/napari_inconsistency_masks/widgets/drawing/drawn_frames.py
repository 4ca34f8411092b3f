"""What is drawn on an image, looked at frame by frame, each once: plain logic, no Qt."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ...boxes import Box
from ...projects.objects import numbered
from .snapshot import Drawing, DrawnClass
from .strays import boxes_around_strays


@dataclass(frozen=True)
class Scan:
    """What is drawn.

    Attributes
    ----------
    labeled, complete
        Per frame, whether it is labeled at all, and whether all over.
    undrawn
        Classes that are drawn nowhere.
    strays
        By frame, boxes around what is drawn outside of its label boxes.
    numbered
        Layers in which a class has several numbers, which are taken for single objects.
    """

    labeled: npt.NDArray[np.bool_]
    complete: npt.NDArray[np.bool_]
    undrawn: tuple[str, ...]
    strays: Mapping[int, tuple[Box, ...]] = field(default_factory=dict)
    numbered: tuple[str, ...] = ()


def scan(drawing: Drawing) -> Generator[None, None, Scan]:
    """Look at all frames; can be closed after each, as when there is another stroke.

    Raises
    ------
    InputError
        If an id has no class; the sentence names layer and frame.
    """
    looked = _LookedAt(drawing)
    strays: dict[int, tuple[Box, ...]] = {}
    for frame in range(drawing.axes.count):
        yield
        looked.take(frame)
        astray = boxes_around_strays(drawing, frame) if frame in drawing.boxes else ()
        if astray:
            strays[frame] = astray
    labeled, classes = looked.labeled, drawing.scheme.classes
    undrawn = tuple(name for name in classes if name in looked.undrawn)
    return Scan(labeled, drawing.all_over(labeled), undrawn, strays, tuple(looked.numbered))


class _LookedAt:
    """What was found on the frames so far.

    Attributes
    ----------
    labeled, numbered
        As in `Scan`.
    undrawn
        Classes of which nothing was found yet.
    """

    def __init__(self, drawing: Drawing) -> None:
        self._drawing, self._exclusive = drawing, drawing.scheme.exclusive
        self.labeled = np.zeros(drawing.axes.count, bool)
        self.labeled[list(drawing.boxes)] = True
        self.numbered: list[str] = []
        names = drawing.scheme.classes if self._exclusive else (d.name for d in drawing.drawn)
        self.undrawn = set(names)
        for item in drawing.drawn:
            if item.points is not None:
                frames, _ = drawing.axes.frames_of_points(item.points)
                self.labeled[frames[frames >= 0]] = True
                if (frames >= 0).any():
                    self.undrawn.discard(item.name)

    def take(self, frame: int) -> None:
        """Look at the labels of a frame."""
        if self._exclusive:
            self._take_ids(frame, self._drawing.class_ids(frame))
            return
        for item in self._drawing.drawn:
            if item.points is None:
                plane = self._drawing.axes.read_plane(item.labels, frame)
                self._take_plane(frame, item, plane)

    def _take_ids(self, frame: int, ids: npt.NDArray[np.uint8]) -> None:
        self.labeled[frame] |= ids.any()
        for number, name in enumerate(self._drawing.scheme.classes, start=1):
            if name in self.undrawn and (ids == number).any():
                self.undrawn.discard(name)

    def _take_plane(self, frame: int, item: DrawnClass, plane: npt.NDArray[Any]) -> None:
        if not plane.any():
            return
        self.labeled[frame] = True
        self.undrawn.discard(item.name)
        if item.layer not in self.numbered and numbered(plane):
            self.numbered.append(item.layer)
