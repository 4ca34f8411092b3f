"""The scores of a trial as they were written, and what of it two methods are compared by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .scoring import ENSEMBLE, read_scores
from .statistics import Measured
from .trials import Trial

Row = dict[str, str]


class _Sums(NamedTuple):
    above: list[float]
    below: list[float]


@dataclass(frozen=True)
class Scored:
    """A trial with its rows of networks and of images."""

    trial: Trial
    networks: list[Row]
    images: list[Row]

    def values(self, metric: str, generation: int | None = None) -> list[float]:
        """A test metric of the ensemble: of its result, or of one generation; perhaps none."""
        rows = [
            row
            for row in self.networks
            if (row["split"], row["network"]) == ("test", ENSEMBLE)
            and (row["result"] == "true" if generation is None else _of(row, generation))
        ]
        return [float(row[metric]) for row in rows if row[metric]]

    @property
    def generations(self) -> int:
        """The number of the last generation."""
        return max(int(row["generation"]) for row in self.networks)

    @property
    def result(self) -> int:
        """The generation whose networks are the result: the last one that was accepted."""
        return next(int(row["generation"]) for row in self.networks if row["result"] == "true")

    def sums(self, metric: str, generation: int | None = None) -> dict[str, _Sums]:
        """By file, what a test metric of its images is made of; see `Measured`."""
        wanted = self.result if generation is None else generation
        found: dict[str, _Sums] = {}
        for row in self.images:
            if row["split"] != "test" or not _of(row, wanted):
                continue
            parts = _parts(row, metric)
            if parts is not None:
                file = row.get("file") or row["image"]
                before = found.get(file)
                found[file] = parts if before is None else _Sums(*map(_added, before, parts))
        return found

    @property
    def collapsed(self) -> bool:
        """Whether the networks of any generation had nothing to teach."""
        return any(row.get("collapse") for row in self.networks)

    def cost(self, what: str) -> float | None:
        """``seconds`` or ``memory`` of the training, if known."""
        text = self.networks[0][what]
        return float(text) if text else None


def read_scored(trial: Trial, folder: Path) -> Scored:
    """Read the scores of a trial's run folder."""
    networks, images = read_scores(folder)
    return Scored(trial, networks, images)


def measured(metric: str, *groups: tuple[Sequence[Scored], int | None]) -> list[Measured] | None:
    """What a metric of some runs is made of, for each group, on the files that all have.

    Parameters
    ----------
    metric
        ``count_error`` or ``mean_iou``.
    *groups
        Runs, and of which generation; None for that of the result.

    Returns
    -------
    list of Measured or None
        None if there is no run, no common file, a run in which nothing could be measured on them,
        or if older scores lack what is needed.
    """
    sums = [[run.sums(metric, generation) for run in runs] for runs, generation in groups]
    files = [set(each) for group in sums for each in group]
    if not all(sums) or not (common := sorted(set.intersection(*files))):
        return None
    found = [
        Measured(
            *(
                np.array([[each[file][side] for file in common] for each in group], np.float64)
                for side in range(2)
            )
        )
        for group in sums
    ]
    return found if all(each.below.any(axis=(1, 2)).all() for each in found) else None


def _parts(row: Row, metric: str) -> _Sums | None:
    """Numerators and denominators of one image, or None where nothing was measured."""
    if metric == "count_error":
        return _Sums([float(row[metric])], [1.0]) if row[metric] else None
    classes = [name.removeprefix("both ") for name in row if name.startswith("both ")]
    if not classes or not row[f"both {classes[0]}"]:
        return None
    sides = ([float(row[f"{what} {name}"]) for name in classes] for what in ("both", "union"))
    return _Sums(*sides)


def _added(one: list[float], other: list[float]) -> list[float]:
    return [a + b for a, b in zip(one, other, strict=True)]


def _of(row: Row, generation: int) -> bool:
    return int(row["generation"]) == generation
