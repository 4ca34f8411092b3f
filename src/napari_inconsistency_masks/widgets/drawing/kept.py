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
from typing import Any

import numpy as np
import numpy.typing as npt
from filelock import FileLock

from ...cells import find_marks, position_markers
from ...errors import InputError
from ...files.atomic import WriteError
from ...projects import FrameLabels
from ...projects.corrections import Corrections
from ...projects.objects import area, numbered, numbers
from ...task import LabelScheme
from ..layers.frames import FrameAxes
from .kept_folders import ABOUT, IMAGE, Kept, take_folder
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
    shown
        The number of the newest save that was shown or made here, by frame.
    refused
        The same of frames whose class ids are kept as they are drawn, see `write_as_drawn`.
    lock
        Of the folder, which keeps other windows out; None for a project, which has its own.
    """

    corrections: Corrections
    image: str = IMAGE
    axes: FrameAxes | None = None
    saved: dict[int, int] = field(default_factory=dict)
    shown: dict[int, int] = field(default_factory=dict)
    refused: dict[int, int] = field(default_factory=dict)
    lock: FileLock | None = None

    def takes(self, drawing: Drawing) -> bool:
        """Whether a drawing is one of this file, with its classes and frames."""
        return self.axes == drawing.axes and self.corrections.scheme == drawing.scheme

    def save(self, frame: int, labels: FrameLabels) -> None:
        """Save a frame, if it differs from what is on disk.

        Raises
        ------
        InputError
            If a class id has no class; then the ids are kept as they are drawn.
        WriteError
            As `Corrections.write`.
        """
        mark = fingerprint(labels)
        if mark == self.saved.get(frame, 0):
            return
        try:
            shown = self.shown.get(frame, 0)
            self.shown[frame] = self.corrections.write(self.image, frame, labels, shown=shown)
        except WriteError:
            raise
        except InputError:
            if labels.ids is not None and self.refused.get(frame) != mark:
                self.corrections.write_as_drawn(self.image, frame, labels.ids)
                self.refused[frame] = mark
            raise
        self.saved[frame] = mark
        if self.refused.pop(frame, None) is not None:
            self.corrections.remove_as_drawn(self.image, frame)

    def release(self) -> None:
        """Let other windows have the folder."""
        if self.lock is not None:
            self.lock.release()


def home_in(folder: Path, scheme: LabelScheme) -> Home | None:
    """The folder of a sitting as the place to save labels; None if another window has it."""
    lock = take_folder(folder)
    if lock is None:
        return None
    return Home(Corrections(folder, scheme, anchor=folder / ABOUT), lock=lock)


def save_changed(drawing: Drawing, home: Home, first: int) -> Generator[None, None, None]:
    """Save the frames that differ from what was saved.

    Parameters
    ----------
    drawing, home
        What, and where.
    first
        The frame to begin with.

    Raises
    ------
    InputError
        At the end, if a frame holds what cannot be saved.
    WriteError
        At the end, if the operating system refused a frame; all others are saved.
    """
    problems: list[InputError] = []
    others = (frame for frame in range(drawing.axes.count) if frame != first)
    for frame in (first, *others):
        try:
            home.save(frame, frame_labels(drawing, frame))
        except WriteError as error:
            problems.append(error)
        except InputError as error:
            where = f"{drawing.name}, frame {drawing.axes.label(frame)}"
            problems.append(InputError(f"{where}: {error}"))
        yield
    if problems:
        raise next((each for each in problems if isinstance(each, WriteError)), problems[0])


@dataclass(frozen=True)
class KeptFrame:
    """What was read of a frame: its labels and their fingerprint, or None if all is damaged.

    ``number`` is that of its newest save; ``note`` says what a person should know, such as that it
    is damaged, else it is empty.
    """

    frame: int
    labels: FrameLabels | None
    mark: int = 0
    number: int = 0
    note: str = ""


def read_kept(kept: Kept) -> Generator[KeptFrame, None, None]:
    """Read labels, frame by frame; what is damaged does not stop the others."""
    corrections = Corrections(kept.folder, kept.scheme)
    for frame in kept.frames:
        number = corrections.newest_number(IMAGE, frame)
        try:
            labels = corrections.read(IMAGE, frame)
        except InputError as error:
            yield KeptFrame(frame, None, note=f"Frame {frame} is not restored: {error}")
            continue
        if labels is not None:
            yield KeptFrame(frame, labels, fingerprint(labels), number, " ".join(labels.notes))


def frame_labels(drawing: Drawing, frame: int) -> FrameLabels:
    """What is drawn on one frame; classes without a layer are empty."""
    size, scheme = drawing.axes.size, drawing.scheme
    drawn = {item.name: item for item in drawing.drawn}
    boxes = tuple(drawing.boxes.get(frame, ()))
    if scheme.exclusive and not drawing.drawn:  # a label box says that nothing is there
        return FrameLabels(size, ids=np.zeros(size, np.uint8), boxes=boxes)
    if scheme.exclusive:
        ids = drawing.axes.read_plane(drawing.drawn[0].labels, frame)
        return FrameLabels(size, ids=ids, boxes=boxes)
    masks = {
        name: numbers(drawing.axes.read_plane(drawn[name].labels, frame))
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
        plane = area(drawing.axes.read_plane(item.labels, frame))
        return find_marks(plane).centers, []
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
        mask = labels.masks[name]
        several = numbered(mask)
        marked = mask if mask.dtype == np.bool_ else mask != 0
        content = mask.astype(np.uint32) if several else np.packbits(marked)
        mark = zlib.crc32(content.tobytes(), mark)
    if labels.ids is not None:
        mark = zlib.crc32(np.ascontiguousarray(labels.ids, np.int64).tobytes(), mark)
    return mark or 1


def plane_of(labels: FrameLabels, scheme: LabelScheme, name: str) -> npt.NDArray[Any]:
    """What a layer of labels ``(Y, X)`` shows of a class, or of all if they are exclusive."""
    if scheme.exclusive:
        return labels.target(scheme)
    if name == scheme.position:
        return position_markers(labels.positions, labels.size)
    return numbers(labels.masks[name])


def said_states(labels: FrameLabels) -> tuple[str, ...]:
    """The states of positions; nothing if nobody said any."""
    return labels.states if any(labels.states) else ()
