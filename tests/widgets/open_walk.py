"""A person who draws on images outside of a project, and a plain model of what she drew."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from drawn_model import Drawn, layers_of, nothing, on_disk
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from napari.components import ViewerModel
from napari.layers import Image, Labels, Layer
from open_layers import add_image, add_labels

from napari_inconsistency_masks.projects.corrections import Corrections
from napari_inconsistency_masks.task import LabelScheme
from napari_inconsistency_masks.widgets import preferences
from napari_inconsistency_masks.widgets.drawing.drawing_layers import add_missing_layers
from napari_inconsistency_masks.widgets.session.session import session_of

SHAPES = {"one": (3, 16, 20), "two": (3, 16, 20), "tall": (3, 20, 16), "still": (16, 20)}
names, numbers = st.sampled_from(list(SHAPES)), st.integers(0, 9)
spots = st.tuples(st.integers(0, 2), st.integers(0, 15), st.integers(0, 15))


@dataclass(eq=False)
class Opened:
    """An image that is open: the layer of each class, and its boxes by frame."""

    name: str
    image: Image
    layers: dict[str, Layer] = field(default_factory=dict)
    boxes: dict[int, list[Any]] = field(default_factory=dict)
    drawn: bool = False

    @property
    def stack(self) -> bool:
        return len(SHAPES[self.name]) == 3

    @property
    def frames(self) -> int:
        return SHAPES[self.name][0] if self.stack else 1


class OpenWalk(RuleBasedStateMachine):
    """All that was drawn is on disk, and each image shows its own strokes only."""

    qtbot: Any = None
    scheme: LabelScheme

    def __init__(self) -> None:
        super().__init__()
        self.root = tempfile.TemporaryDirectory()
        self.days, self.runs = 0, Path(self.root.name, "day-0")
        self.patches = ExitStack()
        self.patches.enter_context(
            patch.object(preferences, "default_runs_folder", lambda: self.runs)
        )
        self.left: list[tuple[str, list[Drawn]]] = []
        self.begin()

    # What the walk knows

    def begin(self) -> None:
        self.viewer = ViewerModel()
        self.session = session_of(self.viewer)
        self.told: list[str] = []
        self.session.refused.connect(self.told.append)
        self.images: list[Opened] = []
        self.planes: dict[Layer, Any] = {}
        self.undos: dict[Layer, list[Any]] = {}
        self.points: dict[Layer, list[Any]] = {}

    @property
    def data(self) -> Any:
        return self.session.layer_data

    @property
    def chosen(self) -> Opened | None:
        return next((each for each in self.images if each.image is self.data.image), None)

    @property
    def ready(self) -> bool:
        return self.chosen is not None and bool(self.chosen.layers)

    def drawn_on(self, opened: Opened) -> list[Drawn]:
        """What her layers of an image hold."""
        size = SHAPES[opened.name][-2:]
        found = [nothing(self.scheme, size) for _ in range(opened.frames)]
        for number, frame in enumerate(found):
            frame.boxes = list(opened.boxes.get(number, ()))
            for name in layers_of(self.scheme):
                layer = opened.layers.get(name)
                if layer is not None:
                    plane = self.planes[layer]
                    frame.planes[name] = plane[number] if opened.stack else plane
            for place in self.points.get(opened.layers.get("position"), ()):
                if not opened.stack or place[0] == number:
                    frame.spots.append((place[-2], place[-1], ""))
        return found

    def folders(self, name: str) -> list[list[Drawn]]:
        """All that is on disk of images of this name and shape."""
        found = []
        for path in (self.runs / "drawings").glob("*/about.json"):
            about = json.loads(path.read_text())
            if (about["image"], tuple(about["shape"])) == (name, SHAPES[name]):
                count = SHAPES[name][0] if len(SHAPES[name]) == 3 else 1
                corrections = Corrections(path.parent, self.scheme)
                found.append(on_disk(corrections, "image", count, SHAPES[name][-2:]))
        return found

    def settle(self) -> None:
        keeper, data = self.session.keeper, self.data
        self.qtbot.waitUntil(
            lambda: (
                keeper._earlier.restoring is None
                and (keeper._earlier._looking is None or keeper._earlier._looking.isFinished())
                and not keeper.busy()
                and not data.scanning
            )
        )
        self.qtbot.wait(5)

    # What a person does

    @precondition(lambda self: len(self.images) < 4)
    @rule(name=names)
    def open_image(self, name: str) -> None:
        if not any(each.name == name for each in self.images):
            image = add_image(self.viewer, SHAPES[name], name=name)
            self.images.append(Opened(name, image))
            self.choose(len(self.images) - 1)

    @precondition(lambda self: self.images)
    @rule(number=numbers)
    def choose(self, number: int) -> None:
        opened = self.images[number % len(self.images)]
        self.data.choose_image(opened.image)
        if self.data.scheme() != self.scheme and not opened.layers:
            letters = self.data.axes.letters
            self.data.choose_classes(self.scheme, letters)
        self._find(opened)

    def _find(self, opened: Opened) -> None:
        """An image gets back its layers, and none of another one's."""
        for row in self.data.drawn_rows:
            name = "classes" if self.scheme.exclusive else row.name
            mine = opened.layers.get(name)
            if mine is not None and self.session.layers.has(mine):
                assert row.layer is mine, f"{opened.name}: {name} is drawn in {row.layer}"
            for other in self.images:
                if other is not opened:
                    assert row.layer is None or row.layer not in other.layers.values()

    @precondition(lambda self: self.chosen is not None)
    @rule()
    def add_layers(self) -> None:
        add_missing_layers(self.data)
        for row in self.data.drawn_rows:
            name = "classes" if self.scheme.exclusive else row.name
            self._take(self.chosen, name, row.layer)

    def _take(self, opened: Any, name: str, layer: Any) -> None:
        opened.layers[name] = layer
        if isinstance(layer, Labels):
            self.planes.setdefault(layer, np.array(layer.data, np.int64))
            self.undos.setdefault(layer, [])
        else:
            self.points.setdefault(layer, [])

    def _where(self, opened: Opened, spot: Any) -> tuple[int, ...]:
        return tuple(spot) if opened.stack else tuple(spot[1:])

    @precondition(lambda self: any(each.layers for each in self.images))
    @rule(number=numbers, name=numbers, spot=spots, value=st.integers(0, 1))
    def paint(self, number: int, name: int, spot: Any, value: int) -> None:
        """On whatever image: that it is not the chosen one is nothing she thinks of."""
        may = [each for each in self.images if each.layers]
        opened = may[number % len(may)]
        names = [each for each in layers_of(self.scheme) if each in opened.layers]
        if not names:
            return
        layer = opened.layers[names[name % len(names)]]
        if not layer.visible:
            return
        where = self._where(opened, spot)
        before = int(self.planes[layer][where])
        layer.data_setitem(tuple(np.array([[each] for each in where])), value)
        if before != value:
            self.planes[layer][where] = value
            self.undos[layer].append((where, before))
            opened.drawn = True

    @precondition(lambda self: self.ready)
    @rule(name=numbers)
    def undo(self, name: int) -> None:
        names = [each for each in layers_of(self.scheme) if each in self.chosen.layers]
        if not names:
            return
        layer = self.chosen.layers[names[name % len(names)]]
        if layer.visible:
            layer.undo()
            if self.undos[layer]:
                where, before = self.undos[layer].pop()
                self.planes[layer][where] = before

    @precondition(lambda self: any("position" in each.layers for each in self.images))
    @rule(number=numbers, spot=spots)
    def add_position(self, number: int, spot: Any) -> None:
        may = [each for each in self.images if "position" in each.layers]
        opened = may[number % len(may)]
        layer = opened.layers["position"]
        where = self._where(opened, (spot[0], spot[1] + 0.25, spot[2] + 0.5))
        layer.add([where])
        self.points[layer].append(where)
        opened.drawn = True

    @precondition(lambda self: self.ready)
    @rule(spot=spots)
    def add_box(self, spot: Any) -> None:
        opened = self.chosen
        frame = spot[0] if opened.stack else 0
        size = SHAPES[opened.name][-2:]
        box = (spot[1], spot[2], min(spot[1] + 4, size[0]), min(spot[2] + 5, size[1]))
        self.data.boxes.add(opened.image, self.data.axes, frame, box)
        opened.boxes.setdefault(frame, []).append(box)
        opened.drawn = True

    @precondition(lambda self: self.chosen is not None and self.chosen.stack)
    @rule(letter=st.sampled_from("TZP"))
    def name_axis(self, letter: str) -> None:
        self.data.name_axis(0, letter)

    @precondition(lambda self: self.ready)
    @rule(own=st.booleans(), spot=spots)
    def choose_other_layer(self, own: bool, spot: Any) -> None:
        """Labels of another program for the first class; what she drew is still in its layer."""
        opened = self.chosen
        self._leave(opened)
        other = add_labels(self.viewer, "stardist", SHAPES[opened.name])
        rows = list(self.data.rows)
        self.data.set_rows([replace(rows[0], layer=other), *rows[1:]])
        self._take(opened, layers_of(self.scheme)[0], other)
        opened.drawn = False
        if own:
            may = [each for each in self.images if each.layers]
            self.paint(may.index(opened), 0, spot, 1)

    @precondition(lambda self: self.ready)
    @rule(number=numbers)
    def remove_layer(self, number: int) -> None:
        opened = self.chosen
        name = list(opened.layers)[number % len(opened.layers)]
        self._leave(opened)
        layer = opened.layers.pop(name)
        self.viewer.layers.remove(layer)
        opened.drawn = False

    @precondition(lambda self: self.images)
    @rule(number=numbers, its=st.booleans())
    def close_image(self, number: int, its: bool) -> None:
        """Perhaps with its layers, one after the other."""
        opened = self.images[number % len(self.images)]
        self._leave(opened)
        self.images.remove(opened)
        self.viewer.layers.remove(opened.image)
        for layer in opened.layers.values() if its else ():
            self.viewer.layers.remove(layer)
        self._forget(opened)
        if self.chosen is not None:
            self._find(self.chosen)

    def _forget(self, opened: Opened) -> None:
        for layer in opened.layers.values():
            self.planes.pop(layer, None)
            self.points.pop(layer, None)

    def _leave(self, opened: Opened) -> None:
        """Nothing of it is drawn on from now on, and all of it is kept."""
        if opened.drawn:
            self.left.append((opened.name, [each.copy() for each in self.drawn_on(opened)]))

    @precondition(lambda self: len(self.viewer.layers))
    @rule(number=numbers, kind=st.sampled_from(["rename", "hide", "up", "duplicate"]))
    def change_layer(self, number: int, kind: str) -> None:
        layers = self.viewer.layers
        layer = layers[number % len(layers)]
        if kind == "rename" and not isinstance(layer, Image):
            layer.name = f"{layer.name}x"[:12]
        elif kind == "hide":
            layer.visible = not layer.visible
        elif kind == "up":
            layers.move(layers.index(layer), len(layers))
        elif kind == "duplicate" and isinstance(layer, Labels):
            layers.insert(layers.index(layer) + 1, Labels(layer.data.copy(), name="copy"))

    # What is kept

    @precondition(lambda self: self.session.keeper.offer is not None and self.chosen is not None)
    @rule()
    def restore(self) -> None:
        """Under what is drawn meanwhile."""
        opened, kept = self.chosen, self.session.keeper.offer
        content = on_disk(
            Corrections(kept.folder, self.scheme), "image", opened.frames, SHAPES[opened.name][-2:]
        )
        about = json.loads((kept.folder / "about.json").read_text())
        assert about["image"] == opened.name, "labels of another image"
        self.session.keeper.restore()
        self.add_layers()
        self.settle()
        keys = [frame.key() for frame in content]
        self.left = [
            (name, each)
            for name, each in self.left
            if name != opened.name or [frame.key() for frame in each] != keys
        ]
        for number, frame in enumerate(content):
            for name in layers_of(self.scheme):
                plane = self.planes[opened.layers[name]]
                mine = plane[number] if opened.stack else plane
                mine[...] = np.where(mine == 0, frame.planes[name], mine)
            boxes = opened.boxes.setdefault(number, [])
            boxes += [box for box in frame.boxes if box not in boxes]
            for y, x, _ in frame.spots:
                place = (number, y, x) if opened.stack else (y, x)
                self.points[opened.layers["position"]].append(place)
        opened.drawn = True

    @rule()
    def wait_until_saved(self) -> None:
        self.settle()
        self.check_disk()

    def check_disk(self) -> None:
        wanted = [(each.name, self.drawn_on(each)) for each in self.images if each.drawn]
        for name, drawn in [*self.left, *wanted]:
            keys = [frame.key() for frame in drawn]
            found = self.folders(name)
            if all(key == nothing(self.scheme, SHAPES[name][-2:]).key() for key in keys):
                continue
            assert keys in [[frame.key() for frame in each] for each in found], (
                f"{name}: drawn {[frame.words() for frame in drawn]}, on disk "
                f"{[[frame.words() for frame in each] for each in found]}; told {self.told}"
            )

    @rule()
    def close_and_open_viewer(self) -> None:
        """At once, without waiting for anything to be saved."""
        self.session._guard.close()
        self.check_disk()
        for opened in self.images:
            self._leave(opened)
        self.begin()

    @rule()
    def kill(self) -> None:
        """What was on disk a moment ago is all that is left."""
        self.settle()
        self.days += 1
        runs = Path(self.root.name, f"day-{self.days}")
        for _ in range(50):
            try:
                if self.runs.exists():
                    shutil.copytree(self.runs, runs)
            except (shutil.Error, OSError):  # something was written meanwhile
                shutil.rmtree(runs, ignore_errors=True)
                time.sleep(0.01)
            else:
                break
        self.session._guard.close()
        self.runs = runs
        self.check_disk()
        for opened in self.images:
            self._leave(opened)
        self.begin()

    # What must hold

    @invariant()
    def shown_is_drawn(self) -> None:
        if not hasattr(self, "points"):
            return
        for layer, plane in self.planes.items():
            np.testing.assert_array_equal(np.array(layer.data, np.int64), plane)
        for layer, places in self.points.items():
            assert sorted(map(tuple, layer.data.tolist())) == sorted(map(tuple, places))

    def teardown(self) -> None:
        try:
            self.wait_until_saved()
        finally:
            self.session._guard.close()
            self.patches.close()
            self.root.cleanup()
