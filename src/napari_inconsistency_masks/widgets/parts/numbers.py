"""Boxes for numbers, which a person types digit by digit."""

from __future__ import annotations

import re
from typing import Any

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QDoubleSpinBox, QSpinBox

POINTS = ".,"
"""Either is typed, whatever the language of the computer: the key pad has the one, papers the
other, and Qt would leave out the wrong one and make 25 of 0,25."""


class DecimalBox(QDoubleSpinBox):
    """Takes a point and a comma as the decimal point; nothing separates thousands."""

    def validate(self, text: str, position: int) -> Any:
        """Look at what is typed so far; called by Qt."""
        for sign in POINTS:
            text = text.replace(sign, self.locale().decimalPoint())
        return super().validate(text, position)


class WordBox(QSpinBox):
    """Shows its least number as words.

    A number that is typed anywhere into them replaces them; they come back where it is cleared.
    """

    def validate(self, text: str, position: int) -> Any:
        """Look at what is typed so far; called by Qt."""
        number = re.sub(r"[^\d-]", "", text)
        if text != number:
            text, position = number, len(number)
        return super().validate(text, position)

    def fixup(self, text: str) -> str:
        """Make something of what cannot be meant; called by Qt."""
        return text if text.strip() else str(self.minimum())


class NumberControl(QObject):
    """A box for a whole or a decimal number, used as magicgui's controls are.

    Those of magicgui put a number that is too small right as soon as its first digit is typed, so
    that no 128 can be typed where 16 is the least; and they take the focus when they are set.

    `changed` carries a number that is typed so far, if it is one that is allowed.

    Parameters
    ----------
    low, high
        Limits.
    decimals
        Digits behind the point; None for whole numbers.
    step
        Of the arrows.
    """

    changed = Signal(object)

    def __init__(
        self, low: float, high: float, *, decimals: int | None = None, step: float = 1
    ) -> None:
        super().__init__()
        self.native: QSpinBox | DecimalBox
        if decimals is None:
            self.native = QSpinBox()
            self.native.setRange(int(low), int(high))
            self.native.setSingleStep(int(step))
        else:
            self.native = DecimalBox()
            self.native.setDecimals(decimals)
            self.native.setRange(low, high)
            self.native.setSingleStep(step)
        self.native.valueChanged.connect(lambda number: self.changed.emit(number))

    @property
    def value(self) -> float:
        """The number."""
        number: float = self.native.value()
        return number

    @value.setter
    def value(self, value: Any) -> None:
        self.native.setValue(value)

    @property
    def enabled(self) -> bool:
        """Whether it can be changed."""
        return bool(self.native.isEnabled())

    @enabled.setter
    def enabled(self, enabled: bool) -> None:
        self.native.setEnabled(enabled)
