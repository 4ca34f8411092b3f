"""Where a person was in a project, and with which networks: found again on another day."""

from __future__ import annotations

import os
from pathlib import Path

from qtpy.QtCore import QObject, QTimer

from ...projects.layout import PROJECT_FILE
from ..predicting.prediction import Model
from ..results.looking import Looking
from ..runs.saved_run import DEMO_MODEL
from .data import ProjectData
from .files import FILE, FRAME, ProjectFiles

NETWORKS = "networks"
"""Setting of a project: the run whose networks were in use last."""

FRAME_MS = 3000
"""After the sliders were moved, until the project remembers the frame."""


class ProjectMemory(QObject):
    """Keeps the open file, its frame and the networks among the settings of the project.

    Parameters
    ----------
    data, files, looking
        Of the session.
    """

    def __init__(
        self,
        data: ProjectData,
        files: ProjectFiles,
        looking: Looking,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._data, self._files, self._looking = data, files, looking
        self._frame = QTimer(self)
        self._frame.setSingleShot(True)
        self._frame.setInterval(FRAME_MS)
        self._frame.timeout.connect(self.remember_frame)

    def networks_loaded(self, model: Model) -> None:
        """Remember which networks are in use, to load them when the project is opened again."""
        project = self._data.project
        if project is not None and model.run != DEMO_MODEL:
            run = Path(os.path.abspath(model.run))  # noqa: PTH100  links stay
            inside = run.is_relative_to(project.folder)
            stored = run.relative_to(project.folder).as_posix() if inside else str(run)
            self._data.remember(**{NETWORKS: stored})

    def frame_changed(self) -> None:
        """The sliders were moved."""
        if self._files.current is not None and not self._frame.isActive():
            self._frame.start()

    def remember_frame(self) -> None:
        """Keep which frame is shown now."""
        where = self.where()
        if where:
            self._data.remember(**where)

    def where(self) -> dict[str, object]:
        """The settings that say which frame is shown."""
        opened = self._files.current
        return {} if opened is None else {FILE: opened.subject.file, FRAME: self._files.frame()}

    def is_foreign(self, run: Path) -> bool:
        """Whether a run lies in another project than the one that is open, if one is."""
        project = self._data.project
        inside = next((folder for folder in run.parents if (folder / PROJECT_FILE).is_file()), None)
        return project is not None and inside not in (None, project.folder)

    def go_on(self) -> None:
        """Another project is open: use its networks, and open its file.

        Networks of the project before are no longer in use, nor is the demo.
        """
        project = self._data.project
        if project is None:
            return
        used = self._looking.networks
        if used is not None and (used == DEMO_MODEL or self.is_foreign(used)):
            self._looking.forget_networks()
        run = project.settings.get(NETWORKS)
        if isinstance(run, str) and (project.folder / run / "ensemble.json").is_file():
            self._looking.use_quietly(project.folder / run)
        image_id, frame = project.settings.get(FILE), project.settings.get(FRAME, 0)
        row = None if image_id is None else self._data.row_of(str(image_id))
        if row is not None and row.found:
            frame = frame if isinstance(frame, int) and 0 <= frame < row.image.frames else 0
            self._files.open(row.image.id, frame)

    def end(self) -> None:
        """Remember nothing more by itself."""
        self._frame.stop()
