"""Training data from a folder."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QFormLayout,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from ...data.folders.inspection import ClassFolder, FolderLayout
from ...data.published.layouts import recognized
from ...data.sample import Sample
from ...files.names import listed
from ..parts.buttons import button, named
from ..parts.controls import Chooser, Sentence
from ..parts.elided_label import ElidedLabel
from ..parts.focus import tab_after
from ..parts.layouts import clear, row, show_row
from ..parts.table import Table
from ..parts.text_line import TextLine
from ..parts.wheel import leave_wheel
from ..session.session import Session
from ..training.folder_data import FolderData, Listed
from ..work.worker import Worker
from .opened_sample import read_sample, show_samples
from .section import slot

KIND_WORDS = {
    "binary": "masks",
    "objects": "numbered objects",
    "classes": "class ids",
    "unreadable": "cannot be read",
}
EMPTY = (
    "Choose a folder that holds one folder of images and one folder of masks (or ImageJ ROIs) per "
    "class, with the same file names; or a published data set that the paper used, as a folder or "
    "ZIP."
)


class FolderPage(QWidget):
    """Chooses a folder and what of it is used; a view of a `FolderData`."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("folder_page")
        self.session, self._data = session, session.folder_data
        self._opening: Worker | None = None
        self._shown_layout: object = None
        self._shown_names = ""
        self.choose = button("Choose folder…", "folder_choose", "Choose a folder of images.")
        self.choose_zip = button("Choose ZIP…", "folder_zip", "Choose a published data set.")
        self.path = ElidedLabel(mode=Qt.TextElideMode.ElideLeft)
        self.message = Sentence("folder_message")
        self.problem = Sentence("folder_problem", "problem")
        self.form = self._form()
        self.summary = Sentence("folder_summary")
        self.lists = Sentence("folder_lists", "hint")
        self.notes = Sentence("folder_notes", "hint")
        self.beside = Sentence("folder_beside")
        columns = ("Image", "Used for", "Labels used")
        self.table = Table("folder_images", "Images of the folder", columns)
        self.table.setToolTip("Double-click an image to open it with its labels.")
        self.table.setMinimumHeight(170)
        self.hint = Sentence("folder_hint", "hint", "Double-click an image to open it.")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(row(self.choose, self.choose_zip))
        for widget in (
            self.path, self.message, self.problem, self.form, self.summary, self.lists, self.notes,
            self.beside, self.table, self.hint,
        ):  # fmt: skip
            column.addWidget(widget)
        self._connect()
        self._update()

    def _form(self) -> QWidget:
        self.ticks: dict[str, QCheckBox] = {}
        self._ticks = QVBoxLayout()
        self._ticks.setSpacing(2)
        tip = "Names of the ids 0, 1, 2 … in this order, separated by commas."
        self.names = named(TextLine(), "folder_names", "Names of the class ids", tip)
        tip = "The class whose spots mark cells; cells are counted by them."
        self.position = Chooser("folder_position", "Class of positions", tip)
        tip = "Use the labels of some training images only; the others count as unlabeled."
        self.limit = named(QCheckBox("only of"), "folder_limit", "Limit the labels", tip)
        self.labeled = named(QSpinBox(), "folder_labeled", "Images whose labels are used", tip)
        self.labeled.setKeyboardTracking(False)
        leave_wheel(self.labeled)
        self.labeled.setRange(1, 1_000_000)
        holder = QWidget()
        self._lines = form = QFormLayout(holder)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Classes", self._ticks)
        form.addRow("Names of ids", self.names)
        form.addRow("Positions", self.position)
        form.addRow("Use labels", row(self.limit, self.labeled, 1))
        return holder

    def _connect(self) -> None:
        self.choose.clicked.connect(self._on_choose)
        self.choose_zip.clicked.connect(self._on_choose_zip)
        self.names.editingFinished.connect(self._on_names)
        self.position.picked.connect(lambda name: self._data.choose(position=name))
        self.limit.clicked.connect(self._on_labeled)
        self.labeled.valueChanged.connect(self._on_labeled)
        self.table.opened.connect(self._on_opened)
        self._data.changed.connect(self._update)
        self.session.source_changed.connect(self._update_beside)

    @slot
    def _on_choose(self, _: bool = False) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder of images and masks")
        if chosen:
            self._data.open(Path(chosen))

    @slot
    def _on_choose_zip(self, _: bool = False) -> None:
        chosen, _filter = QFileDialog.getOpenFileName(
            self, "ZIP of a published data set", "", "ZIP (*.zip)"
        )
        if chosen:
            self._data.open(Path(chosen))

    def _on_tick(self, _: bool = False) -> None:
        classes = tuple(name for name, box in self.ticks.items() if box.isChecked())
        position = self._data.choice.position
        self._data.choose(classes=classes, position=position if position in classes else None)

    def _on_names(self) -> None:
        names = tuple(name.strip() for name in self.names.text().split(",") if name.strip())
        self.names.setModified(False)
        if names != self._data.choice.classes:
            self._data.choose(classes=names)

    def _on_labeled(self, _: object = None) -> None:
        limited = self.limit.isChecked()
        self._data.choose(labeled=self.labeled.value() if limited else None)

    @slot
    def _on_opened(self, number: int) -> None:
        data = self._data.data
        if data is None:
            return
        item = self._data.images[number]
        self._opening = Worker(read_sample(data, item), self)
        self._opening.returned.connect(lambda sample: self._show(sample, item))
        self._opening.failed.connect(lambda error: self.session.tell_error(str(error)))
        self._opening.begin()

    def _show(self, sample: Sample, item: Listed) -> None:
        data = self._data.data
        if data is not None:
            show_samples(self.session, item.name, [sample], data.scheme, labels_visible=True)

    def _update(self) -> None:
        data = self._data
        self.path.setText("" if data.path is None else str(data.path))
        self.path.setVisible(data.path is not None)
        self.message.tell(EMPTY if data.path is None else "Reading …" if data.busy else None)
        self.problem.tell(data.message)
        self._update_form()
        loaded = data.data
        self.summary.tell(data.summary)
        self.lists.tell(_special_folders(data.layout) if data.layout is not None else _said(data))
        self.notes.tell("\n".join(loaded.notes) if loaded is not None else _closed(data.layout))
        self._update_beside()
        self.table.setVisible(loaded is not None)
        self.hint.setVisible(loaded is not None)
        self.table.show_rows([(item.name, item.split, item.labeled) for item in data.images])

    def _update_beside(self) -> None:
        self.beside.tell(self.session.sources.beside_words())

    def _update_form(self) -> None:
        layout, choice = self._data.layout, self._data.choice
        self.form.setVisible(self._data.path is not None and not self._is_first_look)
        by_ids = choice.masks is not None
        if layout is not self._shown_layout:
            self._shown_layout = layout
            self._make_ticks(layout.classes if layout is not None else ())
        for name, box in self.ticks.items():
            box.setChecked(name in choice.classes)
        show_row(self._lines, self._ticks, layout is not None and not by_ids)
        show_row(self._lines, self.names, by_ids)
        show_row(self._lines, self.position, len(choice.classes) > 1 and not by_ids)
        self._show_names(", ".join(choice.classes) if by_ids else "")
        offers = [("none", None), *((name, name) for name in choice.classes)]
        self.position.offer(offers, choice.position)
        self._update_labeled()

    def _show_names(self, names: str) -> None:
        """Show other names; what a person types meanwhile stays."""
        before, self._shown_names = self._shown_names, names
        typing = self.names.typing and names == before
        if self.names.text() != names and not typing:
            self.names.setText(names)
            self.names.setCursorPosition(0)  # show the first names, not the last

    def _update_labeled(self) -> None:
        choice, loaded = self._data.choice, self._data.data
        self.limit.setChecked(choice.labeled is not None)
        self.labeled.setEnabled(choice.labeled is not None)
        self.labeled.blockSignals(True)
        shown = self.labeled.value()
        wanted = choice.labeled or (shown if loaded is None else len(loaded.labeled))
        suffix = " image" if wanted == 1 else " images"
        if (shown, self.labeled.suffix()) != (wanted, suffix):  # else somebody may be typing it
            self.labeled.setValue(wanted)
            self.labeled.setSuffix(suffix)
        self.labeled.blockSignals(False)

    @property
    def _is_first_look(self) -> bool:
        return self._data.busy and self._data.layout is None

    def _make_ticks(self, folders: tuple[ClassFolder, ...]) -> None:
        clear(self._ticks)
        self.ticks = {}
        for folder in folders:
            words = f"{folder.name}  ({folder.matched} {KIND_WORDS[folder.kind]})"
            box = named(QCheckBox(words), f"folder_class_{folder.name}", folder.name, words)
            box.clicked.connect(self._on_tick)
            self.ticks[folder.name] = box
            self._ticks.addWidget(box)
        tab_after(self.names, self.ticks.values())


def _said(data: FolderData) -> str:
    """Which published data set this is, if it is one."""
    kind = data.choice.published
    return "" if kind is None or data.data is None else recognized(kind)


def _closed(layout: FolderLayout | None) -> str:
    """Which folders cannot be opened, as the notes say of data that can be used."""
    if layout is None or not layout.closed:
        return ""
    return f"Left out, as it cannot be opened: {listed(layout.closed)}."


def _special_folders(layout: FolderLayout) -> str:
    """What folders are for that hold neither images nor a class."""
    sentences = []
    if layout.splits:
        sentences.append(f"Lists in the folder splits are used: {', '.join(layout.splits)}.")
    if layout.known:
        images = f"{layout.known_count} image" + "s" * (layout.known_count != 1)
        sentences.append(f"The folder {layout.known[0]} says where the labels of {images} count.")
    return " ".join(sentences)
