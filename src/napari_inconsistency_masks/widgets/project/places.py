"""The places of a project in its table, and back: plain logic, no Qt."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import cast

import numpy as np
import numpy.typing as npt

from ...boxes import Box, padded
from ...places import Place
from ...projects import PlaceRow
from ...projects.corrections import Corrections
from ...projects.places_table import PlaceState
from ...task import LabelScheme
from ..correcting.queue import OPEN, QueuedPlace
from ..layers.subject import Subject, Subjects
from ..predicting.found_places import MARGIN, FoundPlace


def rows_of(places: Iterable[QueuedPlace]) -> list[PlaceRow]:
    """The table of those places that are in files of the project."""
    return [_row(item, item.subject.file) for item in places if item.subject.file is not None]


def decided(rows: Iterable[PlaceRow], subjects: Subjects) -> list[QueuedPlace]:
    """Places that were accepted or skipped; open ones are found anew by predicting."""
    found = []
    for row in rows:
        subject = subjects.file(row.image)
        if row.state != OPEN and subject is not None and row.frame < subject.axes.count:
            found.append(QueuedPlace(subject, _found(row, subject), row.state))
    return found


class SavedLabels:
    """The labels of a file as they are on disk, to compare counts with.

    Parameters
    ----------
    corrections, subject, complete
        Of the project, of which file, and which of its frames are labeled all over.
    """

    def __init__(self, corrections: Corrections, subject: Subject, complete: Iterable[int]) -> None:
        self._corrections, self._subject = corrections, subject
        self._complete = frozenset(complete)

    @property
    def scheme(self) -> LabelScheme:
        """What they mean."""
        return self._corrections.scheme

    def complete_frames(self) -> npt.NDArray[np.bool_]:
        """Per frame, whether it is labeled all over."""
        found = np.zeros(self._subject.axes.count, bool)
        found[sorted(self._complete)] = True
        return found

    @cached_property
    def boxes(self) -> dict[int, tuple[Box, ...]]:
        """Label boxes of the frames that are labeled in part; read when asked for."""
        saved = self._corrections.frames(str(self._subject.file))
        found = {}
        for frame, manifest in saved.items():
            if manifest.labeled and frame not in self._complete:
                labels = self._corrections.read(str(self._subject.file), frame)
                if labels is not None and labels.boxes:
                    found[frame] = labels.boxes
        return found

    def target(self, frame: int) -> npt.NDArray[np.uint8]:
        """The labels of a frame that has some."""
        labels = self._corrections.read(str(self._subject.file), frame)
        assert labels is not None
        return labels.target(self.scheme)


def _row(item: QueuedPlace, image_id: str) -> PlaceRow:
    place = item.found.place
    y, x = place.center
    state = cast(PlaceState, item.state)
    return PlaceRow(
        image_id, place.frame, y, x, place.classes, state,
        place.box, place.area, place.disagreement, place.effect,
    )  # fmt: skip


def _found(row: PlaceRow, subject: Subject) -> FoundPlace:
    center = (row.y, row.x)
    box: Box = row.box or (int(row.y), int(row.x), int(row.y) + 1, int(row.x) + 1)
    place = Place(
        "", row.frame, box, center, row.pixels, row.classes, row.disagreement, row.effect, (), 0.0
    )
    return FoundPlace(place, padded(box, MARGIN, subject.axes.size))
