"""Training data from a project: made, opened, and filled with images."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from ...files.images import IMAGE_SUFFIXES
from ..parts.buttons import button
from ..parts.controls import Chooser, Sentence
from ..parts.elided_label import ElidedLabel
from ..parts.layouts import row
from ..project import recent
from ..project.words import first_of, missing
from ..session.session import Session
from .new_project import NewProject
from .project_table import ProjectTable
from .section import slot
from .stray_note import StrayNote

EMPTY = (
    "A project is a folder that keeps images (where they are), everything drawn on them, and the "
    "runs that learn from it. It can be closed, moved and opened again, and nothing is lost."
)
NO_FILES = "The project has no images yet: add files, or all images of a folder."


class ProjectPage(QWidget):
    """Opens a project and its files; a view of a `Workbench`."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("project_page")
        self.session, self._project = session, session.project
        self._data, self._files = session.project.data, session.project.files
        self.new = button("New…", "project_new", "Make a new project.")
        self.open = button("Open…", "project_open", "Open a project folder.")
        self.recent = Chooser("project_recent", "Recent projects", "Projects that were open last.")
        self.form = NewProject(session)
        self.form.setVisible(False)
        self.empty = Sentence("project_empty", text=EMPTY)
        self.path = ElidedLabel(mode=Qt.TextElideMode.ElideLeft)
        self.path.setObjectName("project_path")
        self.problem = Sentence("project_problem", "problem")
        self.backup = button(
            "Open its backup",
            "project_backup",
            "Put the backup in the place of the damaged file, which is kept beside it.",
        )
        self.summary = Sentence("project_summary")
        self.files = ProjectTable(session)
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
        self.refused = Sentence("project_refused", "problem")
        self.remark = Sentence("project_remark", "hint")
        self.state = Sentence("project_state")
        self.trouble = Sentence("project_trouble", "problem")
        self.notes = Sentence("project_notes", "problem")

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
            self.refused, self.summary, self.trouble, self.notes,
            StrayNote(self.session, "project"), self.files, self.remark, self.state,
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
        self._data.changed.connect(self._update)
        self._data.opened.connect(self._update_recent)
        self._files.changed.connect(self._update)
        self.session.layer_data.scanned.connect(self._update_open)

    @slot
    def _on_new(self, _: bool = False) -> None:
        self.form.begin()
        self.form.setVisible(True)
        self.form.names.setFocus()
        self.form.names.selectAll()  # who types replaces what is proposed

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

    def _update_recent(self) -> None:
        others = [path for path in recent.recent_projects() if path != self._project.folder]
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
        self.problem.tell(missing(rows, data.name_of) if there else data.message)
        self.backup.setVisible(data.backup is not None)
        for button_ in (self.add, self.add_folder):
            button_.setVisible(there)
        self.find.setVisible(any(not row_.found for row_ in rows))
        self.summary.tell(f"{data.summary}." if rows else NO_FILES if there else None)
        self.refused.tell(first_of(data.refused))
        self.files.update_rows()
        self.remark.tell(self._project.remark())
        self._update_open()

    def _update_open(self) -> None:
        opened = self._files.current
        if opened is None:
            self.state.tell(None)
            self.trouble.tell(None)
            self.notes.tell(None)
            return
        problem = self._files.problem()
        kept = "" if problem else " What you draw on it is kept in the project."
        self.state.tell(f"Open: {opened.subject.name}.{kept}")
        self.trouble.tell(problem)
        self.notes.tell(" ".join(opened.notes))
