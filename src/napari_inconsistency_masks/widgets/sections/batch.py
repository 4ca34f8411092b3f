"""6 Batch: many files in, counts and masks out; and their results, opened again."""

from __future__ import annotations

from pathlib import Path

import napari

from ..batch.choice import choice_of
from ..batch.state import State
from ..pages.batch_page import BatchPage
from ..pages.batch_results import BatchResultsPage
from ..pages.section import Section, slot
from ..parts.controls import Segments

NEW, RESULTS = "new", "results"


class BatchSection(Section):
    """Process files of any number, and look at results."""

    title = "Batch"

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__(napari_viewer)
        self.pages = Segments(
            "batch_pages",
            {NEW: "Process files", RESULTS: "Results"},
            {
                NEW: "Count and segment many images and stacks.",
                RESULTS: "Open the results of a batch: a table, and images with their layers.",
            },
        )
        self.page = BatchPage(self.session)
        self.results = BatchResultsPage(self.session)
        self.column.addWidget(self.pages)
        self.column.addWidget(self.page, 1)
        self.column.addWidget(self.results, 1)
        self.column.addStretch(0)
        self.pages.chosen.connect(self._show)
        self.page.wanted.connect(self._on_wanted)
        self.results.go_on.connect(self._on_go_on)
        self.page.redrawn.connect(self.summary_changed)
        self._show(NEW)

    @property
    def summary(self) -> str:
        """Where the batch is."""
        job = self.session.batch
        if job.state is State.EMPTY:
            return "many files"
        return job.follower.short if job.state is State.RUNNING else str(job.state)

    def _show(self, key: str) -> None:
        self.pages.choose(key)
        self.page.setVisible(key == NEW)
        self.results.setVisible(key == RESULTS)

    @slot
    def _on_wanted(self, folder: Path) -> None:
        self._show(RESULTS)
        self.session.batch_results.open(folder)

    @slot
    def _on_go_on(self) -> None:
        """Take up a batch from another day."""
        results = self.session.batch_results.results
        if results is not None and not self.session.batch.machine.busy:
            self.session.batch.choose(choice_of(results))
            self._show(NEW)
