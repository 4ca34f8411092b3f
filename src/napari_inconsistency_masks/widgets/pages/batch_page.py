"""Planning and doing a batch: a view of a `BatchJob`."""

from __future__ import annotations

from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QCheckBox, QProgressBar, QVBoxLayout, QWidget

from ...errors import InputError
from ..batch.state import State
from ..parts.buttons import MainButton, button, named
from ..parts.controls import Sentence
from ..parts.layouts import row
from ..session.session import Session
from .batch_form import BatchForm
from .batch_plan_table import PlanTable
from .section import slot

REDRAW_MS = 100
"""Least time between two looks at what the batch told."""

AFTER = {
    State.PAUSED: "Paused: nothing is computed until you go on.",
    State.STOPPING: "Stopping after this tile; what is done is kept.",
    State.STOPPED: "Stopped. What is done is kept: go on whenever you like, also after a restart.",
}
HINT = "The plan says what is read as what, how long it takes, and what is left out and why."


class BatchPage(QWidget):
    """The form, the plan, and how far it is.

    `wanted` carries the folder of results that a person wants to see, `redrawn` tells that it
    shows how far the batch is now.
    """

    wanted = Signal(object)
    redrawn = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("batch_page")
        self.session, self._job = session, session.batch
        self.form = BatchForm(session)
        self.main = MainButton("Show plan", "batch_main", "Plan, start, stop or go on.")
        self.pause = button("Pause", "batch_pause", "Pause within one tile, and go on later.")
        self.again = button("New batch", "batch_another", "Put this batch aside; plan another one.")
        self.bar = named(QProgressBar(), "batch_bar", "Progress", "Share of the work that is done")
        self.bar.setRange(0, 1000)
        self.bar.setFormat("%p %")
        self.summary = Sentence("batch_summary")
        self.words = Sentence("batch_words")
        self.problem = Sentence("batch_problem", "problem")
        tip = (
            "Replace results that are there; those of other networks, settings or images go. "
            "Images are never written to."
        )
        self.replace = named(QCheckBox("Replace results that are there"), "batch_replace",
                             "Replace", tip)  # fmt: skip
        self.table = PlanTable()
        self.open = MainButton("Open results", "batch_open", "Show images with their results.")
        self.hint = Sentence("batch_hint", "hint", HINT)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.form)
        buttons = row(self.main, self.pause, self.open, self.again)
        buttons.setStretch(0, 1)
        buttons.setStretch(2, 1)
        column.addLayout(buttons)
        for widget in (self.bar, self.words, self.hint, self.summary, self.problem, self.replace):
            column.addWidget(widget)
        column.addWidget(self.table, 1)
        column.addStretch(0)
        self._redraw = QTimer(self)
        self._redraw.setSingleShot(True)
        self._redraw.setInterval(REDRAW_MS)
        self._redraw.timeout.connect(self._show_progress)
        self._connect()
        self._update()

    def _connect(self) -> None:
        self.main.clicked.connect(self._on_main)
        self.pause.clicked.connect(self._on_pause)
        self.again.clicked.connect(self._job.forget)
        self.open.clicked.connect(self._on_open)
        self.replace.clicked.connect(lambda on: self._job.allow(replace=on))
        self._job.changed.connect(self._update)
        self._job.happened.connect(self._on_happened)
        self.session.predictor.changed.connect(self._on_networks)

    @slot
    def _on_main(self, _: bool = False) -> None:
        job = self._job
        if job.machine.busy:
            job.stop()
        elif job.machine.is_planned:
            job.start()
        else:
            self._plan()

    @slot
    def _on_pause(self, _: bool = False) -> None:
        if self._job.state is State.PAUSED:
            self._job.resume()
        else:
            self._job.pause()

    @slot
    def _on_open(self, _: bool = False) -> None:
        if self._job.request is not None:
            self.wanted.emit(self._job.request.folder)

    def _plan(self) -> None:
        model = self.session.predictor.model
        if self.form.options.problem:
            raise InputError(self.form.options.problem)
        in_use = None if model is None else model.run
        self._job.plan(in_use, self.session.devices.chosen)

    def _on_networks(self) -> None:
        """Other networks are in use: a plan with those before no longer holds."""
        job, model = self._job, self.session.predictor.model
        if job.request is None or job.choice.run is not None or job.machine.has_begun:
            return
        if model is None or model.run != job.request.run:
            job.forget()

    def _on_happened(self) -> None:
        if not self._redraw.isActive():
            self._redraw.start()

    def _update(self) -> None:
        job = self._job
        state, machine = job.state, job.machine
        self.form.setVisible(not machine.has_begun)
        self.main.setText(machine.button)
        refused = bool(job.refusal) and state is State.PLANNED
        blocked = refused and not job.may_replace
        self.replace.setChecked(job.may_replace)
        self.main.setEnabled(state is not State.STOPPING and not blocked)
        self.main.setToolTip(job.refusal if blocked else "Plan, start, stop or go on.")
        self.main.setVisible(state is not State.FINISHED)
        self.pause.setVisible(state in (State.RUNNING, State.PAUSED))
        self.pause.setText("Resume" if state is State.PAUSED else "Pause")
        self.again.setVisible(machine.has_begun and not machine.busy)
        self.bar.setVisible(machine.busy)
        self.replace.setVisible(refused)
        self.problem.tell(job.message or (job.refusal if refused else None))
        self.hint.setVisible(state is State.EMPTY)
        self.open.setVisible(state in (State.FINISHED, State.STOPPED))
        planned = job.follower.planned is not None and state is not State.PLANNING
        self.table.show_plan(job.follower, shown=planned)
        self._show_progress()

    def _show_progress(self) -> None:
        job = self._job
        follower, planning = job.follower, job.state is State.PLANNING
        done, total = follower.looked
        self.bar.setRange(0, 0 if planning and not total else 1000)
        share = done / max(1, total) if planning else follower.share
        self.bar.setValue(round(1000 * share))
        self.words.tell(self._words())
        self.summary.tell(follower.summary() if follower.planned is not None else None)
        self.table.show_changes(follower)
        self.redrawn.emit()

    def _words(self) -> str | None:
        job = self._job
        if job.state is State.PLANNING:
            done, total = job.follower.looked
            return f"Reading file {done:,} of {total:,} …" if total else "Loading the networks …"
        if job.state is State.RUNNING:
            return job.follower.words
        if job.state is State.FINISHED:
            return f"Finished: {job.follower.outcome()}"
        lead = f"{job.follower.words}. " if job.state is State.PAUSED else ""
        after = AFTER.get(job.state)
        return None if after is None else lead + after
