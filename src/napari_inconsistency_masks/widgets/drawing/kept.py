"""What is drawn, saved and read frame by frame: plain logic, no Qt.

What is drawn on a file of a project is saved there. Other images have folders (`kept_folders`) that
hold the labels of frames as a project does (`projects.corrections`). Such a folder is written by
one sitting only, or by one that began with what it holds: drawing anew never replaces what was
drawn before.
"""

from __future__ import annotations

import zlib
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from napari.layers import Labels, Layer, Points

from ...cells.markers import find_markers
from ...projects import FrameLabels
from ...projects.corrections import Corrections
from ...task import LabelScheme
from ..layers.fitting import points_in, states_of
from ..layers.frames import FrameAxes
from .kept_folders import ABOUT, IMAGE, Kept
from .layer_data import LayerData
from .snapshot import Drawing, DrawnClass


@dataclass
class Home:
    """Where the labels of an image are saved.

    Attributes
    ----------
    corrections, image
        Of which folder, under which id.
    axes
        Of the file of a project; None for other images.
    saved
        Fingerprints of what is on disk, by frame.
    """

    corrections: Corrections
    image: str = IMAGE
    axes: FrameAxes | None = None
    saved: dict[int, int] = field(default_factory=dict)

    def takes(self, drawing: Drawing) -> bool:
        """Whether a drawing is one of this file, with its classes and frames."""
        return self.axes == drawing.axes and self.corrections.scheme == drawing.scheme


def home_in(folder: Path, scheme: LabelScheme) -> Home:
    """The folder of a sitting, made by `new_folder`, as the place to save labels."""
    return Home(Corrections(folder, scheme, anchor=folder / ABOUT))


def save_changed(drawing: Drawing, home: Home, first: int) -> Generator[None, None, None]:
    """Save the frames that differ from what was saved.

    Parameters
    ----------
    drawing, home
        What, and where.
    first
        The frame to begin with.
    """
    others = (frame for frame in range(drawing.axes.count) if frame != first)
    for frame in (first, *others):
        labels = frame_labels(drawing, frame)
        mark = fingerprint(labels)
        if mark != home.saved.get(frame, 0):
            home.corrections.write(home.image, frame, labels)
            home.saved[frame] = mark
        yield


def read_kept(
    kept: Kept,
) -> Generator[tuple[int, FrameLabels], None, dict[int, int]]:
    """Read labels, frame by frame; returns their fingerprints."""
    corrections = Corrections(kept.folder, kept.scheme)
    marks = {}
    for frame in kept.frames:
        labels = corrections.read(IMAGE, frame)
        if labels is not None:
            marks[frame] = fingerprint(labels)
            yield frame, labels
    return marks


def frame_labels(drawing: Drawing, frame: int) -> FrameLabels:
    """What is drawn on one frame; classes without a layer are empty."""
    size, scheme = drawing.axes.size, drawing.scheme
    drawn = {item.name: item for item in drawing.drawn}
    boxes = tuple(drawing.boxes.get(frame, ()))
    if scheme.exclusive:
        ids = drawing.axes.read_plane(drawing.drawn[0].labels, frame)
        return FrameLabels(size, ids=ids, boxes=boxes)
    masks = {
        name: drawing.axes.read_plane(drawn[name].labels, frame) > 0
        if name in drawn
        else np.zeros(size, bool)
        for name in scheme.states
    }
    positions, said = np.empty((0, 2)), list[str]()
    if scheme.position in drawn:
        positions, said = _positions(drawing, drawn[scheme.position], frame)
    states = tuple(state if state in scheme.states else "" for state in said)
    return FrameLabels(size, masks, positions=positions, states=states, boxes=boxes)


def _positions(
    drawing: Drawing, item: DrawnClass, frame: int
) -> tuple[npt.NDArray[np.float64], list[str]]:
    if item.points is None:
        plane = drawing.axes.read_plane(item.labels, frame) > 0
        return find_markers(plane, holes=False)[1], []
    here = drawing.axes.frames_of_points(item.points)[0] == frame
    letters = drawing.axes.layer_letters
    found: npt.NDArray[np.float64] = item.points[here][:, [letters.index("Y"), letters.index("X")]]
    return found, np.array(item.states)[here].tolist() if item.states else []


def fingerprint(labels: FrameLabels) -> int:
    """A number that changes with the labels; 0 for none."""
    if not labels.labeled:
        return 0
    about = (labels.boxes, np.round(labels.positions, 6).tolist(), said_states(labels))
    mark = zlib.crc32(repr(about).encode())
    for name in sorted(labels.masks):
        mark = zlib.crc32(np.packbits(np.asarray(labels.masks[name]) != 0).tobytes(), mark)
    if labels.ids is not None:
        mark = zlib.crc32(np.ascontiguousarray(labels.ids, np.int64).tobytes(), mark)
    return mark or 1


def said_states(labels: FrameLabels) -> tuple[str, ...]:
    """The states of positions; nothing if nobody said any."""
    return labels.states if any(labels.states) else ()


def put_labels(data: LayerData, frame: int, labels: FrameLabels) -> None:
    """Draw labels on an empty frame, in the layers of the classes."""
    axes, scheme = data.axes, data.scheme()
    assert axes is not None
    assert data.image is not None
    for row in data.drawn_rows:
        layer: Layer | None = row.layer
        if isinstance(layer, Points):
            points = points_in(layer, data.image, axes.points(frame, labels.positions))
            _add_points(layer, points, said_states(labels))
        elif isinstance(layer, Labels):
            axes.write_plane(layer.data, frame, labels.target(scheme)[_plane(scheme, row.name)])
            layer.refresh()
    for box in labels.boxes:
        data.boxes.add(data.image, axes, frame, box)


def _add_points(layer: Points, points: npt.NDArray[np.float64], states: tuple[str, ...]) -> None:
    known = states_of(layer) or ("",) * len(layer.data)
    layer.add(points)
    layer.selected_data = set()
    if states:
        layer.features = layer.features.assign(state=[*known, *states])
        layer.feature_defaults = {"state": ""}  # of points to come nobody has said one


def _plane(scheme: LabelScheme, name: str) -> int | slice:
    return slice(None) if scheme.exclusive else scheme.classes.index(name)
