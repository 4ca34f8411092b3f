"""A file of a project with its saved labels, read and ready to become layers: no Qt."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Image, Labels, Layer, Points

from ..boxes import Box
from ..errors import InputError
from ..files.header import ImageHeader
from ..projects import ImageEntry, Project
from ..projects.corrections import Corrections
from ..task import LabelScheme
from ._class_rows import MASK, POSITION, ClassRow
from ._colors import class_color
from ._drawing_layers import numbered_colors, points_look
from ._file_frames import FileFrames, layer_look
from ._frames import FrameAxes
from ._kept import Home, fingerprint, said_states
from ._layers import geometry, mark


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
    saved
        Fingerprints of the labels by frame, as in `Home`.
    notes
        What a person should know about how the labels were read.
    """

    entry: ImageEntry
    header: ImageHeader
    axes: FrameAxes
    pixels: npt.NDArray[Any]
    planes: dict[str, npt.NDArray[np.uint8]]
    points: npt.NDArray[np.float64]
    states: list[str]
    boxes: dict[int, tuple[Box, ...]]
    saved: dict[int, int]
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
    names = ("classes",) if scheme.exclusive else scheme.states
    found = ReadFile(
        entry, frames.header, axes, pixels,
        {name: np.zeros(axes.layer_shape, np.uint8) for name in names},
        np.zeros((0, len(axes.layer_letters))), [], {}, {}, [],
    )  # fmt: skip
    for frame in project.corrections.frames(image_id):
        if frame < axes.count:
            _read_frame(project.corrections, scheme, found, frame)
            yield frame, axes.count
    return found


def home_of(project: Project, read: ReadFile) -> Home:
    """Where strokes on the file are saved."""
    return Home(project.corrections, read.entry.id, read.axes, read.saved)


def image_layer(read: ReadFile, name: str) -> Image:
    """The file as a layer."""
    about = mark("file", file=read.entry.id)
    look = layer_look(read.header, read.axes)
    return Image(read.pixels, name=name, rgb=read.axes.color_last, metadata=about, **look)


def class_layers(
    read: ReadFile, image: Image, scheme: LabelScheme
) -> Generator[tuple[ClassRow, ...], None, None]:
    """Make a layer per class; yields the rows that are drawn in it, the layer among them."""
    where = {**geometry(image, read.axes), "metadata": mark("drawing", of=image.name)}
    if scheme.exclusive:
        colors = numbered_colors(class_color(i) for i in range(len(scheme.classes)))
        layer = _labels(read.planes["classes"], "classes", colors, where)
        rows = [ClassRow(name, class_color(i)) for i, name in enumerate(scheme.classes)]
        yield (ClassRow(rows[0].name, rows[0].color, MASK, layer), *rows[1:])
        return
    for number, name in enumerate(scheme.classes):
        color = class_color(number)
        if name == scheme.position:
            yield (ClassRow(name, color, POSITION, _points(read, name, color, where)),)
        else:
            colors = numbered_colors([color])
            yield (ClassRow(name, color, MASK, _labels(read.planes[name], name, colors, where)),)


def _check_same(entry: ImageEntry, header: ImageHeader, path: Path) -> None:
    if (header.frame_count, header.size_yx) != (entry.frames, entry.size):
        raise InputError(
            f"{path.name} has changed: {header.frame_count} frames of {header.size_yx}, and it "
            f"had {entry.frames} of {entry.size} when it was added to the project."
        )


def _read_frame(corrections: Corrections, scheme: LabelScheme, found: ReadFile, frame: int) -> None:
    """Take the labels of a frame; if all saves are damaged, it is shown empty and said so."""
    try:
        labels = corrections.read(found.entry.id, frame)
    except InputError as error:
        found.notes.append(f"Frame {frame} is shown without labels: {error}")
        return
    if labels is None:
        return
    found.notes += labels.notes
    found.saved[frame] = fingerprint(labels)
    axes = found.axes
    target = labels.target(scheme)
    for name, plane in found.planes.items():
        values = target if scheme.exclusive else target[scheme.classes.index(name)]
        axes.write_plane(plane, frame, values)
    found.points = np.concatenate([found.points, axes.points(frame, labels.positions)])
    found.states += said_states(labels) or [""] * len(labels.positions)
    if labels.boxes:
        found.boxes[frame] = labels.boxes


def _labels(plane: npt.NDArray[np.uint8], name: str, colors: Any, where: Any) -> Layer:
    return Labels(plane, name=name, colormap=colors, opacity=0.6, **where)


def _points(read: ReadFile, name: str, color: str, where: Any) -> Layer:
    features = {"state": read.states} if any(read.states) else None
    layer = Points(read.points, name=name, features=features, **points_look(color), **where)
    if features is not None:
        layer.feature_defaults = {"state": ""}  # of points to come nobody has said one
    return layer
