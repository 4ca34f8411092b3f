"""Does a ranked place teach more than a random one? A person who corrects is simulated.

    python benchmarks/annotator.py DATA --classes alive,dead,position --position position --out OUT

An ensemble learns from a few labeled images. Then, in rounds, true labels are filled in at some
places of the other training images. In each round the first networks go on learning, half from the
labeled images and half from all that is corrected so far, for the same number of steps with a
learning rate that falls to 0; what to correct next is chosen with the networks of the round before.
The strategies are in `annotator_corrections.STRATEGIES`. The cost of a correction is the number of
true cells that it is the first to label, at least 1.

Writes OUT/DATA-STRATEGY-SEED-ROUND.json, prints the table and draws OUT/annotator.svg. Can be
stopped and started again. A seed has labeled images, networks and random places of its own. Scored
with the networks after the last step: nothing is chosen on the images that are scored.
"""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from annotator_corrections import STRATEGIES, Annotator, Correction
from annotator_data import Course
from annotator_figure import draw_figure
from annotator_networks import Pupils
from annotator_table import print_tables
from napari_inconsistency_masks.devices import use_threads
from napari_inconsistency_masks.files.atomic import write_json
from napari_inconsistency_masks.files.json_files import read_json
from napari_inconsistency_masks.plans import find_preset

_say = Console(highlight=False).print


@dataclasses.dataclass(frozen=True)
class Protocol:
    """What is the same for all strategies of a seed."""

    pupils: Pupils
    annotator: Annotator
    cells: tuple[int, ...]
    until: float


def main(
    data: Path,
    out: Annotated[Path, typer.Option()],
    classes: Annotated[str, typer.Option()],
    position: Annotated[str | None, typer.Option()] = None,
    labeled: Annotated[int, typer.Option(help="Images to begin with.")] = 5,
    pool: Annotated[int, typer.Option(help="Images to correct in.")] = 300,
    half: Annotated[bool, typer.Option(help="Halve the images in height and width.")] = False,
    strategies: Annotated[str, typer.Option()] = ",".join(STRATEGIES),
    seeds: Annotated[str, typer.Option(help="First and last, as 0-2.")] = "0-2",
    cells: Annotated[str, typer.Option(help="Corrected cells after each round.")] = "16,32,64,128",
    split: Annotated[str, typer.Option(help="Scored: test, or validation.")] = "test",
    first_steps: Annotated[int, typer.Option()] = 500,
    steps: Annotated[int, typer.Option(help="Per round.")] = 500,
    members: Annotated[int, typer.Option()] = 2,
    width: Annotated[float, typer.Option()] = 0.5,
    batch: Annotated[int, typer.Option()] = 12,
    patch: Annotated[int, typer.Option()] = 64,
    budget_minutes: Annotated[float, typer.Option()] = 60.0,
) -> None:
    """Simulate what is not simulated yet, as far as the time goes; print the table."""
    use_threads(1)
    until = time.monotonic() + 60 * budget_minutes
    course = Course(data, classes.split(","), position, labeled, pool, half)
    config = course.adapt(
        dataclasses.replace(
            find_preset("quick"),
            members=members,
            teachers=members,
            width=width,
            batch=batch,
            patch=patch,
        )
    )
    out.mkdir(parents=True, exist_ok=True)
    first, last = (int(seed) for seed in seeds.split("-"))
    for seed in range(first, last + 1):
        of_seed = course.read(seed, split)
        pupils = Pupils(of_seed, config, seed, first_steps, steps, split, out)
        budgets = tuple(int(number) for number in cells.split(","))
        protocol = Protocol(pupils, Annotator(of_seed, seed, pupils.first), budgets, until)
        for strategy in strategies.split(","):
            simulate(protocol, strategy)
    rows = [read_json(path) for path in sorted(out.glob("*.json"))]
    print_tables(rows)
    draw_figure(rows, out / "annotator.svg")


def simulate(protocol: Protocol, strategy: str) -> None:
    """Go through the rounds that are missing, as long as there is time."""
    pupils, annotator = protocol.pupils, protocol.annotator
    corrections: list[Correction] = []
    budgets = protocol.cells if strategy != "none" else (0,)
    for turn, budget in enumerate(budgets, start=1):
        path = pupils.path(strategy, turn, "json")
        if not path.exists():
            if time.monotonic() > protocol.until:
                return
            before = pupils.load(strategy, turn - 1)
            corrections += annotator.correct(strategy, before, corrections, budget)
            pieces = annotator.pieces(corrections, pupils.config.patch)
            row = pupils.learn(strategy, turn, pieces)
            row |= {"cells": sum(c.cells for c in corrections), "places": len(corrections)}
            row |= {"pixels": sum(c.pixels for c in corrections)}
            row |= {"empty": sum(c.empty for c in corrections)}
            _say({k: v for k, v in row.items() if k not in ("errors", "data")}, markup=False)
            write_json(path, {**row, "corrections": [dataclasses.asdict(c) for c in corrections]})
        else:
            corrections = [Correction.from_json(c) for c in read_json(path)["corrections"]]


if __name__ == "__main__":
    typer.run(main)
