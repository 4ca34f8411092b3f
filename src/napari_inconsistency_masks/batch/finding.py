"""Finding cells in frames that come some rows at a time.

The result is that of the whole frame at once: rows are kept as long as something in them may go on
below.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ..cells import Cells, find_cells
from ..cells.markers import EIGHT_NEIGHBORS
from ..errors import InputError
from ..task import LabelScheme
from .agreement import share_agreeing
from .objects import Objects

_Bool = npt.NDArray[np.bool_]

_MARGIN = 8
"""Rows around a marker that decide about it: erosion, and the window of its state."""

_TALLEST = 8192
"""Rows that are kept for one marker at most."""


@dataclass(frozen=True)
class FoundCells:
    """Cells, and what is known of each.

    Attributes
    ----------
    cells
        Where they are, and their states.
    agreement
        Share of the networks that see it too, float64 ``(N,)``.
    """

    cells: Cells
    agreement: npt.NDArray[np.float64]


class Finder:
    """Finds the cells or, in a scheme without positions, the objects of a frame."""

    def __init__(self, scheme: LabelScheme) -> None:
        self._markers = None if scheme.position_output is None else _Markers(scheme)
        self._objects = [Objects() for _ in scheme.classes]
        self._names, self._rule = scheme.classes, scheme.rule
        self._found: list[FoundCells] = []

    def feed(self, channels: _Bool, votes: _Bool | None = None, *, last: bool) -> None:
        """Take the next rows ``(K, y, X)``, with what the networks say ``(E, K, y, X)`` if wanted.

        Raises
        ------
        InputError
            If a marker is thousands of rows tall.
        """
        if self._markers is not None:
            self._found.append(self._markers.feed(channels, votes, last=last))
            return
        for state, objects in enumerate(self._objects, -len(self._objects)):  # not "blanked"
            share = None if votes is None else votes[:, state].mean(axis=0, dtype=np.float32)
            sums = objects.feed(channels[state], share, last=last)
            states = np.full(len(sums), state + len(self._objects))
            pixels = sums[:, 0].astype(np.int64)
            found = Cells(sums[:, 1:3] / sums[:, :1], states, self._names, pixels=pixels)
            counts = found.are_counted_by(self._rule)
            agreement = sums[counts, 3] / pixels[counts]
            self._found.append(FoundCells(found[counts], agreement))

    def result(self) -> FoundCells:
        """All cells; those of one feed are in the order of `find_cells`."""
        parts = [part.cells for part in self._found]
        pixels = [part.pixels for part in parts if part.pixels is not None]
        return FoundCells(
            Cells(
                np.concatenate([part.centers for part in parts]),
                np.concatenate([part.states for part in parts]),
                parts[0].names,
                pixels=np.concatenate(pixels) if pixels else None,
            ),
            np.concatenate([part.agreement for part in self._found]),
        )


class _Markers:
    """Cells at the markers of a position class."""

    def __init__(self, scheme: LabelScheme) -> None:
        assert scheme.position_output is not None
        self._scheme, self._position = scheme, scheme.position_output
        self._top = 0
        self._kept: tuple[_Bool, _Bool | None] | None = None

    def feed(self, channels: _Bool, votes: _Bool | None, *, last: bool) -> FoundCells:
        channels, votes = self._with_kept(channels, votes)
        complete, done = channels, channels.shape[1]
        if not last:
            complete, done = self._without_open(channels)
        cells = find_cells(complete, self._scheme)
        agreement = np.ones(len(cells))
        if votes is not None:
            agreement = share_agreeing(cells, votes, self._scheme)
        cells = Cells(cells.centers + np.array([self._top, 0]), cells.states, cells.names)
        if not last:
            rest = channels[:, done:].copy()
            rest[self._position] &= ~complete[self._position, done:]
            self._kept = rest, None if votes is None else votes[:, :, done:].copy()
            self._top += done
        return FoundCells(cells, agreement)

    def _with_kept(self, channels: _Bool, votes: _Bool | None) -> tuple[_Bool, _Bool | None]:
        if self._kept is None:
            return channels, votes
        above, votes_above = self._kept
        if votes is not None and votes_above is not None:
            votes = np.concatenate([votes_above, votes], axis=2)
        return np.concatenate([above, channels], axis=1), votes

    def _without_open(self, channels: _Bool) -> tuple[_Bool, int]:
        """The channels without markers that may go on below, and how many rows are done with."""
        height = channels.shape[1]
        labels, count = ndimage.label(channels[self._position], EIGHT_NEIGHBORS)
        rows = [place[0] for place in ndimage.find_objects(labels)]
        is_open = np.zeros(count + 1, dtype=bool)
        is_open[1:] = [span.stop > height - _MARGIN for span in rows]
        starts = [span.start for span, opened in zip(rows, is_open[1:], strict=True) if opened]
        done = max(0, min([height - _MARGIN, *starts]) - _MARGIN)
        if height - done > _TALLEST:
            raise InputError(f"the mark of a position is more than {_TALLEST // 2} rows tall.")
        complete = channels.copy()
        complete[self._position] &= ~is_open[labels]
        return complete, done
