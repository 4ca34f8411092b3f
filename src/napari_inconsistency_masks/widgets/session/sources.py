"""Where training data comes from: open layers, a folder and what is drawn beside it, a project."""

from __future__ import annotations

from napari.layers import Image
from qtpy.QtCore import QObject

from ...errors import InputError
from ..drawing.keeper import Keeper
from ..drawing.layer_data import LayerData
from ..drawing.snapshot import Drawing
from ..project.data import ProjectData
from ..project.workbench import Workbench
from ..training.folder_data import FolderData
from ..training.preparation import CorrectedFolder, TrainingData

LAYERS, FOLDER, PROJECT = "layers", "folder", "project"


class Sources(QObject):
    """The chosen source of training data, which is `chosen`; sections choose it in the session.

    Parameters
    ----------
    layer_data, folder_data, project, keeper
        Of the session.

    Attributes
    ----------
    demo : Image or None
        The images of the demo, if they are open: nothing that is drawn on them belongs to a folder.
    """

    def __init__(
        self,
        layer_data: LayerData,
        folder_data: FolderData,
        project: Workbench,
        keeper: Keeper,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.chosen = LAYERS
        self.demo: Image | None = None
        self._layer_data, self._folder_data = layer_data, folder_data
        self._project, self._keeper = project, keeper

    @property
    def data(self) -> LayerData | FolderData | ProjectData:
        """The chosen source."""
        if self.chosen == PROJECT:
            return self._project.data
        return self._layer_data if self.chosen == LAYERS else self._folder_data

    def name(self) -> str:
        """What the chosen data is called."""
        if self.chosen == LAYERS:
            image = self._layer_data.image
            return "layers" if image is None else str(image.name)
        if self.chosen == PROJECT:
            return "project" if self._project.folder is None else self._project.folder.name
        path = self._folder_data.path
        return "folder" if path is None else path.stem

    def training_data(self) -> TrainingData:
        """What a training that starts now learns from."""
        if self.chosen == PROJECT:
            return self._project.labels()
        if self.chosen == LAYERS:
            return self._layer_data.drawing()
        read, drawing = self._folder_data.reader(), self.beside()
        return read if drawing is None else CorrectedFolder(read, drawing)

    def beside(self) -> Drawing | None:
        """What a person drew on an open image, while a folder is chosen: it is learned from too."""
        drawing = self._drawn_beside()
        return drawing if isinstance(drawing, Drawing) else None

    def beside_words(self) -> str:
        """What becomes of strokes beside the folder, in a sentence; nothing if there are none."""
        drawing = self._drawn_beside()
        image = self._layer_data.image
        if drawing is None or image is None:
            return ""
        if isinstance(drawing, str):
            return f"What is drawn on {image.name} is not learned from. {drawing}"
        return f"What is drawn on {image.name} is learned from too, besides the folder."

    def _drawn_beside(self) -> Drawing | str | None:
        """Strokes on an open image; a sentence if they cannot be learned from with the folder."""
        data = self._folder_data.data
        if self.chosen != FOLDER or data is None or not self._keeper.drawn_on:
            return None
        if self.demo is not None and self._layer_data.image is self.demo:
            return "These are images of the demo."
        try:
            drawing = self._layer_data.drawing()
        except InputError as error:
            return str(error)
        scan = self._layer_data.scan
        if scan is not None and not scan.labeled.any():
            return None
        if drawing.scheme != data.scheme:
            return (
                f"Its classes are {', '.join(drawing.scheme.classes)}, and those of the folder "
                f"{', '.join(data.classes)}: they must be the same, of the same kind and in the "
                f"same order."
            )
        return drawing
