"""Training data from open layers."""

from __future__ import annotations

from qtpy.QtWidgets import QFormLayout, QVBoxLayout, QWidget

from ...task import Task
from ..drawing.drawing_layers import add_missing_layers
from ..drawing.drawn_frames import Scan
from ..layers.class_rows import POSITION
from ..parts.buttons import button
from ..parts.controls import Chooser, Sentence
from ..parts.layouts import row
from ..session.session import Session
from .axis_chips import AxisChips
from .class_table import ClassTable
from .covered_note import CoveredNote
from .section import slot
from .stray_note import StrayNote

TASKS = (
    ("may overlap: one layer each", Task.MULTILABEL),
    ("exclude each other: one layer for all", Task.MULTICLASS),
    ("only one", Task.BINARY),
)
TASK_TIPS = (
    "May overlap: a pixel can belong to several classes, such as alive and position.\n"
    "Exclude each other: every pixel has one class; 0 means not labeled.\n"
    "Only one: everything else is background."
)
EMPTY = (
    "Open an image or a stack: drag a file into napari, or use File > Open. Or take a folder, or "
    "press Open demo."
)
EVERYWHERE = (
    "Every pixel needs a class, and so does the background: nothing is learned of what has none."
)
APART = (
    "Areas are counted: where two of a class touch, leave a gap, or give each a number of its own "
    "(M in napari)."
)
ONE_FRAME = (
    "This image is a single frame: to label several files, and learn from all of them, choose "
    "Project above."
)


class LayerPage(QWidget):
    """Chooses the image, its axes, and the layers of the classes; a view of a `LayerData`."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("layer_page")
        self.session, self._data = session, session.layer_data
        self.empty = Sentence("layers_empty", text=EMPTY)
        self.image = Chooser("layers_image", "Image", "The image or stack to learn from.")
        self.task = Chooser("layers_task", "Classes", TASK_TIPS)
        self.axes_note = Sentence("layers_axes_note", "hint")
        self.table = ClassTable(self._data)
        self.make = button(
            "Add label layers",
            "layers_make",
            "Add an empty layer for each class that has none, with the size, scale and position "
            "of the image.",
        )
        tip = "Draw what was kept when this image was last labeled here."
        self.restore = button("Restore labels", "layers_restore", tip)
        self.kept = Sentence("layers_kept", "hint")
        self.covered = CoveredNote(
            session, "layers", lambda: self._data.image, self._data.choose_image
        )
        self.scan = Sentence("layers_scan")
        self.problem = Sentence("layers_problem", "problem")
        self.remarks = Sentence("layers_remarks", "hint")
        self.controls = self._arranged()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.empty)
        column.addWidget(self.controls)
        self.image.picked.connect(self._data.choose_image)
        self.task.picked.connect(self._data.choose_task)
        self.make.clicked.connect(self._on_make)
        self._data.changed.connect(self._update)
        self.restore.clicked.connect(self._on_restore)
        self._data.scanned.connect(self._update_scan)
        session.keeper.changed.connect(self._update_kept)
        self._update()

    def _arranged(self) -> QWidget:
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Image", self.image)
        form.addRow(self.covered)
        form.addRow("Axes", AxisChips(self._data, self.image))
        form.addRow(self.axes_note)
        form.addRow("Classes", self.task)
        controls = QWidget()
        column = QVBoxLayout(controls)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(form)
        column.addWidget(self.table)
        column.addLayout(row(self.make, self.restore, 1))
        column.addWidget(self.scan)
        column.addWidget(self.problem)
        column.addWidget(self.remarks)
        column.addWidget(StrayNote(self.session, "layers"))
        column.addWidget(self.kept)
        return controls

    def _update(self) -> None:
        images = self._data.layers.images()
        self.empty.setVisible(not images)
        self.controls.setVisible(bool(images))
        self.image.offer([(image.name, image) for image in images], self._data.image)
        self.covered.update_words()
        self.task.offer(TASKS, self._data.task)
        self.axes_note.tell(self._data.axes_note)
        self.make.setVisible(any(item.layer is None for item in self._data.drawn_rows))
        self._update_scan()
        self._update_kept()

    def _update_kept(self) -> None:
        keeper, scan = self.session.keeper, self._data.scan
        offer = keeper.offer
        empty = scan is None or not scan.labeled.any()
        self.restore.setVisible(offer is not None and empty)
        if offer is not None:
            frames = "1 frame" if len(offer.frames) == 1 else f"{len(offer.frames)} frames"
            classes = f" ({', '.join(offer.scheme.classes)})" if keeper.offers_others else ""
            self.restore.setText(f"Restore labels of {frames}{classes}")
        self.kept.tell(None if keeper.folder is None else f"Kept as you draw in {keeper.folder}.")

    def _update_scan(self) -> None:
        scan, axes = self._data.scan, self._data.axes
        self.problem.tell(None if scan or self._data.image is None else self._data.scan_problem())
        has_positions = any(item.kind == POSITION for item in self._data.used_rows)
        drawing = how_to_draw(self._data.task, positions=has_positions)
        if scan is None or axes is None:
            self.scan.tell(None)
            told = [] if axes is None else [drawing, ONE_FRAME if axes.count == 1 else None]
            self.remarks.tell(" ".join(filter(None, told)) or None)
            return
        count, labeled = axes.count, int(scan.labeled.sum())
        frames = "1 frame" if count == 1 else f"{count} frames"
        in_part = labeled - int(scan.complete.sum())
        some = f", {in_part} of them in part" if in_part else ""
        self.scan.tell(f"{frames}, {labeled} labeled ({labeled / count:.0%}){some}.")
        about_numbers = drawing == APART and scan.numbered
        told = [None if about_numbers else drawing, *_remarks(count, scan)]
        self.remarks.tell(" ".join(filter(None, told)) or None)
        self._update_kept()

    @slot
    def _on_restore(self, _: bool = False) -> None:
        self.session.keeper.restore()

    @slot
    def _on_make(self, _: bool = False) -> None:
        add_missing_layers(self._data)


def how_to_draw(task: Task, *, positions: bool) -> str | None:
    """What a person must know to draw labels that can be learned from, and counted."""
    if task is Task.MULTICLASS:
        return EVERYWHERE
    return None if positions else APART


def _remarks(count: int, scan: Scan) -> list[str]:
    labeled = int(scan.labeled.sum())
    remarks = []
    if count == 1:
        remarks.append(ONE_FRAME)
    elif labeled == 1:
        remarks.append("Label a second frame, so that one can be set aside for validation.")
    elif labeled > 1:
        remarks.append(
            "Validation frames come from the same stack: they resemble the others, and errors look "
            "smaller than they are."
        )
    if labeled and scan.undrawn:
        remarks.append(f"Not drawn anywhere yet: {', '.join(scan.undrawn)}.")
    if scan.numbered:
        remarks.append(
            f"The numbers in {', '.join(scan.numbered)} are taken for single objects of one class; "
            f"if each is a class, choose under Classes that they exclude each other."
        )
    return remarks
