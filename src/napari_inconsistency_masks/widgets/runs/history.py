"""The course of a run, from its events: what the curves show. Plain logic, no Qt."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from ...training.events import EpochEnd, Event, GenerationEnd, Labeling, Started, Warned


@dataclass
class History:
    """Numbers of a run by epoch, all generations one after the other.

    Attributes
    ----------
    epochs
        By (generation, epoch), so that an epoch that was repeated after a crash counts once.
    generations
        Those that are complete.
    notes
        What the run warned of, none twice.
    started
        How the run began last.
    """

    epochs: dict[tuple[int, int], EpochEnd] = field(default_factory=dict)
    generations: dict[int, GenerationEnd] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    started: Started | None = None
    labeling: Labeling | None = None

    def add(self, event: Event) -> None:
        """Take note of an event; steps change nothing."""
        if isinstance(event, EpochEnd):
            self.epochs[event.generation, event.epoch] = event
        elif isinstance(event, GenerationEnd):
            self.generations[event.generation] = event
        elif isinstance(event, Warned) and event.message not in self.notes:
            self.notes.append(event.message)
        elif isinstance(event, Started):
            self.started = event
        elif isinstance(event, Labeling):
            self.labeling = event

    def curve(self, name: str) -> tuple[list[float], list[list[float]]]:
        """Positions along the run, and one list of values per network.

        Parameters
        ----------
        name
            A field of `EpochEnd` that is a number per network, or one number for all. What is not
            known of a network, such as the training loss of a lost one, is NaN.
        """
        positions: list[float] = []
        networks: list[list[float]] = []
        for event in self._in_order():
            values = getattr(event, name)
            if values is None:
                continue
            values = values if isinstance(values, tuple) else (values,)
            networks = networks or [[] for _ in values]
            positions.append(self._position(event))
            for network, value in zip(networks, values, strict=False):
                network.append(math.nan if value is None else value)
        return positions, networks

    def borders(self) -> list[float]:
        """Where along the run a new generation begins."""
        lengths = {event.generation: event.epochs for event in self.epochs.values()}
        return [sum(lengths.get(g, 0) for g in range(last)) + 0.5 for last in sorted(lengths)[1:]]

    def _in_order(self) -> list[EpochEnd]:
        return [self.epochs[key] for key in sorted(self.epochs)]

    def _position(self, event: EpochEnd) -> float:
        return float(event.generation * event.epochs + event.epoch + 1)


def means(networks: Sequence[Sequence[float]]) -> list[float]:
    """Mean of the networks at each position, of those that are known there; else NaN."""
    columns = [[v for v in column if not math.isnan(v)] for column in zip(*networks, strict=False)]
    return [sum(column) / len(column) if column else math.nan for column in columns]


def known_points(
    positions: Sequence[float], values: Sequence[float]
) -> tuple[list[float], list[float]]:
    """The positions and values of a line, without those that are NaN."""
    known = [(x, y) for x, y in zip(positions, values, strict=False) if not math.isnan(y)]
    return [x for x, _ in known], [y for _, y in known]
