"""A person who corrects a project place by place, and draws, and goes elsewhere in between."""

from __future__ import annotations

from typing import Any

import numpy as np
from drawn_model import Box, Drawn, told
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from project_walk import FRAMES, ProjectWalk, files
from stand_ins import FakeChild, Networks

from napari_inconsistency_masks.widgets.correcting.queue import DONE, OPEN, SKIPPED, QueuedPlace

places = st.integers(0, 11)


def cut(frame: Drawn, box: Box) -> Any:
    """What is drawn in a box, and all else."""
    top, left, bottom, right = box
    planes = {
        name: told(plane[top:bottom, left:right]).tolist() for name, plane in frame.planes.items()
    }
    return planes, sorted(spot for spot in frame.spots if _inside(spot, box))


def rest(frame: Drawn, box: Box) -> Any:
    """What is drawn outside of a box."""
    top, left, bottom, right = box
    planes = {name: plane.copy() for name, plane in frame.planes.items()}
    for plane in planes.values():
        plane[top:bottom, left:right] = 0
    return (
        {name: plane.tolist() for name, plane in planes.items()},
        sorted(spot for spot in frame.spots if not _inside(spot, box)),
    )


def paste(frame: Drawn, box: Box, before: Drawn) -> None:
    """Draw in a box what was there before."""
    top, left, bottom, right = box
    for name, plane in frame.planes.items():
        plane[top:bottom, left:right] = before.planes[name][top:bottom, left:right]
    frame.spots = [spot for spot in frame.spots if not _inside(spot, box)]
    frame.spots += [spot for spot in before.spots if _inside(spot, box)]


def _inside(spot: Any, box: Box) -> bool:
    y, x = round(spot[0]), round(spot[1])
    return box[0] <= y < box[2] and box[1] <= x < box[3]


class CorrectingWalk(ProjectWalk):
    """What is proposed is no label until it is accepted or changed; all else as in any walk."""

    children: list[FakeChild]

    def begin(self) -> None:
        self.at: QueuedPlace | None = None
        self.boxed = False
        self.came: Drawn | None = None
        self.proposed: Any = None
        super().begin()
        session = self.steps.session
        session.looking.use(self.folder / "runs" / "first")
        networks = Networks(self.children, self.qtbot, self.scheme)
        networks.in_doubt = True
        networks.get_ready()
        if self.file is not None:
            networks.predict_all(session)
        all_files = self.steps.project.all_files
        all_files.start()
        while all_files.busy:
            self.steps.wait(lambda: session.predictor.busy or not all_files.busy)
            networks.predict_all(session)
        self.steps.settle()

    def _shown(self) -> list[Drawn]:
        """What the layers of the open file show."""
        current = self.steps.project.files.current
        shown = [Drawn({}) for _ in range(FRAMES)]
        for name in self.label_layers:
            for frame, plane in zip(shown, np.array(self.layer(name).data, np.int64), strict=True):
                frame.planes[name] = plane
        if self.scheme.position:
            layer = self.layer("position")
            states = layer.features["state"].tolist() if "state" in layer.features else []
            states = [s if isinstance(s, str) else "" for s in states] or [""] * len(layer.data)
            for (t, y, x), state in zip(self._points(), states, strict=True):
                shown[t].spots.append((float(y), float(x), state))
        boxes = self.steps.session.layer_data.boxes.of(current.image, current.axes)
        for number, found in boxes.items():
            shown[number].boxes = list(found)
        return shown

    def leave(self) -> None:
        """The model forgets what was only proposed; called before she goes elsewhere."""
        item, self.at = self.at, None
        if item is None or self.came is None or not self.usable:
            return
        frame, box = self.drawn[item.frame], item.found.box
        changed = cut(frame, box) != self.proposed
        if self.boxed and not changed:
            paste(frame, box, self.came)
            if box in frame.boxes:
                frame.boxes.remove(box)
        elif changed and item.state == OPEN and self._wants_box(frame, box):
            frame.boxes.append(box)

    def _wants_box(self, frame: Drawn, box: Box) -> bool:
        assert self.came is not None
        drawn = self.came.spots or any(plane.any() for plane in self.came.planes.values())
        all_over = bool(drawn) and not self.came.boxes
        return not all_over and box not in frame.boxes

    def arrive(self) -> None:
        """Only the box of the place may show something else now, and it may be boxed."""
        self.steps.wait(lambda: not self.steps.project.files.busy)
        item = self.steps.session.correcting.queue.current
        if item is None:
            return
        assert item.subject.file == self.file
        shown = self._shown()
        frame, box = self.drawn[item.frame], item.found.box
        self.at, self.came = item, frame.copy()
        assert rest(shown[item.frame], box) == rest(frame, box)
        more = list(shown[item.frame].boxes)
        for each in frame.boxes:
            more.remove(each)
        assert more in ([], [box])
        self.boxed = bool(more)
        if not self.boxed:
            assert cut(shown[item.frame], box) == cut(frame, box)
        self.model[str(self.file)][item.frame] = shown[item.frame]
        self.proposed = cut(shown[item.frame], box)

    @property
    def correcting(self) -> Any:
        return self.steps.session.correcting

    @precondition(lambda self: not self.full and not self.lost)
    @rule(number=places)
    def go_to_place(self, number: int) -> None:
        listed = self.correcting.queue.places
        if not listed:
            return
        item = listed[number % len(listed)]
        before = self.file
        self.leave()
        self.correcting.go(item)
        self.steps.wait(lambda: self.correcting.queue.current is not None)
        if self.file != before:
            self._fresh()
        self.arrive()

    @precondition(lambda self: self.at is not None and not self.full)
    @rule()
    def accept(self) -> None:
        item, before = self.at, self.file
        frame = self.drawn[item.frame]
        if not self.boxed and self._wants_box(frame, item.found.box):
            frame.boxes.append(item.found.box)
        self.at = None
        self.correcting.accept()
        self._after(before)
        assert item.state == DONE

    def _after(self, before: str | None) -> None:
        """She goes on to the next place, perhaps of another file."""
        following = self.correcting.queue.after(self.correcting.queue.current)
        if following is not None:
            self.steps.wait(
                lambda: (
                    self.correcting.queue.current is not None and not self.steps.project.files.busy
                )
            )
        if self.file != before:
            self._fresh()
        self.arrive()

    @precondition(lambda self: self.at is not None and not self.full)
    @rule()
    def skip(self) -> None:
        """What was drawn there since she came is said to be none."""
        item, before = self.at, self.file
        if self.boxed:
            frame = self.drawn[item.frame]
            paste(frame, item.found.box, self.came)
            if item.found.box in frame.boxes:
                frame.boxes.remove(item.found.box)
        self.at = None
        self.correcting.skip()
        self._after(before)
        assert item.state == SKIPPED

    @precondition(lambda self: self.at is not None)
    @rule()
    def next_answer(self) -> None:
        item = self.at
        if not self.correcting.answers():
            return
        self.correcting.next_answer()
        shown = self._shown()[item.frame]
        frame = self.drawn[item.frame]
        assert rest(shown, item.found.box) == rest(frame, item.found.box)
        if not self.boxed and self._wants_box(frame, item.found.box):
            frame.boxes.append(item.found.box)
        assert sorted(shown.boxes) == sorted(frame.boxes)
        self.model[str(self.file)][item.frame] = shown

    @precondition(lambda self: self.usable)
    @rule()
    def begin_retraining(self) -> None:
        """It learns from what is drawn, and not from what is proposed."""
        self.leave()
        self.steps.session.next.training_data()

    # Strokes of napari's own undo would need the steps of all that is drawn for the person

    def undo(self, number: int) -> None: ...

    def redo(self, number: int) -> None: ...

    @rule(name=files)
    def change_file(self, name: str) -> None:
        if name != self.file and not self.full:
            self.leave()
            super().change_file(name)

    @rule(opened=st.booleans())
    def close_and_open_viewer(self, opened: bool) -> None:
        if not self.full:
            self.leave()
            super().close_and_open_viewer(opened)

    @rule()
    def close_and_open_project(self) -> None:
        if not self.full:
            self.leave()
            super().close_and_open_project()

    @rule()
    def add_own_image(self) -> None:
        if self.mine is None:
            self.leave()
            super().add_own_image()

    @rule()
    def choose_own_image(self) -> None:
        if self.mine is not None:
            if self.steps.session.layer_data.image is not self.mine:
                self.leave()
            super().choose_own_image()

    def delete_layer(self, number: int) -> None: ...

    def rename_class(self, name: str) -> None: ...
