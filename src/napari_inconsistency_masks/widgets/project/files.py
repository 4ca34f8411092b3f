"""Opening the files of a project, one at a time: nothing drawn on the one before is lost."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from qtpy.QtCore import QObject, QTimer, Signal

from ...projects import Project
from ..drawing.keeper import Keeper
from ..drawing.layer_data import LayerData
from ..layers.subject import Subjects
from ..layers.viewer_layers import ViewerLayers
from ..results.arriving_layers import BREATH_MS, OVER
from ..work.status import Status
from .data import ProjectData
from .file_layers import OpenFile
from .file_opening import FileOpening
from .file_reading import ReadFile
from .shown_file import ShownFile

logger = logging.getLogger(__name__)

FILE, FRAME = "file", "frame"
"""Settings of a project: where its window was last."""

Then = Callable[[], None]


@dataclass(frozen=True)
class _Wish:
    image_id: str
    frame: int
    then: Then | None


class ProjectFiles(QObject):
    """Opens files of the project as layers, one at a time.

    Before another file takes its place, what is drawn on the one that is open is saved; if that
    fails, it stays. The person's own layers stay anyway.

    `changed` tells that another file is open, or none, or what is the matter with it; `closing`
    that the open one is about to be saved and closed; `closed` carries it; `failed` says in a
    sentence what could not be done.

    Parameters
    ----------
    layers, layer_data, keeper, subjects, data, status
        Of the session.
    """

    changed = Signal()
    closing = Signal()
    closed = Signal(object)
    failed = Signal(str)

    def __init__(
        self,
        layers: ViewerLayers,
        layer_data: LayerData,
        keeper: Keeper,
        subjects: Subjects,
        data: ProjectData,
        status: Status,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._keeper, self._data = keeper, data
        self._trouble = ""
        keeper.changed.connect(self._on_kept)
        keeper.failed.connect(self._on_kept)
        self._shown = ShownFile(layers, layer_data, keeper, subjects, data, self)
        self._shown.closed.connect(self.closed)
        self._wish: _Wish | None = None
        self._left: Project | None = None
        self._opening = FileOpening(status, self._give_up, self)
        self._opening.read.connect(self._on_read)
        self._opening.failed.connect(self._on_failed)
        self._steps: Iterator[None] = iter(())
        self._breath = QTimer(self)
        self._breath.setInterval(BREATH_MS)
        self._breath.timeout.connect(self._step)
        self._then: Then | None = None

    @property
    def current(self) -> OpenFile | None:
        """The file that is open."""
        return self._shown.current

    @property
    def moving(self) -> bool:
        """Whether layers are being added and removed, so that what is there says nothing yet."""
        return bool(self._breath.isActive())

    @property
    def busy(self) -> bool:
        """Whether a file is being opened or closed."""
        return self._wish is not None or self.moving

    def problem(self) -> str | None:
        """Why strokes on the open file are not saved, in a sentence, or None."""
        if self.moving or self.current is None:
            return None
        return self._shown.problem() or self._keeper.trouble or None

    def open(self, image_id: str, frame: int = 0, then: Then | None = None) -> None:
        """Open a file and show a frame of it; of several wishes the last one counts."""
        if self._data.project in (None, self._left):
            return
        opened = self.current
        is_open = opened is not None and opened.subject.file == image_id
        if is_open and self._shown.incomplete:
            self.close(lambda: self.open(image_id, frame, then))  # saved first, then read
            return
        if is_open and not self.moving:
            self._stay()
            self._arrive(frame, then)
            return
        waiting = self._wish is not None or self.moving
        self._wish = _Wish(image_id, frame, then)
        if not waiting:
            self._read()

    def close(self, then: Then) -> None:
        """Save and close the open file, then go on."""
        self._stay()
        if self.moving:
            self._after(lambda: self.close(then))
            return
        if self.current is None:
            then()
            return
        self.closing.emit()
        self._keeper.flush(lambda saved: self._on_flushed(None, then, saved=saved))

    def leave(self, then: Then) -> None:
        """The same as the project is closed: from now on no file of it is opened any more."""
        self._left = self._data.project
        self.close(then)

    def concerned(self, image_ids: Collection[str]) -> bool:
        """Whether one of these files is open, or being opened."""
        wished = None if self._wish is None else self._wish.image_id
        opened = None if self.current is None else self.current.subject.file
        return wished in image_ids or opened in image_ids

    def end(self) -> None:
        """Open and close nothing any more: the window closes."""
        self._stay()
        self._breath.stop()

    def layers_changed(self) -> None:
        """Layers were added or removed: perhaps by hand some of the open file."""
        if self.moving or self._shown.incomplete or not self._shown.lacks_a_layer():
            return
        self._shown.give_up()
        self.failed.emit(self.problem() or "")
        self.changed.emit()

    def frame(self) -> int:
        """The shown frame of the open file."""
        return self._shown.frame()

    def _on_kept(self) -> None:
        """What is drawn can no longer be saved, or can again."""
        before, self._trouble = self._trouble, self._keeper.trouble
        if before != self._trouble:
            self.changed.emit()

    def _stay(self) -> None:
        """Open no other file instead: what is drawn on the open one goes on as it is."""
        self._wish = None
        self._opening.stop()

    def _read(self) -> None:
        wish, project = self._wish, self._data.project
        if wish is not None and project is not None:
            self._opening.begin(project, wish.image_id, self._data.name_of(wish.image_id))
            self.changed.emit()

    def _give_up(self) -> None:
        self._wish = None
        self.changed.emit()

    def _on_failed(self, sentence: str) -> None:
        self._wish = None
        self.failed.emit(sentence)
        self.changed.emit()

    def _on_read(self, project: Project, read: ReadFile) -> None:
        if self._wish is None:
            return
        if project is not self._data.project:
            self._give_up()
            return
        if self._wish.image_id != read.entry.id:
            self._read()
            return
        self.closing.emit()
        self._keeper.flush(lambda saved: self._on_flushed(read, None, saved=saved))

    def _after(self, then: Then) -> None:
        """Do something when the layers that move have settled, after what was to be done then."""
        before = self._then

        def both() -> None:
            if before is not None:
                before()
            then()

        self._then = both

    def _on_flushed(self, read: ReadFile | None, then: Then | None, *, saved: bool) -> None:
        if self.moving:  # something else was waited for as well
            self._after(lambda: self.close(then) if then is not None else None)
            return
        if read is not None and self._wish is None:
            return  # given up meanwhile
        if not saved:
            self._wish = self._left = None
            name = self.current.subject.name if self.current is not None else "What is drawn"
            self.failed.emit(f"{name} stays open, because it cannot be saved.")
            self.changed.emit()
            return
        self._then = then
        self._steps = self._replace(read)
        self._breath.start(BREATH_MS)
        self._step()

    def _step(self) -> None:
        """A layer at a time: napari stands still for each."""
        try:
            over = next(self._steps, OVER) is OVER
        except Exception as error:
            logger.exception("while the layers of a file were made")
            self._wish, over = None, True
            self.failed.emit(f"The file cannot be shown: {error!r}; the log says more.")
        if over:
            self._breath.stop()
            self._settle()

    def _replace(self, read: ReadFile | None) -> Iterator[None]:
        """Show another file, in steps; the last ones need no breath for the person in between."""
        yield from self._shown.replace(read)
        if self.current is not None:
            self._breath.setInterval(0)
            yield
            self._shown.fit_view()
            yield

    def _settle(self) -> None:
        """All layers are there, or gone: do what was waited for, unless there is a newer wish."""
        wish, then, self._then = self._wish, self._then, None
        opened = self.current
        self.changed.emit()
        if wish is not None and (opened is None or opened.subject.file != wish.image_id):
            self._read()
        elif wish is not None:
            self._wish = None
            self._arrive(wish.frame, wish.then)
        if then is not None:
            then()

    def _arrive(self, frame: int, then: Then | None) -> None:
        opened = self.current
        assert opened is not None
        self._shown.show_frame(frame)
        where = {FILE: opened.subject.file, FRAME: frame}
        self._data.remember(**where)
        self.changed.emit()
        if then is not None:
            then()
