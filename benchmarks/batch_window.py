"""How long the window stands still while a batch is planned, done, and looked at.

    python benchmarks/batch_window.py [--files 200] [--least 50]

As `window.py` does: opens napari (on a virtual display where there is none), plans and does a batch
of many small files and a movie of 1024 x 1024 pixels, goes through its frames by the table and by
the slider, and lists what took long.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tifffile
import typer

from napari_inconsistency_masks.batch import events
from napari_inconsistency_masks.cli.display import has_display, virtual_display
from napari_inconsistency_masks.data.synthetic import make_image
from window import Watch, describe, live, until, write_networks

FRAMES, MANY = 12, 10_000


def main(
    files: Annotated[int, typer.Option(help="How many small files.")] = 200,
    least: Annotated[
        float, typer.Option(help="Milliseconds from which functions of ours are listed.")
    ] = 50,
) -> None:
    """Go through a batch and list the gaps."""
    if not has_display():
        with virtual_display():
            words = [sys.executable, __file__, "--files", str(files), "--least", str(least)]
            subprocess.run(words, check=True)
        return
    watch = _session(files)
    for part in dict.fromkeys(gap.part for gap in watch.gaps):
        gaps = [gap for gap in watch.gaps if gap.part == part]
        typer.echo(f"{part}: {describe(gaps)}")
        long = [gap for gap in gaps if gap.ours >= least]
        for culprit in dict.fromkeys(gap.culprit for gap in long):
            typer.echo(f"    {culprit}: {describe([g for g in long if g.culprit == culprit])}")


def _session(files: int) -> Watch:
    folder = Path(tempfile.mkdtemp("-napari-im"))
    os.environ["NAPARI_CONFIG"] = str(folder / "settings.yaml")  # not the person's own
    _write_images(folder / "images", files)
    write_networks(folder / "networks")
    import napari

    viewer = napari.Viewer()
    _, dock = viewer.window.add_plugin_dock_widget(
        "napari-inconsistency-masks", "Inconsistency Masks"
    )
    until(lambda: not dock.session.devices.searching)
    watch = Watch()
    for part, step in Steps(viewer, dock, folder).all():
        watch.part = part
        step()
        live(0.5)
    viewer.close()
    return watch


def _write_images(folder: Path, files: int) -> None:
    folder.mkdir()
    picture = make_image(1, (512, 512), cells=(100, 100)).image
    for number in range(files):
        tifffile.imwrite(folder / f"{number:05d}.tif", picture[:32, :32])
    movie = np.stack([np.roll(np.tile(picture, (2, 2)), n) for n in range(FRAMES)])
    tifffile.imwrite(folder / "movie.tif", movie, imagej=True, metadata={"axes": "TYX"})


class Steps:
    """What somebody does, one part after the other."""

    def __init__(self, viewer: Any, dock: Any, folder: Path) -> None:
        self.viewer, self.dock, self.folder = viewer, dock, folder
        self.job, self.shown = dock.session.batch, dock.session.batch_results
        self.section = dock.sections["batch"]

    def all(self) -> Iterator[tuple[str, Callable[[], None]]]:
        yield "plan", self.plan
        yield "batch", self.run
        yield "open results", self.open
        yield "first row", lambda: self.choose("t=0")
        yield "rows of the same image", self.rows
        yield "slider", self.slide
        yield "another image", lambda: self.choose("")
        yield f"a plan of {MANY} files arrives", self.large_plan
        yield f"{MANY} files are done", self.large_batch

    def plan(self) -> None:
        from napari_inconsistency_masks.widgets.batch.choice import BatchChoice

        self.dock.open("batch")
        paths = (self.folder / "images",)
        self.job.choose(BatchChoice(paths, run=self.folder / "networks"))
        self.section.page.main.click()
        until(lambda: not self.job.machine.busy)

    def run(self) -> None:
        self.section.page.main.click()
        until(lambda: not self.job.machine.busy)
        if self.job.message:
            raise RuntimeError(self.job.message)

    def open(self) -> None:
        self.section.page.open.click()
        until(lambda: bool(self.shown.rows) and not self.shown.busy)

    def choose(self, frame: str) -> None:
        number = next(n for n, row in enumerate(self.shown.rows) if row["frame"] == frame)
        self.section.results.table.selectRow(number)
        live(0.1)
        until(lambda: not self.shown.busy)

    def rows(self) -> None:
        for frame in range(FRAMES):
            self.choose(f"t={frame}")
            live(0.3)

    def slide(self) -> None:
        for frame in range(FRAMES):
            self.viewer.dims.set_current_step(0, frame)
            live(0.3)

    def large_plan(self) -> None:
        self.shown.close()
        self.section.pages._buttons["new"].click()  # noqa: SLF001
        live(1)
        self.job.forget()
        self.job.machine.plan()
        for number in range(MANY):
            name = f"{number}.tif"
            self.job.take(
                events.ImageLooked(name, number + 1, MANY, "YX 9 x 9", 1, None, ()).to_json()
            )
            if number % 20 == 0:
                live(0)
        planned = events.Planned("", MANY, MANY, 0, (), (), 2, 1.0, 1.0, None)
        self.job.take(planned.to_json())
        self.job.machine.ended(0)
        self.job.changed.emit()

    def large_batch(self) -> None:
        self.job.machine.start()
        self.job.follower.begin()
        self.job.changed.emit()
        started = events.BatchStarted("", MANY, MANY, 0, 0, MANY, "cpu", "float32", 2)
        self.job.take(started.to_json())
        for number in range(MANY):
            self.job.take(events.ImageDone(f"{number}.tif", 1, 0.1, reused=True).to_json())
            if number % 20 == 0:
                live(0)


if __name__ == "__main__":
    typer.run(main)
