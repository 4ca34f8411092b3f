"""Count: the table, the mean cell count error, CSV, and going to a frame."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from counting import CELLS, COUNTS, headers, predict_all, table
from napari.components import ViewerModel
from napari.layers import Image
from open_layers import add_image, add_labels, add_points
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QFileDialog, QLineEdit, QMessageBox
from stand_ins import FakeChild, Networks

from napari_inconsistency_masks.cells import told_counts
from napari_inconsistency_masks.files.tables import read_csv
from napari_inconsistency_masks.metrics.expected_counts import CountRatio
from napari_inconsistency_masks.widgets.counting.counts import COLUMNS
from napari_inconsistency_masks.widgets.counting.table import HEADERS
from napari_inconsistency_masks.widgets.runs.saved_run import DEMO_MODEL
from napari_inconsistency_masks.widgets.sections import count
from napari_inconsistency_masks.widgets.sections.count import CountSection
from napari_inconsistency_masks.widgets.session.session import Session

pytestmark = pytest.mark.usefixtures("children", "at_once")


@pytest.fixture
def section(session: Session, viewer: ViewerModel, qtbot: Any) -> CountSection:
    made = CountSection(viewer)
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def predict(session: Session, children: list[FakeChild], qtbot: Any) -> Callable[..., None]:
    """Predict all frames of what is looked at, which are counted as is said."""

    def do(counts: Any = COUNTS, ratios: Any = None) -> None:
        predict_all(session, children, qtbot, counts, ratios)

    return do


def draw_cells(
    viewer: ViewerModel,
    session: Session,
    alive: dict[int, int],
    dead: dict[int, int],
    frames: int = 4,
) -> None:
    """Draw so many cells in each state on each of some frames, a person's way."""
    layers = [add_labels(viewer, name, (frames, 60, 400)) for name in ("alive", "dead")]
    points = []
    for frame in alive:
        for row, (layer, counts) in enumerate(zip(layers, (alive, dead), strict=True)):
            for number in range(counts[frame]):
                center = (15 + 30 * row, 15 + 30 * number)
                layer.data[frame, center[0] - 7 : center[0] + 8, center[1] - 7 : center[1] + 8] = 1
                points.append([frame, *center])
    add_points(viewer, "position", np.array(points))


def test_before_a_prediction_it_says_what_to_do(section: CountSection) -> None:
    assert section.empty.isVisible()
    assert "Nothing is counted yet" in section.empty.text()
    assert not section.table.isVisible()
    assert not section.export.isVisible()
    assert section.summary == "nothing counted yet"


def test_counts_and_ranges_of_all_frames(
    section: CountSection, viewer: ViewerModel, predict: Callable[..., None]
) -> None:
    add_image(viewer, (4, 60, 400))
    predict()
    assert headers(section) == ["Frame", "Class", "Count", "Range", "True", "Area"]
    assert table(section) == [
        ["0", "alive", "3", "2-4", "", "0.4%"], ["0", "dead", "0", "0-1", "", "0.4%"],
        ["1", "alive", "1", "1", "", "0.4%"], ["1", "dead", "2", "1-2", "", "0.4%"],
        ["2", "alive", "5", "5-12", "", "0.4%"], ["2", "dead", "1", "1", "", "0.4%"],
        ["3", "alive", "10", "9-10", "", "0.4%"], ["3", "dead", "4", "4", "", "0.4%"],
    ]  # fmt: skip
    assert section.totals.text() == "4 frames: 19 alive (17-27), 7 dead (6-8)."
    assert section.totals.toolTip() == told_counts(CELLS)
    assert section.summary == "19 alive, 7 dead"
    assert not section.empty.isVisible()


RATIO = {"images": 33, "units": 33, "counted": 200, "true": 230, "spread": 0.9}


def test_what_to_expect_is_told_of_classes_of_which_it_is_known(
    section: CountSection, viewer: ViewerModel, predict: Callable[..., None]
) -> None:
    add_image(viewer, (4, 60, 400))
    predict(ratios={"alive": RATIO})
    expected = CountRatio(**RATIO).expected(19)
    low, high = round(expected.low), round(expected.high)
    assert section.expected.text() == (
        f"Expected: 22 alive ({low}-{high}), going by 33 labeled images set aside. "
        "For dead too little is known."
    )
    assert (low, high) == (15, 33)
    assert "in 33 labeled images that they did not learn from" in section.expected.toolTip()


def test_true_counts_are_expected_as_they_are(
    section: CountSection, viewer: ViewerModel, session: Session, predict: Callable[..., None]
) -> None:
    """Of 19 cells 11 are on frames whose counts are drawn: 9 are there."""
    add_image(viewer, (4, 60, 400))
    draw_cells(viewer, session, alive={1: 2, 3: 7}, dead={1: 1, 3: 4})
    predict(ratios={"alive": RATIO, "dead": RATIO})
    alive = CountRatio(**RATIO).expected(8).plus(9)
    assert section.expected.text().startswith(
        f"Expected: {alive.expected:.0f} alive ({round(alive.low)}-{round(alive.high)}), "
    )


def test_where_none_was_counted_none_is_expected(
    section: CountSection, viewer: ViewerModel, predict: Callable[..., None]
) -> None:
    add_image(viewer, (4, 60, 400))
    predict([{**counts, "dead": [0, 0, 1]} for counts in COUNTS], {"alive": RATIO, "dead": RATIO})
    assert section.expected.text().startswith("Expected: 22 alive (15-33), going by 33")
    assert section.expected.text().endswith("For dead too little is known.")


@pytest.mark.parametrize("demo", [True, False])
def test_on_other_images_nothing_is_known_of_the_networks_of_the_demo(
    demo: bool,
    section: CountSection,
    viewer: ViewerModel,
    session: Session,
    children: list[FakeChild],
    qtbot: Any,
) -> None:
    image = add_image(viewer, (4, 60, 400))
    session.sources.demo = image if demo else None
    predict_all(session, children, qtbot, ratios={"alive": RATIO}, run=DEMO_MODEL)
    assert section.expected.isVisible() == demo


def test_without_images_set_aside_nothing_is_expected(
    section: CountSection, viewer: ViewerModel, predict: Callable[..., None]
) -> None:
    add_image(viewer, (4, 60, 400))
    predict()
    assert not section.expected.isVisible()


def test_without_labels_it_says_how_to_see_the_error(
    section: CountSection, viewer: ViewerModel, predict: Callable[..., None]
) -> None:
    add_image(viewer, (4, 60, 400))
    predict()
    assert not section.error.isVisible()
    assert section.hint.text() == (
        "Draw labels on a frame, or type its counts under True, to see the error there."
    )


def test_true_counts_and_the_mean_error_as_computed_by_hand(
    section: CountSection, viewer: ViewerModel, session: Session, predict: Callable[..., None]
) -> None:
    """Frame 1: |1 - 2| + |2 - 1| = 2; frame 3: |10 - 7| + |4 - 4| = 3. Mean of two: 2.5."""
    add_image(viewer, (4, 60, 400))
    draw_cells(viewer, session, alive={1: 2, 3: 7}, dead={1: 1, 3: 4})
    predict()
    assert headers(section) == ["Frame", "Class", "Count", "Range", "True", "Error", "Area"]
    assert table(section)[2:4] == [
        ["1", "alive", "1", "1", "2", "-1", "0.4%"], ["1", "dead", "2", "1-2", "1", "+1", "0.4%"],
    ]  # fmt: skip
    assert table(section)[6:] == [
        ["3", "alive", "10", "9-10", "7", "+3", "0.4%"], ["3", "dead", "4", "4", "4", "0", "0.4%"],
    ]  # fmt: skip
    assert table(section)[0][-3:] == ["", "", "0.4%"]
    assert section.error.text() == "Mean cell count error (MCCE): 2.50 over 2 frames."
    assert section.summary == "19 alive, 7 dead; MCCE 2.50"
    assert not section.hint.isVisible()


def test_labels_drawn_after_the_prediction_count(
    section: CountSection,
    viewer: ViewerModel,
    session: Session,
    predict: Callable[..., None],
    qtbot: Any,
) -> None:
    add_image(viewer, (4, 60, 400))
    predict()
    draw_cells(viewer, session, alive={1: 1}, dead={1: 2})
    qtbot.waitUntil(lambda: section.error.isVisible())
    assert section.error.text() == "Mean cell count error (MCCE): 0.00 over 1 frame."


def test_true_counts_go_when_the_labels_are_erased(
    section: CountSection,
    viewer: ViewerModel,
    session: Session,
    predict: Callable[..., None],
    qtbot: Any,
) -> None:
    add_image(viewer, (4, 60, 400))
    draw_cells(viewer, session, alive={1: 1}, dead={1: 2})
    predict()
    assert section.error.isVisible()
    for name in ("alive", "dead"):
        labels = viewer.layers[name]
        labels.data_setitem(np.nonzero(labels.data), 0)
    viewer.layers["position"].data = np.zeros((0, 3))
    qtbot.waitUntil(lambda: not section.error.isVisible())
    assert "Error" not in headers(section)
    assert {row[-2] for row in table(section)} == {""}


def test_rows_are_sorted_by_value(
    section: CountSection, viewer: ViewerModel, predict: Callable[..., None]
) -> None:
    add_image(viewer, (4, 60, 400))
    predict()
    section.table.sortByColumn(HEADERS.index("Count"), Qt.SortOrder.DescendingOrder)
    assert [row[2] for row in table(section)] == ["10", "5", "4", "3", "2", "1", "1", "0"]
    section.table.sortByColumn(HEADERS.index("Range"), Qt.SortOrder.DescendingOrder)
    assert table(section)[0][3] == "5-12"  # the widest


def test_errors_are_sorted_by_their_size(
    section: CountSection, viewer: ViewerModel, session: Session, predict: Callable[..., None]
) -> None:
    add_image(viewer, (4, 60, 400))
    draw_cells(viewer, session, alive={1: 2, 3: 7}, dead={1: 1, 3: 4})
    predict()
    section.table.sortByColumn(HEADERS.index("Error"), Qt.SortOrder.DescendingOrder)
    assert [row[-2] for row in table(section)][:4] in (
        ["+3", "-1", "+1", "0"], ["+3", "+1", "-1", "0"]
    )  # fmt: skip


@pytest.mark.parametrize(
    "about", [{}, {"scale": (2, 0.5, 0.5), "translate": (10, 3, 4)}], ids=["pixels", "scaled"]
)
def test_selecting_a_row_goes_to_its_frame(
    section: CountSection,
    viewer: ViewerModel,
    session: Session,
    predict: Callable[..., None],
    about: Any,
) -> None:
    image = add_image(viewer, (4, 60, 400), **about)
    predict()
    section.table.sortByColumn(HEADERS.index("Count"), Qt.SortOrder.DescendingOrder)
    for row, frame in ((0, 3), (1, 2), (7, 0)):
        section.table.setCurrentIndex(section.table.model().index(row, 1))
        assert session.layers.frame_shown(image, session.looking.axes()) == frame


def test_selecting_a_row_of_a_deleted_image_says_that_it_is_gone(
    section: CountSection, viewer: ViewerModel, session: Session, predict: Callable[..., None]
) -> None:
    image = add_image(viewer, (4, 60, 400), name="plate")
    predict()
    viewer.layers.remove(image)
    section.table.setCurrentIndex(section.table.model().index(7, 1))
    assert len(table(section)) == 8
    assert session.status.sentence == "plate is no longer open: open it again to see it."


def test_a_selected_row_stays_selected_while_counts_arrive(
    section: CountSection, viewer: ViewerModel, session: Session, predict: Callable[..., None]
) -> None:
    add_image(viewer, (4, 60, 400))
    predict()
    section.table.setCurrentIndex(section.table.model().index(7, 1))
    session.results.changed.emit()
    assert section.table.currentIndex().row() == 7


def test_a_count_is_typed_for_the_selected_row_also_after_others_came_before_it(
    section: CountSection,
    viewer: ViewerModel,
    session: Session,
    children: list[FakeChild],
    qtbot: Any,
) -> None:
    add_image(viewer, (4, 60, 400))
    viewer.dims.set_point(0, 2)
    networks = Networks(children, qtbot, CELLS)
    networks.load(session)
    networks.predict_all(session)
    qtbot.waitUntil(lambda: len(table(section)) == 2)
    section.table.setCurrentIndex(section.table.model().index(1, HEADERS.index("True")))
    session.looking.predict(whole=True)
    networks.predict_all(session)
    qtbot.waitUntil(lambda: len(table(section)) == 8)
    qtbot.keyClick(section.table, Qt.Key.Key_7)
    (typing,) = section.table.viewport().findChildren(QLineEdit)
    qtbot.keyClick(typing, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: any(row.typed for row in section._rows))
    typed = [(row.frame, row.state, row.true) for row in section._rows if row.typed]
    assert typed == [(2, "dead", 7)]


def test_a_table_that_takes_long_follows_less_often_but_a_person_at_once(
    section: CountSection,
    viewer: ViewerModel,
    session: Session,
    predict: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    qtbot: Any,
) -> None:
    add_image(viewer, (4, 60, 400))
    predict()
    shown: list[int] = []
    monkeypatch.setattr(count, "MANY", 0)
    monkeypatch.setattr(count, "SHARE", 0.01)
    monkeypatch.setattr(section.table, "show_counts", lambda *_, frames: shown.append(1))
    for _ in range(9):
        session.results.changed.emit()
    assert len(shown) == 1
    qtbot.waitUntil(lambda: len(shown) == 2)
    section.table.edited.emit(0, "7")
    assert len(shown) == 3
    assert section._rows[0].true == 7


def test_several_images_are_told_apart(
    section: CountSection, viewer: ViewerModel, session: Session, predict: Callable[..., None]
) -> None:
    add_image(viewer, (4, 60, 400))
    predict()
    session.looking.choose(add_image(viewer, (60, 400), name="other"))
    predict([COUNTS[3]])
    assert headers(section)[0] == "Image"
    assert table(section)[-1] == ["other", "0", "dead", "4", "4", "", "0.4%"]
    assert section.totals.text().startswith("5 frames: 29 alive")


def test_single_images_need_no_column_of_frames(
    section: CountSection, viewer: ViewerModel, session: Session, predict: Callable[..., None]
) -> None:
    for name in ("one", "other"):
        session.looking.choose(add_image(viewer, (60, 400), name=name))
        predict([COUNTS[3]])
    assert headers(section)[:2] == ["Image", "Class"]
    session.looking.choose(add_image(viewer, (4, 60, 400), name="stack"))
    predict()
    assert headers(section)[:3] == ["Image", "Frame", "Class"]


def test_images_of_one_name_are_two_and_so_are_their_frames(
    section: CountSection,
    viewer: ViewerModel,
    session: Session,
    predict: Callable[..., None],
) -> None:
    """As when files of one name are opened from two folders, one after the other."""
    for alive in (5, 2):
        image = add_image(viewer, (60, 400))
        session.looking.choose(image)
        predict([{"alive": [3, 3, 3], "dead": [0, 0, 0]}])
        subject = session.subjects.of(image)
        for state, true in (("alive", alive), ("dead", 0)):
            session.results.typed.type(subject, 0, state, true)
        viewer.layers.clear()
    assert section.totals.text() == "2 frames: 6 alive, 0 dead."
    assert section.error.text() == "Mean cell count error (MCCE): 1.50 over 2 frames."


def test_an_image_that_is_called_something_else_is_so_in_the_table(
    section: CountSection, viewer: ViewerModel, predict: Callable[..., None]
) -> None:
    for name in ("one", "two"):
        image = add_image(viewer, (60, 400), name=name)
        section.session.looking.choose(image)
        predict(COUNTS[:1])
    image.name = "another"
    assert {line[0] for line in table(section)} == {"one", "another"}
    viewer.layers.remove(image)
    assert {line[0] for line in table(section)} == {"one", "another"}


def test_counts_of_an_image_that_is_gone_keep_none_of_its_memory(
    section: CountSection,
    viewer: ViewerModel,
    session: Session,
    predict: Callable[..., None],
    qtbot: Any,
) -> None:
    def open_and_close() -> list[Any]:
        image = add_image(viewer, (4, 60, 400))
        draw_cells(viewer, session, {0: 2}, {0: 0})
        qtbot.waitUntil(lambda: session.layer_data.scan is not None)
        predict()
        typed = session.results.typed
        qtbot.waitUntil(lambda: typed._worker is None)
        viewer.layers.clear()
        return [weakref.ref(image), weakref.ref(image.data)]

    gone = open_and_close()
    add_image(viewer, (40, 48), name="next")
    qtbot.waitUntil(lambda: not session.layer_data.scanning and not session.results.counting)
    qtbot.waitUntil(lambda: gc.collect() >= 0 and all(each() is None for each in gone))
    assert len(table(section)) == 8


def test_the_csv_has_what_the_table_has(
    section: CountSection,
    viewer: ViewerModel,
    session: Session,
    predict: Callable[..., None],
    tmp_path: Path,
) -> None:
    add_image(viewer, (4, 60, 400))
    draw_cells(viewer, session, alive={1: 2}, dead={1: 1})
    predict()
    section.save(tmp_path / "counts.csv")
    text = (tmp_path / "counts.csv").read_bytes().decode("utf-8")
    lines = text.split("\r\n")
    assert lines[0] == ",".join(COLUMNS)
    assert lines[1] == "cells,0,alive,3,2,4,,,,3,2,4,0.004167,0.004167,0.0045"
    assert lines[3] == "cells,1,alive,1,1,1,2,-1,drawn,2,2,2,0.004167,0.004167,0.0045"
    assert len(lines) == 1 + 8 + 1
    assert len(read_csv(tmp_path / "counts.csv")) == 8


@pytest.mark.parametrize(
    ("said", "name"),
    [("mine", "mine.csv"), ("day 2.5", "day 2.5.csv"), ("mine.CSV", "mine.CSV")],
)
def test_export_asks_where_and_adds_the_ending(
    section: CountSection,
    viewer: ViewerModel,
    session: Session,
    predict: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    said: str,
    name: str,
) -> None:
    add_image(viewer, (4, 60, 400))
    predict()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / said), ""))
    section.export.click()
    assert (tmp_path / name).exists()
    assert session.status.sentence == f"Counts are saved in {name}."


@pytest.mark.parametrize("replace", [True, False])
def test_export_replaces_no_file_unasked(
    section: CountSection,
    viewer: ViewerModel,
    predict: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    replace: bool,
) -> None:
    add_image(viewer, (4, 60, 400))
    predict()
    (tmp_path / "counts.csv").write_text("mine")
    asked: list[str] = []

    def answer(_parent: Any, _title: str, question: str, _buttons: Any, usual: Any) -> Any:
        asked.append(question)
        assert usual == QMessageBox.StandardButton.No
        return QMessageBox.StandardButton.Yes if replace else QMessageBox.StandardButton.No

    monkeypatch.setattr(QMessageBox, "question", answer)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "counts"), ""))
    section.export.click()
    assert asked == ["counts.csv is already there. Replace it?"]
    assert ((tmp_path / "counts.csv").read_text() == "mine") is not replace


def test_export_that_is_given_up_writes_nothing(
    section: CountSection,
    viewer: ViewerModel,
    predict: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_image(viewer, (4, 60, 400))
    predict()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    section.export.click()
    assert list(tmp_path.glob("*.csv")) == []


def test_a_place_that_cannot_be_written_is_told(
    section: CountSection,
    viewer: ViewerModel,
    session: Session,
    predict: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_image(viewer, (4, 60, 400))
    predict()
    where = tmp_path / "missing" / "counts.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(where), ""))
    section.export.click()
    assert "missing" in session.status.sentence
    assert "Something went wrong" not in session.status.sentence


def test_copy_puts_the_table_on_the_clipboard(
    section: CountSection, viewer: ViewerModel, session: Session, predict: Callable[..., None]
) -> None:
    add_image(viewer, (4, 60, 400))
    predict()
    section.copy.click()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].split("\t") == list(HEADERS)
    assert lines[1].split("\t")[:5] == ["cells", "0", "alive", "3", "2-4"]
    assert session.status.sentence == "The table is copied."


def test_a_section_that_is_opened_later_shows_the_same(
    section: CountSection, viewer: ViewerModel, predict: Callable[..., None], qtbot: Any
) -> None:
    add_image(viewer, (4, 60, 400))
    predict()
    other = CountSection(viewer)
    qtbot.addWidget(other)
    assert table(other) == table(section)


def test_a_name_that_a_spreadsheet_would_run_is_made_harmless(
    section: CountSection, viewer: ViewerModel, predict: Callable[..., None], tmp_path: Path
) -> None:
    viewer.add_layer(Image(np.zeros((60, 400), np.uint8), name="=1+1"))
    predict([COUNTS[0]])
    section.save(tmp_path / "counts.csv")
    assert (tmp_path / "counts.csv").read_text().splitlines()[1].startswith("'=1+1,")
