"""``napari-im evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from ..errors import InputError
from . import data as flags
from .console import out
from .networks import Device, load_ensemble
from .training import Run, Threads

if TYPE_CHECKING:
    from ..metrics import Scores


def evaluate(
    run: Run,
    data: Annotated[
        Optional[Path],  # noqa: UP045  typer
        typer.Option(help="A folder with labels; the run's own data if not given."),
    ] = None,
    split: Annotated[
        str,
        typer.Option(
            help="Which images: test, validation, labeled, or hidden (those with labels that were "
            "not learned from)."
        ),
    ] = "test",
    table: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--out", "-o", help="Write counts per image to this file (CSV)."),
    ] = None,
    device: Device = "auto",
    layout: flags.Layout = flags.AUTO,
    layout_option: flags.LayoutOption = None,
    threads: Threads = 0,
) -> None:
    """Compare what the networks of a run see with labels: count error and overlap."""
    from ..data.origin import open_data
    from ..files.tables import write_csv
    from ..inference.evaluate import evaluate as score
    from ..plans import read_plan

    splits = ("test", "validation", "labeled", "hidden")
    if split not in splits:
        raise InputError(f"--split {split}: give one of {', '.join(splits)}.")
    ensemble = load_ensemble(run, device, threads)
    if data is None:
        flags.need_data(layout, layout_option or ())
        origin = read_plan(run).data
        if origin is None:
            raise InputError(f"{run}: the run's data was made in Python; name labels with --data.")
        segmentation = open_data(origin, relative_to=run)
    else:
        segmentation = flags.open_labels(
            data, ensemble.card, layout=layout, layout_options=layout_option or ()
        )
    samples = getattr(segmentation, split)
    if not len(samples):
        raise InputError(f"{segmentation.name}: there are no {split} images; choose another split.")
    scores = score(ensemble, samples)
    _print_scores(scores, segmentation.name, split)
    if table is not None:
        rows = [
            {
                "image": row.name,
                "class": row.state,
                "predicted": row.predicted,
                "true": row.true,
                "error": row.predicted - row.true,
            }
            for row in scores.rows
        ]
        write_csv(table, rows, ["image", "class", "predicted", "true", "error"])


def _print_scores(scores: Scores, name: str, split: str) -> None:
    from rich.table import Table

    error = scores.object_count_error if scores.mcce is None else scores.mcce
    words = "mean cell count error" if scores.mcce is not None else "mean object count error"
    out.print(f"{name}, {scores.images} {split} images: {words} {_number(error)} per image")
    table = Table("class", "IoU", "counted", "true", "recall", "precision", "bias per image")
    for label, iou in scores.iou.items():
        counts = scores.counts.get(label)
        numbers = ["", "", "", "", ""]
        if counts is not None:
            numbers = [
                str(counts.predicted),
                str(counts.true),
                _number(counts.recall),
                _number(counts.precision),
                f"{counts.bias:+.2f}",
            ]
        table.add_row(label, _number(iou), *numbers)
    out.print(table)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
