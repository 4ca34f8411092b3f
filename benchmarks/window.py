"""How long the window stands still while somebody works with it, and who makes it wait.

    python benchmarks/window.py [--least 50]

Opens napari (on a virtual display where there is none) and goes through everything once: layers,
strokes, a training with stop, a prediction of 1024 x 1024 pixels and of a stack, many frames with
many cells, long curves. A timer is due every 5 ms; when it comes late, samples of what the window's
thread was doing meanwhile tell which function of ours it was in, or that it was in none.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import numpy as np
import typer

from napari_inconsistency_masks.cells import find_cells
from napari_inconsistency_masks.checkpoint import ModelCard, save_network
from napari_inconsistency_masks.cli.display import has_display, virtual_display
from napari_inconsistency_masks.data.synthetic import make_image
from napari_inconsistency_masks.files.atomic import write_json
from napari_inconsistency_masks.inconsistency.areas import AreaSums
from napari_inconsistency_masks.intensity import Intensity
from napari_inconsistency_masks.nets.ensemble import Architecture, Ensemble
from napari_inconsistency_masks.nets.network import Network
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.training.events import EpochEnd
from napari_inconsistency_masks.widgets.session.session import Session

TICK_MS = 5
SAMPLE_SECONDS = 0.002
PACKAGE = "napari_inconsistency_masks"
SCHEME = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")
PATIENCE = 300.0
FRAMES, LABELED, MANY = 24, 8, 200


@dataclass(frozen=True)
class Gap:
    """The window stood still.

    Attributes
    ----------
    part
        Of the session.
    wall, busy
        Milliseconds on the clock, and of the processor for the window's thread.
    ours
        How many of the busy ones passed in functions of ours, or in what they called.
    culprit
        The function of ours that took most of them, else one of napari.
    """

    part: str
    wall: float
    busy: float
    ours: float
    culprit: str


class Watch:
    """Finds gaps between ticks, and who caused them; made in the window's thread."""

    def __init__(self) -> None:
        from qtpy.QtCore import Qt, QTimer

        self.part = ""
        self.gaps: list[Gap] = []
        self._samples: deque[tuple[bool, str]] = deque(maxlen=100_000)
        self._main = threading.get_ident()
        self._wall, self._busy = time.perf_counter(), time.thread_time()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(TICK_MS)
        threading.Thread(target=self._sample, daemon=True).start()

    def _tick(self) -> None:
        wall = 1000 * (time.perf_counter() - self._wall)
        busy = 1000 * (time.thread_time() - self._busy)
        samples = list(self._samples)
        if wall > 2 * TICK_MS and samples:
            names = Counter(samples)
            share = sum(count for (ours, _), count in names.items() if ours) / len(samples)
            (_, culprit), _ = max(names.items(), key=lambda item: (item[0][0], item[1]))
            self.gaps.append(Gap(self.part, wall, busy, share * busy, culprit))
        self._samples.clear()
        self._wall, self._busy = time.perf_counter(), time.thread_time()

    def _sample(self) -> None:
        while True:
            # No frame is kept while this sleeps: a painter in it would outlive its widget.
            self._samples.append(_who(sys._current_frames().get(self._main)))  # noqa: SLF001
            time.sleep(SAMPLE_SECONDS)


def _who(frame: FrameType | None) -> tuple[bool, str]:
    """The innermost function of ours on the stack, else the innermost one of napari."""
    napari = "Qt"
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        name = f"{path.stem}.{frame.f_code.co_qualname}"
        if PACKAGE in path.parts:
            return True, name
        if "napari" in path.parts and napari == "Qt":
            napari = name
        frame = frame.f_back
    return False, napari


def main(
    least: Annotated[
        float, typer.Option(help="Milliseconds from which functions of ours are listed.")
    ] = 50,
) -> None:
    """Go through a session and list the gaps."""
    if not has_display():
        with virtual_display():  # a process of its own: Qt must end before the display does
            subprocess.run([sys.executable, __file__, "--least", str(least)], check=True)
        return
    watch = _session()
    for part in dict.fromkeys(gap.part for gap in watch.gaps):
        gaps = [gap for gap in watch.gaps if gap.part == part]
        typer.echo(f"{part}: {describe(gaps)}")
        long = [gap for gap in gaps if gap.ours >= least]
        for culprit in dict.fromkeys(gap.culprit for gap in long):
            typer.echo(f"    {culprit}: {describe([g for g in long if g.culprit == culprit])}")


def describe(gaps: list[Gap]) -> str:
    longest = max(gaps, key=lambda gap: gap.busy)
    ours = max(gap.ours for gap in gaps)
    return (
        f"{len(gaps)} gaps, up to {longest.wall:.0f} ms ({longest.busy:.0f} busy), "
        f"in functions of ours up to {ours:.0f} ms"
    )


def _session() -> Watch:
    folder = Path(tempfile.mkdtemp("-napari-im"))
    os.environ["NAPARI_CONFIG"] = str(folder / "settings.yaml")  # not the person's own
    import napari

    viewer = napari.Viewer()
    steps = Steps(viewer, folder)
    watch = Watch()
    for part, step in steps.all():
        watch.part = part
        step()
        live(0.5)
    viewer.close()
    return watch


class Steps:
    """What somebody does, one part after the other."""

    def __init__(self, viewer: Any, folder: Path) -> None:
        self.viewer, self.folder = viewer, folder
        self.picture = make_image(1, (512, 512), cells=(100, 100))

    def all(self) -> Iterator[tuple[str, Callable[[], None]]]:
        yield "open the dock", self.open_dock
        yield "open layers", self.open_layers
        yield "paint strokes", self.paint
        yield "move sliders", self.slide
        yield "start", self.start
        yield "train", self.train
        yield "stop", self.stop
        yield "predict 1024 x 1024", self.predict_large
        yield "predict a stack", self.predict_stack
        yield f"{MANY} frames of 100 cells arrive", self.many_cells
        yield "sections", self.sections
        yield "long curves", self.long_curves

    def open_dock(self) -> None:
        _, self.dock = self.viewer.window.add_plugin_dock_widget(
            "napari-inconsistency-masks", "Inconsistency Masks"
        )
        self.session: Session = self.dock.session
        self.session.setup.choose_folder(self.folder / "runs")
        until(lambda: not self.session.devices.searching)

    def open_layers(self) -> None:
        self.image = self.viewer.add_image(
            np.stack([np.roll(self.picture.image, n) for n in range(FRAMES)]), name="cells"
        )
        for name in ("alive", "dead"):
            labels = np.zeros(self.image.data.shape, np.uint8)
            labels[:LABELED] = getattr(self.picture, name)
            self.viewer.add_labels(labels, name=name)
        points = [np.insert(self.picture.positions, 0, n, axis=1) for n in range(LABELED)]
        self.viewer.add_points(np.concatenate(points), name="position")
        until(lambda: self.session.next.problem() is None)

    def paint(self) -> None:
        layer = self.viewer.layers["alive"]
        self.viewer.layers.selection.active = layer
        for number in range(40):
            layer.paint((12, 100 + 5 * number, 200), 1)
            live(0.02)
        live(1.0)

    def slide(self) -> None:
        for frame in range(FRAMES):
            self.viewer.dims.set_current_step(0, frame)
            live(0.03)

    def start(self) -> None:
        self.session.setup.choose_preset("quick")
        self.session.setup.set(lambda config: replace(config, width=0.25, batch=4, patch=64))
        self.dock.open("train")
        trainer = self.session.trainer
        trainer.press(self.session.next.request)
        until(lambda: bool(trainer.history.started or trainer.message))
        if trainer.message:
            raise RuntimeError(trainer.message)

    def train(self) -> None:
        until(lambda: len(self.session.trainer.history.epochs) >= 5)

    def stop(self) -> None:
        self.session.trainer.stop()
        until(lambda: self.session.trainer.child is None)

    def predict_large(self) -> None:
        self._use(np.tile(self.picture.image, (2, 2)), "large")
        self.session.looking.use(write_networks(self.folder / "networks"))
        until(lambda: bool(self.session.results.rows()) and not self.session.predictor.busy)

    def predict_stack(self) -> None:
        self.session.looking.choose(self.image)
        self.session.looking.predict(whole=True)
        until(lambda: not self.session.predictor.busy)
        until(lambda: not self.session.results.counting)

    def many_cells(self) -> None:
        self.dock.open("count")
        layers, counts = _predicted(self.picture)
        self._use(np.broadcast_to(self.picture.image, (MANY, 512, 512)), "many")
        self.session.looking.predict(whole=False)
        until(lambda: not self.session.predictor.busy)
        for frame in range(MANY):
            self.session.predictor.arrived.emit(
                replace(layers, frame=frame), replace(counts, frame=frame)
            )
            live(0.03)
        self.session.predictor.ended.emit(f"Predicted {MANY} frames.", True)

    def sections(self) -> None:
        for section in ("data", "train", "look", "count"):
            self.dock.open(section)
            live(0.3)

    def long_curves(self) -> None:
        self.dock.open("train")
        for generation in range(6):
            for epoch in range(50):
                self.session.trainer.follow(_epoch(generation, epoch))
                live(0.02)

    def _use(self, data: Any, name: str) -> None:
        self.session.looking.choose(self.viewer.add_image(data, name=name))


def live(seconds: float) -> None:
    """Let the window live for a while."""
    from qtpy.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec_()


def until(condition: Callable[[], bool], every: float = 0.05) -> None:
    """Let the window live until something is so."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the session does not go on")
        live(every)


def write_networks(folder: Path) -> Path:
    """Networks that have learned nothing; what they see does not matter here."""
    architecture = Architecture(1, SCHEME.outputs, 0.25)
    folder.mkdir()
    names = ["network-0.safetensors", "network-1.safetensors"]
    networks = Ensemble.create(architecture, len(names), seed=1).networks
    for name, network in zip(names, networks, strict=True):
        assert isinstance(network, Network)
        save_network(folder / name, network, ModelCard(SCHEME, architecture, Intensity()))
    write_json(folder / "ensemble.json", {"generation": 0, "networks": names})
    return folder


def _predicted(picture: Any) -> tuple[Any, Any]:
    """A frame as if the networks had seen what is there, and disagreed along a cross."""
    from napari_inconsistency_masks.widgets.predicting.prediction import (
        FrameCounts,
        FrameLayers,
        label_planes,
    )

    masks = np.stack([picture.alive, picture.dead, picture.position])
    mask = np.zeros(picture.image.shape, np.uint16)
    mask[250:260] = mask[:, 250:260] = 3
    cells = find_cells(masks, SCHEME)
    states = {name: (count, count - 1, count + 1) for name, count in cells.counts.items()}
    areas = AreaSums(SCHEME)
    areas.feed(masks != 0, np.stack([masks != 0] * 2))
    layers = FrameLayers(
        frame=0,
        planes=label_planes(masks.astype(np.uint8), SCHEME),
        mask=mask,
        mask_values=frozenset({3}),
        votes=(mask > 0).astype(np.uint8),
        most_votes=1,
        areas=areas.result(),
        cells=cells,
    )
    return layers, FrameCounts(0, states, 0, 0.01, ())


def _epoch(generation: int, epoch: int) -> EpochEnd:
    losses = tuple(1 / (1 + epoch + member / 10) for member in range(5))
    return EpochEnd(generation, epoch, 50, losses, losses, losses, losses, losses, 0.1, 1.0)


if __name__ == "__main__":
    typer.run(main)
