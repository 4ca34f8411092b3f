"""The labels of a project's frames, each saved whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter, ValidationError

from ..boxes import Box, known_mask
from ..cells import position_markers
from ..errors import InputError
from ..files.atomic import write_json
from ..files.folders import make_folder, remove, require
from ..files.images import open_bytes
from ..files.json_files import parse_json
from ..files.names import about
from ..files.tables import parse_csv, write_csv
from ..files.tiff import write_tiff
from ..task import LabelScheme
from .labels import FrameLabels
from .layout import BOXES, CLASS_IDS, KNOWN, POSITIONS, frame_folder, mask_file, mask_files
from .objects import area, numbered
from .versions import (
    Manifest,
    Version,
    copy_version,
    newest_manifest,
    newest_number,
    newest_version,
    write_version,
)

AS_DRAWN = "as-drawn.tif"
"""Beside the saves of a frame: its class ids, as long as one of them has no class."""

_BOXES = TypeAdapter(tuple[Box, ...])


class Corrections:
    """Reads and writes the labels of frames; may be used by several threads.

    Parameters
    ----------
    folder
        ``corrections`` of a project.
    scheme
        What the labels mean.
    anchor
        A file without which nothing is written: that of the project (or sitting) they belong to.
    """

    def __init__(self, folder: Path, scheme: LabelScheme, anchor: Path | None = None) -> None:
        self.folder = folder
        self.scheme = scheme
        self._anchor = anchor

    def frames(self, image_id: str) -> dict[int, Manifest]:
        """What is saved for the frames of an image, in order; masks are not looked at."""
        folder = self.folder / image_id
        names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        numbers = sorted(int(name) for name in names if name.isascii() and name.isdecimal())
        found = {
            number: newest_manifest(frame_folder(self.folder, image_id, number))
            for number in numbers
        }
        return {number: manifest for number, manifest in found.items() if manifest}

    def newest(self, image_id: str, frame: int) -> Version | None:
        """The newest intact save of a frame, or None if nothing was ever saved.

        Raises
        ------
        InputError
            If every save is damaged.
        """
        return newest_version(frame_folder(self.folder, image_id, frame))

    def read(self, image_id: str, frame: int) -> FrameLabels | None:
        """The labels of a frame, or None if none were ever saved.

        If the newest save is damaged these are the labels before it, and a note says so.

        Raises
        ------
        InputError
            If every save is damaged, or was made for other classes.
        """
        version = self.newest(image_id, frame)
        if version is None:
            return None
        labels = FrameLabels(
            version.manifest.size,
            **self._masks(version),
            **self._positions(version),
            boxes=_read_boxes(version),
            notes=(f"{image_id}, frame {frame}: {version.note}",) if version.note else (),
        )
        try:
            labels.check(self.scheme)
        except InputError as error:
            raise InputError(about(version.folder, str(error))) from None
        return labels

    def newest_number(self, image_id: str, frame: int) -> int:
        """The number of the newest save of a frame, intact or not; 0 if there is none."""
        return newest_number(frame_folder(self.folder, image_id, frame))

    def write(
        self, image_id: str, frame: int, labels: FrameLabels, *, shown: int | None = None
    ) -> int:
        """Save the labels of a frame; when this returns they are on disk.

        Saves older than the last two are removed.

        Parameters
        ----------
        image_id, frame
            Of what.
        labels
            To save.
        shown
            The number of the newest save that a person was shown, 0 if she was shown none: what
            is saved there since, as by another program, is never removed. None if nobody was to
            be shown anything.

        Returns
        -------
        int
            The number of this save, counted from 1.

        Raises
        ------
        InputError
            If the labels do not fit the scheme.
        WriteError
            If the operating system refuses, or the folder they belong to is not there any more;
            what was saved before still counts.
        """
        labels.check(self.scheme)
        if self._anchor is not None:
            require(self._anchor)
        return write_version(
            frame_folder(self.folder, image_id, frame),
            lambda folder: self._write_files(folder, labels),
            size=labels.size,
            labeled=labels.labeled,
            complete=not labels.boxes or bool(known_mask(labels.boxes, labels.size).all()),
            shown=shown,
        )

    def write_as_drawn(self, image_id: str, frame: int, ids: npt.NDArray[Any]) -> None:
        """Keep class ids ``(Y, X)`` that `write` refuses, for a person; they count nowhere.

        Raises
        ------
        WriteError
            As `write`.
        """
        if self._anchor is not None:
            require(self._anchor)
        folder = frame_folder(self.folder, image_id, frame)
        make_folder(folder)
        write_tiff(folder / AS_DRAWN, np.array(ids), "YX")

    def remove_as_drawn(self, image_id: str, frame: int) -> None:
        """Remove what `write_as_drawn` kept, once the frame is saved."""
        remove(frame_folder(self.folder, image_id, frame) / AS_DRAWN)

    def copy_to(self, folder: Path, images: Iterable[str] | None = None) -> None:
        """Copy the newest intact labels of all frames into a folder, where nobody changes them.

        Parameters
        ----------
        folder
            New, or empty.
        images
            Ids of the images whose labels are copied; None for all that ever had some, also those
            that left the project.

        Raises
        ------
        InputError
            If every save of a frame is damaged, or there is something in the folder.
        WriteError
            If the operating system refuses.
        """
        make_folder(folder)
        if any(folder.iterdir()):
            raise InputError(about(folder, "is not empty; copy the labels into a new folder."))
        found = sorted(self.folder.iterdir()) if self.folder.is_dir() else []
        wanted = None if images is None else set(images)
        for image_id in (path.name for path in found if path.is_dir()):
            if wanted is not None and image_id not in wanted:
                continue
            for frame in self.frames(image_id):
                version = self.newest(image_id, frame)
                if version is not None:
                    copy_version(version, frame_folder(folder, image_id, frame))

    def _write_files(self, folder: Path, labels: FrameLabels) -> None:
        for name, mask in labels.masks.items():
            write_tiff(folder / mask_file(name), area(mask), "YX")
            if numbered(mask):
                write_tiff(folder / _numbers_file(name), mask, "YX")
        if labels.ids is not None:
            write_tiff(folder / CLASS_IDS, labels.ids.astype(np.uint8), "YX")
        if self.scheme.position is not None:
            states = labels.states or ("",) * len(labels.positions)
            rows = zip(labels.positions.tolist(), states, strict=True)
            table = [{"y": y, "x": x, "state": state} for (y, x), state in rows]
            write_csv(folder / POSITIONS, table, ("y", "x", "state"))
            markers = position_markers(labels.positions, labels.size)
            write_tiff(folder / mask_file(self.scheme.position), markers, "YX")
        if labels.boxes:
            write_json(folder / BOXES, [list(map(int, box)) for box in labels.boxes])
            write_tiff(folder / KNOWN, known_mask(labels.boxes, labels.size), "YX")

    def _masks(self, version: Version) -> dict[str, Any]:
        if self.scheme.exclusive:
            return {"ids": _read_plane(version, CLASS_IDS)}
        return {"masks": {name: _read_mask(version, name) for name in self.scheme.states}}

    def _positions(self, version: Version) -> dict[str, Any]:
        if self.scheme.position is None:
            return {}
        path = version.folder / POSITIONS
        rows = parse_csv(version.read(POSITIONS), path)
        try:
            places = [(float(row["y"]), float(row["x"])) for row in rows]
            states = tuple(row["state"] for row in rows)
        except (KeyError, ValueError) as error:
            raise InputError(about(path, f"no table of y, x and state ({error}).")) from None
        return {"positions": np.array(places, np.float64).reshape(-1, 2), "states": states}


def training_files(version: Version, scheme: LabelScheme) -> tuple[tuple[Path, ...], Path | None]:
    """The masks of a save, in the order of the classes, and where they count (None: everywhere).

    Raises
    ------
    InputError
        If it was made for other classes.
    """
    names = mask_files(scheme)
    missing = [name for name in names if name not in version.manifest.files]
    if missing:
        raise InputError(
            about(version.folder, f"these labels have no {missing[0]}; were classes changed?")
        )
    known = version.folder / KNOWN if KNOWN in version.manifest.files else None
    return tuple(version.folder / name for name in names), known


def _numbers_file(name: str) -> str:
    """The file with the numbers of a class's objects; no class has such a name."""
    return mask_file(f"{name} (numbers)")


def _read_mask(version: Version, name: str) -> npt.NDArray[Any]:
    """The numbers of objects, if there are several, else where the class is."""
    file = _numbers_file(name)
    if file in version.manifest.files:
        return _read_plane(version, file)
    marked: npt.NDArray[np.bool_] = _read_plane(version, mask_file(name)) != 0
    return marked


def _read_plane(version: Version, name: str) -> npt.NDArray[Any]:
    with open_bytes(version.read(name), version.folder / name) as stack:
        return stack[0]


def _read_boxes(version: Version) -> tuple[Box, ...]:
    if BOXES not in version.manifest.files:
        return ()
    path = version.folder / BOXES
    try:
        return _BOXES.validate_python(parse_json(version.read(BOXES), path))
    except ValidationError:
        raise InputError(about(path, "no list of boxes [y0, x0, y1, x1].")) from None
