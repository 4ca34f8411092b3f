"""The numbers a report shows, gathered from counts.csv row by row."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..columns import AREA_ENDS, COUNT_ENDS, column_of
from ..layout import DONE

MOST_POINTS = 1000
"""Points of a curve; of more frames, evenly chosen ones are shown."""

THUMBNAILS, PER_IMAGE = 12, 3
"""How many of the most inconsistent frames are shown, and of one image at most."""


@dataclass(frozen=True)
class FramePoint:
    """One frame: number along the curve; per name the count and the share of the area.

    Of both the estimate, low and high.
    """

    place: int
    counts: Mapping[str, tuple[int, int, int]]
    areas: Mapping[str, tuple[float, float, float]]
    unclear: int
    inconsistent: float
    label: str


@dataclass
class ImageNumbers:
    """One image: its frames, or why there are none."""

    name: str
    failed: str | None = None
    frames: list[FramePoint] = field(default_factory=list)

    def mean(self, name: str, which: int = 0) -> float:
        """Mean over the frames: 0 the estimate, 1 the low, 2 the high end of the range."""
        return sum(frame.counts[name][which] for frame in self.frames) / len(self.frames)

    def area(self, name: str, which: int = 0) -> float | None:
        """Mean share of the area, or None if a table of an earlier version does not tell it."""
        known = [frame.areas[name][which] for frame in self.frames if name in frame.areas]
        return sum(known) / len(known) if known else None

    @property
    def unclear(self) -> float:
        """Mean number of unclear cells."""
        return sum(frame.unclear for frame in self.frames) / len(self.frames)

    @property
    def inconsistent(self) -> float:
        """Mean share of the area that is inconsistent."""
        return sum(frame.inconsistent for frame in self.frames) / len(self.frames)

    def shown(self) -> list[FramePoint]:
        """At most `MOST_POINTS` frames, evenly chosen."""
        step = -(-len(self.frames) // MOST_POINTS)
        return self.frames[::step]


@dataclass(frozen=True)
class Numbers:
    """All images in the order of the plan, and the most inconsistent frames, worst first."""

    names: tuple[str, ...]
    images: tuple[ImageNumbers, ...]
    worst: tuple[tuple[str, FramePoint], ...]

    @property
    def good(self) -> list[ImageNumbers]:
        """The images that were counted."""
        return [image for image in self.images if image.frames]

    @property
    def failed(self) -> list[ImageNumbers]:
        """The others."""
        return [image for image in self.images if not image.frames]

    @property
    def frames(self) -> int:
        """Number of frames counted."""
        return sum(len(image.frames) for image in self.images)

    def area(self, name: str) -> float | None:
        """Mean share of the area over all frames, or None if any of them does not tell it."""
        frames = [frame for image in self.good for frame in image.frames]
        known = [frame.areas[name][0] for frame in frames if name in frame.areas]
        return sum(known) / len(known) if frames and len(known) == len(frames) else None

    @property
    def seen(self) -> tuple[str, ...]:
        """The names of which any network sees something anywhere."""
        return tuple(
            name
            for name in self.names
            if any(frame.counts[name][2] for image in self.good for frame in image.frames)
        )


def gather(rows: Iterable[Mapping[str, str]], names: Sequence[str]) -> Numbers:
    """Read the rows of counts.csv; those of an image follow each other."""
    images: dict[str, ImageNumbers] = {}
    for row in rows:
        image = images.setdefault(row["image"], ImageNumbers(row["image"]))
        if row["status"] != DONE:
            image.failed = row["status"]
            continue
        point = FramePoint(
            place=len(image.frames),
            counts={name: _count(row, column_of(name)) for name in names},
            areas={name: area for name in names if (area := _area(row, column_of(name)))},
            unclear=int(row["unclear"]),
            inconsistent=float(row["inconsistent"]),
            label=row["frame"],
        )
        image.frames.append(point)
    return Numbers(tuple(names), tuple(images.values()), _worst(images.values()))


def _count(row: Mapping[str, str], column: str) -> tuple[int, int, int]:
    count, low, high = (int(row[f"{column}{end}"]) for end in COUNT_ENDS)
    return count, low, high


def _area(row: Mapping[str, str], column: str) -> tuple[float, float, float] | None:
    values = [row.get(f"{column}{end}") for end in AREA_ENDS]
    if not all(values):
        return None
    share, low, high = (float(value or 0) for value in values)
    return share, low, high


def _worst(images: Iterable[ImageNumbers]) -> tuple[tuple[str, FramePoint], ...]:
    def badness(item: tuple[str, FramePoint]) -> float:
        return item[1].inconsistent

    candidates = (
        (image.name, point)
        for image in images
        for point in heapq.nlargest(PER_IMAGE, image.frames, key=lambda p: p.inconsistent)
    )
    return tuple(heapq.nlargest(THUMBNAILS, candidates, key=badness))
