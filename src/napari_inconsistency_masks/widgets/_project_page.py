"""Training data from a project: its files, what there is of each, and the one that is open."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog, QFormLayout, QVBoxLayout, QWidget
from superqt import QElidingLabel

from ..files.images import IMAGE_SUFFIXES
from ..projects import ImageStatus
from ..projects.content import SplitName
from . import _recent
from ._file_layers import OpenFile
from ._keys import SPLIT_KEY
from ._new_project import NewProject
from ._parts import Chooser, Sentence, button, row
from ._project_data import ProjectData
from ._section import slot
from ._session import Session
from ._splits import WORDS
from ._table import Table

EMPTY = (
    "A project is a folder that keeps images (where they are), everything drawn on them, and the "
    "runs that learn from it. It can be closed, moved and opened again, and nothing is lost."
)
NO_FILES = "The project has no images yet: add files, or all images of a folder."
HINT = "Double-click a file, or press Enter, to open it with its labels."
COLUMNS = ("File", "Labeled", "Boxes", "Predicted", "For")
TIP = (
    "Labeled: frames that are labeled all over. Boxes: frames that are labeled inside label boxes "
    "only. Predicted: the run whose networks predicted the file last. For: training, validation, "
    "or auto (a seeded draw among the labeled files)."
)
SHORT: dict[SplitName | None, str] = {None: "auto", "train": "train", "validation": "valid."}
MOST_TOLD = 5
"""Refused files that are listed one by one."""


class ProjectPage(QWidget):
    """Opens a project and its files; a view of a `Workbench`."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("project_page")
        self.session, self._project = session, session.project
        self._data, self._files = session.project.data, session.project.files
        self._opened: OpenFile | None = None
        self.new = button("New…", "project_new", "Make a new project.")
        self.open = button("Open…", "project_open", "Open a project folder.")
        self.recent = Chooser("project_recent", "Recent projects", "Projects that were open last.")
        self.form = NewProject(session)
        self.form.setVisible(False)
        self.empty = Sentence("project_empty", text=EMPTY)
        self.path = QElidingLabel("")
        self.path.setObjectName("project_path")
        self.path.setElideMode(Qt.TextElideMode.ElideLeft)
        self.problem = Sentence("project_problem", "problem")
        self.backup = button(
            "Open its backup",
            "project_backup",
            "Put the backup in the place of the damaged file, which is kept beside it.",
        )
        self.summary = Sentence("project_summary")
        self.table = Table("project_files", "Files of the project", COLUMNS)
        self.table.setToolTip(TIP)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.table.setMinimumHeight(190)
        self.hint = Sentence("project_hint", "hint")
        self._make_controls()
        self._arrange()
        self._connect()
        self._update_recent()
        self._update()

    def _make_controls(self) -> None:
        self.add = button("Add files…", "project_add", "Add image files; they stay where they are.")
        self.add_folder = button(
            "Add folder…", "project_add_folder", "Add all images of a folder and the folders in it."
        )
        self.find = button(
            "Find missing…", "project_find", "Look in a folder for files that were moved."
        )
        tip = (
            f"What the chosen file is for, with all its frames (key {SPLIT_KEY} for the open one). "
            f"Automatic: a seeded draw says."
        )
        self.split = Chooser("project_split", "What the file is for", tip, room=9)
        self.refused = Sentence("project_refused", "problem")
        self.remark = Sentence("project_remark", "hint")
        self.state = Sentence("project_state")
        self.trouble = Sentence("project_trouble", "problem")
        self.notes = Sentence("project_notes", "problem")
        self._split_row = QWidget()
        line = QFormLayout(self._split_row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        line.addRow("File is for", self.split)

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(row(self.new, self.open))
        for widget in (
            self.recent, self.form, self.empty, self.path, self.problem, self.backup,
        ):  # fmt: skip
            column.addWidget(widget)
        column.addLayout(row(self.add, self.add_folder, self.find))
        for widget in (
            self.refused, self.summary, self.table, self.hint, self._split_row, self.remark,
            self.state, self.trouble, self.notes,
        ):  # fmt: skip
            column.addWidget(widget)

    def _connect(self) -> None:
        self.new.clicked.connect(self._on_new)
        self.form.over.connect(lambda: self.form.setVisible(False))
        self.open.clicked.connect(self._on_open)
        self.recent.picked.connect(self._on_recent)
        self.backup.clicked.connect(self._on_backup)
        self.add.clicked.connect(self._on_add)
        self.add_folder.clicked.connect(self._on_add_folder)
        self.find.clicked.connect(self._on_find)
        self.split.picked.connect(self._on_split)
        self.table.opened.connect(self._on_file)
        self.table.chosen.connect(lambda _: self._update_split())
        self._data.changed.connect(self._update)
        self._data.opened.connect(self._update_recent)
        self._files.changed.connect(self._update)
        self.session.layer_data.scanned.connect(self._update_open)

    @slot
    def _on_new(self, _: bool = False) -> None:
        self.form.begin()
        self.form.setVisible(True)

    @slot
    def _on_open(self, _: bool = False) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder of a project")
        if chosen:
            self._project.open(Path(chosen))

    @slot
    def _on_recent(self, folder: Path | None) -> None:
        if folder is not None:
            self._project.open(folder)

    @slot
    def _on_backup(self, _: bool = False) -> None:
        if self._data.backup is not None:
            self._project.open(self._data.backup, use_backup=True)

    @slot
    def _on_add(self, _: bool = False) -> None:
        kinds = " ".join(f"*{suffix}" for suffix in sorted(IMAGE_SUFFIXES))
        chosen, _filter = QFileDialog.getOpenFileNames(
            self, "Images of the project", "", f"Images ({kinds})"
        )
        if chosen:
            self._data.add(map(Path, chosen))

    @slot
    def _on_add_folder(self, _: bool = False) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder of images")
        if chosen:
            self._data.add([Path(chosen)])

    @slot
    def _on_find(self, _: bool = False) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder in which to look for files")
        if chosen:
            self._data.find_missing(Path(chosen))

    @slot
    def _on_file(self, number: int) -> None:
        self._files.open(self._data.rows[number].image.id)

    @slot
    def _on_split(self, words: str) -> None:
        row_ = self._chosen_row()
        split: SplitName | None = next(key for key, word in WORDS.items() if word == words)
        if row_ is not None:
            try:
                self._project.set_split(row_.image.id, split)
            finally:
                self._update_split()

    def _chosen_row(self) -> ImageStatus | None:
        """The selected row, else that of the open file."""
        number = self.table.current
        if 0 <= number < len(self._data.rows):
            return self._data.rows[number]
        opened = self._files.current
        return None if opened is None else self._data.row_of(str(opened.subject.file))

    def _choose_open(self) -> None:
        """Select the row of the file that is open."""
        ids = [row_.image.id for row_ in self._data.rows]
        if self._opened is not None and self._opened.subject.file in ids:
            self.table.choose(ids.index(self._opened.subject.file))
            self._update_split()

    def _update_recent(self) -> None:
        others = [path for path in _recent.recent_projects() if path != self._project.folder]
        self.recent.setVisible(bool(others))
        offers: list[tuple[str, Path | None]] = [("Open one of the last projects …", None)]
        offers += [(f"{path.name}  ({path.parent})", path) for path in others]
        self.recent.offer(offers, None)

    def _update(self) -> None:
        data = self._data
        there, rows = data.project is not None, data.rows
        self.path.setText("" if data.project is None else str(data.project.folder))
        self.path.setVisible(there)
        self.empty.setVisible(not there and not data.busy)
        self.problem.tell(_gone(data) if there else data.message)
        self.backup.setVisible(data.backup is not None)
        for button_ in (self.add, self.add_folder):
            button_.setVisible(there)
        self.find.setVisible(any(not row_.found for row_ in rows))
        self.summary.tell(f"{data.summary}." if rows else NO_FILES if there else None)
        self.refused.tell(_some(data.refused))
        for widget in (self.table, self.hint, self._split_row):
            widget.setVisible(bool(rows))
        self.table.show_rows([_cells(data.name_of(item.image.id), item) for item in rows])
        self._hide_columns(rows)
        self.hint.tell(HINT if rows else None)
        self.remark.tell(self._project.remark())
        self._update_split()
        self._update_open()

    def _hide_columns(self, rows: tuple[ImageStatus, ...]) -> None:
        """Leave room for names: columns that say nothing of any file are not shown."""
        says = {
            "Labeled": any(item.labeled or item.image.frames > 1 for item in rows),
            "Boxes": any(item.corrected for item in rows),
            "Predicted": any(item.predicted for item in rows),
        }
        for name, shown in says.items():
            self.table.show_column(COLUMNS.index(name), shown=shown)

    def _update_split(self) -> None:
        row_ = self._chosen_row()
        self.split.setEnabled(row_ is not None)
        words = [(word, word) for word in WORDS.values()]
        self.split.offer(words, "" if row_ is None else WORDS[row_.image.split])
        tip = "Choose a file in the table first." if row_ is None else row_.path.name
        self._split_row.setToolTip(tip)

    def _update_open(self) -> None:
        opened = self._files.current
        if opened is not self._opened:
            self._opened = opened
            self._choose_open()
        if opened is None:
            self.state.tell(None)
            self.trouble.tell(None)
            self.notes.tell(None)
            return
        self.state.tell(f"Open: {opened.subject.name}. What you draw on it is kept in the project.")
        self.trouble.tell(self._files.problem())
        self.notes.tell(" ".join(opened.notes))


def _cells(name: str, item: ImageStatus) -> tuple[object, ...]:
    frames = item.image.frames
    labeled = f"{item.labeled} of {frames}" if frames > 1 else str(item.labeled or "")
    return (
        name,
        (labeled, item.labeled),
        (str(item.corrected or ""), item.corrected),
        item.predicted or "",
        SHORT[item.image.split] if item.found else "missing",
    )


def _gone(data: ProjectData) -> str:
    """Which files are not where they were, in a sentence, or nothing."""
    names = [data.name_of(item.image.id) for item in data.rows if not item.found]
    if not names:
        return ""
    more = f" and {len(names) - MOST_TOLD} more" if len(names) > MOST_TOLD else ""
    verb = "is" if len(names) == 1 else "are"
    return (
        f"{', '.join(names[:MOST_TOLD])}{more} {verb} no longer there: press Find missing, and "
        f"choose a folder in which to look."
    )


def _some(sentences: tuple[str, ...]) -> str:
    shown = list(sentences[:MOST_TOLD])
    if len(sentences) > MOST_TOLD:
        shown.append(f"And {len(sentences) - MOST_TOLD} more.")
    return "\n".join(shown)
