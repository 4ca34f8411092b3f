"""A person at a project who does anything in any order, and a plain model of what she drew."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import time
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from drawn_model import Drawn, ever_saved, from_labels, layers_of, nothing, on_disk, told
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from napari.components import ViewerModel
from napari.layers import Labels, Layer, Points
from open_layers import add_image
from project_steps import SIZE, Steps, make_project

from napari_inconsistency_masks.files import atomic
from napari_inconsistency_masks.projects import FrameLabels, Project
from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.widgets.layers.boxes import corners
from napari_inconsistency_masks.widgets.layers.class_rows import MASK, POSITION, ClassRow
from napari_inconsistency_masks.widgets.project import recent
from napari_inconsistency_masks.widgets.session.session import session_of

FILES, FRAMES = ("one", "two"), 3
files, frames = st.sampled_from(FILES), st.integers(0, FRAMES - 1)
rows, columns = st.integers(0, SIZE[0] - 1), st.integers(0, SIZE[1] - 1)
numbers = st.integers(0, 3)
layer_numbers = st.integers(0, 1)


class ProjectWalk(RuleBasedStateMachine):
    """Everything drawn is on disk when it should be, and shown when its frame is."""

    qtbot: Any = None
    scheme: LabelScheme

    def __init__(self) -> None:
        super().__init__()
        self.root = tempfile.TemporaryDirectory()
        self.around = Path(self.root.name, "day-0")
        self.folder = make_project(self.around, self.scheme)
        self.days = 0
        self.patches = ExitStack()
        state = Path(self.root.name, "recent.json")
        self.patches.enter_context(patch.object(recent, "recent_file", lambda: state))
        self.replace = os.replace
        self.full = False
        self.patches.enter_context(patch.object(atomic.os, "replace", self._replace))
        self.model = {name: [nothing(self.scheme, SIZE) for _ in range(FRAMES)] for name in FILES}
        self.others: list[tuple[str, int, Any]] = []
        self.begin()
        self.open_file("one")

    def _replace(self, source: Any, target: Any) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.replace(source, target)

    # What the walk knows

    @property
    def file(self) -> str | None:
        return self.steps.opened

    @property
    def drawn(self) -> list[Drawn]:
        return self.model[str(self.file)]

    @property
    def usable(self) -> bool:
        """Whether strokes are those of the open file."""
        return self.file is not None and not self.lost

    def layer(self, name: str) -> Any:
        """A layer of the open file, whatever is chosen."""
        rows = self.steps.project.files.current.rows
        if name == "classes":
            return rows[0].layer
        return next(row.layer for row in rows if row.name == self.drawn_as.get(name, name))

    @property
    def label_layers(self) -> tuple[str, ...]:
        return layers_of(self.scheme)

    def name_of(self, number: int) -> str:
        return self.label_layers[number % len(self.label_layers)]

    def value_of(self, number: int) -> int:
        return number % (1 + len(self.scheme.classes)) if self.scheme.exclusive else number

    def begin(self) -> None:
        self.viewer = ViewerModel()
        self.steps = Steps(session_of(self.viewer), self.qtbot)
        self.told: list[str] = []
        self.steps.session.refused.connect(self.told.append)
        self.mine: Any = None
        self.lost = False
        self.steps.open_project(self.folder)
        self.steps.settle()
        self._fresh()

    def _fresh(self) -> None:
        """Another file is shown: nothing can be undone, and one number is as good as another."""
        self.undos: dict[str, list[Any]] = {name: [] for name in self.label_layers}
        self.redos: dict[str, list[Any]] = {name: [] for name in self.label_layers}
        self.drawn_as: dict[str, str] = {}
        self.unseen: set[str] = set()
        self.lost = False
        for frame in self.model.get(str(self.file), []):
            frame.planes = {name: self._as_read(plane) for name, plane in frame.planes.items()}
        self.past = [{frame.key()} for frame in self.model.get(str(self.file), [])]

    def _as_read(self, plane: Any) -> Any:
        return plane if self.scheme.exclusive else told(plane)

    def open_file(self, name: str) -> None:
        self.steps.open(name)
        self._fresh()

    def _note(self) -> None:
        if self.usable:
            for past, frame in zip(self.past, self.drawn, strict=True):
                past.add(frame.key())

    def _take(self, name: str, before: Any) -> None:
        """A stroke: what the layer shows is what the person drew."""
        after = np.array(self.layer(name).data, np.int64)
        if not np.array_equal(before, after):
            self.undos[name].append(before)
            self.redos[name].clear()
        self._show(name, after)

    def _show(self, name: str, planes: Any) -> None:
        for frame, plane in zip(self.drawn, planes, strict=True):
            frame.planes[name] = np.array(plane, np.int64)

    # What a person does

    @precondition(lambda self: self.usable)
    @rule(number=layer_numbers, frame=frames, row=rows, column=columns, value=numbers)
    def paint(self, number: int, frame: int, row: int, column: int, value: int) -> None:
        name = self.name_of(number)
        if not self.layer(name).visible:
            return  # napari does not let anybody draw there
        before = np.array(self.layer(name).data, np.int64)
        self.layer(name).data_setitem(
            tuple(np.array([[frame], [row], [column]])), self.value_of(value)
        )
        self._take(name, before)

    @precondition(lambda self: self.usable)
    @rule(number=layer_numbers, row=rows, column=columns, value=numbers, size=st.integers(1, 9))
    def brush(self, number: int, row: int, column: int, value: int, size: int) -> None:
        name = self.name_of(number)
        layer = self.layer(name)
        if not layer.visible:
            return
        before = np.array(layer.data, np.int64)
        layer.brush_size = size
        layer.paint((self.viewer.dims.current_step[0], row, column), self.value_of(value))
        self._take(name, before)

    @precondition(lambda self: self.usable)
    @rule(number=layer_numbers, row=rows, column=columns, value=numbers)
    def fill(self, number: int, row: int, column: int, value: int) -> None:
        name = self.name_of(number)
        if not self.layer(name).visible:
            return  # napari does not let anybody draw there
        before = np.array(self.layer(name).data, np.int64)
        frame = self.viewer.dims.current_step[0]
        self.layer(name).fill((frame, row, column), self.value_of(value))
        self._take(name, before)

    @precondition(lambda self: self.usable)
    @rule(number=layer_numbers)
    def undo(self, number: int) -> None:
        name = self.name_of(number)
        self._hide(name)
        self.layer(name).undo()
        if self.undos[name]:
            self.redos[name].append(np.array([frame.planes[name] for frame in self.drawn]))
            self._show(name, self.undos[name].pop())

    @precondition(lambda self: self.usable)
    @rule(number=layer_numbers)
    def redo(self, number: int) -> None:
        name = self.name_of(number)
        self._hide(name)
        self.layer(name).redo()
        if self.redos[name]:
            self.undos[name].append(np.array([frame.planes[name] for frame in self.drawn]))
            self._show(name, self.redos[name].pop())

    def _hide(self, name: str) -> None:
        """Of what is undone in a hidden layer napari says nothing until it is seen."""
        if not self.layer(name).visible:
            self.unseen.add(name)

    def _see(self) -> None:
        for name in self.unseen if self.usable else ():
            self.layer(name).visible = True
        self.unseen.clear()

    @precondition(lambda self: self.usable and self.scheme.position)
    @rule(frame=frames, row=rows, column=columns)
    def add_position(self, frame: int, row: int, column: int) -> None:
        self.layer("position").add([[frame, row + 0.25, column]])
        self._spots_shown()
        assert any(spot[:2] == (row + 0.25, column) for spot in self.drawn[frame].spots)

    def _points(self) -> list[tuple[int, float, float]]:
        return [(round(t), y, x) for t, y, x in np.asarray(self.layer("position").data)]

    def _spots_shown(self) -> None:
        """What the points layer shows is what the person said."""
        layer = self.layer("position")
        states = layer.features["state"].tolist() if "state" in layer.features else []
        states = [s if isinstance(s, str) else "" for s in states] or [""] * len(layer.data)
        for number, frame in enumerate(self.drawn):
            frame.spots = [
                (float(y), float(x), state)
                for (t, y, x), state in zip(self._points(), states, strict=True)
                if t == number
            ]

    @precondition(lambda self: self.usable and self.scheme.position)
    @rule(number=st.integers(0, 9), to=frames, row=rows, column=columns)
    def move_position(self, number: int, to: int, row: int, column: int) -> None:
        layer = self.layer("position")
        if len(layer.data):
            data = layer.data.copy()
            data[number % len(data)] = (to, row, column)
            layer.data = data
            self._spots_shown()

    @precondition(lambda self: self.usable and self.scheme.position)
    @rule(number=st.integers(0, 9))
    def remove_position(self, number: int) -> None:
        layer = self.layer("position")
        if len(layer.data):
            layer.selected_data = {number % len(layer.data)}
            layer.remove_selected()
            self._spots_shown()

    @precondition(lambda self: self.usable and self.scheme.position)
    @rule(number=st.integers(0, 9), state=st.sampled_from(["alive", "dead", ""]))
    def say_state(self, number: int, state: str) -> None:
        layer = self.layer("position")
        if len(layer.data):
            known = layer.features["state"].tolist() if "state" in layer.features else []
            known = [s if isinstance(s, str) else "" for s in known] or [""] * len(layer.data)
            known[number % len(known)] = state
            layer.features = {"state": np.array(known, object)}
            self._spots_shown()

    @precondition(lambda self: self.usable)
    @rule(frame=frames, row=rows, column=columns, height=st.integers(1, 9))
    def add_box(self, frame: int, row: int, column: int, height: int) -> None:
        box = (row, column, min(row + height, SIZE[0]), min(column + 5, SIZE[1]))
        current = self.steps.project.files.current
        data = self.steps.session.layer_data
        shapes = data.boxes.layer(current.image)
        if shapes is None:  # made at a place to correct, where the file is chosen
            data.choose_image(current.image)
            data.boxes.add(current.image, current.axes, frame, box)
        else:  # drawn by hand, whatever is chosen
            shapes.add(corners(box, frame, current.axes), shape_type="rectangle")
        self.drawn[frame].boxes.append(box)

    @precondition(lambda self: self.usable and any(frame.boxes for frame in self.drawn))
    @rule(number=st.integers(0, 9))
    def remove_box(self, number: int) -> None:
        boxes = [(n, box) for n, frame in enumerate(self.drawn) for box in frame.boxes]
        frame, box = boxes[number % len(boxes)]
        current = self.steps.project.files.current
        self.steps.session.layer_data.boxes.remove(current.image, current.axes, frame, box)
        self.drawn[frame].boxes.remove(box)

    @precondition(lambda self: self.file is not None)
    @rule(frame=frames)
    def look(self, frame: int) -> None:
        self.viewer.dims.set_point(0, frame)

    @precondition(lambda self: self.file is not None)
    @rule(number=st.integers(0, 9), kind=st.sampled_from(["rename", "hide", "up", "duplicate"]))
    def change_layer(self, number: int, kind: str) -> None:
        layers = self.viewer.layers
        layer = layers[number % len(layers)]
        if kind == "rename":
            layer.name = f"{layer.name}x"[:12]
        elif kind == "hide":
            layer.visible = not layer.visible
        elif kind == "up":
            layers.move(layers.index(layer), len(layers))
        elif isinstance(layer, Labels | Points):
            data, state, type_str = layer.as_layer_data_tuple()
            copied = Layer.create(deepcopy(data), {**state, "name": "copy"}, type_str)
            layers.insert(layers.index(layer) + 1, copied)
            if isinstance(copied, Labels) and copied.data.shape == (FRAMES, *SIZE):
                copied.data_setitem(tuple(np.array([[1], [2], [3]])), 1)

    @precondition(lambda self: self.usable and not self.full and not self._renamed())
    @rule(number=layer_numbers)
    def delete_layer(self, number: int) -> None:
        """After this nothing more is saved, and the person is told so."""
        self.viewer.layers.remove(self.layer(self.name_of(number)))
        assert any("was removed" in sentence for sentence in self.told)
        self.lost = True

    @precondition(lambda self: self.mine is None)
    @rule()
    def add_own_image(self) -> None:
        """Strokes on the file stay its own, whatever is chosen."""
        self.mine = add_image(self.viewer, (FRAMES, *SIZE), name="mine")
        self.steps.session.layer_data.choose_image(self.mine)

    @precondition(lambda self: self.mine is not None)
    @rule()
    def choose_own_image(self) -> None:
        self.steps.session.layer_data.choose_image(self.mine)

    @precondition(lambda self: self.usable)
    @rule(number=st.integers(0, 1))
    def choose_file(self, number: int) -> None:
        self.steps.session.layer_data.choose_image(self.steps.project.files.current.image)

    @precondition(lambda self: self.usable and not self.full)
    @rule(name=st.sampled_from(["living", "", "one/two"]))
    def rename_class(self, name: str) -> None:
        data = self.steps.session.layer_data
        if data.image is self.steps.project.files.current.image:
            data.set_rows([replace(data.rows[0], name=name), *data.rows[1:]])

    @precondition(lambda self: self.usable)
    @rule()
    def name_classes_again(self) -> None:
        data, current = self.steps.session.layer_data, self.steps.project.files.current
        if data.image is not current.image:
            return
        if data.axes.letters != current.axes.letters:
            data.name_axis(0, current.axes.letters[0])
        data.choose_task(self.scheme.task)
        names = self.scheme.classes
        left = [row for row in data.rows if row.name not in names]
        table = []
        for name in names:
            kind = POSITION if name == self.scheme.position else MASK
            same = next((row for row in data.rows if row.name == name), None)
            renamed = left.pop() if same is None and left else None
            table.append(replace(same or renamed or ClassRow("", "red"), name=name, kind=kind))
        data.set_rows(table)

    @property
    def _chooses_file(self) -> bool:
        data, current = self.steps.session.layer_data, self.steps.project.files.current
        return bool(self.usable and not self.full and data.image is current.image)

    @precondition(lambda self: self._chooses_file and len(self.scheme.classes) > 1)
    @rule(number=numbers)
    def remove_class(self, number: int) -> None:
        """From the table; its layer stays, and so does what is drawn there from now on."""
        data = self.steps.session.layer_data
        if len(data.rows) > 1 and not self._renamed():
            gone = number % len(data.rows)
            data.set_rows([row for place, row in enumerate(data.rows) if place != gone])

    @precondition(lambda self: self._chooses_file)
    @rule(letter=st.sampled_from("CZ"))
    def name_axis(self, letter: str) -> None:
        self.steps.session.layer_data.name_axis(0, letter)

    @precondition(lambda self: self._chooses_file)
    @rule(task=st.sampled_from(Task))
    def choose_task(self, task: Task) -> None:
        self.steps.session.layer_data.choose_task(task)

    @precondition(lambda self: self._chooses_file and len(self.label_layers) > 1)
    @rule()
    def swap_classes(self) -> None:
        """What is drawn in the layer of one is the other one from now on."""
        data, current = self.steps.session.layer_data, self.steps.project.files.current
        if self._renamed():
            return
        one, other = self.label_layers[:2]
        layers = {one: self.layer(other), other: self.layer(one)}
        self.drawn_as = {} if self.drawn_as else {one: other, other: one}
        data.set_rows([replace(row, layer=layers.get(row.name, row.layer)) for row in data.rows])
        assert data.image is current.image
        for steps in (self.undos, self.redos):
            steps[one], steps[other] = steps[other], steps[one]
        for frame in self.drawn:
            frame.planes[one], frame.planes[other] = frame.planes[other], frame.planes[one]

    # Files, days and misfortunes

    @rule(name=files, number=layer_numbers, row=rows, column=columns, brush=st.booleans())
    def change_file(
        self, name: str, number: int = 0, row: int = 0, column: int = 0, brush: bool = False
    ) -> None:
        """At once, without waiting for anything to be saved; perhaps she goes on drawing."""
        before, lost = self.file, self.lost
        if lost and self.full:
            return
        self.steps.project.files.open(name)
        if name == before and not lost:
            return
        shown = self.steps.project.files
        removed = shown.current if lost else None
        held = [self.layer(each) for each in self.label_layers] if self.usable else []
        editable: list[bool] = []

        def arrived() -> bool:
            if shown.moving and shown.current is None:
                editable.append(any(layer.editable for layer in held))
            elif brush and self.usable and self.file == before and name != before:
                self.paint(number, row % FRAMES, row, column, column % 4)
                self._note()
            if lost and shown.current in (None, removed):
                return False
            return not shown.busy

        self.steps.wait(arrived)
        assert not any(editable), "strokes in the layers of the file before would be lost"
        if self.file == before and self._must_stay():
            return
        assert self.file == name, self.told
        self._read_others()
        self._fresh()

    def _must_stay(self) -> bool:
        return self.full or self._renamed()

    def _renamed(self) -> bool:
        data, current = self.steps.session.layer_data, self.steps.project.files.current
        if current is None or self.lost:
            return False
        if data.image is not current.image:
            return False
        names = tuple(row.name for row in data.used_rows)
        position = next((row.name for row in data.used_rows if row.kind == POSITION), None)
        return (names, data.task, position, data.axes.letters) != (
            self.scheme.classes,
            self.scheme.task,
            self.scheme.position,
            current.axes.letters,
        )

    @precondition(lambda self: not self.full)
    @rule()
    def wait_until_saved(self) -> None:
        """No longer than what is promised."""
        if self.file is not None and self._renamed():
            self.name_classes_again()
        self._see()
        self.steps.settle()
        self.check_disk()
        self.past = [{frame.key()} for frame in self.model.get(str(self.file), [])]

    def check_disk(self) -> None:
        project = Project.open(self.folder)
        for name in FILES:
            found = on_disk(project.corrections, name, FRAMES, SIZE)
            for number, (disk, drawn) in enumerate(zip(found, self.model[name], strict=True)):
                others = [key for other, n, key in self.others if (other, n) == (name, number)]
                assert disk.key() in (drawn.key(), *others), (
                    f"{name} {number}: on disk {disk.words()}, drawn {drawn.words()}"
                )
                if others:
                    kept = set(ever_saved(project.corrections, name, number))
                    assert kept.issuperset(others), f"labels of another program are gone: {name}"

    @precondition(lambda self: not self.full)
    @rule(opened=st.booleans())
    def close_and_open_viewer(self, opened: bool) -> None:
        """At once, without waiting for anything to be saved."""
        self.steps.session._guard.close()
        self._read_others()
        self.check_disk()
        self.begin()
        self._go_on(opened)

    def _go_on(self, opened: bool) -> None:
        if opened or self.file is None:
            self.open_file("one" if self.file is None else self.file)

    def _read_others(self) -> None:
        """What other programs wrote last is shown from now on, and kept as all else is."""
        project = Project.open(self.folder)
        unseen = []
        for name, number, key in self.others:
            found = on_disk(project.corrections, name, FRAMES, SIZE)[number]
            if found.key() == key:
                self.model[name][number] = found
            else:
                unseen.append((name, number, key))
        self.others = unseen

    @rule()
    def close_and_open_project(self) -> None:
        before = self.file
        self.steps.project.close()
        if self.full or (before is not None and self._renamed()):
            self.steps.wait(lambda: not self.steps.project.files.busy)
            if self.steps.project.folder is not None and self.file is not None:
                return
        self.steps.wait(lambda: self.steps.project.folder is None)
        self._read_others()
        self.steps.open_project(self.folder)
        self.lost = False
        self._fresh()

    @rule(patient=st.booleans())
    def kill(self, patient: bool) -> None:
        """The files as they are at a moment are all that is left."""
        before = self.file
        if patient and not self.full and not (before and self._renamed()):
            self._see()
            self.steps.settle()
            past = [{frame.key()} for frame in self.model.get(str(before), [])]
        else:
            past = self.past
        self.days += 1
        around = Path(self.root.name, f"day-{self.days}")
        self._copy(around)
        self.full = False
        self.steps.session._guard.close()
        self.around, self.folder = around, around / "project"
        corrections = Project.open(self.folder).corrections
        for name in FILES:
            found = on_disk(corrections, name, FRAMES, SIZE)
            for number, disk in enumerate(found):
                others = {key for other, n, key in self.others if (other, n) == (name, number)}
                may = past[number] if name == before else {self.model[name][number].key()}
                assert disk.key() in may | others, (
                    f"{name} {number}: on disk {disk.words()}, "
                    f"drawn {self.model[name][number].words()}"
                )
            self.model[name] = found
        self._read_others()
        self.begin()
        self._go_on(opened=True)

    def _copy(self, around: Path) -> None:
        for _ in range(100):
            try:
                shutil.copytree(self.around, around)
            except (shutil.Error, OSError):  # something was written meanwhile
                shutil.rmtree(around, ignore_errors=True)
                time.sleep(0.01)
            else:
                return

    @rule()
    def fill_disk(self) -> None:
        self.full = True

    @precondition(lambda self: self.full)
    @rule()
    def free_disk(self) -> None:
        self.full = False
        saving = self.steps.session.keeper._saving
        worker = saving._worker  # it may have found the disk full, and not told so yet
        self.steps.wait(lambda: worker is None or saving._worker is not worker)

    @precondition(lambda self: not self.full)
    @rule(name=files, frame=frames, row=rows)
    def another_program_writes(self, name: str, frame: int, row: int) -> None:
        """With the Python interface; it knows nothing of this window."""
        self.steps.wait(lambda: not self.steps.project.files.busy)
        project = Project.open(self.folder)
        labels = project.read_frame(name, frame)
        drawn = from_labels(labels, self.scheme, SIZE)
        replaced = (name, frame, drawn.key())  # knowingly
        self.others = [other for other in self.others if other != replaced]
        drawn.planes[self.name_of(0)][row, 0] = 1
        planes = {name: plane.astype(np.uint16) for name, plane in drawn.planes.items()}
        about: dict[str, Any] = (
            {"ids": planes["classes"]} if self.scheme.exclusive else {"masks": planes}
        )
        about["positions"] = np.array([spot[:2] for spot in drawn.spots]).reshape(-1, 2)
        about["states"] = tuple(spot[2] for spot in drawn.spots)
        project.write_frame(name, frame, FrameLabels(SIZE, boxes=tuple(drawn.boxes), **about))
        if name == self.file:
            self.others.append((name, frame, drawn.key()))
        else:
            self.model[name][frame] = drawn
            self.others = [o for o in self.others if o[:2] != (name, frame)]

    @precondition(lambda self: not self.full)
    @rule()
    def another_window_is_refused(self) -> None:
        viewer = ViewerModel()
        other = Steps(session_of(viewer), self.qtbot)
        other.project.open(self.folder)
        other.wait(lambda: other.project.data.message)
        assert "another window" in other.project.data.message
        other.session._guard.close()

    # What must hold

    @invariant()
    def shown_is_drawn(self) -> None:
        if not hasattr(self, "past"):
            return
        self._note()
        if not self.usable:
            return
        for name in self.label_layers:
            shown = np.array(self.layer(name).data, np.int64)
            for number, frame in enumerate(self.drawn):
                np.testing.assert_array_equal(shown[number], frame.planes[name])
        if self.scheme.position:
            shown = sorted((t, round(y, 4), round(x, 4)) for t, y, x in self._points())
            assert shown == sorted(
                (number, round(y, 4), round(x, 4))
                for number, frame in enumerate(self.drawn)
                for y, x, _ in frame.spots
            )
        current = self.steps.project.files.current
        boxes = self.steps.session.layer_data.boxes.of(current.image, current.axes)
        for number, frame in enumerate(self.drawn):
            assert sorted(boxes.get(number, ())) == sorted(frame.boxes)

    def teardown(self) -> None:
        try:
            self.full = False
            self.wait_until_saved()
        finally:
            self.steps.session._guard.close()
            self.patches.close()
            self.root.cleanup()
