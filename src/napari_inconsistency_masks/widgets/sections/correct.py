"""4 Correct next: the places where a correction teaches most, one after the other."""

from __future__ import annotations

import napari
from napari.layers import Image, Points
from qtpy.QtCore import Qt
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QGridLayout, QPushButton

from ..correcting.keys import ACCEPT_KEY, ANSWER_KEY, BACK_KEY, MASK_KEY, NEXT_KEY, SKIP_KEY
from ..correcting.queue import QueuedPlace
from ..pages.covered_note import CoveredNote
from ..pages.retraining_box import RetrainingBox
from ..pages.section import Section, slot
from ..pages.stray_note import StrayNote
from ..parts.buttons import MainButton, button
from ..parts.controls import Sentence
from ..parts.focus import tab_after
from ..parts.layouts import clear, row
from ..parts.table import Table

EMPTY = (
    "Nothing to correct yet: predict frames under 3 Look, or all files of a project; places where "
    "the networks disagree are listed here, those first that teach them most."
)
LABELED = (
    "Nothing to correct: all frames that are predicted are labeled all over. Predict others under "
    "3 Look, or all files of a project."
)
AGREED = (
    "Nothing to correct: the networks agree everywhere on the frames that are predicted, which is "
    "no proof that they are right. Predict others, or draw what you see is wrong."
)
MEANING = (
    "Inside the label box everything counts as labeled, outside nothing. Change what is wrong "
    "with {tools}, or take what one network says; then accept. "
    f"{MASK_KEY} hides the mask, and shows it again."
)
BRUSH, BRUSH_AND_POINTS = "the brush", "the brush and the points"
HEADERS = ("Image", "Frame", "About", "Pixels", "Differ", "Cells", "State")
TIP = (
    "Differ: how much the networks disagree. Cells: how many cells more one network sees than "
    "another. Press a row to go there, a header to sort."
)
IMAGE, FRAME, ABOUT, DIFFER = (
    HEADERS.index(name) for name in ("Image", "Frame", "About", "Differ")
)
ANSWERS_PER_ROW = 2


class CorrectSection(Section):
    """A table of places, and what to do at the one that is shown."""

    title = "Correct next"

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__(napari_viewer)
        self._correcting = self.session.correcting
        self.empty = Sentence("correct_empty", text=EMPTY)
        self.progress = Sentence("correct_progress")
        self.table = Table("correct_table", "Places to correct", HEADERS)
        self.table.setMinimumHeight(160)
        self.table.stretch(ABOUT)
        self.table.setToolTip(TIP)
        self.accept = MainButton(
            f"Accept ({ACCEPT_KEY})", "correct_accept", "What is drawn in the label box is right."
        )
        self.skip = button(f"Skip ({SKIP_KEY})", "correct_skip", "Teach nothing here.")
        self.back = button(f"Back ({BACK_KEY})", "correct_back", "Go to the place before.")
        self.next = button(
            f"Next ({NEXT_KEY})",
            "correct_next",
            "Go to the next place; what was changed here is kept, what was only proposed is not.",
        )
        self.undo = button("Undo", "correct_undo", "Take back what the last button did.")
        for pressed in (self.accept, self.skip, self.back, self.next, self.undo):
            _for_keys(pressed)
        self.meaning = Sentence("correct_meaning", "hint")
        self.covered = CoveredNote(self.session, "correct", self._image)
        self.retraining = RetrainingBox(self.session)
        self._answers = QGridLayout()
        self._answers_shown: list[str] = []
        self._shown: list[QueuedPlace] = []
        self._arrange()
        self._connect()
        self._update()

    @property
    def summary(self) -> str:
        """How many are done."""
        queue = self._correcting.queue
        if not queue.places:
            predicted, _ = self._correcting.ranking.predicted_frames()
            return "nothing to correct" if predicted else "nothing to correct yet"
        return f"{queue.done} of {len(queue.places)} done"

    def _arrange(self) -> None:
        for widget in (self.empty, self.progress, self.table):
            self.column.addWidget(widget)
        self.column.setStretchFactor(self.table, 1)
        self.column.addLayout(row(self.back, self.next, 1, self.undo))
        self.column.addLayout(row(self.accept, self.skip))
        self.column.addLayout(self._answers)
        self.column.addWidget(self.covered)
        self.column.addWidget(self.meaning)
        self.column.addWidget(StrayNote(self.session, "correct"))
        self.column.addWidget(self.retraining)
        self.column.addStretch(0)

    def _connect(self) -> None:
        self.table.chosen.connect(self._on_chosen)
        self.accept.clicked.connect(self._on_accept)
        self.skip.clicked.connect(self._on_skip)
        self.back.clicked.connect(self._on_back)
        self.next.clicked.connect(self._on_next)
        self.undo.clicked.connect(self._on_undo)
        self._correcting.changed.connect(self._update)

    @slot
    def _on_chosen(self, number: int) -> None:
        if self._shown[number] is not self._correcting.queue.current:
            self._correcting.go(self._shown[number])

    @slot
    def _on_accept(self, _: bool = False) -> None:
        self._correcting.accept()

    @slot
    def _on_skip(self, _: bool = False) -> None:
        self._correcting.skip()

    @slot
    def _on_back(self, _: bool = False) -> None:
        self._correcting.go_back()

    @slot
    def _on_next(self, _: bool = False) -> None:
        self._correcting.go_on()

    @slot
    def _on_undo(self, _: bool = False) -> None:
        self._correcting.undo()

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody is about to correct; called by Qt."""
        super().showEvent(event)
        self._correcting.prepare()

    def _update(self) -> None:
        queue = self._correcting.queue
        self._shown = list(queue.places)
        there, at = bool(queue.places), queue.current is not None
        self.empty.setVisible(not there)
        if not there:
            self.empty.tell(self._why_empty())
        for widget in (self.progress, self.table, self.next, self.back, self.undo):
            widget.setVisible(there)
        for widget in (self.accept, self.skip):
            widget.setVisible(at)
        self.meaning.tell(self._meaning() if at else None)
        self.undo.setEnabled(self._correcting.can_undo)
        self.progress.tell(f"{queue.done} of {len(queue.places)} done." if there else None)
        several = len({item.subject for item in queue.places}) > 1
        self.table.show_column(IMAGE, shown=several)
        self.table.show_column(FRAME, shown=any(item.axes.count > 1 for item in queue.places))
        strengths = {item.found.place.disagreement for item in queue.places}
        self.table.show_column(
            DIFFER, shown=len(strengths) != 1
        )  # two networks always differ fully
        self.table.show_rows([_row(item) for item in queue.places], queue.places)
        self.table.choose(queue.places.index(queue.current) if queue.current is not None else -1)
        self.covered.update_words()
        self._offer_answers()
        if self.isVisible():
            self._correcting.prepare()
        self.summary_changed.emit()

    def _image(self) -> Image | None:
        """The image with the place that is shown."""
        place = self._correcting.queue.current
        return None if place is None else place.image

    def _meaning(self) -> str:
        points = any(isinstance(row.layer, Points) for row in self.session.layer_data.rows)
        return MEANING.format(tools=BRUSH_AND_POINTS if points else BRUSH)

    def _why_empty(self) -> str:
        predicted, labeled = self._correcting.ranking.predicted_frames()
        if predicted == 0:
            return EMPTY
        return LABELED if labeled == predicted else AGREED

    def _offer_answers(self) -> None:
        names = [name for name, _ in self._correcting.answers()]
        if names == self._answers_shown:
            return
        self._answers_shown = names
        clear(self._answers)
        offers = []
        for number, name in enumerate(names):
            words = "Nothing is there" if name == "nothing" else f"As {name}"
            tip = f"Draw this in the label box instead ({ANSWER_KEY} goes through all)."
            offer = button(words, f"correct_answer_{number}", tip)
            offer.clicked.connect(lambda _=False, number=number: self._on_answer(number))
            self._answers.addWidget(offer, *divmod(number, ANSWERS_PER_ROW))
            offers.append(_for_keys(offer))
        tab_after(self.skip, offers)

    @slot
    def _on_answer(self, number: int) -> None:
        self._correcting.answer(number)


def _for_keys(pressed: QPushButton) -> QPushButton:
    """Take no focus when a mouse presses this: Space then moves the picture.

    Else it would press the button once more, and accept a place that nobody has looked at.
    """
    pressed.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return pressed


def _row(item: QueuedPlace) -> list[object]:
    place = item.found.place
    share = (f"{place.disagreement:.0%}", place.disagreement)
    frame = (item.axes.label(place.frame), place.frame)
    about = ", ".join(place.classes)
    return [item.subject.name, frame, about, place.area, share, place.effect, item.state]
