"""ImageJ ROIs: a point at each cell, named by its state and placed on its slice."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from roifile import ROI_TYPE, ImagejRoi

from ...errors import InputError
from ...files.atomic import write_atomically
from ...files.names import about
from ..frame import FoundFrame
from ..images import Image
from .cells import state_name

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same results make the same file on any day

Entry = tuple[str, bytes]


def write_rois(path: Path, frames: Iterable[FoundFrame], image: Image) -> None:
    """Write the ROIs of all frames as a ZIP archive for the ROI Manager."""
    write_archive(path, (entry for frame in frames for entry in _entries(image, frame)))


def write_archive(path: Path, entries: Iterable[Entry]) -> None:
    """Write named files as a ZIP archive, atomically."""
    count = 0

    def write(temporary: Path) -> None:
        nonlocal count
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, data in entries:
                info = zipfile.ZipInfo(name, _LONG_AGO)
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, data)
                count += 1

    def check(temporary: Path) -> None:
        with zipfile.ZipFile(temporary) as archive:
            if len(archive.namelist()) != count or archive.testzip() is not None:
                raise InputError(about(path, "not written: reading it back gave something else."))

    write_atomically(path, write, check)


def read_archive(path: Path) -> Iterator[Entry]:
    """The files in an archive that `write_archive` wrote."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            yield name, archive.read(name)


def _entries(image: Image, frame: FoundFrame) -> Iterator[Entry]:
    where = {axis.lower(): place for axis, place in image.places(frame.index).items()}
    lead = "".join(f"{axis}{place + 1:04d}-" for axis, place in where.items())  # as ImageJ counts
    cells = frame.found.cells
    for number, ((row, column), state) in enumerate(zip(cells.centers, cells.states, strict=True)):
        name = f"{lead}{number + 1:05d}-{state_name(int(state), cells.names)}"
        point = [[float(column), float(row)]]  # ImageJ counts points from the center of a pixel
        roi = ImagejRoi.frompoints(point, name=name, **where)
        roi.roitype = ROI_TYPE.POINT
        yield f"{name.replace('/', '_')}.roi", roi.tobytes()
