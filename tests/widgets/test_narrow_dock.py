"""All of every section can be seen in a dock as narrow as it may be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from napari.components import ViewerModel
from napari.qt import get_stylesheet
from napari.settings import get_settings
from open_layers import add_image
from qtpy.QtCore import QRegularExpression, Qt
from qtpy.QtWidgets import (
    QDockWidget,
    QLabel,
    QMainWindow,
    QStyle,
    QStyleOptionComboBox,
    QTableWidget,
    QVBoxLayout,
    QWidget,
)
from stand_ins import FakeChild, Networks

from napari_inconsistency_masks.task import LabelScheme, Task
from napari_inconsistency_masks.widgets.dock import Dock
from napari_inconsistency_masks.widgets.drawing.drawing_layers import add_missing_layers
from napari_inconsistency_masks.widgets.pages.batch_results_table import ResultsTable
from napari_inconsistency_masks.widgets.pages.layer_page import LayerPage
from napari_inconsistency_masks.widgets.pages.section import NARROWEST, Section
from napari_inconsistency_masks.widgets.parts.controls import Chooser, Sentence
from napari_inconsistency_masks.widgets.parts.elided_label import ElidedLabel
from napari_inconsistency_masks.widgets.parts.table import Table
from napari_inconsistency_masks.widgets.parts.text_line import TextLine
from napari_inconsistency_masks.widgets.session.session import Session

pytestmark = pytest.mark.usefixtures("children", "at_once", "soon")

WORDS = "Words that fit in a line, if that is 400 pixels wide."
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
    dock.resize(NARROWEST + 20, 800)
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
        assert needed <= NARROWEST + 20 - bar, key
        policy = section.horizontalScrollBarPolicy()
        assert policy == Qt.ScrollBarPolicy.ScrollBarAsNeeded, key  # for names longer still


@pytest.mark.parametrize("points", [9, 14])
def test_a_large_font_makes_the_dock_wider_and_nothing_scrolls_sideways(
    viewer: ViewerModel, qtbot: Any, monkeypatch: pytest.MonkeyPatch, points: int
) -> None:
    monkeypatch.setattr(get_settings().appearance, "font_size", points)
    monkeypatch.setattr("napari_inconsistency_masks.widgets.pages.section.WIDEST", 0.8)
    add_image(viewer, (3, 40, 48))
    window = QMainWindow()
    qtbot.addWidget(window)
    window.setStyleSheet(get_stylesheet("dark", extra_variables={"font_size": f"{points}pt"}))
    around, dock = QDockWidget(window), Dock(viewer)
    around.setWidget(dock)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, around)
    window.setCentralWidget(QWidget())
    window.resize(800, 700)
    window.show()
    window.resizeDocks([around], [1], Qt.Orientation.Horizontal)
    qtbot.waitUntil(lambda: dock.width() < 500)
    for key, section in dock.sections.items():
        dock.open(key)
        qtbot.waitUntil(lambda section=section: section.horizontalScrollBar().maximum() == 0)
    assert (dock.width() > NARROWEST + 20) is (points > 9)


def test_lines_to_type_in_and_tables_have_the_font_size_of_the_settings(
    qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_settings().appearance, "font_size", 14)
    line, table = TextLine(), Table("names", "Names", ("name",))
    for widget in (line, table):
        qtbot.addWidget(widget)
        assert widget.font().pointSize() == 14
    assert table.verticalHeader().defaultSectionSize() > table.fontMetrics().height()
    monkeypatch.setattr(get_settings().appearance, "font_size", 11)
    for widget in (line, table):
        widget.setStyleSheet(get_stylesheet("dark"))
        assert widget.font().pointSize() == 11


def test_in_a_large_font_names_of_files_and_words_for_kinds_are_not_cut(
    viewer: ViewerModel, session: Session, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_settings().appearance, "font_size", 16)
    table, page = ResultsTable(), LayerPage(session)
    add_image(viewer)
    for widget in (table, page):
        qtbot.addWidget(widget)
        widget.setStyleSheet(get_stylesheet("dark", extra_variables={"font_size": "16pt"}))
        widget.show()
        widget.resize(widget.minimumSizeHint().width(), 600)
    name = "A01/cell_0.png"
    table.show_columns(("Image", *map("column {}".format, range(9))))
    table.show_rows([(name, *range(9))])
    qtbot.waitUntil(lambda: table.columnWidth(0) >= table.sizeHintForColumn(0))
    kinds = [item for item in page.findChildren(Chooser) if "class_kind" in item.objectName()]
    assert "positions" in {kind.currentText() for kind in kinds}
    for kind in kinds:
        box, part = QStyleOptionComboBox(), QStyle.SubControl.SC_ComboBoxEditField
        kind.initStyleOption(box)
        room = kind.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, box, part, kind)
        assert room.width() >= kind.fontMetrics().horizontalAdvance(kind.currentText())


def test_options_of_a_batch_are_not_cut(viewer: ViewerModel, qtbot: Any) -> None:
    dock = Dock(viewer)
    qtbot.addWidget(dock)
    dock.setStyleSheet(get_stylesheet("dark"))
    dock.resize(NARROWEST + 20, 800)
    dock.show()
    dock.open("batch")
    form = dock.sections["batch"].page.form
    form.more.line.click()
    for field in form.options.findChildren(QWidget, QRegularExpression("^batch_")):
        qtbot.waitUntil(lambda field=field: field.width() >= field.minimumSizeHint().width())
        assert field.isVisible()


@pytest.mark.parametrize("side", [Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight])
def test_a_cut_line_keeps_its_first_and_last_letter_in_a_style_with_room(
    side: Qt.AlignmentFlag, qtbot: Any
) -> None:
    """A label with a frame indents its text, on which Qt's eliding does not count."""
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.setAlignment(side)
    label.setStyleSheet("background: white; color: black; padding: 1px")
    text = "5192 living ones, 16890 dead; MCCE 2655.83 and whatever else there is to say"
    label.setText(text)
    for width in range(120, 150):
        label.setGeometry(0, 0, width, 24)
        picture = label.grab().toImage()
        edges = [(x, y) for x in (0, 1, width - 2, width - 1) for y in range(24)]
        assert all(picture.pixelColor(x, y).lightness() > 200 for x, y in edges), width
    assert (label.text(), label.toolTip()) == (text, text)


def test_a_long_name_in_a_sentence_makes_nothing_wider(qtbot: Any) -> None:
    name = "a_very_long_name_of_a_photograph_from_the_sea_20240517_well_A01_field_07.jpg"
    whole = f"Open: {name}. What you draw is kept in /data/of mine/{name}/drawings, as always."
    holder = QWidget()
    qtbot.addWidget(holder)
    column = QVBoxLayout(holder)
    sentence = Sentence("sentence")
    column.addWidget(sentence)
    holder.resize(300, 200)
    holder.show()
    sentence.tell(whole)
    qtbot.waitUntil(lambda: sentence.toolTip() == whole)
    assert (holder.width(), sentence.text()) == (300, whole)
    shown = QLabel.text(sentence)
    assert shown.startswith("Open: a_very_")
    assert "field_07.jpg. What you draw" in shown
    assert shown.endswith("/drawings, as always.")
    holder.resize(1200, 200)
    qtbot.waitUntil(lambda: QLabel.text(sentence) == whole)
    assert sentence.toolTip() == ""


def test_a_long_name_that_is_chosen_can_be_read(qtbot: Any) -> None:
    chooser = Chooser("image", "Image", "The image to predict.")
    qtbot.addWidget(chooser)
    long = "a_very_long_name_of_a_photograph_from_the_sea_20240517_well_A01_field_07.jpg"
    chooser.offer([("short", 1), (long, 2)], 1)
    assert chooser.toolTip() == "The image to predict."
    chooser.setCurrentIndex(1)
    assert chooser.toolTip() == f"{long}\nThe image to predict."
    assert chooser.itemData(1, Qt.ItemDataRole.ToolTipRole) == long


def test_a_list_that_a_person_has_open_stays_while_the_same_is_offered(qtbot: Any) -> None:
    chooser, things = Chooser("image", "Image"), [("one", object()), ("two", object())]
    qtbot.addWidget(chooser)
    chooser.offer(things, things[0][1])
    with qtbot.assertNotEmitted(chooser.model().rowsRemoved):
        chooser.offer(list(things), things[1][1])
    assert chooser.currentText() == "two"
    chooser.offer([("one", things[0][1]), ("two", object())], things[0][1])
    assert (chooser.currentText(), chooser.count()) == ("one", 2)
    chooser.offer(things[:1], None)
    assert (chooser.currentIndex(), chooser.count()) == (-1, 1)


def test_a_section_scrolls_only_if_its_sentences_do_not_fit(
    viewer: ViewerModel, session: Session, qtbot: Any
) -> None:
    section = Section(viewer)
    qtbot.addWidget(section)
    sentences = [Sentence(f"sentence_{n}", text=WORDS) for n in range(12)]
    table = QTableWidget(3, 1)
    table.setMinimumHeight(100)
    for widget in (*sentences, table):
        section.column.addWidget(widget)
    line = sentences[0].fontMetrics().height()
    section.resize(450, 12 * (line + 8) + table.sizeHint().height() + 40)
    section.show()
    qtbot.waitUntil(lambda: sentences[-1].height() < 2 * line)
    content = section.widget()
    assert content.minimumSizeHint().height() <= section.viewport().height()
    assert not section.verticalScrollBar().isVisible()
    section.resize(450, 12 * (line + 8) + 60)
    qtbot.waitUntil(lambda: section.verticalScrollBar().isVisible())
    assert all(
        sentence.height() >= sentence.heightForWidth(sentence.width()) for sentence in sentences
    )
