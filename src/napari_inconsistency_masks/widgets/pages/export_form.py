"""What a person says about networks that are to be written for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QFormLayout, QVBoxLayout, QWidget

from ...errors import InputError
from ..parts.buttons import button, named
from ..parts.controls import Chooser, Sentence
from ..parts.layouts import row
from ..parts.text_line import TextLine
from ..runs.exporting import ExportRequest
from ..session.session import Session
from .section import slot

HINT = (
    "A BioImage.IO package is written, as ilastik, deepImageJ and other programs read it: the "
    "networks of the run as one, which gives the classes, and where the networks differ. The "
    "example image goes with it; everybody who gets the package sees it."
)
LICENSES = ("CC-BY-4.0", "CC0-1.0", "BSD-3-Clause", "MIT")
GRAY_VALUES = {
    "as they were trained": "",
    "8 bits, as they are": "as-is",
    "any type, stretched": "stretched",
}
SAVE = "Choose the file, and write it."
NO_EXAMPLE = "An example image is needed: choose a file with Other…"
IMAGES = "Images (*.tif *.tiff *.png *.jpg *.jpeg *.bmp)"


class ExportForm(QWidget):
    """A form about one run; `over` tells that it was filled in, or given up."""

    over = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("export_form")
        self.session = session
        self.run: Path | None = None
        self._examples: list[Path] = []
        self.example = Chooser("export_example", "Example image", "An image for the package.")
        self.other = button("Other…", "export_other", "Choose another image file.")
        tip = "Who trained the networks: names, separated by commas."
        self.authors = named(TextLine(), "export_authors", "Authors", tip)
        self.license = Chooser("export_license", "License", "How others may use the package.")
        self.gray = Chooser("export_gray", "Gray values", "Of the images that the networks take.")
        tip = "What the networks find, in a sentence; it may be left empty."
        self.description = named(TextLine(), "export_description", "Description", tip)
        self.problem = Sentence("export_problem", "problem")
        self.hint = Sentence("export_hint", "hint", HINT)
        self.save = button("Save as…", "export_save", SAVE)
        self.cancel = button("Cancel", "export_cancel", "Write nothing.")
        self._license, self._gray, self._chosen = "", "", Path()
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        examples = row(self.example, self.other)
        examples.setStretch(0, 1)
        form.addRow("Example", examples)
        form.addRow("Authors", self.authors)
        form.addRow("License", self.license)
        form.addRow("Gray values", self.gray)
        form.addRow("Description", self.description)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(form)
        column.addWidget(self.problem)
        column.addLayout(row(self.save, self.cancel, 1))
        column.addWidget(self.hint)
        self.example.picked.connect(self._on_example)
        self.license.picked.connect(self._on_license)
        self.gray.picked.connect(self._on_gray)
        self.other.clicked.connect(self._on_other)
        self.save.clicked.connect(self._on_save)
        self.cancel.clicked.connect(self.over)

    def begin(self, run: Path) -> None:
        """Ask about a run; files of open images are proposed as its example."""
        self.run = run
        for _, file in self.session.image_files():
            if file is not None and file.is_file():
                self._add(file)
        self._update()

    def choose_example(self, file: Path) -> None:
        """Take an image file as the example."""
        self._add(file)
        self._chosen = file
        self._update()

    def request(self, file: Path) -> ExportRequest:
        """What is to be written to a file that a person chose, and agreed to replace.

        Raises
        ------
        InputError
            Without an example; or if the file with the missing ``.zip`` is there, as nobody was
            asked about that one.
        """
        if self.run is None or self._chosen not in self._examples:
            raise InputError(NO_EXAMPLE)
        if file.suffix.lower() != ".zip":
            file = file.with_name(f"{file.name}.zip")
            if file.exists():
                raise InputError(f"{file} is there already: choose it to replace it.")
        names = (name.strip() for name in self.authors.text().split(","))
        return ExportRequest(
            run=self.run,
            file=file,
            example=self._chosen,
            authors=tuple(filter(None, names)),
            license=self._license,
            description=self.description.text().strip(),
            gray_values=self._gray,
        )

    def _add(self, file: Path) -> None:
        if file not in self._examples:
            self._examples.append(file)
        if self._chosen not in self._examples:
            self._chosen = file

    def _on_example(self, file: Path) -> None:
        self._chosen = file
        self._update()

    def _on_license(self, license: str) -> None:  # noqa: A002
        self._license = license

    def _on_gray(self, gray: str) -> None:
        self._gray = gray

    @slot
    def _on_other(self, _: bool = False) -> None:
        chosen, _filter = QFileDialog.getOpenFileName(self, "An example image", "", IMAGES)
        if chosen:
            self.choose_example(Path(chosen))

    @slot
    def _on_save(self, _: bool = False) -> None:
        assert self.run is not None
        proposed = str(self.run.parent / f"{self.run.name}.zip")
        chosen, _filter = QFileDialog.getSaveFileName(
            self, "Package of networks", proposed, "BioImage.IO package (*.zip)"
        )
        if chosen:
            self.session.exporting.start(self.request(Path(chosen)))
            self.over.emit()

    def _update(self) -> None:
        self.example.offer(_by_name(self._examples), self._chosen)
        self.license.offer([("not said", ""), *((name, name) for name in LICENSES)], self._license)
        self.gray.offer(list(GRAY_VALUES.items()), self._gray)
        self.problem.tell(None if self._examples else NO_EXAMPLE)
        self.save.setEnabled(bool(self._examples))
        self.save.setToolTip(SAVE if self._examples else NO_EXAMPLE)


def _by_name(files: Sequence[Path]) -> list[tuple[str, Path]]:
    return [(file.name, file) for file in files]
