"""What is drawn outside of label boxes is worth nothing: saying so, and boxing it."""

from __future__ import annotations

from qtpy.QtWidgets import QVBoxLayout, QWidget

from ..parts.buttons import button
from ..parts.controls import Sentence
from ..parts.layouts import row
from ..session.session import Session
from .section import slot

TIP = (
    "Draw a label box around each of them. Inside everything counts as labeled, also what is "
    "empty; remove a box to take that back."
)


class StrayNote(QWidget):
    """A sentence and a button, as long as there is such a region; a view of a `LayerData`."""

    def __init__(self, session: Session, section: str) -> None:
        super().__init__()
        self.session, self._data = session, session.layer_data
        self.sentence = Sentence(f"{section}_strays", "problem")
        self.box = button("Add label boxes", f"{section}_box_strays", TIP)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.sentence)
        column.addLayout(row(self.box, 1))
        self.box.clicked.connect(self._on_box)
        self._data.scanned.connect(self._update)
        self._data.changed.connect(self._update)
        self._update()

    def _update(self) -> None:
        words = self._words()
        self.sentence.tell(words)
        self.setVisible(words is not None)

    def _words(self) -> str | None:
        scan, axes = self._data.scan, self._data.axes
        if scan is None or axes is None or not scan.strays:
            return None
        frames = list(scan.strays)
        count = sum(map(len, scan.strays.values()))
        where = f"{len(frames)} frames" if len(frames) > 1 else f"frame {axes.label(frames[0])}"
        on = f" on {where}" if axes.count > 1 else ""
        what, lie = ("region", "lies") if count == 1 else ("regions", "lie")
        them = "it is" if count == 1 else "they are"
        return (
            f"{count} {what} drawn{on} {lie} outside of the label boxes: {them} neither learned "
            f"from nor counted."
        )

    @slot
    def _on_box(self, _: bool = False) -> None:
        self._data.box_strays()
