"""What goes to the child that predicts, and what comes back: plain logic, no Qt."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...cells import Cells, find_cells
from ...inconsistency.areas import AreaSums, ClassAreas
from ...metrics.expected_counts import CountRatio
from ...task import LabelScheme
from ..layers.frames import FrameAxes
from .found_places import FoundPlace, look_for_places

_Plane = npt.NDArray[np.uint8]

CHUNK_BYTES = 2**26
MOST_PER_CHUNK = 16


@dataclass(frozen=True)
class Model:
    """Networks that are ready to predict.

    Attributes
    ----------
    run
        Their folder.
    scheme, channels, members
        What they see, in images of how many channels, and how many they are.
    wanted_device, device
        Where they were asked to compute, and where they do.
    ratios
        By class, how many cells there are for each one that they count, where this is known.
    networks
        A checksum: a run that goes on, or of which another generation is chosen, has others.
    """

    run: Path
    scheme: LabelScheme
    channels: int
    members: int
    wanted_device: str
    device: str
    ratios: Mapping[str, CountRatio] = field(default_factory=dict)
    networks: str = ""

    def predicts_like(self, other: Model) -> bool:
        """Whether these are the same networks on the same device, perhaps in another run folder."""
        mine = (self.networks, self.scheme, self.device)
        theirs = (other.networks, other.scheme, other.device)
        return self == other or (bool(self.networks) and mine == theirs)

    @classmethod
    def from_answer(cls, run: Path, wanted_device: str, answer: Mapping[str, Any]) -> Model:
        """Read the child's answer ``ready``."""
        return cls(
            run,
            LabelScheme.of_networks(answer["scheme"]),
            int(answer["channels"]),
            int(answer["members"]),
            wanted_device,
            str(answer["device"]),
            {name: CountRatio(**told) for name, told in answer.get("ratios", {}).items()},
            str(answer.get("networks", "")),
        )


@dataclass(frozen=True)
class FrameCounts:
    """Counts of one predicted frame.

    Attributes
    ----------
    frame
        Its number.
    states
        Per class: count, low, high.
    unclear
        Cells in no clear state.
    inconsistent
        Share of the area on which the networks disagree, 0 to 1.
    notes
        What a person should know.
    """

    frame: int
    states: Mapping[str, tuple[int, int, int]]
    unclear: int
    inconsistent: float
    notes: tuple[str, ...]

    @classmethod
    def from_answer(cls, frame: int, answer: Mapping[str, Any]) -> FrameCounts:
        """Read the child's answer ``frame``."""
        counts = answer["counts"]
        states = {str(k): (int(v[0]), int(v[1]), int(v[2])) for k, v in counts["states"].items()}
        notes = tuple(map(str, answer["notes"]))
        return cls(frame, states, int(counts["unclear"]), float(answer["inconsistent"]), notes)


@dataclass(frozen=True)
class FrameLayers:
    """What is shown of one predicted frame.

    Attributes
    ----------
    frame
        Its number.
    planes
        Per layer of labels ``(Y, X)``: see `label_planes`.
    mask
        ``(Y, X)``: bit k is set where the networks disagree about output k of `mask_names`.
    mask_values
        The values that occur in it, without 0.
    votes, most_votes
        ``(Y, X)``: how many networks are outvoted; and the highest of these numbers.
    areas
        Of the classes.
    cells
        Positions and states, or None if the scheme has no positions.
    places
        Where the networks differ.
    counted
        The cells or objects that are counted: those of all networks together, then of each.
    """

    frame: int
    planes: dict[str, _Plane]
    mask: npt.NDArray[np.uint16]
    mask_values: frozenset[int]
    votes: _Plane
    most_votes: int
    areas: ClassAreas
    cells: Cells | None
    places: tuple[FoundPlace, ...] = ()
    counted: tuple[Cells, ...] = ()


def mask_names(scheme: LabelScheme) -> tuple[str, ...]:
    """The classes the inconsistency mask can be shown for one by one."""
    return scheme.classes if len(scheme.classes) <= 16 else ()


def plane_names(scheme: LabelScheme) -> tuple[str, ...]:
    """The layers of labels: one per state, or one for all exclusive classes."""
    if scheme.exclusive:
        return ("classes",)
    return scheme.states or scheme.classes


def label_planes(classes: _Plane, scheme: LabelScheme) -> dict[str, _Plane]:
    """Labels ``(Y, X)`` by layer: a state with its number, or all ids of exclusive classes."""
    if scheme.exclusive:
        return dict.fromkeys(plane_names(scheme), scheme.to_target(classes != 0))
    numbers = {name: number for number, name in enumerate(scheme.classes)}
    return {
        name: classes[numbers[name]] * np.uint8(numbers[name] + 1) for name in plane_names(scheme)
    }


def mask_plane(disagreed: _Plane, scheme: LabelScheme) -> npt.NDArray[np.uint16]:
    """The inconsistency mask ``(Y, X)`` with a bit per class, from ``(K, Y, X)``."""
    names = mask_names(scheme)
    if not names:
        return np.asarray(disagreed.any(axis=0), np.uint16)
    of_classes = disagreed[-len(names) :].astype(np.uint16)  # without "blanked"
    bits = np.uint16(1) << np.arange(len(names), dtype=np.uint16)
    mask: npt.NDArray[np.uint16] = np.bitwise_or.reduce(of_classes * bits[:, None, None], axis=0)
    return mask


def chunks(frames: Sequence[int], axes: FrameAxes, itemsize: int) -> Iterator[tuple[int, ...]]:
    """Frames in groups small enough for memory, disk and patience."""
    bytes_each = axes.size[0] * axes.size[1] * axes.channels * itemsize
    count = max(1, min(MOST_PER_CHUNK, CHUNK_BYTES // max(1, bytes_each)))
    for start in range(0, len(frames), count):
        yield tuple(frames[start : start + count])


def write_chunk(
    image: Any, axes: FrameAxes, frames: Sequence[int], folder: Path
) -> Generator[None, None, Path]:
    """Write frames ``(N, C, Y, X)`` to a file for the child, and return its path."""
    folder.mkdir(parents=True)
    path = folder / "image.npy"
    first = axes.read(image, frames[0])
    shape = (len(frames), *first.shape)
    array = np.lib.format.open_memmap(path, "w+", first.dtype, shape)
    for number, frame in enumerate(frames):
        array[number] = first if number == 0 else axes.read(image, frame)
        yield
    array.flush()
    return path


def read_frames(
    waiting: deque[tuple[int, int, Path]], scheme: LabelScheme
) -> Generator[FrameLayers, None, None]:
    """Read predicted frames, given as (frame, number in the file, folder), until none waits."""
    while waiting:
        frame, number, folder = waiting.popleft()
        yield read_frame(frame, number, folder, scheme)


def read_frame(frame: int, number: int, folder: Path, scheme: LabelScheme) -> FrameLayers:
    """Read what the child predicted for a frame."""
    classes, disagreed, votes = (
        np.array(np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)[number])
        for name in ("classes", "inconsistency", "votes")
    )
    members = np.array(np.load(folder / "members.npy", mmap_mode="r", allow_pickle=False)[number])
    mask = mask_plane(disagreed, scheme)
    counted = tuple(find_cells(labels != 0, scheme) for labels in (classes, *members))
    areas = AreaSums(scheme)
    areas.feed(classes, members)
    return FrameLayers(
        frame=frame,
        planes=label_planes(classes, scheme),
        mask=mask,
        mask_values=frozenset(np.unique(mask).tolist()) - {0},
        votes=votes,
        most_votes=int(votes.max(initial=0)),
        areas=areas.result(),
        cells=counted[0] if scheme.position is not None else None,
        places=look_for_places(classes != 0, members, scheme, frame, counted),
        counted=counted,
    )
