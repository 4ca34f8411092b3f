"""Predicted and true counts of frames, and how far they are apart: plain logic, no Qt."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ...cells import Cells
from ...inconsistency.areas import ClassAreas
from ...metrics.expected_counts import CountRatio, ExpectedCount
from .drawn_counts import DrawnCounts, corrected_counts

COLUMNS = (
    *("image", "frame", "class", "predicted", "low", "high", "true", "error", "true_from"),
    *("corrected", "corrected_low", "corrected_high", "area", "area_low", "area_high"),
)
"""Of the table as CSV: one row per image, frame and class.

``true_from`` is ``typed`` or ``drawn``. ``corrected`` is the best that is known: the true count;
else what is drawn in label boxes and predicted outside; else what is predicted. Its range is that
of the networks outside of the boxes. ``area`` is the share of the frame that is predicted as the
class, 0 to 1, with the range of the networks.
"""

_SEEN = 0.0005
"""Share of a frame that is not 0.0 %."""

Typed = Mapping[tuple[int, str], int]
"""Counts that a person typed, by frame and class."""


@dataclass(frozen=True)
class CountRow:
    """One class in one frame.

    Attributes
    ----------
    image, frame, state
        Which image (layer), which of its frames, which class.
    predicted, low, high
        The count and the range that the networks span.
    true
        The count that a person typed or else drew, or None.
    typed
        Whether it was typed.
    boxed
        If the frame is labeled in boxes only: the count, low and high of what is drawn in them
        and predicted outside.
    area
        Share of the frame that is predicted as the class, and the range that the networks span.
    subject
        What tells the image from others of the same name.
    """

    image: str
    frame: int
    state: str
    predicted: int
    low: int
    high: int
    true: int | None = None
    typed: bool = False
    boxed: tuple[int, int, int] | None = None
    area: tuple[float, float, float] | None = None
    subject: Hashable = field(default=None, compare=False)

    @property
    def corrected(self) -> tuple[int, int, int]:
        """The best that is known: count, low and high."""
        if self.true is not None:
            return self.true, self.true, self.true
        return self.boxed or (self.predicted, self.low, self.high)

    @property
    def whole_frame(self) -> tuple[str, Hashable, int]:
        """Tells the frame from those of all other images."""
        return self.image, self.subject, self.frame

    @property
    def true_from(self) -> str | None:
        """Where the true count comes from."""
        return None if self.true is None else "typed" if self.typed else "drawn"

    @property
    def error(self) -> int | None:
        """Predicted minus true."""
        return None if self.true is None else self.predicted - self.true

    @property
    def spread(self) -> str:
        """The range in words."""
        return in_words(self.low, self.high)

    def to_record(self) -> dict[str, Any]:
        """The row for `files.tables.write_csv`."""
        values = (self.image, self.frame, self.state, self.predicted, self.low, self.high)
        known = (self.true, self.error, self.true_from, *self.corrected)
        area = [None] * 3 if self.area is None else [round(share, 6) for share in self.area]
        return dict(zip(COLUMNS, (*values, *known, *area), strict=True))


def in_words(low: int, high: int) -> str:
    """A range, such as ``"3-5"`` or ``"4"``."""
    return f"{low}-{high}" if low < high else str(low)


@dataclass
class ImageCounts:
    """The counts of one image, frame by frame, as they become known.

    Attributes
    ----------
    predicted
        Per frame and class: count, low, high.
    drawn
        Per frame with labels: what is drawn.
    cells
        Per frame the cells that the networks see together, then those of each.
    areas
        Per frame those of the classes.
    unclear, inconsistent, notes
        Per frame: cells in no clear state, the share of the area the networks disagree on, and
        what a person should know.
    """

    predicted: dict[int, Mapping[str, tuple[int, int, int]]] = field(default_factory=dict)
    drawn: dict[int, DrawnCounts] = field(default_factory=dict)
    cells: dict[int, Sequence[Cells]] = field(default_factory=dict)
    areas: dict[int, ClassAreas] = field(default_factory=dict)
    unclear: dict[int, int] = field(default_factory=dict)
    inconsistent: dict[int, float] = field(default_factory=dict)
    notes: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def rows(
        self, image: str, typed: Typed | None = None, subject: Hashable = None
    ) -> list[CountRow]:
        """A row per predicted frame and class, frames in order; what was typed wins.

        Parameters
        ----------
        image, subject
            What it is called, and what tells it from others of that name.
        typed
            What a person typed for it.
        """
        row = partial(CountRow, image, subject=subject)
        return [
            row(*self._known(frame, state, typed or {}, boxed.get(state)))
            for frame in sorted(self.predicted)
            for boxed in [self._boxed(frame)]
            for state in self.predicted[frame]
        ]

    def in_words(self, frame: int, *, exclusive: bool) -> str:
        """What is counted in a predicted frame; of exclusive classes, first what they cover."""
        unclear, areas = self.unclear[frame], self.areas.get(frame)
        found = [
            f"{count} {state}" + (f" ({low}-{high})" if low < high else "")
            for state, (count, low, high) in self.predicted[frame].items()
            if count or not exclusive
        ]
        found += [f"{unclear} unclear"] if unclear else []
        if not exclusive or areas is None:
            return f"Found: {', '.join(found)}."
        covered = [f"{share:.1%} {name}" for name, share in areas.items() if share >= _SEEN]
        return f"Area: {', '.join(covered)}. Regions: {', '.join(found) or 'none'}."

    def _known(
        self, frame: int, state: str, typed: Typed, boxed: tuple[int, int, int] | None
    ) -> tuple[Any, ...]:
        """What a row says, from its frame to its area."""
        counts, drawn = self.predicted[frame][state], self.drawn.get(frame)
        whole = drawn.counts.get(state) if drawn is not None and drawn.boxes is None else None
        said = typed.get((frame, state))
        true = whole if said is None else said
        areas = self.areas.get(frame)
        area = None if areas is None else (areas[state], *areas.span(state))
        return frame, state, *counts, true, said is not None, boxed, area

    def _boxed(self, frame: int) -> Mapping[str, tuple[int, int, int]]:
        drawn = self.drawn.get(frame)
        if drawn is None or drawn.boxes is None or not self.cells.get(frame):
            return {}
        return corrected_counts(self.cells[frame], drawn)


def mean_count_error(rows: Iterable[CountRow]) -> tuple[float, int] | None:
    """The paper's mean cell count error (MCCE), and the number of frames it is the mean of.

    Per frame the absolute errors of all classes are summed. Frames of which any class has no true
    count do not take part; None if no frame does.
    """
    sums: dict[Hashable, int | None] = {}
    for row in rows:
        before = sums.get(row.whole_frame, 0)
        known = before is not None and row.error is not None
        sums[row.whole_frame] = before + abs(row.error) if known else None  # type: ignore[operator,arg-type]
    errors = [error for error in sums.values() if error is not None]
    return (sum(errors) / len(errors), len(errors)) if errors else None


def totals(rows: Iterable[CountRow]) -> dict[str, tuple[int, int, int]]:
    """Per class the sums of the counts and of both ends of their ranges."""
    return _sums((row.state, (row.predicted, row.low, row.high)) for row in rows)


def expected_totals(
    rows: Iterable[CountRow], ratios: Mapping[str, CountRatio]
) -> dict[str, ExpectedCount]:
    """Per class how many cells to expect, where this is known.

    True counts that a person typed or drew are added as they are. Classes of which all of them are
    known are left out, and those of which nothing else was counted.

    Parameters
    ----------
    rows
        Counted by the same networks.
    ratios
        What is known of their counts, by class.
    """
    known, counted = dict[str, int](), dict[str, dict[Hashable, int]]()
    for row in rows:
        if row.true is not None:
            known[row.state] = known.get(row.state, 0) + row.true
        else:
            in_image, image = counted.setdefault(row.state, {}), (row.image, row.subject)
            in_image[image] = in_image.get(image, 0) + row.predicted
    return {
        state: ratios[state].expected(by_image.values()).plus(known.get(state, 0))
        for state, by_image in counted.items()
        if any(by_image.values()) and state in ratios
    }


def corrected_totals(rows: Iterable[CountRow]) -> dict[str, tuple[int, int, int]]:
    """Per class the sums of the best that is known, and of both ends of its range."""
    return _sums((row.state, row.corrected) for row in rows)


def _sums(
    counts: Iterable[tuple[str, tuple[int, int, int]]],
) -> dict[str, tuple[int, int, int]]:
    sums: dict[str, tuple[int, int, int]] = {}
    for state, count in counts:
        before = sums.get(state, (0, 0, 0))
        sums[state] = (before[0] + count[0], before[1] + count[1], before[2] + count[2])
    return sums
