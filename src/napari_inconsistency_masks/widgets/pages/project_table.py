"""The files of a project: opened, copied into it, removed, and given to training or validation."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFormLayout, QMessageBox, QVBoxLayout, QWidget

from ...projects import ImageStatus
from ...projects.content import SplitName
from ...projects.membership import is_own_copy
from ..correcting.keys import SPLIT_KEY
from ..parts.buttons import button
from ..parts.controls import Chooser, Sentence
from ..parts.layouts import row
from ..parts.modifiers import several_key
from ..parts.table import Table
from ..parts.table_rows import Cell
from ..project.file_layers import OpenFile
from ..project.splits import WORDS
from ..project.words import removal
from ..session.session import Session
from .section import slot

HINT = "Double-click a file, or press Enter, to open it with its labels."
COLUMNS = ("File", "Labeled", "Boxes", "Predicted", "For")
TIP = (
    "Labeled: frames that are labeled all over. Boxes: frames that are labeled inside label boxes "
    "only. Predicted: the run whose networks predicted the file last. For: training, validation, "
    "or auto (a seeded draw among the labeled files)."
)
SHORT: dict[SplitName | None, str] = {None: "auto", "train": "train", "validation": "valid."}
COPY_TIP = (
    "Copy the chosen image files into the project folder, and use the copies. The files stay where "
    "they are, and may then be moved."
)
REMOVE_TIP = "Take the chosen files out of the project. No file is deleted, nothing drawn is lost."
CHOOSE = f"Choose a file in the table first; hold {several_key()} or Shift to choose several."
COPIED = "These images are copies in the project folder already."


class ProjectTable(QWidget):
    """The table of a project's files, and what can be done with those that are chosen."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session, self._project = session, session.project
        self._data, self._files = session.project.data, session.project.files
        self._opened: OpenFile | None = None
        self.table = Table("project_files", "Files of the project", COLUMNS)
        self.table.setToolTip(TIP)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.table.setMinimumHeight(190)
        self.hint = Sentence("project_hint", "hint", HINT)
        self.copy = button("Copy in", "project_copy", COPY_TIP)
        self.copy_all = button("Copy all in", "project_copy_all", COPY_TIP)
        self.remove = button("Remove…", "project_remove", REMOVE_TIP)
        tip = (
            f"What the chosen file is for, with all its frames (key {SPLIT_KEY} for the open one). "
            f"Automatic: a seeded draw says."
        )
        self.split = Chooser("project_split", "What the file is for", tip, room=9)
        self._split_row = QWidget()
        line = QFormLayout(self._split_row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        line.addRow("File is for", self.split)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (self.table, self.hint, self._split_row):
            column.addWidget(widget)
        column.addLayout(row(self.copy, self.copy_all, self.remove))
        self._connect()
        self.update_rows()

    def _connect(self) -> None:
        self.table.opened.connect(self._on_file)
        self.table.selected.connect(self._update_chosen)
        self.split.picked.connect(self._on_split)
        self.copy.clicked.connect(self._on_copy)
        self.copy_all.clicked.connect(self._on_copy_all)
        self.remove.clicked.connect(self._on_remove)

    def update_rows(self) -> None:
        """The project, or what is open of it, is another one now."""
        rows = self._data.rows
        self.setVisible(bool(rows))
        cells = [_cells(self._data.name_of(item.image.id), item) for item in rows]
        self.table.show_rows(cells, [item.image.id for item in rows])
        self._hide_columns(rows)
        opened = self._files.current
        if opened is not self._opened:
            self._opened = opened
            self._choose_open()
        self._update_chosen()

    @slot
    def _on_file(self, number: int) -> None:
        self._files.open(self._data.rows[number].image.id)

    @slot
    def _on_split(self, words: str) -> None:
        chosen = self._chosen()
        split: SplitName | None = next(key for key, word in WORDS.items() if word == words)
        if chosen:
            try:
                self._project.set_split(chosen[0].image.id, split)
            finally:
                self._update_chosen()

    @slot
    def _on_copy(self, _: bool = False) -> None:
        self._data.copy([item.image.id for item in _not_copied(self._chosen())])

    @slot
    def _on_copy_all(self, _: bool = False) -> None:
        self._data.copy([item.image.id for item in _not_copied(self._data.rows)])

    @slot
    def _on_remove(self, _: bool = False) -> None:
        chosen = self._chosen()
        names = [self._data.name_of(item.image.id) for item in chosen]
        question = removal(names, labeled=any(item.labeled or item.corrected for item in chosen))
        yes = QMessageBox.StandardButton.Yes
        if QMessageBox.question(self, "Remove from the project", question) == yes:
            self._project.remove([item.image.id for item in chosen])

    def _chosen(self) -> list[ImageStatus]:
        """The selected rows, else that of the open file."""
        rows = self._data.rows
        numbers = [number for number in self.table.all_selected if number < len(rows)]
        if numbers:
            return [rows[number] for number in numbers]
        opened = self._files.current
        found = None if opened is None else self._data.row_of(str(opened.subject.file))
        return [] if found is None else [found]

    def _choose_open(self) -> None:
        """Select the row of the file that is open."""
        ids = [item.image.id for item in self._data.rows]
        if self._opened is not None and self._opened.subject.file in ids:
            self.table.choose(ids.index(self._opened.subject.file))

    def _update_chosen(self) -> None:
        chosen, rows = self._chosen(), self._data.rows
        one = chosen[0] if len(chosen) == 1 else None
        self.split.setEnabled(one is not None)
        words = [(word, word) for word in WORDS.values()]
        self.split.offer(words, "" if one is None else WORDS[one.image.split])
        several = "Choose a single file in the table." if chosen else CHOOSE
        self._split_row.setToolTip(several if one is None else one.path.name)
        if one is None:
            self.split.setToolTip(several)
        self._offer(
            self.copy, COPY_TIP, None if _not_copied(chosen) else COPIED if chosen else CHOOSE
        )
        self._offer(self.copy_all, COPY_TIP, None if _not_copied(rows) else COPIED)
        self._offer(self.remove, REMOVE_TIP, None if chosen else CHOOSE)
        self.copy.setText(f"Copy {len(chosen)} in" if len(chosen) > 1 else "Copy in")
        self.remove.setText(f"Remove {len(chosen)}…" if len(chosen) > 1 else "Remove…")

    def _offer(self, offer: QWidget, tip: str, problem: str | None) -> None:
        offer.setEnabled(problem is None)
        offer.setToolTip(problem or tip)

    def _hide_columns(self, rows: tuple[ImageStatus, ...]) -> None:
        """Leave room for names: columns that say nothing of any file are not shown."""
        says = {
            "Labeled": any(item.labeled or item.image.frames > 1 for item in rows),
            "Boxes": any(item.corrected for item in rows),
            "Predicted": any(item.predicted for item in rows),
        }
        for name, shown in says.items():
            self.table.show_column(COLUMNS.index(name), shown=shown)


def _cells(name: str, item: ImageStatus) -> tuple[object, ...]:
    frames = item.image.frames
    labeled = f"{item.labeled} of {frames}" if frames > 1 else str(item.labeled or "")
    return (
        Cell(name, name, tip=str(item.path)),
        (labeled, item.labeled),
        (str(item.corrected or ""), item.corrected),
        item.predicted or "",
        SHORT[item.image.split] if item.found else "missing",
    )


def _not_copied(rows: list[ImageStatus] | tuple[ImageStatus, ...]) -> list[ImageStatus]:
    return [item for item in rows if not is_own_copy(item.image)]
