"""2 Train: choose what to train, start, watch, stop and go on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import napari
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QFileDialog, QProgressBar

from ...training.events import Checking, Event, StepEnd
from ..pages.section import Section, slot
from ..pages.setup_form import SetupForm
from ..parts.buttons import MainButton, button, named
from ..parts.controls import Sentence
from ..parts.layouts import row
from ..runs.curve import RunCurves
from ..training.preparation import RunRequest
from ..training.state import State
from .comparing import Comparing

REDRAW_MS = 250
"""Least time between two drawings of the curves."""

AFTER = {
    State.FINISHED: "Training is finished; its networks are in use. See 3 Look and 5 Count.",
    State.STOPPED: "Stopped. What it has is saved: go on whenever you like, also after a restart.",
    State.FAILED: "The training did not get to its end.",
}
ELSEWHERE = (
    "Another program is training this run just now, and the curves are those of when it was opened "
    "here: open it again to see how far it is."
)


class TrainSection(Section):
    """Choose preset and recipe, start and stop a training, and watch its curves."""

    title = "Train"

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__(napari_viewer)
        self.setup = SetupForm(self.session.setup)
        self.chosen = Sentence("train_chosen")
        self.problem = Sentence("train_problem", "problem")
        self.main = MainButton("Start training", "train_main", "Start, stop or go on.")
        self.new = button("New run", "train_new", "Put this run aside and set up another one.")
        self.open = button(
            "Open another run…",
            "train_open",
            "Use the networks of a run folder from another day, or go on with it.",
        )
        self.compare = button(
            "Compare runs…",
            "train_compare",
            "A table of all runs, their curves in one plot, and the networks of any of them.",
        )
        self.comparing = Comparing(napari_viewer)
        self.bar = named(QProgressBar(), "train_bar", "Progress", "Share of the work that is done")
        self.bar.setRange(0, 1000)
        self.bar.setFormat("%p %")
        self.words = Sentence("train_words")
        self.strokes = Sentence("train_strokes", "hint")
        self.notes = Sentence("train_notes", "hint")
        self.curves = RunCurves()
        self._drawn: object = None
        self._redraw = QTimer(self)
        self._redraw.setSingleShot(True)
        self._redraw.setInterval(REDRAW_MS)
        self._redraw.timeout.connect(self._draw)
        self._arrange()
        self._connect()
        self._update()
        self._draw()

    def _arrange(self) -> None:
        self.column.addWidget(self.setup)
        self.column.addWidget(self.chosen)
        self.column.addWidget(self.problem)
        buttons = row(self.main, self.new)
        buttons.setStretch(0, 1)
        self.column.addLayout(buttons)
        self.column.addWidget(self.bar)
        more = self.setup.disclosure
        for widget in (self.words, self.strokes, more, self.notes, self.curves):
            self.column.addWidget(widget)
        self.column.addLayout(row(1, self.compare, self.open))
        self.column.addStretch(1)

    def _connect(self) -> None:
        trainer = self.session.trainer
        self.main.clicked.connect(self._on_main)
        self.new.clicked.connect(trainer.put_aside)
        self.open.clicked.connect(self._on_open)
        self.compare.clicked.connect(self._on_compare)
        trainer.changed.connect(self._update)
        trainer.happened.connect(self._on_event)
        self.session.source_changed.connect(self._update)
        self.session.setup.changed.connect(self._update)

    @property
    def summary(self) -> str:
        """Where the training is."""
        trainer = self.session.trainer
        if trainer.state is State.IDLE:
            return "not ready yet" if self.session.next.problem() else "ready to start"
        if trainer.elsewhere:
            return "in training elsewhere"
        return trainer.words if trainer.machine.busy else str(trainer.state)

    @slot
    def _on_main(self, _: bool = False) -> None:
        self.session.trainer.press(self._request)

    def _request(self) -> RunRequest:
        return self.session.next.request()

    @slot
    def _on_open(self, _: bool = False) -> None:
        start = str(self.session.setup.folder)
        chosen = QFileDialog.getExistingDirectory(self, "Open a run folder", start)
        if chosen:
            self.session.open_run(Path(chosen))

    @slot
    def _on_compare(self, _: bool = False) -> None:
        self.comparing.open()

    def _on_event(self, event: Event) -> None:
        self._show_progress()
        if not isinstance(event, StepEnd | Checking) and not self._redraw.isActive():
            self._redraw.start()

    def _update(self) -> None:
        trainer = self.session.trainer
        state, busy = trainer.state, trainer.machine.busy
        fresh = state is State.IDLE or (state is State.FAILED and not trainer.machine.resumable)
        self.setup.setVisible(fresh)
        self.setup.disclosure.setVisible(fresh)
        self.chosen.tell(None if fresh else self._describe_run())
        blocked = self.session.setup.problem or self.session.next.problem()
        self.problem.tell(trainer.message or (blocked if fresh else None))
        self.main.setText(trainer.machine.button)
        self.main.setVisible(state is not State.FINISHED)
        self.main.setEnabled(state is not State.STOPPING)
        self.main.setToolTip(blocked if fresh and blocked else "Start, stop or go on.")
        self.new.setVisible(not busy and not fresh)
        self.open.setVisible(not busy)
        self.bar.setVisible(busy)
        self.strokes.tell(
            "What you have drawn since Start is not in this run."
            if self.session.next.drawn_since_start and busy
            else None
        )
        self._show_progress()
        if trainer.history is not self._drawn:
            self._draw()

    def _describe_run(self) -> str:
        trainer = self.session.trainer
        name = trainer.run.name if trainer.run is not None else ""
        if trainer.plan is None:
            return f"Run {name}"
        config, recipe = trainer.plan.config, trainer.plan.recipe
        return f"Run {name}: {recipe.title}, {config.members} networks, {config.epochs} epochs"

    def _show_progress(self) -> None:
        trainer = self.session.trainer
        self.bar.setValue(round(1000 * trainer.position.done))
        after = ELSEWHERE if trainer.elsewhere else AFTER.get(trainer.state)
        self.words.tell(trainer.words if trainer.machine.busy else after)
        self.summary_changed.emit()

    def _draw(self) -> None:
        self._drawn = history = self.session.trainer.history
        notes = [f"•  {note}" for note in history.notes]
        self.notes.tell("\n".join(["Notes", *notes]) if notes else None)
        self.curves.setVisible(bool(history.epochs))
        if history.epochs:
            self.curves.show_history(replace(history))
