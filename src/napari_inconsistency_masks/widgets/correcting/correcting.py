"""Correcting one place after the other, and taking each step back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial

from qtpy.QtCore import QObject, Signal

from ...errors import InputError
from ..drawing.layer_data import LayerData
from ..layers.subject import Subject
from ..layers.viewer_layers import ViewerLayers
from ..predicting.found_places import Answer
from ..results.results import Results
from .box_edit import Content, same
from .drawing_ahead import DrawingAhead
from .place_drawing import PlaceDrawing
from .queue import DONE, OPEN, SKIPPED, QueuedPlace
from .ranking import Ranking
from .step import Step


class Correcting(QObject):
    """The place a person is at, and what the buttons do to it.

    At a place where nothing is drawn yet, what the networks say together is drawn in a label box,
    so that only what is wrong has to be changed. It stays if the place is accepted, or changed by
    hand; otherwise it is taken away when the person goes on. `refused` says in a sentence why it
    did not go on at a place whose file had to be opened first.

    Parameters
    ----------
    layers, layer_data, results
        Of the session.
    """

    changed = Signal()
    refused = Signal(str)

    def __init__(
        self,
        layers: ViewerLayers,
        layer_data: LayerData,
        results: Results,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.ranking = Ranking(layers, layer_data, results, self)
        self.queue = self.ranking.queue
        self._layers, self._data = layers, layer_data
        self._drawing = PlaceDrawing(layer_data, results)
        self._ahead = DrawingAhead(layer_data, self)
        self._before: Content = []
        self._proposal: Content | None = None
        self._steps: list[Step] = []
        self._answer = 0
        self.open_file: Callable[[Subject, int, Callable[[], None]], None] = lambda *_: None
        self.ranking.changed.connect(self.changed)
        layer_data.leaving.connect(self._on_leaving)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._steps)

    def prepare(self) -> None:
        """Make the layers to draw in while the person looks at the list: later they take long."""
        following = self.queue.after(None)
        if self.queue.current is not None or following is None:
            return
        if following.image is not None and following.image is self._data.image:
            with suppress(InputError):  # it is told when she goes there
                self._drawing.check(following)
                self._ahead.begin()

    def go(self, item: QueuedPlace) -> None:
        """Show a place, and draw what the networks say if nothing is drawn there."""
        with self._acting():
            self.leave()
            item = self.queue.listed(item)  # ranked anew while its file was opened, perhaps
            opens_first = self._opens_first(item, lambda: self.go(item))
            if not opens_first:
                self._come_to(item)
                self._propose(item)
        if opens_first:
            return
        self._look_at(item)
        self.changed.emit()

    def go_on(self) -> None:
        """Show the next open place."""
        if (following := self.queue.after(self.queue.current)) is not None:
            self.go(following)
            return
        self.leave()
        self.changed.emit()

    def go_back(self) -> None:
        """Show the place before."""
        if (before := self.queue.before(self.queue.current)) is not None:
            self.go(before)

    def accept(self) -> None:
        """What is drawn in the label box is right: keep it, and go on."""
        with self._acting():
            self._keep(self._at_a_place())
            self.go_on()

    def skip(self) -> None:
        """Teach nothing here, and go on."""
        item = self._at_a_place()
        step = Step(item, item.state, self._before, None)
        if self._proposal is not None and self._changed_by_hand(item):
            now = self._drawing.now(item)
            step = replace(step, proposal=self._proposal, content=now, left=self._before)
        with self._acting():
            self._take_back()
            self._steps.append(step)
            item.state = SKIPPED
            self._let_go()
            following = self.queue.after(item)
            if following is not None:
                self.go(following)
        if following is None:
            self.changed.emit()

    def answers(self) -> list[tuple[str, Answer]]:
        """What may be drawn at this place, by name."""
        item = self.queue.current
        return [] if item is None else item.found.answers()

    def answer(self, number: int) -> None:
        """Draw one of the `answers` instead of what is drawn."""
        item = self._at_a_place()
        content, boxed = self._drawing.now(item), self._drawing.wants_box(item)
        self._steps.append(
            Step(item, item.state, self._before, self._proposal, boxed=boxed, content=content)
        )
        with self._acting():
            if boxed:
                self._drawing.box(item)
            self._answer = number
            self._drawing.draw(item, self.answers()[number][1])
        self.changed.emit()

    def next_answer(self) -> None:
        """Draw the answer after the one that is drawn."""
        self._at_a_place()
        if not self.answers():
            raise InputError(
                "It is no longer known what the networks saw here: predict this file again."
            )
        self.answer((self._answer + 1) % len(self.answers()))

    def undo(self) -> None:
        """Take the last step back, at the place where it was done."""
        if not self._steps:
            return
        step = self._steps[-1]
        self.queue.keep(step.item)
        with self._acting():
            if step.item is not self.queue.current:
                self.leave()
                del self._steps[self._steps.index(step) + 1 :]  # no button did that
            opens_first = self._opens_first(step.item, self.undo)
            if not opens_first:
                self._restore(self._steps.pop())
        if opens_first:
            return
        self._look_at(step.item)
        self.changed.emit()

    @contextmanager
    def _acting(self) -> Iterator[None]:
        """Draw everything in one go; what is refused half way is told, as the place is left."""
        try:
            with self._data.together():
                yield
        except InputError:
            self.changed.emit()
            raise

    def _restore(self, step: Step) -> None:
        item = step.item
        if item is not self.queue.current:
            self._come_to(item)
        left = step.left is None or same(step.left, self._drawing.now(item))
        if step.content is not None and left:  # else what was drawn there since then stays
            self._drawing.put_back(item, step.content)
        if step.boxed:
            self._drawing.unbox(item)
        elif step.left is not None and self._drawing.wants_box(item):
            self._drawing.box(item)
        item.state, self._before, self._proposal = step.state, step.before, step.proposal
        self._answer = 0
        if self._proposal is None:
            self._propose(item)

    def forget(self, subjects: Iterable[Subject]) -> None:
        """Know no places any more of files whose project is closed."""
        gone = set(subjects)
        self._steps = [step for step in self._steps if step.item.subject not in gone]
        self.queue.forget(gone)
        self.changed.emit()

    def leave(self) -> None:
        """Let go of the place: what was only proposed is taken away, what was changed stays."""
        item = self.queue.current
        if item is not None and self._layers.has(item.image):
            if not self._changed_by_hand(item):
                self._take_back()
            elif item.state == OPEN:
                self._keep(item)
        self._let_go()

    def _let_go(self) -> None:
        """Be at no place; no undo leads back to it, where nobody would see what it changes."""
        if self.queue.current is not None:
            self._drawing.forget_strokes()
        self.queue.current, self._proposal = None, None

    def _changed_by_hand(self, item: QueuedPlace) -> bool:
        """Whether something else is drawn than what was proposed, or was there before."""
        shown = self._before if self._proposal is None else self._proposal
        return not same(shown, self._drawing.now(item))

    def _on_leaving(self) -> None:
        """Another image or class is chosen: only now its layers can be told from others."""
        if self.queue.current is not None:
            with self._data.together():
                self.leave()
            self.changed.emit()

    def _opens_first(self, item: QueuedPlace, then: Callable[[], None]) -> bool:
        """Whether the file of a place has to be opened first, after which this goes on."""
        closed = item.subject.file is not None and not self._layers.has(item.image)
        if closed:
            self.changed.emit()
            self.open_file(item.subject, item.frame, partial(self._go_on_with, then))
        return closed

    def _go_on_with(self, then: Callable[[], None]) -> None:
        """Nobody else tells what is refused by now."""
        try:
            then()
        except InputError as error:
            self.refused.emit(str(error))

    def _come_to(self, item: QueuedPlace) -> None:
        if not self._layers.has(item.image):
            raise InputError(f"The image {item.subject.name!r} is no longer open; open it again.")
        if self._data.image is not item.image:
            self._data.choose_image(item.image)
        self._drawing.check(item)
        self._ahead.finish()
        self._drawing.come_to(item)
        self._drawing.forget_strokes()
        self.queue.come_to(item)
        self._answer = 0
        self._before, self._proposal = self._drawing.now(item), None

    def _look_at(self, item: QueuedPlace) -> None:
        """Comes last: napari needs little time for what is drawn on a frame that is not shown."""
        self._layers.show_box(item.image, item.axes, item.frame, item.found.box)

    def _propose(self, item: QueuedPlace) -> None:
        """Where nothing is drawn yet, draw what the networks say together, in a label box."""
        if item.state != OPEN or item.found.guess is None or self._drawing.is_labeled(item):
            return
        self._before = self._drawing.now(item)
        self._drawing.box(item)
        self._proposal = []  # it is to be taken away, whatever happens next
        self._drawing.draw(item, item.found.guess)
        self._proposal = self._drawing.now(item)

    def _keep(self, item: QueuedPlace) -> None:
        boxed = self._proposal is None and self._drawing.wants_box(item)
        if boxed:
            self._drawing.box(item)
        self._steps.append(Step(item, item.state, self._before, self._proposal, boxed=boxed))
        item.state, self._proposal = DONE, None

    def _take_back(self) -> None:
        """Remove what was drawn and boxed when the person came here."""
        if self._proposal is not None:
            item = self._at_a_place()
            self._drawing.put_back(item, self._before)
            self._drawing.unbox(item)
            self._proposal = None

    def _at_a_place(self) -> QueuedPlace:
        if self.queue.current is None:
            raise InputError("No place is chosen: choose one in the list, or press Next.")
        return self.queue.current
