"""What a person drew on an image, as labels to learn from or to compare with.

Plain logic, no Qt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...boxes import Box, known_mask
from ...cells import position_markers
from ...data.corrected import IMAGES, MASKS
from ...data.sources import SOURCE
from ...errors import InputError
from ...files.atomic import write_json
from ...files.names import LONGEST, composed, is_device, printable, refuse_long
from ...files.tiff import write_tiff
from ...projects.objects import area
from ...task import LabelScheme
from ..layers.frames import FrameAxes

KNOWN = "known"
"""With `IMAGES` and `MASKS` a folder of a snapshot; those of classes have the classes' names."""

_NAME = re.compile(r"[\w][\w .-]*")
_NO_NAME = re.compile(r"[^\w .-]+")
_RESERVED = {IMAGES, MASKS, KNOWN, "splits", "image", "brightfield", "raw", "img"}


@dataclass(frozen=True)
class DrawnClass:
    """One class, drawn as a mask or as positions.

    Attributes
    ----------
    name
        Of the class (of the layer for the ids of exclusive classes).
    layer
        Name of the layer it is drawn in, for messages.
    labels
        Array of `FrameAxes.layer_shape`, above 0 where the class is (or class ids), or None.
        Several numbers are single objects.
    points
        Positions ``(N, axes)`` in pixels of the image, or None.
    states
        What the layer's feature ``state`` says of each of them; empty if it has none.
    """

    name: str
    layer: str
    labels: Any = None
    points: npt.NDArray[np.float64] | None = None
    states: tuple[str, ...] = ()

    def is_empty(self) -> bool:
        """Whether nothing is drawn."""
        if self.points is not None:
            return not len(self.points)
        return not np.asarray(self.labels).any()


@dataclass(frozen=True)
class Drawing:
    """An image with what is drawn on it; a copy or a view of the layers' arrays.

    Attributes
    ----------
    name
        Of the image.
    axes, image
        The array and what its axes mean.
    scheme
        What the labels mean.
    drawn
        One item per class, or one with ids if the classes are exclusive.
    boxes
        By frame, the boxes inside which everything is labeled, and outside of which nothing is
        known; a frame without any is labeled completely, if anything is drawn on it.
    file
        Of the image, if it is known.
    """

    name: str
    axes: FrameAxes
    image: Any
    scheme: LabelScheme
    drawn: tuple[DrawnClass, ...]
    boxes: Mapping[int, tuple[Box, ...]] = field(default_factory=dict)
    file: Path | None = None

    def frozen(self) -> Drawing:
        """The same with copies of all labels, so that further strokes do not change it."""
        copies = tuple(
            item if item.labels is None else DrawnClass(item.name, item.layer, _copy(item.labels))
            for item in self.drawn
        )
        return replace(self, drawn=copies)

    def labeled_frames(self) -> npt.NDArray[np.bool_]:
        """Per frame, whether anything is drawn on it, or a box says that nothing is there."""
        drawn = [self._frames_with(item) for item in self.drawn]
        labeled: npt.NDArray[np.bool_] = np.logical_or.reduce(drawn)
        labeled[list(self.boxes)] = True
        return labeled

    def complete_frames(self) -> npt.NDArray[np.bool_]:
        """Per frame, whether it is labeled all over: anything is drawn on it, and no box."""
        return self.all_over(self.labeled_frames())

    def all_over(self, labeled: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Of labeled frames those without boxes."""
        complete = labeled.copy()
        complete[list(self.boxes)] = False
        return complete

    def known(self, frame: int) -> npt.NDArray[np.bool_] | None:
        """Where the labels of a frame count ``(Y, X)``, or None for everywhere."""
        boxes = self.boxes.get(frame)
        return None if boxes is None else known_mask(boxes, self.axes.size)

    def _frames_with(self, item: DrawnClass) -> npt.NDArray[np.bool_]:
        found = np.zeros(self.axes.count, bool)
        if item.points is not None:
            frames, _ = self.axes.frames_of_points(item.points)
            found[frames[frames >= 0]] = True
        else:
            for frame in range(self.axes.count):
                found[frame] = self.axes.read_plane(item.labels, frame).any()
        return found

    def target(self, frame: int) -> npt.NDArray[np.uint8]:
        """Labels of one frame, as in `LabelScheme`; objects that touch are set apart."""
        if self.scheme.exclusive:
            return self.class_ids(frame)
        planes = [self._mask(item, frame) for item in self.drawn]
        return np.stack(planes).astype(np.uint8)

    def _mask(self, item: DrawnClass, frame: int) -> npt.NDArray[np.bool_]:
        if item.points is None:
            return area(self.axes.read_plane(item.labels, frame))
        frames, positions = self.axes.frames_of_points(item.points)
        return position_markers(positions[frames == frame], self.axes.size)

    def class_ids(self, frame: int) -> npt.NDArray[np.uint8]:
        """Ids of exclusive classes on a frame ``(Y, X)``, 0 where nothing is drawn.

        Raises
        ------
        InputError
            If an id has no class; the sentence names layer and frame.
        """
        item = self.drawn[0]
        ids = self.axes.read_plane(item.labels, frame)
        highest = len(self.scheme.classes)
        if ids.min() < 0 or ids.max() > highest:
            wrong = int(ids.max()) if ids.max() > highest else int(ids.min())
            there = "is 1 class" if highest == 1 else f"are {highest} classes"
            raise InputError(
                f"Layer {item.layer!r} has the label {wrong} on frame {frame}, and there {there}; "
                f"add a class for it, or erase it."
            )
        return ids.astype(np.uint8)


def class_name(layer: str, others: Iterable[str] = ()) -> str:
    """A name for the class drawn in a layer: most like the layer's, and none of the others.

    For ``Labels [1]`` it is ``Labels 1``.
    """
    words = _NO_NAME.sub(" ", composed(layer)).split()
    name = " ".join(words)[:LONGEST].strip(" .-") or "class"
    if _is_reserved(name):
        name = f"class {name}" if is_device(name) else f"{name} class"
    taken = {other.casefold() for other in others}
    number, free = 2, name
    while free.casefold() in taken:
        free, number = f"{name} {number}", number + 1
    return free


def _is_reserved(name: str) -> bool:
    """Whether a folder of masks cannot be called so."""
    return name.lower() in _RESERVED or is_device(name)


def check_class_names(names: Sequence[str]) -> None:
    """Refuse names of classes that cannot be names of folders on every system."""
    for name in names:
        if not _NAME.fullmatch(name) or _is_reserved(name) or name != name.rstrip(" ."):
            raise InputError(
                f"Class name {printable(name)!r}: give letters, digits, spaces, - or _, and not "
                f"the name of a folder of images."
            )
        refuse_long("Class name", name)
    folded = [name.casefold() for name in names]
    for name in names:
        if folded.count(name.casefold()) > 1:
            raise InputError(f"Class name {name!r}: each class needs a name of its own.")


def write_snapshot(
    drawing: Drawing, folder: Path, *, only_labeled: bool = False
) -> Iterator[tuple[int, int]]:
    """Write an image and its labels as a folder of data, one TIFF per frame.

    Yields
    ------
    tuple of int
        Frames written and to write.
    """
    check_class_names(drawing.scheme.classes)
    (folder / IMAGES).mkdir(parents=True)
    labeled = drawing.labeled_frames()
    frames = np.flatnonzero(labeled).tolist() if only_labeled else range(drawing.axes.count)
    digits = max(4, len(str(drawing.axes.count)))
    of_file = {}
    for done, frame in enumerate(frames, start=1):
        file = f"frame_{frame:0{digits}d}.tif"
        image = drawing.axes.read(drawing.image, frame)
        one = len(image) == 1
        write_tiff(folder / IMAGES / file, image[0] if one else image, "YX" if one else "CYX")
        if labeled[frame]:
            _write_masks(drawing, folder, frame, file)
        of_file[Path(file).stem] = frame
        yield done, len(frames)
    file_name = None if drawing.file is None else str(drawing.file)
    write_json(folder / SOURCE, {"file": file_name, "frames": of_file})


def _write_masks(drawing: Drawing, folder: Path, frame: int, file: str) -> None:
    target = drawing.target(frame)
    if drawing.scheme.exclusive:
        masks = {MASKS: target}
    else:
        masks = dict(zip(drawing.scheme.classes, target * np.uint8(255), strict=True))
    known = drawing.known(frame)
    if known is not None:
        masks[KNOWN] = known * np.uint8(255)
    for name, mask in masks.items():
        (folder / name).mkdir(exist_ok=True)
        write_tiff(folder / name / file, mask, "YX")


def _copy(labels: Any) -> npt.NDArray[Any]:
    return np.array(labels)
