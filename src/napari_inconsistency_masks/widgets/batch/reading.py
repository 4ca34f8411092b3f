"""An image with its results of a batch, read to be shown: plain logic, no Qt."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...batch import BatchResults
from ...batch.images import Image, look_at
from ...batch.listing import Found
from ...data.pixels import to_channels
from ...errors import InputError
from ...files.images import StackFile, open_stack
from ...files.tables import iterate_csv
from ..layers.file_frames import FileFrames
from ..layers.frames import FrameAxes

MOST_CELLS = 100_000
"""Cells that are shown as points; more would make napari slow."""

STACKS = ("labels", "mask", "votes")
"""Kinds of results with one plane per frame."""

_READ_AT_ONCE = 5000


@dataclass
class ReadImage:
    """An image and its results, opened.

    Attributes
    ----------
    name
        What tables call it.
    source, image
        Its file, and what the batch knows of it.
    members
        How many networks can be outvoted.
    classes
        Those of which there are masks: all but the one of positions.
    kinds
        The results there are, of `STACKS`.
    frames
        By label, as ``t=3``, the number of each frame in the file that was processed.
    limits
        Least and largest gray value of the first frame that is looked at.
    points, states
        Centers of cells ``(N, axes)``, and the state of each; None if there is no such table.
    note
        What a person should know.
    stacks, masks
        Open results by kind; the numbers of `classes` among the masks.
    pages
        By frame, its place in the results.
    opened
        Closes all files.
    """

    name: str
    source: FileFrames
    image: Image
    members: int = 1
    classes: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    frames: dict[str, int] = field(default_factory=dict)
    limits: tuple[float, float] = (0.0, 1.0)
    points: npt.NDArray[np.float64] | None = None
    states: list[str] = field(default_factory=list)
    note: str = ""
    stacks: dict[str, StackFile] = field(default_factory=dict)
    masks: tuple[int, ...] = ()
    pages: dict[int, int] = field(default_factory=dict)
    opened: ExitStack = field(default_factory=ExitStack)

    @property
    def axes(self) -> FrameAxes:
        """Axes of the image layer."""
        return self.source.axes

    def read(self, frame: int) -> dict[str, npt.NDArray[Any]]:
        """A frame: ``image``, and ``class NAME`` and some of `STACKS` as ``(Y, X)``.

        Of a frame that was not processed there is nothing in the results. Where the layer has an
        axis of channels, results have length 1 along it.
        """
        size = self.source.header.size_yx
        page = self.pages.get(frame)
        planes: dict[str, npt.NDArray[Any]] = {}
        if page is None:
            planes = {f"class {name}": np.zeros(size, np.uint8) for name in self.classes}
            planes |= {kind: np.zeros(size, plane_type(kind)) for kind in self.kinds}
        else:
            planes = {kind: self.stacks[kind][page] for kind in self.kinds}
            planes |= self._read_masks(page)
        if "mask" in planes:
            planes["mask"] = (planes["mask"] != 0).astype(np.uint8)
        if "C" in self.axes.layer_letters:
            planes = {key: plane[np.newaxis] for key, plane in planes.items()}
        return {"image": self.source.frame(frame), **planes}

    def _read_masks(self, page: int) -> dict[str, npt.NDArray[Any]]:
        if not self.classes:
            return {}
        stack = self.stacks["masks"]
        channels = to_channels(stack[page], stack.header.frame_axes)
        return {
            f"class {name}": (channels[number] != 0).astype(np.uint8)
            for number, name in zip(self.masks, self.classes, strict=True)
        }

    def close(self) -> None:
        """Close all files."""
        self.opened.close()


def plane_type(kind: str) -> type[np.uint16 | np.uint8]:
    """Data type of results."""
    return np.uint16 if kind == "labels" else np.uint8


def open_image(results: BatchResults, name: str, label: str) -> Generator[None, None, ReadImage]:
    """Open an image with its results, and read the frame with this label.

    Raises
    ------
    InputError
        If the image is gone or not what it was, or a result cannot be read.
    """
    plan = results.plan
    known = results.image(name)
    image = look_at(Found(Path(known.path), name), known.stem, plan.options, plan.model.channels)
    if image.problem is not None:
        raise InputError(image.problem)
    yield
    source = FileFrames(Path(image.path), plan.options.axes)
    read = ReadImage(name, source, image, plan.model.members)
    try:
        read.opened.callback(source.close)
        read.frames = {image.label(frame): frame for frame in image.frame_indices()}
        read.pages = {frame: page for page, frame in enumerate(image.frame_indices())}
        _open_stacks(results, read)
        yield
        yield from _read_cells(results, read)
        gray = source.frame(read.frames.get(label, 0))
        read.limits = _limits(gray)
    except BaseException:
        read.close()
        raise
    return read


def _open_stacks(results: BatchResults, read: ReadImage) -> None:
    files, scheme = results.files(read.image), results.plan.model.scheme
    pages = read.image.frame_count
    for kind in ("masks", *STACKS):
        if kind in files:
            stack = read.stacks[kind] = open_stack(files[kind])
            read.opened.callback(stack.close)
            header = stack.header
            if (header.frame_count, header.size_yx) != (pages, read.source.header.size_yx):
                raise InputError(
                    f"{files[kind]}: {header.frame_count} frames of {header.size_yx}, and the "
                    f"image has {pages} of {read.source.header.size_yx}; one of the two changed."
                )
    read.kinds = tuple(kind for kind in STACKS if kind in read.stacks)
    if "masks" in read.stacks:
        numbered = [pair for pair in enumerate(scheme.classes) if pair[1] != scheme.position]
        read.masks = tuple(number for number, _ in numbered)
        read.classes = tuple(name for _, name in numbered)


def _read_cells(results: BatchResults, read: ReadImage) -> Iterator[None]:
    path = results.files(read.image).get("cells")
    if path is None:
        return
    frames: list[int] = []
    centers: list[tuple[float, float]] = []
    for row in iterate_csv(path):
        frames.append(read.frames[row["frame"]])
        centers.append((float(row["y_px"]), float(row["x_px"])))
        read.states.append(row["state"])
        if len(frames) % _READ_AT_ONCE == 0:
            yield
        if len(frames) > MOST_CELLS:
            read.note = (
                f"{read.name} has more than {MOST_CELLS:,} cells, too many to show as points; "
                f"{path.name} has them all."
            )
            read.states.clear()
            return
    read.points = _points(read.axes, np.array(frames, np.int64), np.array(centers).reshape(-1, 2))


def _points(
    axes: FrameAxes, frames: npt.NDArray[np.int64], centers: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Points ``(N, axes)`` for a layer, from frames ``(N,)`` and (row, column) ``(N, 2)``."""
    columns: dict[str, npt.NDArray[Any]] = {
        "Y": centers[:, 0],
        "X": centers[:, 1],
        "C": np.zeros(len(centers)),
    }
    if axes.stack_shape:
        places = np.unravel_index(frames, axes.stack_shape)
        columns |= dict(zip(axes.stack_letters, places, strict=True))
    return np.column_stack([columns[letter] for letter in axes.layer_letters]).astype(float)


def _limits(gray: npt.NDArray[Any]) -> tuple[float, float]:
    finite = gray[np.isfinite(gray)]
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    return (low, high) if low < high else (low, low + 1.0)
