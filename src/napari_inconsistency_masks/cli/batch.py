"""``napari-im batch``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Optional

import typer

from ..errors import InputError
from ..files.text_lines import lines_of
from .batch_console import plan_teller, print_plan, say, show_batch
from .exit_codes import SOME_FAILED, STOPPED
from .networks import Device
from .pausing import Pauser
from .stopping import Stopper
from .training import EndWithInput, Json, Run, Threads
from .work_places import Cluster, Scheduler, batch_crew

if TYPE_CHECKING:
    from ..batch import BatchOptions
    from ..batch.events import BatchEvent

Inputs = Annotated[
    Optional[list[Path]],  # noqa: UP045  typer
    typer.Argument(
        help="Image files, folders of them, or Zarr images.", metavar="IMAGES", show_default=False
    ),
]


def batch(
    context: typer.Context,
    run: Run,
    folder: Annotated[Path, typer.Option("--out", "-o", help="The folder of the results.")],
    images: Inputs = None,
    listed: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--list", help="A text file that names more images, one a line."),
    ] = None,
    recursive: Annotated[
        bool, typer.Option("--recursive", help="Look into folders inside of folders as well.")
    ] = False,
    glob: Annotated[
        Optional[str],  # noqa: UP045  typer
        typer.Option(help="Take only files of folders with such names, as '*_ch1.tif'."),
    ] = None,
    axes: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Axes of the images if the files are wrong, as TYX or ZCYX."),
    ] = None,
    channel: Annotated[
        Optional[list[int]],  # noqa: UP045
        typer.Option(
            help="Channel that the networks see, from 0; may be given several times.",
            metavar="<int>",
        ),
    ] = None,
    frames: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Frames of stacks, as 0:100 (the first hundred), 50: or :-1."),
    ] = None,
    write: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            help="What to write besides counts.csv, separated by commas: masks (of each class), "
            "labels (numbered cells), mask (where networks differ), votes, rois (ImageJ), geojson "
            "(QuPath), cells (a table), report. All but votes if not given."
        ),
    ] = None,
    format: Annotated[  # noqa: A002  the name of the flag
        Literal["imagej", "ome"], typer.Option(help="Stacks as ImageJ hyperstacks, or as OME-TIFF.")
    ] = "imagej",
    compression: Annotated[
        Literal["auto", "none", "deflate", "packbits", "zstd"],
        typer.Option(
            help="Compression of stacks; auto is deflate, which Fiji, QuPath and napari open."
        ),
    ] = "auto",
    device: Device = "auto",
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Replace files that are there; remove results of other networks, settings or "
            "images.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and write nothing.")
    ] = False,
    json: Json = False,
    end_with_input: EndWithInput = False,
    threads: Threads = 0,
    scheduler: Scheduler = None,
    cluster: Cluster = None,
) -> None:
    """Process files and stacks of any number: counts, masks, tables, a report.

    Stop it with Ctrl-C; the same command goes on where it was.
    """
    from ..batch import describe_model, list_images, make_plan, run_batch

    options = _options(axes, channel, frames, write, format, compression)
    paths = [*(images or ()), *(() if listed is None else _listed(listed))]
    listing = list_images(paths, recursive=recursive, glob=glob, out=folder)
    ensemble, crew = batch_crew(context, run, device, threads, scheduler, cluster)
    model = describe_model(run, ensemble)
    plan = make_plan(
        listing,
        model,
        options,
        folder,
        seconds_per_pixel=crew.seconds_per_pixel(model),
        looked=plan_teller(end_with_input=end_with_input) if dry_run and json else None,
    )
    if dry_run:
        print_plan(plan, json=json, overwrite=overwrite)
        raise typer.Exit(SOME_FAILED if len(plan.good) < len(plan.images) else 0)
    pauser = Pauser()
    stopper = Stopper(on_end_of_input=end_with_input, on_line=pauser.take)
    batch_events = run_batch(plan, crew, overwrite=overwrite)
    events = stopper.until_stopped(pauser.with_pauses(batch_events, stopper.wanted))
    failed = _print_events(events) if json else show_batch(events)
    if stopper.wanted.is_set():
        if not json:
            typer.echo("Stopped. The same command goes on where it was.", err=True)
        raise typer.Exit(STOPPED)
    if failed:
        raise typer.Exit(SOME_FAILED)


def _options(
    axes: str | None,
    channel: list[int] | None,
    frames: str | None,
    write: str | None,
    form: Literal["imagej", "ome"],
    compression: Literal["auto", "none", "deflate", "packbits", "zstd"],
) -> BatchOptions:
    from ..batch import DEFAULT_WRITES, BatchOptions

    words = DEFAULT_WRITES if write is None else [w.strip() for w in write.split(",")]
    return BatchOptions(
        write=tuple(word for word in words if word),
        channels=tuple(channel or ()),
        frames=_frames(frames),
        axes=None if axes is None else axes.upper(),
        format=form,
        compression=compression,
    )


def _listed(path: Path) -> list[Path]:
    try:
        lines = lines_of(path.read_bytes(), path)
    except OSError as error:
        raise InputError(f"--list {path}: no list of images ({error}).") from None
    return [Path(line) for line in lines if line.strip()]


def _frames(text: str | None) -> tuple[int | None, int | None]:
    if text is None:
        return None, None
    first, colon, stop = text.partition(":")
    try:
        begin, end = (int(part) if part.strip() else None for part in (first, stop))
    except ValueError:
        colon = ""
    if not colon:
        raise InputError(f"--frames {text}: give the first and the one after the last, as 0:100.")
    return begin, end


def _print_events(events: Iterable[BatchEvent]) -> int:
    """Print events as JSON lines; returns how many images failed."""
    from ..batch.events import ImageFailed

    failed = 0
    for event in events:
        failed += isinstance(event, ImageFailed)
        say(event)
    return failed
