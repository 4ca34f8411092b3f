"""Sections one above the other, of which one is open."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QSize, Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from ..parts.elided_label import ElidedLabel
from ..parts.theme import mixed, theme_color
from .section import Section


class Header(QPushButton):
    """Number, title and summary of a section; pressing it opens the section."""

    def __init__(self, number: int, section: Section) -> None:
        super().__init__()
        self.setObjectName(f"header_{number}")
        self.setCheckable(True)
        self.setAccessibleName(f"{number} {section.title}")
        self.setToolTip(f"Open {number} {section.title}")
        self._section = section
        self._mark = QLabel("")
        self._number = QLabel(str(number))
        self._number.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._number.setFixedSize(22, 22)
        self._title = QLabel(section.title)
        self._summary = ElidedLabel()
        self._summary.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._summary.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        line = QHBoxLayout(self)
        line.setContentsMargins(8, 5, 8, 5)
        line.setSpacing(8)
        for label, stretch in (
            (self._number, 0), (self._title, 0), (self._summary, 1), (self._mark, 0),
        ):  # fmt: skip
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            line.addWidget(label, stretch)
        section.summary_changed.connect(self.update_summary)
        self.toggled.connect(self._on_toggled)
        self._on_toggled(False)
        self.update_summary()
        self._restyle()

    def sizeHint(self) -> QSize:
        """Room for the labels; called by Qt."""
        return self.layout().sizeHint()

    def minimumSizeHint(self) -> QSize:
        """Room for the labels; called by Qt."""
        return self.layout().minimumSize()

    def update_summary(self) -> None:
        """Show the summary of the section as it is now."""
        self._summary.setText(self._section.summary)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme; called by Qt."""
        if event.type() == QEvent.Type.StyleChange:
            self._restyle()
        super().changeEvent(event)

    def _on_toggled(self, opened: bool) -> None:
        self._mark.setText("▾" if opened else "▸")

    def _restyle(self) -> None:
        style = (
            f"Header {{ background-color: {theme_color('foreground')}; border-radius: 4px; }}"
            f"Header:hover, Header:focus {{ background-color: {theme_color('primary')}; }}"
            f"Header:checked {{ background-color: {theme_color('primary')}; }}"
            "Header QLabel { background: transparent; }"
        )
        if self.styleSheet() != style:
            self.setStyleSheet(style)
            self._number.setStyleSheet(
                f"background-color: {theme_color('current')}; border-radius: 11px;"
                f"font-weight: bold; color: {theme_color('text')};"
            )
            self._title.setStyleSheet("font-weight: bold;")
            self._summary.setStyleSheet(f"color: {mixed('text', 'background', 0.25)};")


class Accordion(QWidget):
    """Sections with headers; one is open at a time.

    `opened` carries its number, counted from 1.
    """

    opened = Signal(int)

    def __init__(self, sections: list[Section]) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        self._sections = sections
        self._headers: list[Header] = []
        for number, section in enumerate(sections, start=1):
            header = Header(number, section)
            header.clicked.connect(lambda _=False, number=number: self.open(number))
            self._headers.append(header)
            column.addWidget(header)
            column.addWidget(section, 1)
        self._column = column
        self.open(1)

    @property
    def number(self) -> int:
        """The section that is open, counted from 1."""
        return next(i for i, header in enumerate(self._headers, 1) if header.isChecked())

    def open(self, number: int) -> None:
        """Open a section and close the others."""
        for index, (header, section) in enumerate(
            zip(self._headers, self._sections, strict=True), start=1
        ):
            header.setChecked(index == number)
            section.setVisible(index == number)
        self.opened.emit(number)
