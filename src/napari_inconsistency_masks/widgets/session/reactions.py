"""What follows when something happens in a session: which part of it tells which other one."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from ..layers.closing import RunningTask
from .sources import PROJECT

if TYPE_CHECKING:
    from .session import Session

DRAWN_SAVED, TYPED_SAVED = "What is drawn is saved again.", "Typed counts are saved again."


class Reactions(QObject):
    """Connects the parts of a session, none of which knows the others.

    Parameters
    ----------
    session
        All parts are there.
    task
        Tells napari what is running.
    """

    def __init__(self, session: Session, task: RunningTask) -> None:
        super().__init__(session)
        self._session, self._task = session, task
        session.frame_changed.connect(session.project.memory.frame_changed)
        session.frame_changed.connect(session.batch_results.frame_changed)
        for part in (session.keeper, session.results.typed, session.project, session.batch_results):
            part.failed.connect(session.tell_error)
        for part in (session.looking, session.correcting):
            part.refused.connect(session.tell_error)
        session.keeper.recovered.connect(partial(session.status.say, DRAWN_SAVED))
        session.results.typed.recovered.connect(partial(session.status.say, TYPED_SAVED))
        self._connect_data()
        self._connect_children()

    def _connect_data(self) -> None:
        session = self._session
        for data in (session.layer_data, session.folder_data, session.project.data):
            data.changed.connect(session.source_changed)
        session.source_changed.connect(session.setup.changed)
        session.layer_data.scanned.connect(self._on_scanned)
        session.layer_data.drawn.connect(self._on_drawn)
        session.layer_data.placed.connect(self._on_placed)
        session.project.opened.connect(self._on_project)
        session.project.files.changed.connect(self._on_files)
        session.project.files.closing.connect(session.correcting.leave)

    def _connect_children(self) -> None:
        session = self._session
        session.setup.changed.connect(session.trainer.reconsider)
        session.trainer.prepared.connect(self._on_prepared)
        session.trainer.changed.connect(self._tell_running)
        session.trainer.finished.connect(self._on_finished)
        session.predictor.loaded.connect(session.project.memory.networks_loaded)
        session.looking.ready.connect(self._on_ready)
        session.batch.changed.connect(self._tell_running)
        session.batch.replacing.connect(self._on_replacing)

    def _on_project(self) -> None:
        self._session.choose_source(PROJECT)

    def _on_files(self) -> None:
        """Layers of the project came or went."""
        self._session.layers_changed()
        self._session.source_changed.emit()

    def _on_scanned(self) -> None:
        data = self._session.layer_data
        if data.image is not None and data.scan is not None:
            drawing = data.drawing() if data.scan.labeled.any() else None
            self._session.results.know(data.image, drawing)
        self._session.source_changed.emit()

    def _on_placed(self) -> None:
        self._session.results.lie_on(self._session.layer_data.image)

    def _on_drawn(self) -> None:
        if not self._session.project.files.moving:  # else another file is shown, and nobody drew
            self._session.next.drawn()

    def _on_prepared(self) -> None:
        plan = self._session.trainer.plan
        if plan is None or plan.start is None:
            self._session.setup.started()  # another run has taken no name from the form

    def _on_ready(self) -> None:
        session = self._session
        about_retraining = session.retraining.is_about(session.predictor.model)
        session.wanted.emit("correct" if about_retraining else "look")

    def _tell_running(self) -> None:
        session = self._session
        running = [
            words
            for words, runs in (
                ("a training", session.trainer.machine.busy),
                ("a batch", session.batch.machine.running),
            )
            if runs
        ]
        verb = "are" if len(running) > 1 else "is"
        self._task.update(f"{' and '.join(running)} {verb} running" if running else None)

    def _on_replacing(self, folder: Path) -> None:
        """Results that are open here could not be replaced on Windows."""
        shown = self._session.batch_results
        if shown.results is not None and Path(shown.results.plan.folder) == folder.resolve():
            shown.close()

    def _on_finished(self, run: Path) -> None:
        session = self._session
        if session.closed:
            return  # its last word while the window closes: nothing may be started any more
        if session.project.memory.is_foreign(run):
            session.status.say(f"{run.name} is ready. It belongs to another project: open that.")
            return
        session.looking.use(run, whole=run == session.all_frames_for)
