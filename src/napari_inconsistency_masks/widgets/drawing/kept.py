"""Copies on disk of what is drawn, one folder per image and sitting: plain logic, no Qt.

What is drawn on a file of a project is saved there. For other images ``ROOT/NAME-KEY-N/`` holds
the labels of frames as a project does (`projects.corrections`) and ``about.json``. A folder is
written by one sitting only, or by one that began with what it holds: drawing anew never replaces
what was drawn before.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Generator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from napari.layers import Labels, Layer, Points

from ...cells.markers import find_markers
from ...files.atomic import write_json
from ...projects import FrameLabels
from ...projects.corrections import Corrections
from ...task import LabelScheme
from ..layers.fitting import states_of
from ..layers.frames import FrameAxes
from .layer_data import LayerData
from .snapshot import Drawing, DrawnClass

IMAGE = "image"
"""The one image of a folder."""

ABOUT = "about.json"
_UNSAFE = re.compile(r"[^\w.-]+")


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


@dataclass(frozen=True)
class Kept:
    """A folder with labels: which frames it has, in order."""

    folder: Path
    frames: tuple[int, ...]


def key_of(drawing: Drawing, source: str) -> str:
    """A name for the copies of an image (its file, if it has one) with certain classes."""
    scheme = drawing.scheme
    about = (source or drawing.name, drawing.axes.letters, drawing.axes.shape, str(asdict(scheme)))
    stem = _UNSAFE.sub("-", drawing.name).strip("-.")[:40] or "image"
    return f"{stem}-{zlib.crc32(repr(about).encode()):08x}"


def home_in(folder: Path, scheme: LabelScheme) -> Home:
    """The folder of a sitting, made by `new_folder`, as the place to save labels."""
    return Home(Corrections(folder, scheme, anchor=folder / ABOUT))


def newest_kept(root: Path, key: str, scheme: LabelScheme) -> Kept | None:
    """The labels kept last for an image, or None."""
    for number in sorted(_numbers(root, key), reverse=True):
        folder = root / f"{key}-{number}"
        found = Corrections(folder, scheme).frames(IMAGE)
        frames = tuple(frame for frame, saved in found.items() if saved.labeled)
        if frames:
            return Kept(folder, frames)
    return None


def new_folder(root: Path, key: str, drawing: Drawing, source: str) -> Path:
    """Make the folder of a sitting."""
    folder = root / f"{key}-{max(_numbers(root, key), default=0) + 1}"
    folder.mkdir(parents=True)
    about = {"image": drawing.name, "file": source, "axes": drawing.axes.letters}
    shape = list(drawing.axes.shape)
    try:
        write_json(folder / ABOUT, {**about, "shape": shape, "labels": asdict(drawing.scheme)})
    except OSError:
        with suppress(OSError):
            folder.rmdir()
        raise
    return folder


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
    kept: Kept, scheme: LabelScheme
) -> Generator[tuple[int, FrameLabels], None, dict[int, int]]:
    """Read labels, frame by frame; returns their fingerprints."""
    corrections = Corrections(kept.folder, scheme)
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
            _add_points(layer, axes.points(frame, labels.positions), said_states(labels))
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


def _numbers(root: Path, key: str) -> list[int]:
    if not root.is_dir():
        return []
    found = (re.fullmatch(rf"{re.escape(key)}-(\d+)", path.name) for path in root.iterdir())
    return [int(match[1]) for match in found if match]
