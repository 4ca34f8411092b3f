"""How many cells there are in all images together, and in each folder of them. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, TypeVar

from ..metrics.expected_counts import CountRatio, ExpectedCount
from .columns import column_of
from .layout import DONE

ALL = "all images"

Row = TypeVar("Row", bound=Mapping[str, Any])

COLUMNS = (
    *("folder", "class", "images", "without_results", "frames", "counted"),
    *("expected", "expected_low", "expected_high"),
    *("true_per_counted", "true_per_counted_low", "true_per_counted_high"),
    *("compared_images", "compared_files"),
)
"""Of totals.csv: a row per class for all images, then for each folder if there are several."""


@dataclass(frozen=True)
class Total:
    """The cells of one state (or objects of one class) in some images.

    Attributes
    ----------
    folder
        Which images: `ALL`, or the folder that they lie in.
    name
        Of the state.
    images, failed, frames
        Numbers of the images that were counted, of those without results, and of frames.
    by_image
        Cells that were counted, in each image.
    ratio
        What is known of these networks' counts, or None.
    """

    folder: str
    name: str
    images: int
    failed: int
    frames: int
    by_image: tuple[int, ...]
    ratio: CountRatio | None

    @property
    def counted(self) -> int:
        """Cells in all of them."""
        return sum(self.by_image)

    @property
    def expected(self) -> ExpectedCount | None:
        """How many cells there are; None if nothing is known, as where nothing was counted."""
        return self.ratio.expected(self.by_image) if self.ratio and self.counted else None

    def to_record(self) -> dict[str, Any]:
        """The row of totals.csv."""
        told = (self.folder, self.name, self.images, self.failed, self.frames, self.counted)
        record: dict[str, Any] = {
            **dict.fromkeys(COLUMNS),
            **dict(zip(COLUMNS, told, strict=False)),
        }
        ratio, expected = self.ratio, self.expected
        if expected is not None:
            record |= {
                "expected": round(expected.expected, 1),
                "expected_low": round(expected.low, 1),
                "expected_high": round(expected.high, 1),
            }
        if ratio is not None:
            low, high = ratio.interval()
            record |= {
                "true_per_counted": round(ratio.ratio, 4),
                "true_per_counted_low": round(low, 4),
                "true_per_counted_high": round(high, 4),
                "compared_images": ratio.images,
                "compared_files": ratio.files or None,
            }
        return record


@dataclass
class _Sums:
    frames: int = 0
    failed: set[str] = field(default_factory=set)
    counted: dict[str, dict[str, int]] = field(default_factory=dict)
    """By image, then by state."""


class Totals:
    """Adds up the rows of counts.csv.

    Parameters
    ----------
    names
        Of the states.
    ratios
        By state, what is known of the counts.
    folders
        By image, which folder it lies in; if not given, that in its name.
    """

    def __init__(
        self,
        names: Sequence[str],
        ratios: Mapping[str, CountRatio],
        folders: Mapping[str, str] | None = None,
    ) -> None:
        self._names, self._ratios, self._folders = names, ratios, folders or {}
        self._of: dict[str, _Sums] = {}

    def add(self, row: Mapping[str, Any]) -> None:
        """Add one frame, or an image without results."""
        counts = {name: row.get(column_of(name)) for name in self._names}
        image = row["image"]
        folder = self._folders.get(image) or PurePosixPath(image).parent.as_posix()
        sums = self._of.setdefault(folder, _Sums())
        if row["status"] != DONE or not all(map(_is_there, counts.values())):
            sums.failed.add(image)
            return
        sums.frames += 1
        in_image = sums.counted.setdefault(image, dict.fromkeys(self._names, 0))
        for name, count in counts.items():
            in_image[name] += int(count or 0)

    def adding(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Pass rows on, and add each."""
        for row in rows:
            self.add(row)
            yield row

    def all(self) -> list[Total]:
        """Of all images together, a total per state."""
        return self._totals(ALL, list(self._of.values()))

    def by_folder(self) -> list[Total]:
        """Of each folder, a total per state; empty if all images lie in one."""
        if len(self._of) < 2:
            return []
        folders = sorted(self._of.items())
        return [total for folder, sums in folders for total in self._totals(folder, [sums])]

    def _totals(self, folder: str, parts: Sequence[_Sums]) -> list[Total]:
        return [
            Total(
                folder=folder,
                name=name,
                images=sum(len(part.counted) for part in parts),
                failed=sum(len(part.failed) for part in parts),
                frames=sum(part.frames for part in parts),
                by_image=tuple(image[name] for part in parts for image in part.counted.values()),
                ratio=self._ratios.get(name),
            )
            for name in self._names
        ]


def _is_there(count: object) -> bool:
    """Whether a cell of the table holds something; somebody may have emptied it."""
    return count is not None and count != ""


def counted(rows: Sequence[Mapping[str, Any]]) -> str:
    """What was counted, in a sentence; of stacks it says that their frames are added up.

    A cell of a movie or of a Z stack is in several frames.

    Parameters
    ----------
    rows
        Of totals.csv, about the same images, at least one.
    """
    images, frames = rows[0]["images"], rows[0]["frames"]
    if not frames:
        return "Nothing was counted."
    where = f" in all {frames:,} frames together" if frames > images else ""
    return f"Counted{where}: {in_words(rows)}."


def in_words(rows: Iterable[Mapping[str, Any]]) -> str:
    """Counted and expected cells, such as ``"1,779 nuclei (expected 2,040, 1,950 to 2,140)"``.

    Parameters
    ----------
    rows
        Of totals.csv, as `Total.to_record` makes them.
    """
    return ", ".join(map(_in_words, rows))


def _in_words(row: Mapping[str, Any]) -> str:
    words = f"{row['counted']:,} {row['class']}"
    if row["expected"] is None:
        return words
    expected, low, high = (row[f"expected{end}"] for end in ("", "_low", "_high"))
    return f"{words} (expected {expected:,.0f}, {low:,.0f} to {high:,.0f})"


def compared_with(rows: Iterable[Mapping[str, Any]]) -> tuple[int, int] | None:
    """Numbers of images and files that expected counts come from; None if there are none."""
    numbers = [(row["compared_images"] or 0, row["compared_files"] or 0) for row in rows]
    most = max(numbers, default=(0, 0))
    return most if most[0] else None
