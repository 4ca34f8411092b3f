"""1 Data: the images and labels to learn from."""

from __future__ import annotations

import napari

from ..pages.folder_page import FolderPage
from ..pages.layer_page import LayerPage
from ..pages.project_page import ProjectPage
from ..pages.section import Section
from ..parts.controls import Segments
from ..session.sources import FOLDER, LAYERS, PROJECT


class DataSection(Section):
    """Choose images and labels: open layers, a folder, or a project."""

    title = "Data"

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__(napari_viewer)
        self.source = Segments(
            "data_source",
            {LAYERS: "Open layers", FOLDER: "Folder", PROJECT: "Project"},
            {
                LAYERS: "Learn from images that are open in napari, and what is drawn on them.",
                FOLDER: "Learn from a folder of images and masks.",
                PROJECT: "Label, correct and learn from many files, all kept in one folder.",
            },
        )
        self.layer_page = LayerPage(self.session)
        self.folder_page = FolderPage(self.session)
        self.project_page = ProjectPage(self.session)
        self.column.addWidget(self.source)
        self.column.addWidget(self.layer_page)
        self.column.addWidget(self.folder_page)
        self.column.addWidget(self.project_page)
        self.column.addStretch(1)
        self.source.chosen.connect(self.session.choose_source)
        self.session.source_changed.connect(self._update)
        self._update()

    @property
    def summary(self) -> str:
        """The data, or what is missing."""
        session = self.session
        if session.source == FOLDER:
            data = session.folder_data
            return (
                f"{session.data_name()}: {data.summary}" if data.summary else data.problem() or ""
            )
        if session.source == PROJECT:
            project = session.project.data
            return project.summary if project.project else "no project"
        layers = session.layer_data
        if layers.image is None or layers.axes is None:
            return "no image yet"
        labeled = "" if layers.scan is None else f", {int(layers.scan.labeled.sum())} labeled"
        frames = "1 frame" if layers.axes.count == 1 else f"{layers.axes.count} frames"
        return f"{layers.image.name}: {frames}{labeled}"

    def _update(self) -> None:
        self.source.choose(self.session.source)
        self.layer_page.setVisible(self.session.source == LAYERS)
        self.folder_page.setVisible(self.session.source == FOLDER)
        self.project_page.setVisible(self.session.source == PROJECT)
        self.summary_changed.emit()
