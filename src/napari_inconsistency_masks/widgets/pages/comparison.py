"""Old and new networks side by side, and the button that changes which are used."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from ...training.comparison import NEW, Comparison
from ..parts.buttons import button
from ..parts.controls import Sentence
from ..parts.layouts import clear, row

HEADERS = ("", "Old networks", "New networks")


class ComparisonView(QWidget):
    """A small table, a verdict, and a button; `switched` tells that the button was pressed."""

    switched = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.verdict = Sentence("comparison_verdict")
        self.basis = Sentence("comparison_basis", "hint")
        self.switch = button(
            "Use the old networks", "comparison_switch", "Nothing is lost: press again to go back."
        )
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(12)
        self._grid.setColumnStretch(len(HEADERS), 1)
        self._shown: list[tuple[str, ...]] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.verdict)
        column.addLayout(row(self.switch, 1))  # seen without scrolling in a low window
        column.addLayout(self._grid)
        column.addWidget(self.basis)
        self.switch.clicked.connect(lambda _=False: self.switched.emit())
        self.show_comparison(None)

    def show_comparison(self, comparison: Comparison | None) -> None:
        """Show what was measured, or nothing."""
        self.setVisible(comparison is not None)
        if comparison is None:
            return
        self.verdict.tell(comparison.verdict)
        self.basis.tell(comparison.basis)
        self.switch.setText(f"Use the {'old' if comparison.kept == NEW else 'new'} networks")
        self._fill([HEADERS, *comparison.rows()])

    def _fill(self, rows: list[tuple[str, ...]]) -> None:
        if rows == self._shown:
            return
        self._shown = rows
        clear(self._grid)
        for line, values in enumerate(rows):
            for column, value in enumerate(values):
                cell = Sentence(f"comparison_{line}_{column}", "plain", value)
                cell.setWordWrap(False)
                self._grid.addWidget(cell, line, column)
