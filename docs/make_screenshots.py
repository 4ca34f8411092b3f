"""Make every picture of the documentation, in docs/images.

    python docs/make_screenshots.py [RUN] [--compare RUNS]
    python docs/make_screenshots.py --only-comparison [--compare RUNS]

RUN is the run folder that `napari-im demo` leaves; without one the demo is trained first. RUNS is a
folder of runs to compare, some of those that a benchmark leaves for example; without one, three
short runs are trained. Where there is no display a virtual one is started (Xvfb).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from napari_inconsistency_masks.cli.display import has_display, virtual_display

IMAGES = Path(__file__).resolve().parent / "images"
WINDOW = 1400, 900
PATIENCE_MS = 120_000
LARGE = 400_000
LIST_ROOM = 130
"""Pixels by which the open list of recipes is wider than the dock."""


def main(
    run: Annotated[Path | None, typer.Argument()] = None,
    only_comparison: Annotated[bool, typer.Option("--only-comparison")] = False,
    compare: Annotated[Path | None, typer.Option()] = None,
    runs: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Train what is needed, then make the pictures in a process with a display."""
    if runs is not None:
        make(run, runs)
        return
    with tempfile.TemporaryDirectory() as folder:
        if run is not None:
            shutil.copytree(run, Path(folder, "demo-output", "run"))
        elif not only_comparison:
            subprocess.run(["napari-im", "demo", "--pictures"], cwd=folder, check=True)
        if compare is not None:
            shutil.copytree(compare, Path(folder, "runs"))
        else:
            train_short_runs(Path(folder))
        demo = () if only_comparison else ("demo-output/run",)
        with nullcontext() if has_display() else virtual_display():
            script = Path(__file__).resolve()
            command = [sys.executable, script, *demo, "--runs", "runs"]
            subprocess.run(command, cwd=folder, check=True)


def train_short_runs(folder: Path) -> None:
    """Three runs of a minute or less, too short to say anything about their recipes."""
    from napari_inconsistency_masks.data.synthetic import write_synthetic

    write_synthetic(folder / "cells", images=18, labeled=6, validation=4, test=0)
    for recipe in ("labeled", "fixmatch", "im"):
        words = (
            f"train cells --recipe {recipe} --out runs/cells-{recipe} --preset quick "
            f"--classes alive,dead,position --position position --labeled labeled --threads 1 "
            f"--width 0.25 --epochs 4 --steps 10 --batch 8 --patch 96 --generations 2"
        )
        command = [sys.executable, "-m", "napari_inconsistency_masks", *words.split()]
        subprocess.run(command, cwd=folder, check=True)


def make(run: Path | None, runs: Path) -> None:
    """Make all pictures; without a run of the demo, those that need none of it."""
    IMAGES.mkdir(exist_ok=True)
    if run is not None:
        with_window(show_data)
        with_window(show_training, run)
        with_window(show_demo)
    with_window(show_comparison, runs)
    if run is not None:
        with tempfile.TemporaryDirectory() as folder:
            with_window(show_batch, Path(folder))


def with_window(scene: Callable[..., None], *arguments: object) -> None:
    """Open napari with the dock, play a scene, and close it."""
    import napari

    viewer = napari.Viewer(title="napari")
    viewer.window.resize(*WINDOW)
    _, dock = viewer.window.add_plugin_dock_widget(
        "napari-inconsistency-masks", "Inconsistency Masks"
    )
    pause(1000)
    wait_for(lambda: not dock.session.devices.searching)
    scene(viewer, dock, *arguments)
    viewer.close()
    pause(100)


def show_data(viewer: Any, dock: Any) -> None:
    """The section Data with the sample time-lapse, then ready to train."""
    viewer.open_sample("napari-inconsistency-masks", "synthetic-time-lapse")
    data = dock.session.layer_data
    wait(data.scanned)
    for layer in viewer.layers[1:]:
        layer.visible = True
    viewer.dims.set_point(0, 2)
    save(viewer, dock, "data", "data")
    viewer.layers["alive"].data[4:] = 0
    viewer.layers["dead"].data[4:] = 0
    viewer.layers["position"].data = [
        point for point in viewer.layers["position"].data if point[0] < 4
    ]
    viewer.layers["alive"].refresh()
    wait(data.scanned)
    save(viewer, dock, "train", "start")


def show_training(viewer: Any, dock: Any, run: Path) -> None:
    """The section Train with the curves of a run that is finished."""
    from napari_inconsistency_masks.data.origin import open_data
    from napari_inconsistency_masks.plans import read_plan
    from napari_inconsistency_masks.widgets.pages.opened_sample import show_samples

    plan = read_plan(run)
    assert plan.data is not None, "the demo's images can be made again"
    data = open_data(plan.data, relative_to=run)
    frames = [*list(data.test)[:6], *list(data.unlabeled)[:3]]
    show_samples(dock.session, "cells", frames, data.scheme)
    dock.session.open_run(run, whole=True)
    wait(dock.session.predictor.ended)
    viewer.dims.set_point(0, 1)
    save(viewer, dock, "train", "train")
    save(viewer, dock, "count", "count")


def show_demo(viewer: Any, dock: Any) -> None:
    """What Open demo shows: the picture of the README, and the counts."""
    dock.demo.click()
    wait(dock.session.predictor.ended)
    while dock.session.results.counting:
        wait(dock.session.results.changed)
    viewer.dims.set_point(0, 5)
    save(viewer, dock, "look", "window")
    viewer.layers["votes (networks outvoted)"].visible = True
    save(viewer, dock, "look", "votes")
    viewer.layers["votes (networks outvoted)"].visible = False
    dock.open("correct")
    for layer in dock.session.layer_data.drawn_rows:
        layer.layer.visible = True
    dock.session.correcting.go_on()
    dock.session.correcting.accept()
    save(viewer, dock, "correct", "correct", whole=False)


def show_comparison(viewer: Any, dock: Any, runs: Path) -> None:
    """The list of recipes, and runs side by side."""
    dock.open("train")
    train = dock.sections["train"]
    train.setup.recipe.showPopup()
    pause(800)
    corner = dock.mapToGlobal(dock.rect().topLeft())
    seen = corner.x(), corner.y(), dock.width() + LIST_ROOM, dock.height()
    dock.screen().grabWindow(0, *seen).save(str(IMAGES / "recipes.png"))
    train.setup.recipe.hidePopup()
    dock.session.setup.choose_folder(runs)
    train.compare.click()
    panel = train.comparing.panel
    wait_for(lambda: bool(panel.list.rows) and not panel.list.reading)
    panel.table.selectAll()
    wait_for(lambda: bool(panel.list.histories))
    pause(500)
    assert len(panel.table.all_selected) == len(panel.list.rows), "not all runs are chosen"
    assert panel.chosen.plot.isVisible(), "no curves are drawn"
    save(viewer, dock, "train", "compare")


def show_batch(viewer: Any, dock: Any, folder: Path) -> None:
    """The section Batch: a plan, the batch at work, and its results."""
    from napari_inconsistency_masks.widgets.batch.choice import BatchChoice
    from napari_inconsistency_masks.widgets.batch.state import State
    from napari_inconsistency_masks.widgets.runs.saved_run import DEMO_MODEL

    job, networks = dock.session.batch, Path("runs", "first")
    os.chdir(folder)  # so that the command in the picture is short
    write_plate(Path("plate_7"))
    shutil.copytree(DEMO_MODEL, networks)
    job.choose(BatchChoice((Path("plate_7"),), run=networks, folder=Path("results", "plate_7")))
    dock.open("batch")
    dock.sections["batch"].page.main.click()
    wait_for(lambda: not job.machine.busy)
    save(viewer, dock, "batch", "batch-plan", whole=False)
    dock.sections["batch"].page.main.click()
    wait_for(lambda: job.state is State.RUNNING and "left" in job.follower.words)
    wait_for(lambda: not job.machine.busy)
    dock.sections["batch"].page.open.click()
    shown = dock.session.batch_results
    wait_for(lambda: bool(shown.rows) and not shown.busy)
    dock.sections["batch"].results.table.selectRow(4)
    wait_for(lambda: shown.current is not None and not shown.busy)
    save(viewer, dock, "batch", "batch")


def write_plate(folder: Path) -> None:
    """Time-lapses of three wells in folders of their own, and a file that is cut short."""
    import tifffile

    from napari_inconsistency_masks.data.synthetic import make_stack

    about = {"axes": "TYX", "unit": "um", "finterval": 600.0}
    for number, well in enumerate(("A01", "A02", "B01")):
        (folder / well).mkdir(parents=True)
        stack = make_stack(number, 8, (512, 512)).image
        path = folder / well / "movie.tif"
        tifffile.imwrite(path, stack, imagej=True, resolution=(1.5, 1.5), metadata=about)
    whole = (folder / "A01" / "movie.tif").read_bytes()
    (folder / "B02").mkdir()
    (folder / "B02" / "movie.tif").write_bytes(whole[: len(whole) // 2])


def save(viewer: Any, dock: Any, section: str, name: str, *, whole: bool = True) -> None:
    """Open a section and save the window, with the whole image in it or what is shown now."""
    dock.open(section)
    if whole:
        viewer.reset_view()
    pause(800)
    path = IMAGES / f"{name}.png"
    viewer.screenshot(path, canvas_only=False, flash=False)
    shrink(path)


def shrink(path: Path) -> None:
    """Few colors are enough for a picture that would be large."""
    from PIL import Image

    if path.stat().st_size > LARGE:
        picture = Image.open(path).convert("RGB")
        few = picture.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        few.save(path, optimize=True)


def wait(signal: Any) -> None:
    """Let the window live until a signal comes."""
    from qtpy.QtCore import QEventLoop, QTimer

    came: list[object] = []
    loop = QEventLoop()

    def end(*values: object) -> None:
        came.append(values)
        loop.quit()

    signal.connect(end)
    QTimer.singleShot(PATIENCE_MS, loop.quit)
    loop.exec_()
    assert came, f"{signal} did not come in {PATIENCE_MS} ms"


def wait_for(condition: Callable[[], bool]) -> None:
    """Let the window live until something is so."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not condition():
        pause(50)
        assert time.monotonic() < deadline, "it takes too long"


def pause(milliseconds: int) -> None:
    """Let the window live for a while."""
    from napari_inconsistency_masks.widgets.demo_program import pause as pause_window

    pause_window(milliseconds)


if __name__ == "__main__":
    typer.run(main)
