"""A person at the dock: presses what can be pressed, and reads what is shown."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QAbstractButton, QWidget
from tiny import PATIENCE

from napari_inconsistency_masks.widgets.dock import SECTIONS, Dock


class Person:
    """Uses a dock, by the names of its controls.

    Parameters
    ----------
    dock
        Need not be shown.
    qtbot
        Waits.
    """

    def __init__(self, dock: Dock, qtbot: Any) -> None:
        self.dock, self._qtbot = dock, qtbot

    @property
    def section(self) -> str:
        """The section that is open."""
        return list(SECTIONS)[self.dock.accordion.number - 1]

    def open(self, section: str) -> None:
        """Press the header of a section."""
        self.press(f"header_{1 + list(SECTIONS).index(section)}")

    def press(self, name: str) -> None:
        """Press a button that can be seen and is not gray."""
        button = self._find(name, QAbstractButton)
        assert self.sees(name), f"{name} is hidden"
        assert button.isEnabled(), f"{name} is gray"
        button.click()

    def sees(self, name: str) -> bool:
        """Whether a control would be visible if the dock was."""
        return self._find(name).isVisibleTo(self.dock)

    def read(self, name: str) -> str:
        """The words on a control, or nothing if it is hidden."""
        return str(self._find(name).text()) if self.sees(name) else ""

    def wait(self, condition: Any) -> None:
        """Wait until something is so."""
        self._qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE)

    def _find(self, name: str, kind: type[QWidget] = QWidget) -> Any:
        found = self.dock.findChild(kind, name)
        assert found is not None, f"there is no {name}"
        return found
