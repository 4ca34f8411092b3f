"""``napari-im benchmark``: recipes compared under the same conditions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from ..errors import InputError
from ..recipes import RECIPES
from . import data as flags
from .benchmark_console import show_results, show_study
from .data import open_data_path, recognized_layout
from .exit_codes import SOME_FAILED, STOPPED
from .flags import changes_of, with_settings
from .stopping import Stopper
from .work_places import Cluster, Scheduler, connect

if TYPE_CHECKING:
    from ..data.sample import SegmentationData

ALL = "all"


@with_settings("the protocol's", hidden=("seed",))
def benchmark(
    context: typer.Context,
    data: Annotated[
        Path,
        typer.Option(
            "--data", "-d", help="A data set with test images, or give --test.", show_default=False
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder of the comparison.")],
    methods: Annotated[
        str,
        typer.Option(
            "--methods", "-m", help="all, or names from napari-im recipes, as im,labeled."
        ),
    ] = ALL,
    runs: Annotated[
        int, typer.Option(min=1, help="Trainings of each recipe, each with a seed of its own.")
    ] = 3,
    labeled: Annotated[
        Optional[list[str]],  # noqa: UP045  typer
        typer.Option(
            help="Images that count as labeled: a number, a share such as 0.1, or a list in "
            "splits; may be given several times.",
            metavar="<str>",
            show_default=False,
        ),
    ] = None,
    protocol: Annotated[
        str, typer.Option(help="Settings to begin with: quick, standard or paper.")
    ] = "quick",
    jobs: Annotated[int, typer.Option(min=1, help="Trainings at a time.")] = 1,
    gpus: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Numbers of GPUs to take turns with: 0,1.", show_default=False),
    ] = None,
    classes: flags.Classes = None,
    position: flags.Position = None,
    task: flags.Kind = None,
    images: flags.Images = None,
    masks: flags.Masks = None,
    validation: flags.Validation = None,
    test: flags.Test = None,
    upright: flags.Upright = False,
    layout: flags.Layout = flags.AUTO,
    layout_option: flags.LayoutOption = None,
    threads: Annotated[
        int,
        typer.Option(
            min=0,
            help="Processor cores for each training; 0 is what OMP_NUM_THREADS says, else all but "
            "one of three or more.",
            show_default=False,
        ),
    ] = 0,
    scheduler: Scheduler = None,
    cluster: Cluster = None,
    *,
    given: dict[str, Any],
) -> None:
    """Train recipes under the same conditions, and compare them on the test images.

    Writes results.csv, table.md, table.html and the figures. Stop it with Ctrl-C; the same command
    goes on where it was. Settings that are given change the protocol's.
    """
    from ..benchmark import Study

    def read(amount: str | None) -> SegmentationData:
        return open_data_path(
            data,
            layout=layout,
            layout_options=layout_option or (),
            upright=upright,
            classes=classes,
            position=position,
            task=task,
            images=images,
            masks=masks,
            labeled=amount,
            validation=validation,
            test=test,
        )

    if "seed" in given:
        raise InputError("--seed: each run of a comparison has a seed of its own; leave it out.")
    layout = recognized_layout(data, layout)
    budgets: dict[int, SegmentationData] = {}
    for amount in labeled or (None,):
        each = read(amount)
        if len(each.labeled) in budgets:
            raise InputError(
                f"--labeled {amount}: there are {len(each.labeled)} labeled images already; give "
                f"each number once, or compare other lists in a folder of their own."
            )
        budgets[len(each.labeled)] = each
    study = Study(
        data=budgets,
        recipes=list(RECIPES) if methods == ALL else _listed(methods),
        runs=runs,
        protocol=protocol,
        folder=out,
        changes=changes_of(given),
    )
    work_places = connect(context, scheduler, cluster)
    _follow(study, study.run(jobs, threads, _numbers(gpus or ""), work_places))


def _numbers(text: str) -> list[int]:
    found = _listed(text)
    if not all(number.isdecimal() for number in found):
        raise InputError(f"--gpus {text}: give the numbers of GPUs, such as 0,1.")
    return [int(number) for number in found]


def _listed(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _follow(study: Any, events: Iterable[Any]) -> None:
    """Show what happens, then the table."""
    stopper = Stopper()
    failed = show_study(study, stopper.until_stopped(events))
    if stopper.wanted.is_set():
        typer.echo("Stopped. The same command goes on.", err=True)
        raise typer.Exit(STOPPED)
    show_results(study)
    if failed:
        raise typer.Exit(SOME_FAILED)
