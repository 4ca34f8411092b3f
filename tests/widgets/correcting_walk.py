"""A person who corrects a project place by place, and draws, and goes elsewhere in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from drawn_model import Box, Drawn, told
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from project_steps import SIZE
from project_walk import FRAMES, ProjectWalk, files, layer_numbers
from stand_ins import FakeChild, Networks

from napari_inconsistency_masks.widgets.correcting.queue import DONE, OPEN, SKIPPED, QueuedPlace

places = st.integers(0, 11)


@dataclass
class Back:
    """What a button did at a place, and how the place was before."""

    item: QueuedPlace
    state: str
    came: Drawn
    proposed: Any
    boxed: bool
    added: bool = False
    content: Drawn | None = None
    left: Drawn | None = None


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
        self.boxed = self.all_over = False
        self.came: Drawn | None = None
        self.proposed: Any = None
        self.backs: list[Back] = []
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
        elif changed and item.state == OPEN:
            self._keep(item)
        self._untouch()

    def _keep(self, item: QueuedPlace) -> None:
        frame, box = self.drawn[item.frame], item.found.box
        added = not self.boxed and self._wants_box(frame, box)
        if added:
            frame.boxes.append(box)
        self._push(item, added=added)

    def _push(self, item: QueuedPlace, **about: Any) -> None:
        assert self.came is not None
        came = self.came.copy()
        self.backs.append(Back(item, item.state, came, self.proposed, self.boxed, **about))

    def _wants_box(self, frame: Drawn, box: Box) -> bool:
        return not self.all_over and box not in frame.boxes

    def _untouch(self) -> None:
        """From here on napari's own undo may change only what is drawn later."""
        self.touched = {name: np.zeros((FRAMES, *SIZE), bool) for name in self.label_layers}

    def _fresh(self) -> None:
        super()._fresh()
        self._untouch()

    def _take(self, name: str, before: Any) -> None:
        super()._take(name, before)
        self.touched[name] |= before != np.array(self.layer(name).data, np.int64)

    def arrive(self) -> None:
        """Only the box of the place may show something else now, and it may be boxed."""
        self.steps.wait(lambda: not self.steps.project.files.busy)
        item = self.steps.session.correcting.queue.current
        if item is None:
            return
        assert item.subject.file == self.file
        self._untouch()
        self._came_to(item)
        self._look_at(item)

    def _came_to(self, item: QueuedPlace) -> None:
        frame = self.drawn[item.frame]
        drawn = frame.spots or any(plane.any() for plane in frame.planes.values())
        self.all_over = bool(drawn) and not frame.boxes

    def _look_at(self, item: QueuedPlace) -> None:
        """She sees what is proposed to her, if anything."""
        shown = self._shown()
        frame, box = self.drawn[item.frame], item.found.box
        top, left, bottom, right = box
        for touched in self.touched.values():
            touched[item.frame, top:bottom, left:right] = True
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
            self._read_others()
            self._fresh()
        self.arrive()

    @precondition(lambda self: self.at is not None and not self.full)
    @rule()
    def accept(self) -> None:
        item, before = self.at, self.file
        self._keep(item)
        self._untouch()
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
            self._read_others()
            self._fresh()
        self.arrive()

    @precondition(lambda self: self.at is not None and not self.full)
    @rule()
    def skip(self) -> None:
        """What was drawn there since she came is said to be none."""
        item, before = self.at, self.file
        frame, box = self.drawn[item.frame], item.found.box
        if self.boxed and cut(frame, box) != self.proposed:
            self._push(item, content=frame.copy(), left=self.came)
        else:
            self._push(item)
            self.backs[-1].boxed = False
        if self.boxed:
            paste(frame, box, self.came)
            if box in frame.boxes:
                frame.boxes.remove(box)
        self._untouch()
        self.at = None
        self.correcting.skip()
        self._after(before)
        assert item.state == SKIPPED

    @precondition(lambda self: self.at is not None)
    @rule(number=st.none() | st.integers(0, 3))
    def take_answer(self, number: int | None) -> None:
        """What one network says, or the next one."""
        item, answers = self.at, len(self.correcting.answers())
        if not answers:
            return
        frame = self.drawn[item.frame]
        added = self._wants_box(frame, item.found.box)
        self._push(item, added=added, content=frame.copy())
        if number is None:
            self.correcting.next_answer()
        else:
            self.correcting.answer(number % answers)
        shown = self._shown()[item.frame]
        assert rest(shown, item.found.box) == rest(frame, item.found.box)
        if added:
            frame.boxes.append(item.found.box)
        assert sorted(shown.boxes) == sorted(frame.boxes)
        self.model[str(self.file)][item.frame] = shown

    @precondition(lambda self: self.usable)
    @rule()
    def begin_retraining(self) -> None:
        """It learns from what is drawn, and not from what is proposed."""
        self.leave()
        self.steps.session.next.training_data()

    @precondition(lambda self: self.backs and not self.full and not self.lost)
    @rule()
    def take_back(self) -> None:
        """The place is as it was before the button, but for what was drawn there since then."""
        back, file, known = self.backs.pop(), self.file, len(self.backs)
        item, stayed = back.item, self.at is back.item
        if not stayed:
            self.leave()
            del self.backs[known:]
        self.correcting.undo()
        self.steps.wait(
            lambda: self.correcting.queue.current is item and not self.steps.project.files.busy
        )
        if self.file != file:
            self._read_others()
            self._fresh()
        frame, box = self.drawn[item.frame], item.found.box
        if not stayed:
            self._untouch()
            self._came_to(item)
        if back.content and (back.left is None or cut(back.left, box) == cut(frame, box)):
            paste(frame, box, back.content)
        if back.added and box in frame.boxes:
            frame.boxes.remove(box)
        elif not back.added and back.left is not None and self._wants_box(frame, box):
            frame.boxes.append(box)
        came = cut(frame, box)
        self._look_at(item)
        assert item.state == back.state
        if back.boxed or cut(self.drawn[item.frame], box) == came:
            self.came, self.boxed, self.proposed = back.came, back.boxed, back.proposed
            if not back.boxed:
                self.proposed = cut(back.came, box)

    @precondition(lambda self: self.usable)
    @rule(number=layer_numbers, way=st.sampled_from(["undo", "redo"]))
    def undo(self, number: int, way: str) -> None:
        """Never at another place than she is at, where she would not see it."""
        name = self.name_of(number)
        self._hide(name)
        before = np.array(self.layer(name).data, np.int64)
        getattr(self.layer(name), way)()
        after = np.array(self.layer(name).data, np.int64)
        assert not ((before != after) & ~self.touched[name]).any(), f"{way} elsewhere"
        self._show(name, after)

    def redo(self, number: int) -> None: ...

    @rule(name=files)
    def change_file(self, name: str, **_: Any) -> None:
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
            self.backs.clear()
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

    def remove_class(self, number: int) -> None: ...

    def swap_classes(self) -> None: ...

    def name_axis(self, letter: str) -> None: ...

    def choose_task(self, task: Any) -> None: ...

    def rename_class(self, name: str) -> None: ...
