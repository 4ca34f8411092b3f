"""Boxes for numbers, which a person types digit by digit."""

from __future__ import annotations

import math
import re
from typing import Any

from qtpy.QtCore import QObject, Signal
from qtpy.QtGui import QFocusEvent, QValidator
from qtpy.QtWidgets import QDoubleSpinBox, QSpinBox

POINTS = ".,"
"""Either is typed, whatever the language of the computer: the key pad has the one, papers the
other, and Qt would leave out the wrong one and make 25 of 0,25."""


_NUMBER = re.compile(r"[-+]?\d+([.,]\d*)?([eE][-+]?\d*)?")
"""A number as 25 or 3.5e-4, or the beginning of one: 3 may become that where 1 is the most."""

FINEST = 10
"""Digits behind the point that may be typed, however many are shown of a number that is set."""


class DecimalBox(QDoubleSpinBox):
    """Takes a point and a comma as the decimal point, and 1e-3; nothing separates thousands.

    All digits that are typed count. What cannot be meant is refused as a whole: the number before
    it was typed comes back.
    """

    def __init__(self) -> None:
        super().__init__()
        self._before = self.value()
        self.editingFinished.connect(self._remember)
        self._shown = self.decimals()
        self.setDecimals(self._shown)

    def setDecimals(self, shown: int) -> None:
        """Show so many digits behind the point, or more that were typed."""
        self._shown = shown
        super().setDecimals(FINEST)

    def show_number(self, number: float) -> None:
        """Show a number with as many digits as there are to be, without others."""
        self.setValue(round(number, self._shown))

    def textFromValue(self, number: float) -> str:
        """The words for a number; called by Qt."""
        whole, _, digits = f"{number:.{FINEST}f}".partition(".")
        digits = digits[: self._shown] + digits[self._shown :].rstrip("0")
        point: str = self.locale().decimalPoint()
        return point.join(filter(None, (whole, digits)))

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Somebody is about to type; called by Qt."""
        super().focusInEvent(event)
        self._remember()

    def fixup(self, _: str) -> str:
        """Make something of what cannot be meant; called by Qt."""
        return f"{self.textFromValue(self._before)}{self.suffix()}"

    def validate(self, text: str, position: int) -> Any:
        """Look at what is typed so far; called by Qt."""
        for sign in POINTS:
            text = text.replace(sign, self.locale().decimalPoint())
        written = _NUMBER.fullmatch(text.removesuffix(self.suffix()).strip())
        if written and not self._is_taken(written[0]):
            return QValidator.State.Intermediate, text, position
        return super().validate(text, position)

    def _remember(self) -> None:
        self._before = self.value()

    def _is_taken(self, text: str) -> bool:
        """Whether it is a number within the limits, and not so small that it would become 0."""
        if not text[-1].isdecimal():
            return False
        number = float(text.replace(self.locale().decimalPoint(), "."))
        exact = math.isclose(round(number, FINEST), number, rel_tol=1e-9)
        return exact and self.minimum() <= number <= self.maximum()


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
        if isinstance(self.native, DecimalBox):
            self.native.show_number(value)
        else:
            self.native.setValue(value)

    @property
    def enabled(self) -> bool:
        """Whether it can be changed."""
        return bool(self.native.isEnabled())

    @enabled.setter
    def enabled(self, enabled: bool) -> None:
        self.native.setEnabled(enabled)
