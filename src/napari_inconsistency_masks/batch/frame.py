"""What is found in one frame, gathered from what the networks say tile by tile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ..cells import Cells
from ..files.tiff_stream import StripBuffer, StripFormat
from ..inconsistency import (
    CellCounts,
    ClassAreas,
    Consensus,
    Prediction,
    disagreement,
    find_consensus,
)
from ..inconsistency.areas import AreaSums
from ..task import LabelScheme
from .finding import Finder, FoundCells
from .labels import MOST_CELLS, label_image
from .parted_rows import PartedRows
from .reading import Frame
from .tiles import Seen

_Bool = npt.NDArray[np.bool_]

PIECE = 256
"""Rows that are looked at at once."""


@dataclass(frozen=True)
class FoundFrame:
    """The results of one frame.

    Attributes
    ----------
    index, size
        As in `Frame`.
    counts, found
        What is counted, and the cells one by one.
    areas
        Of the classes.
    cell_areas
        int64 ``(N,)``, the pixels of each cell, if they are wanted and known.
    inconsistent
        Pixels on which the networks differ.
    strips
        Compressed pixels of the planes of each kind of stack that is written.
    labels
        uint16 ``(Y, X)``, the number of its cell at each pixel, if anything needs it.
    notes
        What a person should know.
    """

    index: int
    size: tuple[int, int]
    counts: CellCounts
    found: FoundCells
    areas: ClassAreas
    inconsistent: int
    strips: Mapping[str, list[bytes]] = field(repr=False)
    cell_areas: npt.NDArray[np.int64] | None = field(repr=False)
    labels: npt.NDArray[np.uint16] | None = field(repr=False)
    notes: tuple[str, ...]

    @property
    def share(self) -> float:
        """Share of the frame that is inconsistent."""
        return self.inconsistent / (self.size[0] * self.size[1])


class FrameAnalysis:
    """Gathers the tiles of a frame, and counts and compresses complete rows.

    A large frame is never whole in memory; labels are left out of it.

    Parameters
    ----------
    frame
        Whose tiles come.
    scheme
        What the outputs mean.
    wanted
        Kinds of results, see `settings.WRITES`.
    compression
        Of the stacks.
    """

    def __init__(
        self, frame: Frame, scheme: LabelScheme, wanted: frozenset[str], compression: str
    ) -> None:
        self._frame, self._scheme, self._wanted = frame, scheme, wanted
        self._of_pixels = scheme.counting_by(scheme.rule.once_parted)  # an object is in many tiles
        self._parted_rows = PartedRows(scheme)
        self._compression = compression
        self._form = StripFormat(frame.size, "uint8", compression)
        self._planes = {
            kind: [StripBuffer(self._form) for _ in range(count)]
            for kind, count in (("masks", len(scheme.classes)), ("mask", 1), ("votes", 1))
            if kind in wanted
        }
        self._best = Finder(scheme)
        self._members: list[Finder] = []
        self._areas = AreaSums(scheme)
        self._inconsistent = 0
        self._rows: tuple[_Bool, _Bool] | None = None  # votes (E, K, y, X), best guess (K, y, X)
        self._top = 0

    def add(self, seen: Seen) -> None:
        """Take the next tile."""
        height, width = self._frame.size
        members, outputs, tall = seen.logits.shape[:3]
        if self._rows is None:
            high = tall if self._frame.is_large else height
            self._rows = (
                np.empty((members, outputs, high, width), np.bool_),
                np.empty((outputs, high, width), np.bool_),
            )
        votes, best = self._rows
        for first in range(0, tall, PIECE):  # what fits into the processor's cache is faster
            piece = slice(first, min(first + PIECE, tall))
            probability = self._scheme.probability(seen.logits[..., piece, :]).numpy()
            if seen.finite is not None:
                self._scheme.say_nothing(probability, ~seen.finite[piece])
            consensus = find_consensus(Prediction(probability, self._of_pixels))
            top = seen.rows.start - self._top
            rows = slice(top + piece.start, top + piece.stop)
            votes[:, :, rows, seen.columns] = consensus.votes
            best[:, rows, seen.columns] = consensus.best_guess
        if seen.columns.stop == width and (self._frame.is_large or seen.rows.stop == height):
            self._finish_rows(last=seen.rows.stop == height)

    def _finish_rows(self, *, last: bool) -> None:
        assert self._rows is not None
        self._top += self._rows[1].shape[1]
        votes, best = self._parted_rows.feed(*self._rows, last=last)
        high = best.shape[1]
        step = PIECE if self._frame.is_large else high
        for first in range(0, high, step):
            piece = slice(first, min(first + step, high))
            self._finish_piece(votes[:, :, piece], best[:, piece], last=last and piece.stop == high)
        self._rows = (votes, best) if last else None

    def _finish_piece(self, votes: _Bool, best: _Bool, *, last: bool) -> None:
        agreed: _Bool = np.logical_and.reduce(votes)
        disagreed: _Bool = np.logical_or.reduce(votes) & ~agreed
        consensus = Consensus(agreed, disagreed, votes, best, self._scheme)
        self._areas.feed(best, votes)
        self._inconsistent += int(np.count_nonzero(consensus.inconsistency))
        classes = best[-len(self._scheme.classes) :]
        for buffer, mask in zip(self._planes.get("masks", []), classes, strict=False):
            buffer.add(_white(mask))
        for buffer in self._planes.get("mask", []):
            buffer.add(_white(consensus.inconsistency))
        for buffer in self._planes.get("votes", []):
            buffer.add(disagreement(consensus))
        if not self._members:
            self._members = [Finder(self._scheme) for _ in votes]
        self._best.feed(best, votes, last=last)
        for finder, vote in zip(self._members, votes, strict=True):
            finder.feed(vote, last=last)

    def result(self) -> FoundFrame:
        """What was found, once the last tile came."""
        found = self._best.result()
        labels = self._label_image(found.cells)
        cell_areas = found.cells.pixels
        if cell_areas is None and labels is not None:
            cell_areas = np.bincount(labels.ravel(), minlength=len(found.cells) + 1)[1:]
        strips = {
            kind: [strip for buffer in buffers for strip in buffer.strips]
            for kind, buffers in self._planes.items()
        }
        if "labels" in self._wanted and labels is not None:
            buffer = StripBuffer(StripFormat(self._frame.size, "uint16", self._compression))
            buffer.add(labels)
            strips["labels"] = buffer.strips
        return FoundFrame(
            index=self._frame.index,
            size=self._frame.size,
            counts=CellCounts.of(found.cells, (each.result().cells for each in self._members)),
            found=found,
            areas=self._areas.result(),
            inconsistent=self._inconsistent,
            strips=strips,
            cell_areas=cell_areas,
            labels=labels,
            notes=self._frame.notes,
        )

    def _label_image(self, cells: Cells) -> npt.NDArray[np.uint16] | None:
        """The cells by number, if it is to be written or measured; of a large frame None."""
        measured = "cells" in self._wanted and self._scheme.position_output is not None
        needed = self._wanted & {"labels", "geojson"} or (measured and len(cells) <= MOST_CELLS)
        if self._frame.is_large or not needed:
            return None
        assert self._rows is not None
        return label_image(self._rows[1], cells, self._scheme)


def _white(mask: _Bool) -> npt.NDArray[np.uint8]:
    return mask.astype(np.uint8) * np.uint8(255)
