"""All of every section can be seen in a dock as narrow as it may be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from napari.components import ViewerModel
from napari.qt import get_stylesheet
from open_layers import add_image
from qtpy.QtCore import QRegularExpression, Qt
from qtpy.QtWidgets import QStyle, QWidget
from stand_ins import FakeChild, Networks

from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.widgets.dock import Dock
from napari_inconsistency_masks.widgets.drawing.drawing_layers import add_missing_layers
from napari_inconsistency_masks.widgets.session.session import Session

pytestmark = pytest.mark.usefixtures("children", "at_once", "soon")

SHORT = ("alive", "dead", "position")
LONG = ("cells in mitosis metaphase", "apoptotic cells with blebs", "position")


@pytest.mark.parametrize("classes", [SHORT, LONG], ids=["short", "long"])
def test_nothing_is_cut(
    viewer: ViewerModel,
    session: Session,
    children: list[FakeChild],
    qtbot: Any,
    classes: tuple[str, ...],
) -> None:
    scheme = LabelScheme(Task.MULTILABEL, classes, "position")
    add_image(viewer, (3, 40, 48))
    dock = Dock(viewer)
    qtbot.addWidget(dock)
    dock.resize(dock.minimumWidth(), 800)
    dock.show()
    session.layer_data.choose_classes(scheme, session.layer_data.axes.letters)
    add_missing_layers(session.layer_data)
    networks = Networks(children, qtbot, scheme)
    networks.in_doubt = True
    session.looking.use(Path("run"), whole=True)
    networks.get_ready()
    networks.predict_all(session)
    qtbot.waitUntil(lambda: bool(session.correcting.queue.places))
    session.correcting.go(session.correcting.queue.places[0])
    bar = dock.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
    for key, section in dock.sections.items():
        dock.open(key)
        needed = section.widget().minimumSizeHint().width()
        assert needed <= dock.minimumWidth() - bar, key
        policy = section.horizontalScrollBarPolicy()
        assert policy == Qt.ScrollBarPolicy.ScrollBarAsNeeded, key  # for names longer still


def test_options_of_a_batch_are_not_cut(viewer: ViewerModel, qtbot: Any) -> None:
    dock = Dock(viewer)
    qtbot.addWidget(dock)
    dock.setStyleSheet(get_stylesheet("dark"))
    dock.resize(dock.minimumWidth(), 800)
    dock.show()
    dock.open("batch")
    form = dock.sections["batch"].page.form
    form.more.line.click()
    for field in form.options.findChildren(QWidget, QRegularExpression("^batch_")):
        qtbot.waitUntil(lambda field=field: field.width() >= field.minimumSizeHint().width())
        assert field.isVisible()
