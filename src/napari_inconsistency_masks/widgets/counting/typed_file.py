"""Counts that a person typed, on disk: one small file per image, plain logic, no Qt.

``ROOT/NAME-KEY.counts.json`` lies beside the drawings of the image, that of a file of a project is
``PROJECT/counts/ID.counts.json``. It holds rows of frame, class and count, and is read again before
each change: what another window typed stays.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ...errors import InputError
from ...files.atomic import write_json
from ...files.folders import make_folder, require
from ...files.json_files import read_json
from ...files.names import about, printable
from ...projects.layout import PROJECT_FILE
from ..layers.frames import FrameAxes

ENDING = ".counts.json"
MOST = 10**9
_UNSAFE = re.compile(r"[^\w.-]+")

Key = tuple[int, str]
"""A frame, and a class in it."""


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    frame: Annotated[int, Field(ge=0)]
    state: str
    count: Annotated[int, Field(ge=0, le=MOST)]


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    image: str
    file: str
    typed: tuple[_Row, ...]


class Counted(Protocol):
    """Which image counts belong to."""

    @property
    def name(self) -> str: ...

    @property
    def source(self) -> str: ...

    @property
    def axes(self) -> FrameAxes: ...

    def path(self, root: Path) -> Path:
        """The file of its counts."""

    def anchor(self, path: Path) -> Path | None:
        """A file without which nothing is written there, or None."""

    def without_pixels(self) -> Counted:
        """The same for one that knows the file of its counts."""


@dataclass(frozen=True)
class CountedFile:
    """A file of a project, which knows it by a name of its own.

    Attributes
    ----------
    name, source
        For people, and in the project.
    axes
        Its frames.
    """

    name: str
    source: str
    axes: FrameAxes

    def path(self, root: Path) -> Path:
        """The file of its counts; reads nothing."""
        return root / f"{self.source}{ENDING}"

    def anchor(self, path: Path) -> Path:
        """The file of the project."""
        return path.parent.parent / PROJECT_FILE

    def without_pixels(self) -> CountedFile:
        """Itself: it has none."""
        return self


@dataclass(frozen=True)
class CountedImage:
    """A layer of the person.

    Attributes
    ----------
    name, source
        Of the layer, and of its file if it has one.
    axes, data
        Its frames. The first and the last one take part in the name of the file, so that counts
        are never taken for those of another image of the same name.
    """

    name: str
    source: str
    axes: FrameAxes
    data: Any

    def path(self, root: Path) -> Path:
        """The file; reads two frames."""
        mark = zlib.crc32(
            repr((self.source or self.name, self.axes.letters, self.axes.shape)).encode()
        )
        for frame in {0, self.axes.count - 1}:
            mark = zlib.crc32(np.ascontiguousarray(self.axes.read(self.data, frame)).data, mark)
        stem = _UNSAFE.sub("-", self.name).strip("-.")[:40] or "image"
        return root / f"{stem}-{mark:08x}{ENDING}"

    def anchor(self, path: Path) -> None:
        """None: the folder is made when it is needed."""

    def without_pixels(self) -> CountedImage:
        """Name, file and axes."""
        return replace(self, data=None)


def read_typed(path: Path) -> dict[Key, int]:
    """The counts in a file; none if there is no file.

    Raises
    ------
    InputError
        If it is damaged.
    """
    if not path.exists():
        return {}
    try:
        rows = _File.model_validate(read_json(path)).typed
    except ValidationError:
        raise InputError(
            about(path, "no list of typed counts; move it away, and type them again.")
        ) from None
    return {(row.frame, row.state): row.count for row in rows}


def change_typed(path: Path, image: Counted, changes: Mapping[Key, int | None]) -> None:
    """Change some counts in a file, None to clear; when this returns they are on disk.

    Raises
    ------
    InputError
        If the file is damaged.
    WriteError
        If the operating system refuses; what was saved before still counts.
    """
    typed = {**read_typed(path), **changes}
    rows = [
        {"frame": frame, "state": state, "count": count}
        for (frame, state), count in sorted(typed.items())
        if count is not None
    ]
    anchor = image.anchor(path)
    if anchor is not None:
        require(anchor)
    make_folder(path.parent)
    write_json(path, {"image": image.name, "file": image.source, "typed": rows})


def parse_count(text: str) -> int | None:
    """The count that was typed; None if it was cleared.

    Raises
    ------
    InputError
        If it is no whole number from 0 on.
    """
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and int(text) <= MOST):
        raise InputError(
            f"{printable(text)!r} is no count: type a whole number, 0 or more; Delete clears it."
        )
    return int(text)
