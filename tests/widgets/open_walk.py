"""A person who draws on images outside of a project, and a plain model of what she drew."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from drawn_model import Drawn, layers_of, nothing, on_disk
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from napari.components import ViewerModel
from napari.layers import Image, Labels, Layer, Points
from open_layers import add_image, add_labels

from napari_inconsistency_masks.projects.content import SchemeEntry
from napari_inconsistency_masks.projects.corrections import Corrections
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.widgets import preferences
from napari_inconsistency_masks.widgets.drawing.drawing_layers import add_missing_layers
from napari_inconsistency_masks.widgets.layers.class_rows import ClassRow
from napari_inconsistency_masks.widgets.session.session import session_of

SHAPES = {"one": (3, 16, 20), "two": (3, 16, 20), "tall": (3, 20, 16), "still": (16, 20)}
names, numbers = st.sampled_from(list(SHAPES)), st.integers(0, 9)
spots = st.tuples(st.integers(0, 2), st.integers(0, 15), st.integers(0, 15))


classes = st.sampled_from(["alive", "dead", "living", "other"])


@dataclass(eq=False)
class Opened:
    """An image that is open: its classes and axes, the layer of each class, and its boxes."""

    name: str
    image: Image
    scheme: LabelScheme
    letters: str
    layers: dict[str, Layer] = field(default_factory=dict)
    boxes: list[tuple[int, Any]] = field(default_factory=list)
    drawn: bool = False

    @property
    def stack(self) -> bool:
        return len(SHAPES[self.name]) == 3

    @property
    def frames(self) -> int:
        return SHAPES[self.name][0] if self.stack and "C" not in self.letters else 1

    @property
    def table(self) -> Any:
        return self.name, self.scheme, self.letters


@dataclass(eq=False)
class Left:
    """What was drawn with other classes, axes or layers: on disk it stays as it was then.

    Strokes in the same layers that follow at once may be in it as well: `may` has the keys of each
    frame, and `loose` says that more of them may follow.
    """

    was: Opened
    drawn: list[Drawn]
    may: list[set[Any]]
    loose: bool = True


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
        self.left: list[Left] = []
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
        self.classes_chosen = False
        self.unseen: set[Layer] = set()

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
        found = [nothing(opened.scheme, size) for _ in range(opened.frames)]
        for number, frame in enumerate(found):
            everywhere = opened.frames == 1
            frame.boxes = [box for n, box in opened.boxes if everywhere or n == number]
            for name in layers_of(opened.scheme):
                layer = opened.layers.get(name)
                if layer is not None:
                    plane = self.planes[layer]
                    frame.planes[name] = plane[number] if plane.ndim == 3 else plane
            for place in self.points.get(opened.layers.get("position"), ()):
                if everywhere or place[0] == number:
                    frame.spots.append((place[-2], place[-1], ""))
        return found

    def folders(self, table: Any) -> list[list[Drawn]]:
        """All that is on disk of images of this name and shape, with these classes and axes."""
        name, found = table[0], []
        for path in (self.runs / "drawings").glob("*/about.json"):
            about = json.loads(path.read_text())
            scheme = SchemeEntry.model_validate(about["labels"]).scheme()
            same = tuple(about["shape"]) == SHAPES[name]
            if same and (about["image"], scheme, about["axes"]) == table:
                count = SHAPES[name][0] if len(SHAPES[name]) == 3 and "C" not in table[2] else 1
                corrections = Corrections(path.parent, scheme)
                found.append(on_disk(corrections, "image", count, SHAPES[name][-2:]))
        return found

    def visit(self, opened: Opened) -> None:
        """It is chosen, perhaps with other classes, axes or layers than when it was drawn on."""
        scheme, letters = self.data.scheme(), self.data.axes.letters
        layers = {}
        for row in self.data.drawn_rows:
            if row.layer is not None:
                name = "classes" if scheme.exclusive else row.name
                layers[name] = row.layer
                self._know(row.layer)
        now = (scheme, letters, layers)
        same = (scheme, letters) == (opened.scheme, opened.letters)
        if same and all(layers.get(name) is layer for name, layer in opened.layers.items()):
            opened.layers = layers
            return
        self.leave(opened)
        opened.scheme, opened.letters, opened.layers = now
        opened.drawn = False
        mine = [
            left
            for left in reversed(self.left)
            if left.was.image is opened.image and left.was.table == opened.table
        ]
        exact = (left for left in mine if left.was.layers == layers)
        other = (left for left in mine if self._loses_nothing(left, layers))
        goes_on = next(chain(exact, other), None)
        if goes_on is not None:
            self.left.remove(goes_on)
            opened.drawn = True

    def _loses_nothing(self, left: Left, layers: dict[str, Layer]) -> bool:
        for name, layer in left.was.layers.items():
            if layers.get(name) is layer:
                continue
            spots = isinstance(layer, Points)
            if any(frame.spots for frame in left.drawn) if spots else self.planes[layer].any():
                return False
        return True

    def leave(self, opened: Opened) -> None:
        """Nothing of it is drawn on so from now on, and all of it is kept."""
        if opened.drawn:
            drawn = [frame.copy() for frame in self.drawn_on(opened)]
            was = replace(opened, layers=dict(opened.layers), boxes=list(opened.boxes))
            self.left.append(Left(was, drawn, [{frame.key()} for frame in drawn]))

    def _know(self, layer: Layer) -> None:
        if isinstance(layer, Labels):
            self.planes.setdefault(layer, np.array(layer.data, np.int64))
            self.undos.setdefault(layer, [])
        else:
            self.points.setdefault(layer, [tuple(each) for each in layer.data.tolist()])

    def settle(self) -> None:
        for layer in self.unseen:
            layer.visible = True  # of what is undone in a hidden one napari says nothing before
        self.unseen.clear()
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
            self.images.append(Opened(name, image, self.scheme, self.data.axes.letters))
            self.choose(len(self.images) - 1)

    @precondition(lambda self: self.images)
    @rule(number=numbers)
    def choose(self, number: int) -> None:
        opened = self.images[number % len(self.images)]
        self.data.choose_image(opened.image)
        if not self.classes_chosen:
            self.data.choose_classes(self.scheme, self.data.axes.letters)
            self.classes_chosen = True
        self._find(opened)

    def _find(self, opened: Opened) -> None:
        """An image gets back its layers, and none of another one's."""
        others = [each for each in self.images if each is not opened]
        taken = {id(layer) for each in others for layer in each.layers.values()}
        for row in self.data.drawn_rows:
            scheme = self.data.scheme()
            name = "classes" if scheme.exclusive else row.name
            mine = opened.layers.get(name)
            same = (scheme, self.data.axes.letters) == (opened.scheme, opened.letters)
            if same and mine is not None and self.session.layers.has(mine):
                assert row.layer is mine, f"{opened.name}: {name} is drawn in {row.layer}"
            if id(row.layer) in taken:
                assert row.layer.metadata == {}, "made for another image"
        self.data.set_rows(
            [replace(r, layer=None) if id(r.layer) in taken else r for r in self.data.rows]
        )
        self.visit(opened)

    @precondition(lambda self: self.chosen is not None)
    @rule()
    def add_layers(self) -> None:
        add_missing_layers(self.data)
        self.visit(self.chosen)

    def _where(self, layer: Layer, spot: Any) -> tuple[int, ...]:
        if layer.ndim == 2:
            return tuple(spot[1:])
        depth = layer.data.shape[0] if isinstance(layer, Labels) else 3
        return (int(spot[0]) % depth, *spot[1:])

    @precondition(lambda self: any(each.layers for each in self.images))
    @rule(number=numbers, name=numbers, spot=spots, value=st.integers(0, 1))
    def paint(self, number: int, name: int, spot: Any, value: int) -> None:
        """On whatever image: that it is not the chosen one is nothing she thinks of."""
        may = [each for each in self.images if each.layers]
        opened = may[number % len(may)]
        names = [n for n, each in opened.layers.items() if isinstance(each, Labels)]
        if not names:
            return
        layer = opened.layers[names[name % len(names)]]
        if not layer.visible or not self.session.layers.has(layer):
            return
        where = self._where(layer, spot)
        before = int(self.planes[layer][where])
        layer.data_setitem(tuple(np.array([[each] for each in where])), value)
        if before != value:
            self._now_chosen(opened)
            self.planes[layer][where] = value
            self.undos[layer].append((where, before))
            if any(layer is each for each in opened.layers.values()):
                opened.drawn = True

    def _now_chosen(self, opened: Opened) -> None:
        """She drew on it, so it is the chosen one."""
        assert self.chosen is opened
        self.visit(opened)

    @precondition(lambda self: self.ready)
    @rule(name=numbers)
    def undo(self, name: int) -> None:
        names = [n for n, each in self.chosen.layers.items() if isinstance(each, Labels)]
        if not names:
            return
        layer = self.chosen.layers[names[name % len(names)]]
        if not layer.visible:
            self.unseen.add(layer)
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
        if isinstance(layer, Points) and self.session.layers.has(layer):
            where = self._where(layer, (spot[0], spot[1] + 0.25, spot[2] + 0.5))
            layer.add([where])
            self._now_chosen(opened)
            self.points[layer].append(where)
            opened.drawn |= any(layer is each for each in opened.layers.values())

    @precondition(lambda self: self.ready)
    @rule(spot=spots)
    def add_box(self, spot: Any) -> None:
        opened = self.chosen
        frame = spot[0] if opened.frames > 1 else 0
        size = SHAPES[opened.name][-2:]
        box = (spot[1], spot[2], min(spot[1] + 4, size[0]), min(spot[2] + 5, size[1]))
        self.data.boxes.add(opened.image, self.data.axes, frame, box)
        opened.boxes.append((frame, box))
        opened.drawn = True

    @precondition(lambda self: self.chosen is not None and self.chosen.stack)
    @rule(letter=st.sampled_from("TZPCC"))
    def name_axis(self, letter: str) -> None:
        self.data.name_axis(0, letter)
        self.visit(self.chosen)

    @precondition(lambda self: self.chosen is not None)
    @rule(number=numbers, name=classes)
    def rename_class(self, number: int, name: str) -> None:
        rows = list(self.data.rows)
        place = number % len(rows)
        if name not in [row.name for row in rows] and rows[place].kind == "mask":
            rows[place] = replace(rows[place], name=name)
            self.data.set_rows(rows)
            self.visit(self.chosen)

    @precondition(lambda self: self.chosen is not None and self.data.task is not Task.BINARY)
    @rule(number=numbers)
    def remove_class(self, number: int) -> None:
        rows = self.data.rows
        place = number % len(rows)
        left = [row for other, row in enumerate(rows) if other != place]
        if any(row.kind == "mask" for row in left):
            self.data.set_rows(left)
            self.visit(self.chosen)

    @precondition(lambda self: self.chosen is not None and self.data.task is not Task.BINARY)
    @rule(name=classes)
    def add_class(self, name: str) -> None:
        if name not in [row.name for row in self.data.rows]:
            self.data.set_rows([*self.data.rows, ClassRow(name, "red")])
            self.visit(self.chosen)

    @precondition(lambda self: self.chosen is not None)
    @rule(task=st.sampled_from(Task))
    def choose_task(self, task: Task) -> None:
        self.data.choose_task(task)
        self.visit(self.chosen)

    @precondition(lambda self: self.ready and self.data.task is Task.MULTILABEL)
    @rule()
    def swap_classes(self) -> None:
        one, *rest = (row for row in self.data.rows if row.kind == "mask")
        if rest:
            layers = {one.name: rest[0].layer, rest[0].name: one.layer}
            rows = [replace(row, layer=layers.get(row.name, row.layer)) for row in self.data.rows]
            self.data.set_rows(rows)
            self.visit(self.chosen)

    @precondition(lambda self: self.ready)
    @rule(own=st.booleans(), spot=spots)
    def choose_other_layer(self, own: bool, spot: Any) -> None:
        """Labels of another program for the first class; what she drew is still in its layer."""
        opened = self.chosen
        other = add_labels(self.viewer, "stardist", SHAPES[opened.name])
        rows = list(self.data.rows)
        self.data.set_rows([replace(rows[0], layer=other), *rows[1:]])
        self.visit(opened)
        if own:
            may = [each for each in self.images if each.layers]
            self.paint(may.index(opened), 0, spot, 1)

    @precondition(lambda self: self.ready)
    @rule(number=numbers)
    def remove_layer(self, number: int) -> None:
        opened = self.chosen
        name = list(opened.layers)[number % len(opened.layers)]
        self.viewer.layers.remove(opened.layers[name])
        self.visit(opened)

    @precondition(lambda self: self.images)
    @rule(number=numbers, its=st.booleans())
    def close_image(self, number: int, its: bool) -> None:
        """Perhaps with its layers, one after the other."""
        opened = self.images[number % len(self.images)]
        self.leave(opened)
        self.images.remove(opened)
        self.viewer.layers.remove(opened.image)
        for layer in opened.layers.values() if its else ():
            if layer in self.viewer.layers:
                self.viewer.layers.remove(layer)
        if self.chosen is not None:
            self._find(self.chosen)

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
        frames = 1 if "C" in kept.letters or not opened.stack else SHAPES[opened.name][0]
        content = on_disk(
            Corrections(kept.folder, kept.scheme), "image", frames, SHAPES[opened.name][-2:]
        )
        about = json.loads((kept.folder / "about.json").read_text())
        assert about["image"] == opened.name, "labels of another image"
        table = opened.name, kept.scheme, kept.letters
        keys = [frame.key() for frame in content]
        self.left = [
            left
            for left in self.left
            if left.was.table != table
            or not all(key in may for key, may in zip(keys, left.may, strict=True))
        ]
        self.session.keeper.restore()
        self.add_layers()
        assert opened.table == table
        self.settle()
        for number, frame in enumerate(content):
            for name in layers_of(kept.scheme):
                plane = self.planes[opened.layers[name]]
                mine = plane[number] if plane.ndim == 3 else plane
                mine[...] = np.where(mine == 0, frame.planes[name], mine)
            there = [box for n, box in opened.boxes if frames == 1 or n == number]
            opened.boxes += [(number, box) for box in frame.boxes if box not in there]
            for y, x, _ in frame.spots:
                place = (number, y, x) if opened.stack else (y, x)
                self.points[opened.layers["position"]].append(place)
        opened.drawn = True

    @rule()
    def wait_until_saved(self) -> None:
        self.settle()
        self.check_disk()

    def check_disk(self) -> None:
        wanted = []
        for each in self.images:
            if each.drawn:
                drawn = self.drawn_on(each)
                wanted.append(Left(each, drawn, [{frame.key()} for frame in drawn]))
        for left in [*self.left, *wanted]:
            empty = nothing(left.was.scheme, SHAPES[left.was.name][-2:]).key()
            found = self.folders(left.was.table)
            keys = [[frame.key() for frame in each] for each in found]
            keys += [[empty] * len(left.may)]  # which is not written
            same = [
                each
                for each in keys
                if all(key in may for key, may in zip(each, left.may, strict=True))
            ]
            assert same, (
                f"{left.was.table}: drawn {[frame.words() for frame in left.drawn]}, on disk "
                f"{[[frame.words() for frame in each] for each in found]}; told {self.told}"
            )
            left.may, left.loose = [{key} for key in same[0]], False

    @rule()
    def close_and_open_viewer(self) -> None:
        """At once, without waiting for anything to be saved."""
        self.session._guard.close()
        self.check_disk()
        self._end()

    def _end(self) -> None:
        for opened in self.images:
            self.leave(opened)
        for left in self.left:
            left.loose = False
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
        self._end()

    # What must hold

    @invariant()
    def shown_is_drawn(self) -> None:
        if not hasattr(self, "points"):
            return
        for layer, plane in self.planes.items():
            np.testing.assert_array_equal(np.array(layer.data, np.int64), plane)
        for left in self.left:
            if left.loose:  # areas are read as they are when they are saved
                for frame, drawn, may in zip(
                    self.drawn_on(left.was), left.drawn, left.may, strict=True
                ):
                    may.add(replace(drawn, planes=frame.planes).copy().key())
        for layer, places in self.points.items():
            assert sorted(map(tuple, layer.data.tolist())) == sorted(map(tuple, places))

    def teardown(self) -> None:
        try:
            self.wait_until_saved()
        finally:
            self.session._guard.close()
            self.patches.close()
            self.root.cleanup()
