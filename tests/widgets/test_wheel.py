"""Scrolling through the window changes nothing in it."""

from __future__ import annotations

from typing import Any

import pytest
from napari.components import ViewerModel
from open_layers import add_image
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QScrollBar,
    QWidget,
)

from napari_inconsistency_masks.widgets.dock import Dock

pytestmark = pytest.mark.usefixtures("children", "at_once")


@pytest.fixture
def dock(viewer: ViewerModel, session: Any, qtbot: Any) -> Dock:
    for name in ("one", "two"):
        add_image(viewer, (3, 40, 48), name=name)
    made = Dock(viewer)
    qtbot.addWidget(made)
    made.show()
    return made


def turn_wheel(control: QWidget) -> bool:
    """Turn it by a notch; whether the control takes it."""
    where = QPointF(control.rect().center())
    event = QWheelEvent(
        *(where, QPointF(control.mapToGlobal(where.toPoint()))),
        *(QPoint(0, 0), QPoint(0, -120)),
        *(Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier),
        *(Qt.ScrollPhase.NoScrollPhase, False),
    )
    QApplication.sendEvent(control, event)
    return bool(event.isAccepted())


def test_no_control_takes_the_wheel_without_focus(dock: Dock) -> None:
    kinds = (QComboBox, QAbstractSpinBox, QAbstractSlider)
    controls = [item for kind in kinds for item in dock.findChildren(kind)]
    ours = [item for item in controls if not isinstance(item, QScrollBar)]
    assert len(ours) > 40
    for control in ours:
        assert not turn_wheel(control), control.objectName()
        assert control.focusPolicy() == Qt.FocusPolicy.StrongFocus, control.objectName()


def test_a_control_with_the_focus_does(dock: Dock, monkeypatch: pytest.MonkeyPatch) -> None:
    dock.open("train")
    members = dock.sections["train"].setup.basic.fields["members"].widget
    before = members.value()
    monkeypatch.setattr(members, "hasFocus", lambda: True)
    assert turn_wheel(members)
    assert members.value() == before - 1
