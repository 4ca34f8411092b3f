"""``napari-im demo``: from a few labels to counts, without any data of one's own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from ..devices import ALLOCATOR
from ..errors import InputError
from . import data as flags
from .display import has_display, virtual_display

if TYPE_CHECKING:
    from ..config import TrainConfig
    from ..data.sample import Sample, SegmentationData

SYNTHETIC = {
    "images": 48,
    "labeled": 12,
    "validation": 8,
    "test": 6,
    "size": [192, 192],
    "seed": 7,
    "cells": [6, 12],
    "difficulty": 0.25,
}
"""12 of the 48 images are labeled; the window shows the 6 that nothing learned from."""

SHOWN, TO_CORRECT = 6, 3
"""Images that are shown: with labels, to compare counts with; and without, to correct."""


def demo(
    data: Annotated[
        Optional[Path],  # noqa: UP045  typer
        typer.Option(help="A folder of your own instead of the synthetic images."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where everything is kept.")] = Path(
        "demo-output"
    ),
    pictures: Annotated[
        bool, typer.Option("--pictures", help="Save pictures of the window instead of opening it.")
    ] = False,
    preset: Annotated[str, typer.Option(help="quick, standard or paper.")] = "quick",
    classes: flags.Classes = None,
    position: flags.Position = None,
    labeled: flags.Labeled = None,
) -> None:
    """Train on a few labels, then show predictions, inconsistency masks and counts in napari.

    Without a display, pictures of the window and counts.csv are saved. What is trained already is
    not trained again.
    """
    from ..plans import find_preset

    typer.echo(f"Making the images and the run folder {out / 'run'} ...")
    segmentation = _data(data, classes, position, labeled)
    run = out / "run"
    _train(run, segmentation, find_preset(preset))
    if has_display() and not pictures:
        typer.echo("Opening napari; close its window to end.")
        _in_child("show", run)
    else:
        with virtual_display():
            _in_child("show", run, "--pictures", out)
        typer.echo(f"Pictures of the window and counts.csv are in {out}.")


def show(
    run: Annotated[Path, typer.Argument(help="The folder of a finished run.")],
    pictures: Annotated[
        Optional[Path],  # noqa: UP045  typer
        typer.Option(help="Save pictures of the window and counts.csv here, and close it."),
    ] = None,
) -> None:
    """Open napari with images whose labels a run did not learn from, its predictions and counts."""
    from ..data.origin import open_data
    from ..files.folders import make_folder
    from ..plans import read_plan

    if pictures is not None:
        make_folder(pictures)
    plan = read_plan(run)
    if plan.data is None:
        raise InputError(f"{run}: its data was not read from files; open napari and load the run.")
    data = open_data(plan.data, relative_to=run)
    try:
        from ..widgets.demo_program import show_demo
    except ImportError as error:
        raise InputError(
            f"The networks are in {run}, but the window cannot be opened ({error}): install napari "
            'with a Qt binding, as in: python -m pip install "napari[all]".'
        ) from None
    show_demo(run, _shown(data), data.scheme, pictures)


def _data(
    path: Path | None, classes: str | None, position: str | None, labeled: str | None
) -> SegmentationData:
    from ..data.origin import open_data

    if path is not None:
        return flags.open_data_path(path, classes=classes, position=position, labeled=labeled)
    if (classes, position, labeled) != (None, None, None):
        raise InputError("--classes, --position and --labeled go with --data.")
    return open_data({"kind": "synthetic", **SYNTHETIC})


def _train(run: Path, data: SegmentationData, config: TrainConfig) -> None:
    """Train in a process of its own, which shows its progress here."""
    from ..plans import create, find_recipe, read_plan
    from ..training.preflight import preflight

    if (run / "run.json").exists():
        plan = read_plan(run)
        if (plan.data_name, plan.config) != (data.name, config):
            raise InputError(
                f"{run}: another demo is kept here ({plan.data_name}); choose another folder "
                f"with --out, or remove this one."
            )
    else:
        recipe = find_recipe("im" if len(data.unlabeled) else "labeled-aug")
        preflight(data, recipe, seconds=0)  # the child looks at more
        create(run, recipe, data, config)
    _in_child("run", run)


def _in_child(*arguments: object) -> None:
    """Run a command of ours in a process of its own, which talks for itself."""
    child = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "napari_inconsistency_masks", *map(str, arguments)],
        env={**os.environ, **(ALLOCATOR if sys.platform == "linux" else {})},
    )
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the child's: it saves first
    try:
        code = child.wait()
    finally:
        signal.signal(signal.SIGINT, before)
    if code:
        raise typer.Exit(code)


def _shown(data: SegmentationData) -> list[Sample]:
    """Some images that no label was learned from, some with labels; all of one size."""
    source = next((each for each in (data.test, data.hidden) if len(each)), data.validation)
    labeled = [source[index] for index in range(min(len(source), 10 * SHOWN))]
    shape = (labeled or data.unlabeled)[0].image.shape
    last = len(data.unlabeled) - 1  # from the end, as hidden labels are of the same images
    unlabeled = [data.unlabeled[last - n] for n in range(min(last + 1, 10 * SHOWN))]
    alike = [[each for each in some if each.image.shape == shape] for some in (labeled, unlabeled)]
    without = TO_CORRECT if alike[0] else SHOWN
    return [*alike[0][:SHOWN], *(replace(each, target=None) for each in alike[1][:without])]
