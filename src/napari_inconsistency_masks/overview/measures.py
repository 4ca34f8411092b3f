"""Scores of a run that was compared with others, from the files of its comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..files.tables import read_csv

SCORES, IMAGES = "scores.csv", "images.csv"
ENSEMBLE = "ensemble"
"""What `benchmark.scoring` calls them, which imports torch."""


@dataclass(frozen=True)
class Score:
    """A mean over images.

    Attributes
    ----------
    value
        The mean.
    margin
        Standard error for other images, or None if it is not known.
    """

    value: float
    margin: float | None = None

    @property
    def words(self) -> str:
        """As ``2.31 ± 0.40``."""
        known = self.margin is not None and self.margin > 0
        return f"{self.value:.2f}" + (f" ± {self.margin:.2f}" if known else "")


@dataclass(frozen=True)
class SplitScores:
    """Scores of the ensemble that is the result of a run, on one kind of images."""

    count_error: Score | None
    mean_iou: Score | None


def read_split(folder: Path, split: str) -> SplitScores | None:
    """Read what a comparison wrote into a run folder; None if there is nothing.

    Parameters
    ----------
    folder
        Of the run.
    split
        ``validation`` or ``test``.

    Raises
    ------
    InputError
        If a table cannot be read, or lacks what it should have.
    """
    if not (folder / SCORES).is_file():
        return None
    try:
        rows = [
            row
            for row in read_csv(folder / SCORES)
            if (row["split"], row["network"], row["result"]) == (split, ENSEMBLE, "true")
        ]
        if not rows:
            return None
        images = read_csv(folder / IMAGES) if (folder / IMAGES).is_file() else []
        mine = (split, rows[0]["generation"])
        images = [row for row in images if (row["split"], row["generation"]) == mine]
        return SplitScores(
            _score(rows[0]["count_error"], _counts(images)),
            _score(rows[0]["mean_iou"], _pixels(images)),
        )
    except (KeyError, ValueError) as error:
        raise InputError(f"{folder / SCORES}: the table is damaged ({error!r}).") from None


_Sums = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
"""Numerators and denominators ``(N, K)`` of N images."""


def _counts(images: Sequence[Mapping[str, str]]) -> _Sums:
    errors = np.array([[float(row["count_error"])] for row in images if row["count_error"]])
    return errors, np.ones_like(errors)


def _pixels(images: Sequence[Mapping[str, str]]) -> _Sums:
    """Intersection and union of each class; nothing in tables of an older version."""
    columns = images[0] if images else {}
    names = [name.removeprefix("both ") for name in columns if name.startswith("both ")]
    both, union = (
        np.array([[float(row[f"{what} {name}"]) for name in names] for row in images])
        for what in ("both", "union")
    )
    return both, union


def _score(value: str, of_images: _Sums) -> Score | None:
    return Score(float(value), _standard_error(*of_images)) if value else None


def _standard_error(above: npt.NDArray[np.float64], below: npt.NDArray[np.float64]) -> float | None:
    """Of a mean of ratios of sums, by leaving out one image at a time (jackknife)."""
    count = len(above)
    if count < 2 or not above.size:
        return None
    rest = below.sum(axis=0) - below  # (N, K)
    there = rest > 0
    ratios = np.divide(above.sum(axis=0) - above, rest, out=np.zeros_like(above), where=there)
    without = ratios.sum(axis=1) / np.maximum(there.sum(axis=1), 1)  # (N,)
    return float(np.sqrt((count - 1) / count * ((without - without.mean()) ** 2).sum()))
