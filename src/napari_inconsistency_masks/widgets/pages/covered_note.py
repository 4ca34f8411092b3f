"""Another image lies over the one that is worked on: saying so, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable

from napari.layers import Image
from qtpy.QtWidgets import QVBoxLayout, QWidget

from ..layers.covering import covering
from ..parts.buttons import button
from ..parts.controls import Sentence
from ..parts.layouts import row
from ..session.session import Session
from .section import slot


class CoveredNote(QWidget):
    """A sentence and buttons, as long as it is so. No layer is hidden unless a person says so.

    Parameters
    ----------
    session
        Of the viewer.
    section
        Where it is shown.
    chosen
        Tells which image is worked on.
    choose
        Chooses another image; None where none is chosen.
    """

    def __init__(
        self,
        session: Session,
        section: str,
        chosen: Callable[[], Image | None],
        choose: Callable[[Image], None] | None = None,
    ) -> None:
        super().__init__()
        self._layers, self._chosen, self._choose = session.layers, chosen, choose
        self.sentence = Sentence(f"{section}_covered", "problem")
        tip = "Choose the image that is seen."
        self.take = button("Take that one", f"{section}_take_cover", tip)
        if choose is None:
            self.take.hide()
        tip = "As its eye in the list of layers does."
        self.hide_cover = button("Hide that one", f"{section}_hide_cover", tip)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.sentence)
        column.addLayout(row(self.take, self.hide_cover, 1))
        self.take.clicked.connect(self._on_take)
        self.hide_cover.clicked.connect(self._on_hide)
        session.stacking.changed.connect(self.update_words)
        self.hide()  # it belongs to no window yet, and would be one

    def update_words(self) -> None:
        """Tell how it is now."""
        image, cover = self._chosen(), self._cover
        if image is not None and cover is not None:
            self.sentence.tell(f"{cover.name} lies over {image.name}: you see {cover.name} only.")
        self.setVisible(cover is not None)

    @property
    def _cover(self) -> Image | None:
        return covering(self._layers, self._chosen())

    @slot
    def _on_take(self, _: bool = False) -> None:
        cover = self._cover
        if cover is not None and self._choose is not None:
            self._choose(cover)

    @slot
    def _on_hide(self, _: bool = False) -> None:
        cover = self._cover
        if cover is not None:
            cover.visible = False
