"""5 Count: predicted and true counts, and how far they are apart."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import napari
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QFileDialog, QMessageBox

from ...cells import told_counts
from ...errors import InputError
from ...files.tables import write_csv
from ...metrics.expected_counts import compared_images, expected_from
from ..counting.counts import (
    COLUMNS,
    CountRow,
    corrected_totals,
    expected_totals,
    in_words,
    mean_count_error,
    totals,
)
from ..counting.plot import CountPlot
from ..counting.table import CountTable
from ..counting.typed_file import parse_count
from ..pages.section import Section, slot
from ..pages.stray_note import StrayNote
from ..parts.buttons import button
from ..parts.controls import Sentence
from ..parts.layouts import row
from ..results.image_result import ImageResult
from ..runs.saved_run import DEMO_MODEL

EMPTY = "Nothing is counted yet: predict a frame or a stack under 3 Look."
HINT = "Draw labels on a frame, or type its counts under True, to see the error there."
ENDING = ".csv"
MANY, SHARE = 1000, 0.1
"""Rows from which on the table is made anew less often: this share of the time may go into it."""

CORRECTED_TIP = (
    "True counts where they are known; else what is drawn in label boxes and predicted outside."
)
MCCE_TIP = (
    "Mean cell count error: per frame the errors of all classes are added up, whatever their "
    "sign; this is the mean over the frames for which all true counts are known."
)


class CountSection(Section):
    """A row per frame and class, the mean cell count error, and the table as CSV."""

    title = "Count"

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__(napari_viewer)
        self.empty = Sentence("count_empty", text=EMPTY)
        self.totals = Sentence("count_totals")
        self.expected = Sentence("count_expected")
        self.corrected = Sentence("count_corrected")
        self.corrected.setToolTip(CORRECTED_TIP)
        self.plot = CountPlot()
        self.table = CountTable()
        self.error = Sentence("count_error")
        self.error.setToolTip(MCCE_TIP)
        self.hint = Sentence("count_hint", "hint")
        self.copy = button("Copy", "count_copy", "Copy the table, for a spreadsheet.")
        self.export = button("Export CSV…", "count_export", "Save the table as a CSV file.")
        self.undo = button("Undo", "count_undo", "Take back the count that was typed last.")
        sentences = (self.empty, self.totals, self.expected, self.corrected)
        strays = StrayNote(self.session, "count")
        for widget in (*sentences, self.plot, self.table, self.error, strays, self.hint):
            self.column.addWidget(widget)
        self.column.setStretchFactor(self.table, 1)
        self.column.addLayout(row(self.copy, self.export, 1, self.undo))
        self.column.addStretch(0)
        self._rows: list[CountRow] = []
        self._results: list[ImageResult] = []
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._outdated = False
        self._connect()
        self._update()

    def _connect(self) -> None:
        self.table.chosen.connect(self._on_chosen)
        self.table.edited.connect(self._on_edited)
        self.table.filled.connect(self._on_filled)
        self.table.undone.connect(self._on_undo)
        self.undo.clicked.connect(self._on_undo)
        self.plot.chosen.connect(self._on_frame)
        self.copy.clicked.connect(self._on_copy)
        self.export.clicked.connect(self._on_export)
        self.session.results.changed.connect(self._on_results)
        self._pause.timeout.connect(self._on_pause_over)
        self.session.looking.changed.connect(self._plot)
        self.session.frame_changed.connect(self._mark_frame)

    @property
    def summary(self) -> str:
        """The sums, and the error if it is known."""
        if not self._rows:
            return "nothing counted yet"
        error = mean_count_error(self._rows)
        sums = ", ".join(f"{sum_[0]} {name}" for name, sum_ in totals(self._rows).items())
        return sums + ("" if error is None else f"; MCCE {error[0]:.2f}")

    def save(self, path: Path) -> None:
        """Write the table as CSV."""
        write_csv(path, [item.to_record() for item in self._rows], COLUMNS)

    @slot
    def _on_chosen(self, number: int) -> None:
        self.session.show(self._results[number].subject, self._rows[number].frame)

    @slot
    def _on_edited(self, number: int, text: str) -> None:
        item, subject = self._rows[number], self._results[number].subject
        self._pause.stop()  # what a person does is seen at once
        self.session.results.typed.type(subject, item.frame, item.state, parse_count(text))

    @slot
    def _on_filled(self, numbers: list[int], texts: list[str]) -> None:
        if len(texts) > len(numbers):
            raise InputError(
                f"{len(texts)} counts are pasted and the table has {len(numbers)} rows from the "
                f"chosen one on: choose one further up, or paste fewer."
            )
        counts = [parse_count(text) for text in texts]
        cells = [
            (self._results[n].subject, self._rows[n].frame, self._rows[n].state) for n in numbers
        ]
        self._pause.stop()
        self.session.results.typed.type_all(
            [(*cell, count) for cell, count in zip(cells, counts, strict=True)]
        )

    @slot
    def _on_undo(self, _: bool = False) -> None:
        self._pause.stop()
        self.session.results.typed.undo()

    @slot
    def _on_frame(self, frame: int) -> None:
        result = self._looked_at()
        if result is not None:
            self.session.show(result.subject, frame)

    @slot
    def _on_copy(self, _: bool = False) -> None:
        self.table.copy()
        self.session.status.say("The table is copied.")

    @slot
    def _on_export(self, _: bool = False) -> None:
        chosen, _filter = QFileDialog.getSaveFileName(
            self, "Save counts", "counts.csv", "CSV (*.csv)"
        )
        whole = chosen.lower().endswith(ENDING)
        path = Path(chosen if whole else f"{chosen}{ENDING}")
        if chosen and (whole or not path.exists() or self._may_replace(path)):
            self.save(path)
            self.session.status.say(f"Counts are saved in {path.name}.")

    def _may_replace(self, path: Path) -> bool:
        """Ask about a file that the dialog did not ask about, as it knows no ending."""
        question = f"{path.name} is already there. Replace it?"
        yes, no = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No
        return bool(QMessageBox.question(self, "Save counts", question, yes | no, no) == yes)

    def _on_results(self) -> None:
        """Counts of many frames arrive one by one, and each time the table is another one."""
        if self._pause.isActive():
            self._outdated = True
            return
        began = time.monotonic()
        self._update()
        took = 1000 * (time.monotonic() - began)
        if len(self._rows) > MANY:
            self._pause.start(round(took / SHARE))

    def _on_pause_over(self) -> None:
        if self._outdated:
            self._on_results()

    def _update(self) -> None:
        self._outdated = False
        results = self.session.results
        pairs = [(row, result) for result in results.all() for row in results.rows_of(result)]
        rows = [row for row, _ in pairs]
        frames = any(result.axes.count > 1 for _, result in pairs)
        self.table.show_counts(rows, [result.subject for _, result in pairs], frames=frames)
        self._rows = rows  # only now: a count that was being typed is of those before
        self._results = [result for _, result in pairs]
        self.empty.setVisible(not rows)
        for widget in (self.table, self.copy, self.export):
            widget.setVisible(bool(rows))
        self.undo.setVisible(self.session.results.typed.can_undo)
        self._tell_totals()
        self._tell_error()
        self._plot()
        self.summary_changed.emit()

    def _tell_totals(self) -> None:
        rows = self._rows
        frames = len({item.whole_frame for item in rows})
        words = "1 frame" if frames == 1 else f"{frames} frames"
        self.totals.tell(f"{words}: {_sums(totals(rows))}." if rows else None)
        rules = dict.fromkeys(told_counts(result.model.scheme) for result in self._results)
        self.totals.setToolTip("\n".join(rules))
        self._tell_expected()
        boxed = any(item.boxed is not None for item in rows)
        self.corrected.tell(f"Corrected: {_sums(corrected_totals(rows))}." if boxed else None)

    def _tell_expected(self) -> None:
        """What the counted cells stand for, if all were counted by the same networks.

        Of those of the demo nothing is known on other images than its own.
        """
        models = [*{id(result.model): result.model for result in self._results}.values()]
        alike = bool(models) and all(model == models[0] for model in models)
        demo = self.session.sources.demo
        of_demo = demo is not None and all(result.image is demo for result in self._results)
        known = alike and (of_demo or models[0].run != DEMO_MODEL)
        ratios = models[0].ratios if known else {}
        expected = expected_totals(self._rows, ratios)
        words = ", ".join(
            f"{count.expected:,.0f} {state} ({in_words(round(count.low), round(count.high))})"
            for state, count in expected.items()
        )
        if not words:
            self.expected.tell(None)
            return
        compared = max((ratio.images, ratio.files) for ratio in ratios.values())
        not_true = dict.fromkeys(row.state for row in self._rows if row.true is None)
        unknown = ", ".join(state for state in not_true if state not in expected)
        too_few = f" For {unknown} too little is known." if unknown else ""
        source = f"going by {compared_images(*compared)} set aside"
        self.expected.tell(f"Expected: {words}, {source}.{too_few}")
        self.expected.setToolTip(expected_from(*compared))

    def _looked_at(self) -> ImageResult | None:
        """The result of the image that is looked at, if it is there."""
        result = self.session.results.of(self.session.looking.image)
        return result if result is not None and self.session.layers.has(result.image) else None

    def _plot(self) -> None:
        result = self._looked_at()
        there = result is not None and result.axes.count > 1 and bool(result.counts.predicted)
        self.plot.setVisible(there)
        if there and result is not None:
            rows = self.session.results.rows_of(result)
            self.plot.show_counts(rows, result.axes.count, result.colors)
            self._mark_frame()

    def _mark_frame(self) -> None:
        result = self._looked_at()
        if result is not None and not self.plot.isHidden():
            self.plot.show_frame(self.session.layers.frame_shown(result.image, result.axes))

    def _tell_error(self) -> None:
        error = mean_count_error(self._rows)
        if error is None:
            self.error.tell(None)
            self.hint.tell(HINT if self._rows else None)
            return
        mean, frames = error
        words = "1 frame" if frames == 1 else f"{frames} frames"
        self.error.tell(f"Mean cell count error (MCCE): {mean:.2f} over {words}.")
        self.hint.tell(None)


def _sums(sums: Mapping[str, tuple[int, int, int]]) -> str:
    """Sums in words, such as ``"12 alive (10-13), 2 dead"``."""
    return ", ".join(
        f"{count} {state}" + (f" ({low}-{high})" if low < high else "")
        for state, (count, low, high) in sums.items()
    )
