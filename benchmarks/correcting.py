"""From accepting a place until the next one is on the screen, and strokes while they are saved.

    python benchmarks/correcting.py [STACK.tif] [--places 12]

Opens napari (on a virtual display where there is none) with 24 frames of 220 x 220 pixels and then
with 4 of 2048 x 2048: a TIFF stack of cells, cut and repeated to these sizes, or computed images.
The demo's networks predict them. Then places are accepted, and strokes are drawn with and without
the saving of drawings. Times are on the clock, and of the processor for the window's thread.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import typer
from scipy import ndimage

from napari_inconsistency_masks.cells import find_cells
from napari_inconsistency_masks.cli.display import has_display, virtual_display
from napari_inconsistency_masks.data.synthetic import make_image
from napari_inconsistency_masks.files.images import open_stack
from napari_inconsistency_masks.inconsistency.areas import AreaSums
from napari_inconsistency_masks.widgets.predicting.found_places import look_for_places
from napari_inconsistency_masks.widgets.predicting.prediction import (
    FrameCounts,
    FrameLayers,
    Model,
    label_planes,
    mask_plane,
)
from napari_inconsistency_masks.widgets.runs.saved_run import DEMO_MODEL
from napari_inconsistency_masks.widgets.session.session import Session
from window import SCHEME, Watch, live, until

SIZES = ((24, 220), (4, 2048))
"""Frames, and pixels on each side."""

STROKES, STROKE_STEPS = 12, 15
BRUSH = 20


def main(
    stack: Annotated[
        Path | None, typer.Argument(help="Of cells; else images are computed.")
    ] = None,
    places: Annotated[int, typer.Option(help="To accept, of each size.")] = 12,
) -> None:
    """Correct places and draw strokes, and tell how long the window took."""
    if not has_display():
        with virtual_display():  # a process of its own: Qt must end before the display does
            subprocess.run([sys.executable, *sys.argv], check=True)
        return
    folder = Path(tempfile.mkdtemp("-napari-im"))
    os.environ["NAPARI_CONFIG"] = str(folder / "settings.yaml")  # not the person's own
    for frames, size in SIZES:
        typer.echo(f"{frames} frames of {size} x {size}")
        sitting = Sitting(_pixels(stack, frames, size), folder / str(size), real=stack is not None)
        for line in sitting.correct(places):
            typer.echo(f"    {line}")
        for saved in (False, True):
            typer.echo(f"    {sitting.draw(saved=saved)}")
        sitting.close()


def _pixels(path: Path | None, frames: int, size: int) -> npt.NDArray[np.uint8]:
    """A stack ``(T, Y, X)`` of cells."""
    if path is None:
        return np.stack([picture.image for picture in _pictures(frames, size)])
    with open_stack(path) as opened:
        return _fill(np.stack([opened[number] for number in range(frames)]), size)


def _pictures(frames: int, size: int) -> Iterator[Any]:
    """Computed images with their labels, each filled with a small one."""
    for number in range(frames):
        picture = make_image(number, (256, 256), cells=(8, 14))
        yield replace(
            picture,
            image=_fill(picture.image, size),
            alive=_fill(picture.alive, size),
            dead=_fill(picture.dead, size),
            position=_fill(picture.position, size),
        )


def _fill(tile: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    """Repeat ``(..., Y, X)`` until it has a size."""
    repeats = -(-size // min(tile.shape[-2:]))
    return np.tile(tile, (repeats, repeats))[..., :size, :size]


class Sitting:
    """A window with a predicted stack, and a person who corrects it."""

    def __init__(self, pixels: npt.NDArray[np.uint8], folder: Path, *, real: bool) -> None:
        import napari

        self.viewer = napari.Viewer()
        self.viewer.window.resize(1400, 900)
        _, self.dock = self.viewer.window.add_plugin_dock_widget(
            "napari-inconsistency-masks", "Inconsistency Masks"
        )
        self.session: Session = self.dock.session
        self.session.setup.choose_folder(folder / "runs")
        self.viewer.add_image(pixels, name="cells")
        if real:
            self.session.looking.use(DEMO_MODEL, whole=True)
        else:
            self._predict(len(pixels), pixels.shape[-1])
        until(lambda: bool(self.session.results.rows()) and not self.session.predictor.busy)
        until(lambda: bool(self.session.correcting.queue.places))
        live(2.0)
        watch = Watch()
        self.dock.open("correct")
        self.painted = Painted(self.viewer)
        live(3.0)
        self.opening = _halts(watch)

    def _predict(self, frames: int, size: int) -> None:
        """As if two networks had seen what is there, the second one every other cell only."""
        results, looking = self.session.results, self.session.looking
        model = Model(Path("run"), SCHEME, 1, 2, "cpu", "cpu")
        axes = looking.axes()
        assert axes is not None
        subject = self.session.subjects.make(looking.image, axes)
        result = results._result(subject, axes, model, looking.colors(SCHEME.classes))  # noqa: SLF001
        assert result.layers is not None
        results.current = result
        for frame, picture in enumerate(_pictures(frames, size)):
            for _ in result.layers.prepare():
                live(0.05)
            self.session.predictor.arrived.emit(*_seen(frame, picture))
        self.session.predictor.ended.emit("Predicted.", True)

    def correct(self, places: int) -> Iterator[str]:
        """Accept places, and tell how long it took until the next was on the screen."""
        yield f"opening the section: {self.opening}"
        section = self.dock.sections["correct"]
        yield "first place: " + _describe([self.painted.after(section.next.click)])
        live(1.0)
        taken, frames = [], []
        for _ in range(places):
            place = self.session.correcting.queue.current
            assert place is not None
            frames.append(place.frame)
            taken.append(self.painted.after(section.accept.click))
            live(1.0)
        layers = len(self.viewer.layers)
        yield f"accept, next place ({layers} layers, {len(set(frames))} frames): " + _describe(
            taken
        )
        yield "    another frame by the slider: " + _describe(
            [self.painted.after(self._slide) for _ in range(places)]
        )

    def draw(self, *, saved: bool) -> str:
        """Draw strokes in three layers; the window's longest halt."""
        keeper, data = self.session.keeper, self.session.layer_data
        if not saved:
            data.drawn.disconnect(keeper._on_stroke)  # noqa: SLF001  no button turns it off
        from napari.layers import Labels

        watch, steps = Watch(), []
        shown = int(self.viewer.dims.current_step[0])
        side = self.viewer.layers["cells"].data.shape[-1]
        first = 0 if saved else STROKES
        for number in range(first, first + STROKES):
            layer = [row.layer for row in data.drawn_rows if isinstance(row.layer, Labels)][
                number % 2
            ]
            self.viewer.layers.selection.active = layer
            layer.brush_size = BRUSH
            watch.part = "strokes"
            for step in range(STROKE_STEPS):
                began = time.perf_counter()
                layer.paint((shown, side // 3 + 5 * step, side // 4 + BRUSH * number / 3), 1)
                steps.append(1000 * (time.perf_counter() - began))
                live(0.02)
            live(0.2)
        live(2.0)
        if not saved:
            data.drawn.connect(keeper._on_stroke)  # noqa: SLF001
        words = "saved" if saved else "not saved"
        return f"strokes, {words}: step {statistics.median(steps):.1f} ms, {_halts(watch)}"

    def close(self) -> None:
        """Close the window."""
        self.viewer.close()

    def _slide(self) -> None:
        frames = self.viewer.layers["cells"].data.shape[0]
        self.viewer.dims.set_current_step(0, (self.viewer.dims.current_step[0] + 1) % frames)


def _seen(frame: int, picture: Any) -> tuple[FrameLayers, FrameCounts]:
    first = np.stack([picture.alive, picture.dead, picture.position]) != 0
    labels, _ = ndimage.label(first[:2].any(axis=0))
    second = first & (labels % 2 == 1)
    differ = first != second
    mask = mask_plane(differ.astype(np.uint8), SCHEME)
    cells, fewer = (find_cells(channels, SCHEME) for channels in (first, second))
    members = np.stack([first, second]).astype(np.uint8)
    areas = AreaSums(SCHEME)
    areas.feed(first, members)
    layers = FrameLayers(
        frame=frame,
        planes=label_planes(first.astype(np.uint8), SCHEME),
        mask=mask,
        mask_values=frozenset(np.unique(mask).tolist()) - {0},
        votes=differ.any(axis=0).astype(np.uint8),
        most_votes=1,
        areas=areas.result(),
        cells=cells,
        places=look_for_places(first, members, SCHEME, frame),
        counted=(cells, cells, fewer),
    )
    states = {name: (count, count // 2, count) for name, count in cells.counts.items()}
    return layers, FrameCounts(frame, states, 0, float(differ.any(axis=0).mean()), ())


class Painted:
    """Waits until the canvas is on the screen."""

    def __init__(self, viewer: Any) -> None:
        self._times: list[tuple[float, float]] = []
        viewer.window._qt_viewer.canvas.native.frameSwapped.connect(self._on_swap)  # noqa: SLF001

    def after(self, action: Callable[[], object]) -> tuple[float, float]:
        """Milliseconds on the clock and of the window's thread, from an action until painted."""
        self._times.clear()
        wall, busy = time.perf_counter(), time.thread_time()
        action()
        until(lambda: bool(self._times), every=0.001)
        return 1000 * (self._times[0][0] - wall), 1000 * (self._times[0][1] - busy)

    def _on_swap(self) -> None:
        self._times.append((time.perf_counter(), time.thread_time()))


def _halts(watch: Watch) -> str:
    longest = max(watch.gaps, key=lambda gap: gap.wall, default=None)
    if longest is None:
        return "no halt"
    many = sum(gap.wall > 50 for gap in watch.gaps)
    ours = max(gap.ours for gap in watch.gaps)
    return (
        f"longest halt {longest.wall:.0f} ms ({longest.busy:.0f} busy, {longest.culprit}), "
        f"{many} over 50 ms of {len(watch.gaps)}, in functions of ours up to {ours:.0f} ms"
    )


def _describe(taken: list[tuple[float, float]]) -> str:
    walls, busy = zip(*taken, strict=True)
    if len(taken) == 1:
        return f"{walls[0]:.0f} ms ({busy[0]:.0f} busy)"
    return (
        f"median {statistics.median(walls):.0f} ms ({statistics.median(busy):.0f} busy), "
        f"longest {max(walls):.0f} ms ({max(busy):.0f} busy)"
    )


if __name__ == "__main__":
    typer.run(main)
