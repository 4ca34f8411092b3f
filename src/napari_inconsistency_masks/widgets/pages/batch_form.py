"""The form for what the next batch will be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QFormLayout,
    QGridLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from ...batch import WRITES, BatchOptions
from ...errors import InputError
from ...inference.listing import network_files
from ..batch.choice import BatchChoice, files_of, propose_folder
from ..parts.buttons import button, named
from ..parts.controls import Disclosure, Sentence
from ..parts.elided_label import ElidedLabel
from ..parts.layouts import row, show_row
from ..parts.text_line import TextLine
from ..runs.saved_run import DEMO_MODEL
from ..session.session import Session
from .batch_options import BatchOptionsForm
from .section import slot

WRITE_WORDS = {
    "masks": "Masks",
    "labels": "Labels",
    "mask": "Inconsistency",
    "votes": "Votes",
    "rois": "ROIs",
    "geojson": "GeoJSON",
    "cells": "Cells",
    "report": "Report",
}
COLUMNS = 3
FILTER = "Images (*.tif *.tiff *.png *.jpg *.jpeg *.bmp);;All files (*)"
NOTHING = "none yet"


class BatchForm(QWidget):
    """Images, networks, results and options; a view of the choice of a `BatchJob`."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("batch_form")
        self.session, self._job = session, session.batch
        self._refused = ""
        self._shown: BatchChoice | None = None
        tip = "Choose image files; several at once."
        self.files = button("Files…", "batch_files", tip)
        self.folder = button("Folder…", "batch_folder", "Choose a folder of images, or a Zarr.")
        self.layers = button(
            "Open layers", "batch_layers", "Take the files of the images that are open in napari."
        )
        self.chosen = Sentence("batch_chosen")
        tip = "Look into folders inside of folders as well."
        self.recursive = named(QCheckBox("Subfolders"), "batch_recursive", "Subfolders", tip)
        self.glob = named(
            TextLine(),
            "batch_glob",
            "Names",
            "Take only files with such names: * stands for anything, as in *_ch1.tif.",
        )
        self.glob.setPlaceholderText("all images, or such as *_ch1.tif")
        self.networks = Sentence("batch_networks")
        self.other = button("Other…", "batch_run", "Choose the folder of another run.")
        self.used = button("In use", "batch_in_use", "Take the networks in use under 3 Look.")
        self.results = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        self.results.setObjectName("batch_results_folder")
        self.out = button("Folder…", "batch_out", "Choose where results are written.")
        self.writes = {word: _tick(word) for word in WRITES}
        self.options = BatchOptionsForm()
        self.more = Disclosure("batch_more", "More options", self.options)
        self.problem = Sentence("batch_form_problem", "problem")
        self._arrange()
        self._connect()
        self.update_choice()

    def update_choice(self) -> None:
        """Show what is chosen, and what is in use by now."""
        choice = self._job.choice
        if choice is not self._shown:
            self._shown = choice
            for word, box in self.writes.items():
                box.setChecked(word in choice.options.write)
            self.options.show_options(choice.options)
            self.recursive.setChecked(choice.recursive)
            self.glob.setText(choice.glob)
        self.chosen.tell(choice.words or NOTHING)
        self.chosen.setToolTip("\n".join(map(str, choice.paths[:20])))
        show_row(self._form, self._inside, choice.has_folders)
        self.networks.tell(self._networks_words())
        self.used.setVisible(choice.run is not None)
        folder = choice.folder or (propose_folder(choice.paths) if choice.paths else None)
        self.results.setText("beside the images" if folder is None else str(folder))
        self.results.setToolTip("" if folder is None else f"Results are written to {folder}")
        usual = BatchOptions(write=choice.options.write)
        words = "More options" if choice.options == usual else "More options (changed)"
        self.more.say(words)
        self.problem.tell(self._refused or self.options.problem)

    def _arrange(self) -> None:
        ticks = QGridLayout()
        ticks.setContentsMargins(0, 0, 0, 0)
        ticks.setHorizontalSpacing(4)
        ticks.setVerticalSpacing(2)
        for number, box in enumerate(self.writes.values()):
            ticks.addWidget(box, *divmod(number, COLUMNS))
        self._inside = QWidget()
        self._inside.setLayout(row(self.glob, self.recursive))
        self._form = form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Images", row(self.files, self.folder, self.layers))
        form.addRow("", self.chosen)
        form.addRow("Names", self._inside)
        networks = row(self.networks, self.used, self.other)
        networks.setStretch(0, 1)
        form.addRow("Networks", networks)
        results = row(self.results, self.out)
        results.setStretch(0, 1)
        form.addRow("Results", results)
        always = QLabel("Write")
        always.setToolTip("What is written besides counts.csv, which always is.")
        form.addRow(always, ticks)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(form)
        column.addWidget(self.more)
        column.addWidget(self.problem)

    def _connect(self) -> None:
        self.files.clicked.connect(self._on_files)
        self.folder.clicked.connect(self._on_folder)
        self.layers.clicked.connect(self._on_layers)
        self.recursive.clicked.connect(self._on_recursive)
        self.glob.editingFinished.connect(self._on_glob)
        self.other.clicked.connect(self._on_run)
        self.used.clicked.connect(self._on_used)
        self.out.clicked.connect(self._on_out)
        for box in self.writes.values():
            box.clicked.connect(self._on_options)
        self.options.changed.connect(self._on_options)
        self._job.changed.connect(self.update_choice)
        self.session.predictor.changed.connect(self.update_choice)

    @slot
    def _on_files(self, _: bool = False) -> None:
        chosen, _filter = QFileDialog.getOpenFileNames(self, "Images for a batch", "", FILTER)
        if chosen:
            self._set(paths=tuple(map(Path, chosen)), folder=None)

    @slot
    def _on_folder(self, _: bool = False) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder of images")
        if chosen:
            self._set(paths=(Path(chosen),), folder=None)

    @slot
    def _on_layers(self, _: bool = False) -> None:
        paths, refused = files_of(self.session.image_files())
        if not paths and not refused:
            refused = "No image is open: drop one on napari, or choose files or a folder."
        if paths:
            self._set(paths=paths, folder=None)
        self._refused = refused
        self.update_choice()

    @slot
    def _on_run(self, _: bool = False) -> None:
        start = str(self.session.setup.folder)
        chosen = QFileDialog.getExistingDirectory(self, "Folder of trained networks", start)
        if chosen:
            network_files(Path(chosen))
            self._set(run=Path(chosen))

    @slot
    def _on_out(self, _: bool = False) -> None:
        paths = self._job.choice.paths
        start = str(paths[0].parent) if paths else ""
        chosen = QFileDialog.getExistingDirectory(self, "Folder for the results", start)
        if chosen:
            self._set(folder=Path(chosen))

    def _on_recursive(self, on: bool) -> None:
        self._set(recursive=on)

    def _on_used(self, _: bool = False) -> None:
        self._set(run=None)

    def _on_glob(self) -> None:
        if self.glob.text().strip() != self._job.choice.glob:
            self._set(glob=self.glob.text().strip())

    def _on_options(self, _: Any = None) -> None:
        write = tuple(word for word, box in self.writes.items() if box.isChecked())
        try:
            options = self.options.read(write)
        except InputError:
            self._job.forget()  # the form says what is wrong, and a plan would not be of it
            self.update_choice()
            return
        if options != self._job.choice.options:
            self._set(options=options)
        self.update_choice()

    def _set(self, **changes: Any) -> None:
        self._refused = ""
        self._job.choose(replace(self._job.choice, **changes))

    def _networks_words(self) -> str:
        model, run = self.session.predictor.model, self._job.choice.run
        if run is not None:
            return f"those of {run.name}"
        if model is None:
            return "none in use yet"
        origin = "that come with the plugin" if model.run == DEMO_MODEL else f"of {model.run.name}"
        return f"{model.members} {origin}, in use"


def _tick(word: str) -> QCheckBox:
    words = WRITE_WORDS[word]
    box: QCheckBox = named(QCheckBox(words), f"batch_write_{word}", words, f"Write {WRITES[word]}.")
    return box
