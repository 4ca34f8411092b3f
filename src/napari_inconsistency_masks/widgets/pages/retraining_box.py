"""Retrain with my corrections: the part of 4 Correct next below the table."""

from __future__ import annotations

from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from ..parts.buttons import MainButton, named
from ..parts.controls import Sentence
from ..parts.layouts import row
from ..parts.numbers import DecimalBox
from ..parts.wheel import leave_wheel
from ..session.session import Session
from .comparison import ComparisonView
from .section import slot

START = "Retrain with my corrections"
MEANING = (
    "The networks in use learn on, and corrected regions count more. Then old and new networks are "
    "compared on images set aside, and the better ones are used."
)
TIP = "Minutes that it may take; the networks then are compared, and the better ones are used."
LONGEST = 600


class RetrainingBox(QWidget):
    """Starts, shows and stops learning on, and compares what came of it."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._retraining = session.retraining
        self.minutes = named(DecimalBox(), "retrain_minutes", "Minutes for retraining", TIP)
        self.minutes.setDecimals(0)
        self.minutes.setRange(1, LONGEST)
        self.minutes.setSuffix(" min")
        leave_wheel(self.minutes)
        self.minutes.setValue(self._retraining.minutes)
        self.main = MainButton(START, "retrain_main", MEANING)
        self.problem = Sentence("retrain_problem", "problem")
        self.beside = Sentence("retrain_beside", "hint")
        self.words = Sentence("retrain_words")
        self.comparison = ComparisonView()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.addWidget(self.main)
        column.addLayout(row(QLabel("at most"), self.minutes, 1))
        for widget in (self.problem, self.beside, self.words, self.comparison):
            column.addWidget(widget)
        self.main.clicked.connect(self._on_main)
        self.minutes.valueChanged.connect(self._on_minutes)
        self.comparison.switched.connect(self._on_switch)
        self._retraining.changed.connect(self._update)
        self._update()

    @slot
    def _on_main(self, _: bool = False) -> None:
        self._retraining.press()

    @slot
    def _on_minutes(self, minutes: float) -> None:
        self._retraining.allow(minutes)

    @slot
    def _on_switch(self) -> None:
        self._retraining.switch()

    def _update(self) -> None:
        retraining = self._retraining
        if self.minutes.value() != retraining.minutes:  # else somebody may be typing it
            self.minutes.setValue(retraining.minutes)
        self.setVisible(self.session.predictor.model is not None)
        if self.session.predictor.model is None:
            return
        problem = retraining.problem()
        self.main.setText("Stop" if retraining.runs else START)
        self.main.setEnabled(problem is None)
        self.main.setToolTip(problem or MEANING)
        self.minutes.setEnabled(not retraining.runs)
        self.problem.tell(problem)
        self.beside.tell(None if retraining.runs else self.session.sources.beside_words())
        self.words.tell(retraining.words())
        self.comparison.show_comparison(None if retraining.runs else retraining.comparison)
        self.comparison.switch.setEnabled(self.session.predictor.loading is None)
