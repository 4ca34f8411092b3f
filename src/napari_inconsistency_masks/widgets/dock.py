"""The dock: header, numbered sections of which one is open, footer."""

from __future__ import annotations

import napari
from qtpy.QtCore import QSize
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from .counting.table import CountTable
from .pages.accordion import Accordion
from .pages.demo import demo_of
from .pages.footer import Footer
from .pages.section import Section, fill_dock, slot, watch_window
from .parts.buttons import button
from .parts.controls import Chooser
from .parts.layouts import row
from .sections.batch import BatchSection
from .sections.correct import CorrectSection
from .sections.count import CountSection
from .sections.data import DataSection
from .sections.look import LookSection
from .sections.train import TrainSection
from .session.session import session_of
from .work.devices import AUTO

PREFERRED_WIDTH = 430
SECTIONS: dict[str, type[Section]] = {
    "data": DataSection,
    "train": TrainSection,
    "look": LookSection,
    "correct": CorrectSection,
    "count": CountSection,
    "batch": BatchSection,
}
"""In the order of their numbers."""


class Dock(QWidget):
    """All sections of the plugin in one dock."""

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self.setObjectName("inconsistency_masks")
        # otherwise napari adds empty space below
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.session = session_of(napari_viewer)
        self.device = Chooser("device", "Device", "Where networks are trained and used.", room=12)
        self.demo = button(
            "Open demo",
            "open_demo",
            "Add synthetic images of cells, and show what networks that come with the plugin see.",
        )
        self._demo = demo_of(self.session)
        self.sections = {key: section(napari_viewer) for key, section in SECTIONS.items()}
        self.accordion = Accordion(list(self.sections.values()))
        self.footer = Footer(self.session)
        header = row(self.device, self.demo)
        header.setStretch(0, 1)
        header.setContentsMargins(8, 6, 8, 4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(header)
        column.addWidget(self.accordion, 1)
        column.addWidget(self.footer)
        self.device.picked.connect(self.session.devices.choose)
        self.demo.clicked.connect(self._on_demo)
        self.session.devices.changed.connect(self._update_devices)
        self.session.wanted.connect(self._on_wanted)
        self._update_devices()

    def open(self, key: str) -> None:
        """Open a section: data, train, look, correct, count or batch."""
        self.accordion.open(1 + list(SECTIONS).index(key))

    def sizeHint(self) -> QSize:
        """A width at which nothing is cut; called by Qt."""
        return QSize(PREFERRED_WIDTH, 700)

    def showEvent(self, event: QShowEvent) -> None:
        """Look for devices when first shown; called by Qt."""
        watch_window(self, self.session)
        fill_dock(self)
        self.session.devices.look()
        super().showEvent(event)

    def _on_wanted(self, key: str) -> None:
        """Open what is ready, but take no field away in which a person types: napari has keys."""
        focused = QApplication.focusWidget()
        fields = (QLineEdit, QAbstractSpinBox, CountTable)
        if not (isinstance(focused, fields) and self.accordion.isAncestorOf(focused)):
            self.open(key)

    @slot
    def _on_demo(self, _: bool = False) -> None:
        self._demo.open()

    def _update_devices(self) -> None:
        devices = self.session.devices
        best = devices.found[0].name if devices.found else ""
        auto = "Device: looking for devices …" if devices.searching else "Device: best one"
        if best:
            auto = f"Device: best one ({best})"
        offers = [(auto, AUTO), *((device.words, device.key) for device in devices.found)]
        if devices.chosen not in [key for _, key in offers]:
            offers.append((devices.chosen, devices.chosen))
        self.device.offer(offers, devices.chosen)
        tip = ["Where networks are trained and used.", *devices.problems]
        self.device.setToolTip("\n".join(tip))
