"""Scores of a run that was compared with others, from the files of its comparison."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import stdev

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
        Standard error of the images' own values, or None if it is not known.
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
            *(_score(rows[0][name], [row[name] for row in images]) for name in _METRICS)
        )
    except (KeyError, ValueError) as error:
        raise InputError(f"{folder / SCORES}: the table is damaged ({error!r}).") from None


_METRICS = ("count_error", "mean_iou")


def _score(value: str, of_images: Sequence[str]) -> Score | None:
    if not value:
        return None
    found = [float(text) for text in of_images if text]
    margin = stdev(found) / math.sqrt(len(found)) if len(found) > 1 else None
    return Score(float(value), margin)
