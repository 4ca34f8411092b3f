"""The focus stays where a person is, though controls are made anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QWidget


@contextmanager
def focus_kept(holder: QWidget, otherwise: QWidget | None = None) -> Iterator[None]:
    """Give the focus to the control that is called as the one that had it, if it is gone.

    Else Qt gives it to some other control, or to none, and the next keys do what nobody meant.

    Parameters
    ----------
    holder
        Of the controls that are made anew.
    otherwise
        Has the focus afterwards if there is no such control any more.
    """
    focused = QApplication.focusWidget()
    inside = focused is not None and focused is not holder and holder.isAncestorOf(focused)
    name = focused.objectName() if inside and focused is not None else ""
    yield
    if inside and QApplication.focusWidget() is not focused:
        found = [item for item in holder.findChildren(QWidget, name) if not _is_gone(item)]
        again = found[-1] if name and found else otherwise
        if again is not None:
            again.show()  # else Qt does so a moment later, and keys go elsewhere until then
            again.setFocus()


def tab_after(before: QWidget, controls: Iterable[QWidget]) -> None:
    """Have Tab lead from a control to others, in their order, that were made after it.

    Else it leads to them after everything else in the window.
    """
    for control in controls:
        if control.window() is before.window():  # else they are put into one in this order
            QWidget.setTabOrder(before, control)
            before = control


def _is_gone(control: QWidget) -> bool:
    """Whether it was hidden, as those are that wait for their end; a new one just is not shown."""
    explicitly = Qt.WidgetAttribute.WA_WState_ExplicitShowHide
    return bool(control.isHidden() and control.testAttribute(explicitly))
