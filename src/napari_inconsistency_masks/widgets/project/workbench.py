"""The project in the window: what is open, remembered, and told to the rest of the session."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from qtpy.QtCore import QObject, Signal

from ...errors import InputError
from ...files.names import display_name
from ...projects import Project
from ...projects.content import SplitName
from ...projects.layout import BACKUP_FILE, PROJECT_FILE
from ...task import LabelScheme
from ..correcting.correcting import Correcting
from ..drawing.keeper import Keeper
from ..drawing.layer_data import LayerData
from ..layers.subject import Subject, Subjects
from ..layers.viewer_layers import ViewerLayers
from ..predicting.predictor import Predictor
from ..results.looking import Looking
from ..runs.saved_run import DEMO_MODEL
from ..training.preparation import Flushed, ProjectLabels
from ..work.status import Status
from .all_files import AllFiles
from .data import ProjectData
from .file_layers import OpenFile
from .files import ProjectFiles
from .memory import ProjectMemory
from .places import SavedLabels
from .places_file import PlacesFile
from .splits import other_split, remark, told
from .words import some


class Workbench(QObject):
    """At most one project, and the file of it that is open.

    `opened` tells that another project is open, or none.

    Parameters
    ----------
    layers, layer_data, keeper, looking, predictor, correcting, subjects, status
        Of the session.
    """

    opened = Signal()
    failed = Signal(str)

    def __init__(
        self,
        layers: ViewerLayers,
        layer_data: LayerData,
        keeper: Keeper,
        looking: Looking,
        predictor: Predictor,
        correcting: Correcting,
        subjects: Subjects,
        status: Status,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.data = ProjectData(status, subjects, self)
        self.files = ProjectFiles(layers, layer_data, keeper, subjects, self.data, status, self)
        self.all_files = AllFiles(self.data, subjects, looking, predictor, self)
        self._keeper, self._looking, self._status = keeper, looking, status
        self._correcting = correcting
        looking.results.true.saved = self
        correcting.open_file = self._open_file
        self._places = PlacesFile(self.data, correcting, subjects, self)
        predictor.ended.connect(self._on_predicted)
        self.all_files.failed.connect(self.failed)
        self.all_files.finished.connect(status.say)
        self.memory = ProjectMemory(self.data, self.files, looking, self)
        keeper.saved.connect(self.data.refresh)
        self.data.failed.connect(self._on_failed)
        self.data.opened.connect(self._on_opened)
        self.data.left.connect(self._on_left)
        self.files.failed.connect(self.failed)
        self.files.closed.connect(self._on_closed)
        self.files.changed.connect(self._on_files)
        self._shown: OpenFile | None = None
        self._then: Callable[[], None] | None = None

    @property
    def folder(self) -> Path | None:
        """The project."""
        return None if self.data.project is None else self.data.project.folder

    def create(self, folder: Path, scheme: LabelScheme) -> None:
        """Make a project, and open it in the place of the one before.

        Raises
        ------
        InputError
            If there is (or was) a project in the folder; the one before stays open.
        """
        if _holds_project(folder):
            raise InputError(
                f"{display_name(folder)}: there is a project in this folder already; open it, or "
                f"choose another folder."
            )
        self._instead(lambda: self.data.create(folder, scheme))

    def open(self, folder: Path, *, use_backup: bool = False) -> None:
        """Open a project in the place of the one before, which stays if the folder holds none."""
        has_one = self.data.opening or self.data.project is not None
        if has_one and not _holds_project(folder):
            self.failed.emit(
                f"{display_name(folder)}: there is no project in this folder; choose one that "
                f"holds {PROJECT_FILE}."
            )
            return
        self._instead(lambda: self.data.open(folder, use_backup=use_backup))

    def close(self) -> None:
        """Save and close what is open."""
        self._instead(lambda: None)

    def switch_split(self) -> None:
        """Give the open file to validation, or back to training; always with all its frames.

        Raises
        ------
        InputError
            If no file is open, or no labeled one would be left to learn from.
        """
        opened = self.files.current
        if opened is None or opened.subject.file is None:
            raise InputError(
                "Only files of a project are given to training or validation: open one under "
                "1 Data."
            )
        self.set_split(opened.subject.file, other_split(self.data.rows, opened.subject.file))

    def set_split(self, image_id: str, split: SplitName | None) -> None:
        """Say what a file is for; `InputError` if nothing would be left to learn from."""
        row = self.data.row_of(image_id)
        self.data.set_split(image_id, split)
        if row is not None:
            self._status.say(told(self.data.name_of(image_id), row, split))

    def remove(self, image_ids: Sequence[str]) -> None:
        """Take files out of the project, once all that is drawn on them is saved.

        Raises
        ------
        InputError
            While all files are being predicted.
        """
        if self.all_files.busy:
            raise InputError(
                "All files are being predicted: wait for that or cancel it, then remove files."
            )
        if self.files.concerned(image_ids):
            self.files.close(lambda: self._remove(image_ids))
        else:
            self._remove(image_ids)

    def _remove(self, image_ids: Sequence[str]) -> None:
        self._places.write()  # where those of a file that comes back are found
        self.data.remove(image_ids)

    def _on_left(self, gone: list[Subject]) -> None:
        self._forget(gone)
        names = some([subject.name for subject in gone])
        self._status.say(f"Removed {names}. Add the same again, and everything is back.")

    def labels(self) -> ProjectLabels:
        """What a training is to learn from; `InputError` without a project."""
        project = self.data.project
        if project is None:
            raise InputError("No project is open: choose one under 1 Data.")
        flushed = Flushed()
        self._keeper.flush(flushed.tell)
        return ProjectLabels(project.folder, project.scheme, flushed)

    def remark(self) -> str:
        """What hinders an honest validation, in a sentence, if anything."""
        return remark(self.data.rows)

    def truth(self, subject: Subject) -> SavedLabels | None:
        """The saved labels of a file."""
        project, row = self.data.project, self.data.row_of(str(subject.file))
        if project is None or row is None or not (row.labeled or row.corrected):
            return None
        return SavedLabels(project.corrections, subject, self.complete(subject))

    def complete(self, subject: Subject) -> Iterable[int]:
        """Frames of a file that are labeled all over."""
        return self.data.complete.get(str(subject.file), ())

    def end(self) -> None:
        """Keep where the person was; everything that is drawn is saved by now."""
        self.memory.end()
        self.files.end()
        self._places.end()
        self.data.end(**self.memory.where())

    def _instead(self, then: Callable[[], None]) -> None:
        """Close what is open, or is being opened, then go on; of several wishes the last counts."""
        self._then = then
        if not self.data.opening:
            self._leave()

    def _leave(self) -> None:
        project = self.data.project
        if project is None:
            self._go_on()
            return
        self.all_files.cancel()
        self.memory.remember_frame()
        self.files.leave(lambda: self._close_data(project))

    def _close_data(self, project: Project) -> None:
        if project is self.data.project:
            self._places.write()
            self.data.close(self._on_gone)

    def _on_gone(self, gone: list[Subject]) -> None:
        self._forget(gone)
        self.opened.emit()
        self._go_on()

    def _go_on(self) -> None:
        then, self._then = self._then, None
        if then is not None:
            then()

    def _forget(self, gone: list[Subject]) -> None:
        self._correcting.forget(gone)
        self._looking.results.forget(gone)

    def _on_opened(self) -> None:
        """Go on where the person was, unless she wants another one by now."""
        self.opened.emit()
        self._places.read()
        if self._then is None:
            self.memory.go_on()
        else:
            self._leave()

    def _on_failed(self, sentence: str) -> None:
        self.failed.emit(sentence)
        if self.data.project is None and not self.data.opening:
            self._go_on()  # what was wished for instead of one that cannot be opened

    def _on_files(self) -> None:
        opened = self.files.current
        if opened is not None and opened is not self._shown:
            self._shown = opened
            self._looking.choose(opened.image)
            self._looking.results.show(opened.subject)
        elif opened is None and not self.files.moving:
            self._looking.results.spare.drop()

    def _on_closed(self, opened: OpenFile) -> None:
        self._shown = None
        self._looking.results.hide(opened.subject, opened.image)

    def _open_file(self, subject: Subject, frame: int, then: Callable[[], None]) -> None:
        if subject.file is not None:
            self.files.open(subject.file, frame, then)

    def _on_predicted(self, *_: object) -> None:
        """Note which file was predicted completely, and by which networks."""
        result = self._looking.results.current
        if result is None or result.subject.file is None:
            return
        row = self.data.row_of(result.subject.file)
        run = "demo" if result.model.run == DEMO_MODEL else result.model.run.name
        whole = len(result.counts.predicted) == result.axes.count
        if whole and row is not None and row.predicted != run:
            self.data.mark_predicted({row.image.id: run})


def _holds_project(folder: Path) -> bool:
    return any((folder / name).exists() for name in (PROJECT_FILE, BACKUP_FILE))
