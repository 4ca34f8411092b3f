"""The axes of an image as buttons: what each is taken for, and saying what it is."""

from __future__ import annotations

from qtpy.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QWidget

from ...errors import InputError
from ..drawing.layer_data import LayerData
from ..layers.frames import MEANINGS, FrameAxes
from ..parts.buttons import named
from ..parts.focus import focus_kept, tab_after
from ..parts.layouts import clear

WORDS = {"T": "frames", "Z": "slices", "P": "images", "C": "channels", "Y": "rows", "X": "columns"}


class AxisChips(QWidget):
    """A button per axis of the image of a `LayerData`; its menu says what the axis is.

    Parameters
    ----------
    data
        Knows the axes.
    before
        The control from which Tab leads to the buttons.
    """

    def __init__(self, data: LayerData, before: QWidget) -> None:
        super().__init__()
        self.setObjectName("axis_chips")
        self._data, self._before = data, before
        self._shown: object = None
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)
        data.changed.connect(self.update_chips)
        self.update_chips()

    def update_chips(self) -> None:
        """Show the axes as they are now."""
        axes = self._data.axes
        if axes == self._shown and self._row.count():
            return
        self._shown = axes
        with focus_kept(self):
            self._build(axes)

    def _build(self, axes: FrameAxes | None) -> None:
        clear(self._row)
        chips = []
        if axes is None:
            self._row.addWidget(QLabel("no image"))
        else:
            for axis, (letter, length) in enumerate(zip(axes.letters, axes.shape, strict=True)):
                fixed = axes.color_last and axis == len(axes.shape) - 1
                chips.append(self._chip(axis, letter, length, fixed=fixed))
                self._row.addWidget(chips[-1])
        tab_after(self._before, chips)
        self._row.addStretch(1)

    def _chip(self, axis: int, letter: str, length: int, *, fixed: bool) -> QPushButton:
        chip = QPushButton(f"{letter} {length}" if fixed else f"{letter} {length}  ▾")
        chip.setStyleSheet("QPushButton::menu-indicator { image: none; width: 0px; }")
        words = f"Axis of length {length}: {WORDS.get(letter, 'images')}"
        tip = f"{words}. Press to say that it is something else."
        if fixed:
            tip = f"{words}: red, green and blue."
        named(chip, f"axis_{axis}", words, tip)
        if not fixed:
            menu = QMenu(chip)
            for meaning, sentence in MEANINGS.items():
                if not _may_mean(self._data.axes, axis, meaning):
                    continue
                action = menu.addAction(f"{meaning}  {sentence}")
                action.setCheckable(True)
                action.setChecked(meaning == letter)
                action.triggered.connect(
                    lambda _=False, meaning=meaning: self._data.name_axis(axis, meaning)
                )
            chip.setMenu(menu)
        return chip


def _may_mean(axes: FrameAxes | None, axis: int, letter: str) -> bool:
    """Whether an axis can be called so: each image has rows and columns."""
    if axes is None or (letter == "C" and axes.color_last):
        return False
    try:
        axes.renamed(axis, letter)
    except InputError:
        return False
    return True
