"""Recipes compared on real images: test scores of every network and generation.

    python benchmarks/real_images.py DATA --classes alive,dead,position --position position \
        --labeled 16 --labeled 63 --out OUT

Writes OUT/results.csv (a row per recipe, number of labels, generation and network, and one for the
ensemble of the teachers) and prints the table of docs/benchmarks.md. Can be stopped and started
again: finished runs are not trained again. The test images are only ever looked at here, after
training.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from napari_inconsistency_masks import runs
from napari_inconsistency_masks.cli.console import show_events
from napari_inconsistency_masks.config import TrainConfig
from napari_inconsistency_masks.data.folders.folder import load_folder
from napari_inconsistency_masks.data.sample import SegmentationData
from napari_inconsistency_masks.devices import choose_device, choose_precision, use_threads
from napari_inconsistency_masks.files.tables import read_csv, write_csv
from napari_inconsistency_masks.inference.evaluate import check
from napari_inconsistency_masks.losses import choose_loss
from napari_inconsistency_masks.metrics.scores import Scores
from napari_inconsistency_masks.plans import find_preset
from napari_inconsistency_masks.training.records import Records

PROTOCOLS = {
    "reduced": {
        "members": 3,
        "teachers": 2,
        "width": 0.5,
        "batch": 16,
        "epochs": 8,
        "steps": 50,
        "generations": 2,
        "refuse_worse": False,
    },
    "full": {"members": 5, "teachers": 2, "width": 1.0, "batch": 32, "epochs": 50, "steps": 100},
}
"""Changes to a preset: what a CPU manages in a night, and what a GPU is for."""

COMPARED = ("labeled", "labeled-aug", "full", "full-aug", "im")
PAPER_CHOICES = ("labeled", "full")
"""Recipes that the preset's augmentation must not change: they are what they are without it."""


def main(
    data: Path,
    out: Annotated[Path, typer.Option()],
    classes: Annotated[str, typer.Option()],
    labeled: Annotated[list[int], typer.Option()],
    position: Annotated[str | None, typer.Option()] = None,
    masks: Annotated[str | None, typer.Option()] = None,
    recipes: Annotated[str, typer.Option()] = ",".join(COMPARED),
    protocol: Annotated[str, typer.Option()] = "reduced",
    preset: Annotated[str, typer.Option()] = "standard",
    change: Annotated[str, typer.Option(help="Settings as JSON that differ.")] = "{}",
    called: Annotated[str, typer.Option(help="Ending of the name of what differs.")] = "",
    threads: Annotated[int, typer.Option()] = 0,
) -> None:
    """Train what is not trained yet, score it on the test images, print the table."""
    use_threads(threads or None)
    settings = {**find_preset(preset).to_json(), **PROTOCOLS[protocol], **json.loads(change)}
    base = TrainConfig.from_json(settings, source="the preset as changed")
    for number in labeled:
        segmentation = load_folder(
            data, labeled=number, classes=classes.split(","), position=position, masks=masks
        )
        for recipe in recipes.split(","):
            name = f"{recipe}{called}"
            folder = out / (name if recipe.startswith("full") else f"{name}-{number}")
            config = _config(recipe, base)
            if not (folder / "scores.csv").exists():
                Console().print(f"{recipe}, {number} labeled images: {folder}")
                show_events(_events(folder, recipe, segmentation, config))
                rows = [
                    {"recipe": name, **row} for row in _rows(folder, recipe, segmentation, config)
                ]
                write_csv(folder / "scores.csv", rows, list(rows[0]))
    print_table(out)


def _config(recipe: str, base: TrainConfig) -> TrainConfig:
    """Return the preset, but without its augmentation for the recipes that have none."""
    return dataclasses.replace(base, augment="never" if recipe in PAPER_CHOICES else "always")


def _events(folder: Path, recipe: str, data: SegmentationData, config: TrainConfig) -> Any:
    if (folder / "run.json").exists():
        return runs.resume(folder, data)
    return runs.train(recipe, data, config, folder=folder)


def _rows(
    folder: Path, recipe: str, data: SegmentationData, config: TrainConfig
) -> Iterator[dict[str, Any]]:
    """Test scores of each network of each generation, and of the ensemble of the teachers."""
    records, device = Records(folder), choose_device(config.device)
    loss = choose_loss(config.loss, data.scheme, config.position_weight)
    count = (
        len(data.labeled) if not recipe.startswith("full") else len(data.labeled) + len(data.hidden)
    )
    generation = 0
    while (record := records.load_generation(generation)) is not None:
        networks = records.load_networks(generation, record.ranking)
        networks.place(device, choose_precision(device, config.precision))
        members = check(networks, data.test, data.scheme, loss).members
        teachers = check(networks.select(range(config.teachers)), data.test, data.scheme, loss)
        named = {f"network {place}": scores for place, scores in enumerate(members, start=1)}
        for name, scores in {**named, "ensemble": teachers.ensemble}.items():
            yield {
                "labeled": count,
                "generation": generation,
                "network": name,
                "accepted": record.accepted,
                **_numbers(scores),
            }
        generation += 1


def _numbers(scores: Scores) -> dict[str, float | None]:
    error = scores.object_count_error if scores.mcce is None else scores.mcce
    numbers: dict[str, float | None] = {"count_error": error}
    numbers |= {f"iou {name}": iou for name, iou in scores.iou.items()}
    numbers |= {f"recall {name}": count.recall for name, count in scores.counts.items()}
    numbers |= {f"bias {name}": count.bias for name, count in scores.counts.items()}
    return {name: None if value is None else round(value, 4) for name, value in numbers.items()}


def print_table(out: Path) -> None:
    """Join the scores of all runs, and print them as the Markdown table of the documentation."""
    rows = [row for path in sorted(out.glob("*/scores.csv")) for row in read_csv(path)]
    write_csv(out / "results.csv", rows, list(rows[0]))
    metrics = [name for name in rows[0] if name.startswith(("count_error", "iou", "recall"))]
    say = Console(width=250, highlight=False).print
    say("| recipe | labels | generation | " + " | ".join(metrics) + " |", markup=False)
    say("|---" * (3 + len(metrics)) + "|", markup=False)
    groups = dict.fromkeys((row["recipe"], row["labeled"], row["generation"]) for row in rows)
    for group in groups:
        chosen = [
            row for row in rows if (row["recipe"], row["labeled"], row["generation"]) == group
        ]
        cells = [_cell(chosen, metric) for metric in metrics]
        say("| " + " | ".join([*group, *cells]) + " |", markup=False)


def _cell(rows: Sequence[dict[str, str]], metric: str) -> str:
    """Return each network's value, and the ensemble's in bold."""
    digits = 2
    single = [
        f"{float(r[metric]):.{digits}f}" for r in rows if r["network"] != "ensemble" and r[metric]
    ]
    (together,) = (r[metric] for r in rows if r["network"] == "ensemble")
    return " ".join(single) + (f" **{float(together):.{digits}f}**" if together else "")


if __name__ == "__main__":
    typer.run(main)
