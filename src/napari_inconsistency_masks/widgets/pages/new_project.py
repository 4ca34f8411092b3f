"""The classes of a new project, and where it is made."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QFormLayout, QVBoxLayout, QWidget

from ...errors import InputError
from ...projects.layout import check_class_names
from ...task import LabelScheme, Task
from ..parts.buttons import button, named
from ..parts.controls import Chooser, Sentence
from ..parts.layouts import row
from ..parts.text_line import TextLine
from ..session.session import Session
from .layer_page import TASK_TIPS, TASKS, how_to_draw
from .section import slot

HINT = (
    "The classes stay those of the project. Choose an empty folder, best beside the images: then "
    "both can be moved together."
)


class NewProject(QWidget):
    """A form; `over` tells that it was filled in, or given up."""

    over = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("new_project")
        self.session = session
        tip = "Names of the classes, separated by commas."
        self.names = named(TextLine(), "new_project_classes", "Classes", tip)
        self.task = Chooser("new_project_task", "Kind of classes", TASK_TIPS)
        tip = "The class that marks each cell by one point; cells are counted by it."
        self.position = Chooser("new_project_position", "Class of positions", tip)
        self.drawing = Sentence("new_project_drawing", "hint")
        self.problem = Sentence("new_project_problem", "problem")
        self.hint = Sentence("new_project_hint", "hint", HINT)
        self.create = button("Create in…", "new_project_create", "Choose the project's folder.")
        self.cancel = button("Cancel", "new_project_cancel", "Make no project.")
        self._chosen_task, self._chosen_position = Task.MULTILABEL, ""
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Names", self.names)
        form.addRow("Classes", self.task)
        form.addRow("Positions", self.position)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(form)
        column.addWidget(self.drawing)
        column.addWidget(self.problem)
        column.addLayout(row(self.create, self.cancel, 1))
        column.addWidget(self.hint)
        self.names.textEdited.connect(self._update)
        self.task.picked.connect(self._on_task)
        self.position.picked.connect(self._on_position)
        self.create.clicked.connect(self._on_create)
        self.cancel.clicked.connect(self.over)

    def begin(self) -> None:
        """Propose the classes that open layers are labeled with."""
        data = self.session.layer_data
        rows = data.used_rows
        self._chosen_task = data.task
        self._chosen_position = next((item.name for item in rows if item.kind == "position"), "")
        self.names.setText(", ".join(item.name for item in rows))
        self.names.setCursorPosition(0)
        self._update()

    def scheme(self) -> LabelScheme:
        """The classes; `InputError` if there cannot be such ones."""
        position = self._chosen_position if self._chosen_task is Task.MULTILABEL else ""
        scheme = LabelScheme(self._chosen_task, self._names(), position or None)
        check_class_names(scheme)
        return scheme

    def make(self, folder: Path) -> None:
        """Make the project."""
        self.session.project.create(folder, self.scheme())
        self.over.emit()

    def _names(self) -> tuple[str, ...]:
        return tuple(name.strip() for name in self.names.text().split(",") if name.strip())

    def _on_task(self, task: Task) -> None:
        self._chosen_task = task
        self._update()

    def _on_position(self, name: str) -> None:
        self._chosen_position = name
        self._update()

    @slot
    def _on_create(self, _: bool = False) -> None:
        self.scheme()
        chosen = QFileDialog.getExistingDirectory(self, "Folder of the new project")
        if chosen:
            self.make(Path(chosen))

    def _update(self, _: str = "") -> None:
        names = self._names()
        if self._chosen_position not in names:
            self._chosen_position = ""
        multi = self._chosen_task is Task.MULTILABEL
        self.task.offer(TASKS, self._chosen_task)
        self.position.offer(
            [("none", ""), *((name, name) for name in names)], self._chosen_position
        )
        self.position.setEnabled(multi)
        positions = multi and bool(self._chosen_position)
        self.drawing.tell(how_to_draw(self._chosen_task, positions=positions))
        self.position.setToolTip(
            "The class that marks each cell by one point; cells are counted by it."
            if multi
            else "Only classes that may overlap can have one of positions."
        )
        try:
            self.scheme()
        except InputError as error:
            self.problem.tell(str(error))
            self.create.setEnabled(False)
        else:
            self.problem.tell(None)
            self.create.setEnabled(True)
        self.create.setToolTip(self.problem.text() or "Choose the project's folder.")
