"""A file of a project with its saved labels, read and ready to be shown: plain logic, no Qt."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...boxes import Box
from ...errors import InputError
from ...files.header import ImageHeader
from ...projects import ImageEntry, Project
from ...projects.corrections import Corrections
from ...projects.image_files import content_remark
from ...projects.objects import ROOM
from ...task import LabelScheme
from ..drawing.kept import Home, fingerprint, plane_of, said_states
from ..layers.file_frames import FileFrames
from ..layers.frames import FrameAxes


@dataclass
class ReadFile:
    """A file, and what is drawn on it.

    Attributes
    ----------
    pixels
        The whole image, see `FileFrames`.
    planes
        Per class that is an area (or one for all exclusive ones) an array of `layer_shape`.
    points, states
        Positions ``(N, axes)``, and what is said of each.
    boxes
        Label boxes by frame.
    saved, shown
        Fingerprints of the labels by frame, and numbers of their saves, as in `Home`.
    notes
        What a person should know about how the labels were read.
    """

    entry: ImageEntry
    header: ImageHeader
    axes: FrameAxes
    pixels: npt.NDArray[Any]
    planes: dict[str, npt.NDArray[np.integer[Any]]]
    points: npt.NDArray[np.float64]
    states: list[str]
    boxes: dict[int, tuple[Box, ...]]
    saved: dict[int, int]
    shown: dict[int, int]
    notes: list[str]


def read_file(project: Project, image_id: str) -> Generator[tuple[int, int], None, ReadFile]:
    """Read an image with its labels; yields how many of how many frames are read.

    Raises
    ------
    InputError
        If the file is missing or cannot be read, or is not the one that was added.
    """
    entry, path = project.image(image_id), project.path_of(image_id)
    frames = FileFrames(path)
    try:
        _check_same(entry, frames.header, path)
        pixels = yield from frames.read_all()
    finally:
        frames.close()
    axes, scheme = frames.axes, project.scheme
    room = np.uint8 if scheme.exclusive else ROOM
    found = ReadFile(
        entry, frames.header, axes, pixels,
        {name: np.zeros(axes.layer_shape, room) for name in classes_drawn(scheme)},
        np.zeros((0, len(axes.layer_letters))), [], {}, {}, {}, [],
    )  # fmt: skip
    for frame in project.corrections.frames(image_id):
        if frame < axes.count:
            _read_frame(project.corrections, scheme, found, frame)
            yield frame, axes.count
    if found.saved and (remark := content_remark(path, entry)):
        found.notes.append(remark)
    return found


def classes_drawn(scheme: LabelScheme) -> tuple[str, ...]:
    """The layers of labels: one per class that is an area, or one for all exclusive ones."""
    return ("classes",) if scheme.exclusive else scheme.states


def home_of(project: Project, read: ReadFile) -> Home:
    """Where strokes on the file are saved."""
    return Home(project.corrections, read.entry.id, read.axes, read.saved, read.shown)


def _check_same(entry: ImageEntry, header: ImageHeader, path: Path) -> None:
    if (header.frame_count, header.size_yx) != (entry.frames, entry.size):
        raise InputError(
            f"{path.name} has changed: {header.frame_count} frames of {header.size_yx}, and it "
            f"had {entry.frames} of {entry.size} when it was added to the project."
        )


def _read_frame(corrections: Corrections, scheme: LabelScheme, found: ReadFile, frame: int) -> None:
    """Take the labels of a frame; if all saves are damaged, it is shown empty and said so."""
    number = corrections.newest_number(found.entry.id, frame)
    try:
        labels = corrections.read(found.entry.id, frame)
    except InputError as error:
        found.notes.append(f"Frame {frame} is shown without labels: {error}")
        return
    if labels is None:
        return
    found.notes += labels.notes
    found.saved[frame], found.shown[frame] = fingerprint(labels), number
    axes = found.axes
    for name, plane in found.planes.items():
        values = plane_of(labels, scheme, name)  # (Y, X)
        if values.dtype.itemsize > plane.dtype.itemsize:  # numbers of many objects
            found.planes[name] = plane.astype(values.dtype)
        axes.write_plane(found.planes[name], frame, values)
    found.points = np.concatenate([found.points, axes.points(frame, labels.positions)])
    found.states += said_states(labels) or [""] * len(labels.positions)
    if labels.boxes:
        found.boxes[frame] = labels.boxes
