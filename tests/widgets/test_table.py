from __future__ import annotations

import random
import unicodedata
from typing import Any

import pytest
from qtpy.QtCore import QEvent, QItemSelectionModel, Qt
from qtpy.QtGui import QGuiApplication, QKeyEvent
from qtpy.QtWidgets import QApplication, QLineEdit, QPushButton, QVBoxLayout, QWidget

from napari_inconsistency_masks.widgets.parts.editable_table import EditableTable
from napari_inconsistency_masks.widgets.parts.table import Table
from napari_inconsistency_masks.widgets.parts.table_rows import Cell, Rows

ROWS = [("b", 10, ("+2", 2)), ("a", 9, ("-10", 10)), ("c", None, ("", -1))]


@pytest.fixture
def table(qtbot: Any) -> Table:
    made = Table("cells", "Cells", ("Name", "Count", "Error"))
    qtbot.addWidget(made)
    made.show_rows(ROWS)
    return made


def column(table: Table, number: Any) -> Any:
    """What a person sees, from top to bottom."""
    model = table.model()
    return [model.index(row, number).data() for row in range(model.rowCount())]


def sort(table: Table, number: Any, descending: Any = False) -> None:
    order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
    table.sortByColumn(number, order)


def select(table: Table, row: int) -> None:
    table.setCurrentIndex(table.model().index(row, 0))


def test_rows_come_as_they_are_given(table: Table) -> None:
    assert column(table, 0) == ["b", "a", "c"]
    assert column(table, 1) == ["10", "9", ""]


def test_numbers_are_sorted_as_numbers_and_what_is_missing_comes_first(table: Table) -> None:
    sort(table, 1)
    assert column(table, 1) == ["", "9", "10"]
    sort(table, 1, descending=True)
    assert column(table, 1) == ["10", "9", ""]


def test_a_text_with_a_value_is_sorted_by_the_value(table: Table) -> None:
    sort(table, 2)
    assert column(table, 2) == ["", "+2", "-10"]


def test_texts_are_sorted_as_files_are_listed(table: Table) -> None:
    words = ["well_10", "Zelle", "\u00c4pfel", "well_9", "apfel", "zebra", "a\u0308hre", "\u00d6l"]
    table.show_rows([(word, 0, "") for word in words])
    sort(table, 0)
    ordered = ["\u00e4hre", "apfel", "\u00c4pfel", "\u00d6l", "well_9", "well_10", "zebra", "Zelle"]
    assert [unicodedata.normalize("NFC", word) for word in column(table, 0)] == ordered


def test_numbers_come_before_texts_and_what_is_missing_or_no_number_before_both(
    table: Table,
) -> None:
    keys = ["b", 10, None, -5, "B", 2.5, float("nan"), True, -1]
    table.show_rows([(str(number), Cell("", key), "") for number, key in enumerate(keys)])
    sort(table, 1)
    assert column(table, 0) == list("263875140")
    sort(table, 1, descending=True)
    assert column(table, 0) == list("041578326")


def test_rows_of_the_same_value_keep_the_order_they_were_sorted_in_before(table: Table) -> None:
    table.show_rows([("b", 1, ""), ("c", 2, ""), ("a", 1, ""), ("d", 2, "")])
    sort(table, 0, descending=True)
    sort(table, 1)
    assert column(table, 0) == ["b", "a", "d", "c"]
    sort(table, -1)
    assert column(table, 0) == ["b", "c", "a", "d"]


def test_many_rows_are_sorted_without_looking_at_each_value_again_and_again(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = list(range(20_000))
    random.Random(0).shuffle(numbers)
    table.show_rows([(str(number), number, "") for number in numbers])
    asked: list[None] = []
    data = Rows.data

    def counted(rows: Rows, *arguments: Any) -> Any:
        asked.append(None)
        return data(rows, *arguments)

    monkeypatch.setattr(Rows, "data", counted)
    sort(table, 1)
    assert len(asked) < len(numbers)
    assert column(table, 0) == list(map(str, sorted(numbers)))


def test_selected_rows_stay_selected_while_a_large_table_is_sorted(table: Table) -> None:
    table.show_rows([(str(number), number % 7, "") for number in range(1000)])
    for row in (5, 700, 3):
        select_row(table, row)
    select(table, 4)
    for row in (700, 703, 999):
        select_row(table, row)
    for by, descending in ((1, False), (0, True), (1, True), (-1, False)):
        sort(table, by, descending)
        assert selected(table) == {"4", "700", "703", "999"}
        assert table.rows[table.current][0] == "4"
        assert {column(table, 0)[index.row()] for index in table.selectedIndexes()} == (
            selected(table)
        )


def test_rows_that_change_go_where_they_are_sorted(table: Table) -> None:
    rows = [["a", 1, ""], ["b", 2, ""], ["c", 3, ""]]
    table.show_rows(rows)
    sort(table, 1)
    select(table, 0)
    rows[0][1] = 9
    table.rows_changed([0])
    assert column(table, 0) == ["b", "c", "a"]
    assert table.current == 0
    assert table.currentIndex().row() == 2


def test_what_is_typed_in_a_sorted_table_is_of_the_row_as_given(
    counts: EditableTable, qtbot: Any
) -> None:
    sort(counts, 0, descending=True)
    select(counts, 0)  # frame 6, the last as given
    qtbot.keyClick(counts, Qt.Key.Key_3)
    with qtbot.waitSignal(counts.edited) as edited:
        qtbot.keyClick(editor(counts), Qt.Key.Key_Return)
    assert edited.args == [2, "3"]


def test_selecting_tells_the_number_of_the_row_as_given_however_it_is_sorted(
    table: Table, qtbot: Any
) -> None:
    sort(table, 0)
    with qtbot.waitSignal(table.chosen) as chosen:
        select(table, 0)
    assert chosen.args == [1]


def test_a_double_click_tells_the_number_of_the_row_as_given(table: Table, qtbot: Any) -> None:
    sort(table, 0)
    with qtbot.waitSignal(table.opened) as opened:
        table.doubleClicked.emit(table.model().index(2, 1))
    assert opened.args == [2]


@pytest.mark.parametrize("more", [[], [("d", 1, "")]])
def test_new_rows_keep_the_order_and_the_selected_row(table: Table, qtbot: Any, more: Any) -> None:
    sort(table, 0)
    select(table, 1)  # "b", the first as given
    with qtbot.assertNotEmitted(table.chosen):
        table.show_rows([("b", 99, ""), *ROWS[1:], *more])
    assert column(table, 0) == ["a", "b", "c", *(row[0] for row in more)]
    assert table.currentIndex().data() == "b"


def test_no_rows(table: Table) -> None:
    select(table, 0)
    table.show_rows([])
    assert column(table, 0) == []
    assert table.text() == "Name\tCount\tError"


def test_it_is_copied_as_it_is_sorted(table: Table, qtbot: Any) -> None:
    sort(table, 0)
    table.copy()
    copied = QGuiApplication.clipboard().text()
    assert copied.splitlines() == ["Name\tCount\tError", "a\t9\t-10", "b\t10\t+2", "c\t\t"]


def test_a_count_of_none_is_copied_as_0(table: Table) -> None:
    table.show_rows([("a", 0, "")])
    assert table.text().splitlines()[1] == "a\t0\t"


def test_the_usual_key_copies(table: Table, qtbot: Any) -> None:
    QGuiApplication.clipboard().clear()
    qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == table.text()


@pytest.mark.parametrize("editable", [None, 1])
def test_tab_leads_out_of_a_table(editable: int | None, qtbot: Any) -> None:
    window, before, after = QWidget(), QPushButton(), QPushButton()
    kind = Table if editable is None else EditableTable
    made, column = kind("cells", "Cells", ("Name", "Count"), editable), QVBoxLayout(window)
    qtbot.addWidget(window)
    for widget in (before, made, after):
        column.addWidget(widget)
    made.show_rows([("a", 1), ("b", 2)])
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    before.setFocus()
    for expected in (made, after):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        assert expected.hasFocus()


def test_only_rows_that_changed_are_drawn_again(table: Table) -> None:
    told: list[tuple[int, int]] = []
    table._rows.dataChanged.connect(lambda first, last: told.append((first.row(), last.row())))
    table.show_rows(list(ROWS))
    assert told == []
    table.show_rows([ROWS[0], ("a", 8, ("-10", 10)), ROWS[2]])
    assert told == [(1, 1)]
    assert column(table, 1) == ["10", "8", ""]


def test_columns_are_as_wide_as_their_words_and_what_is_in_them(table: Table) -> None:
    narrow = table.columnWidth(1)
    header = table.horizontalHeader().fontMetrics().horizontalAdvance("Count")
    assert narrow > header
    table.show_rows([ROWS[0], ("a", 10**15, ("-10", 10)), ROWS[2]])
    assert table.columnWidth(1) >= table.fontMetrics().horizontalAdvance(str(10**15)) > narrow
    table.show_column(1, shown=False)
    assert table.isColumnHidden(1)
    table.show_rows(ROWS[:1])
    table.show_column(1, shown=True)
    assert table.columnWidth(1) == narrow


def test_a_table_in_which_nothing_can_be_typed_stays_as_it_is(table: Table, qtbot: Any) -> None:
    select(table, 0)
    for key in (Qt.Key.Key_4, Qt.Key.Key_F2, Qt.Key.Key_Delete):
        qtbot.keyClick(table, key)
    assert list(table.rows) == ROWS
    assert table.indexWidget(table.currentIndex()) is None


# --- rows that come, go and change places -------------------------------------------------------


@pytest.fixture
def counts(qtbot: Any) -> EditableTable:
    """A table in which something can be typed, with the rows of three frames."""
    made = EditableTable("cells", "Cells", ("Frame", "True"), editable=1)
    qtbot.addWidget(made)
    made.show()
    show_frames(made, 4, 5, 6)
    return made


def show_frames(table: Table, *frames: int) -> None:
    table.show_rows([(str(frame), "") for frame in frames], frames)


def select_all_of(table: Table, *words: str) -> None:
    how = QItemSelectionModel.SelectionFlag
    table.clearSelection()
    for row, word in enumerate(column(table, 0)):
        if word in words:
            index = table.model().index(row, 0)
            table.selectionModel().select(index, how.Select | how.Rows)


def select_row(table: Table, row: int) -> None:
    how = QItemSelectionModel.SelectionFlag
    table.selectionModel().select(table.model().index(row, 0), how.Select | how.Rows)


def selected(table: Table) -> set[str]:
    return {table.rows[number][0] for number in table.all_selected}


def editor(table: Table) -> Any:
    found = [each for each in table.viewport().findChildren(QLineEdit) if each.isVisible()]
    return found[0] if found else None


@pytest.mark.parametrize("frames", [(0, 4, 5, 6), (0, 1, 4, 5, 6, 7), (6, 5, 0), (5,), (5, 4)])
def test_the_selected_row_is_about_the_same_when_others_come_and_go(
    counts: EditableTable, qtbot: Any, frames: tuple[int, ...]
) -> None:
    select(counts, 1)
    with qtbot.assertNotEmitted(counts.chosen):
        show_frames(counts, *frames)
    assert column(counts, 0) == [str(frame) for frame in frames]
    assert frames[counts.current] == 5
    assert selected(counts) == {"5"}


def test_a_selected_row_that_goes_leaves_none_selected(counts: EditableTable, qtbot: Any) -> None:
    select(counts, 1)
    with qtbot.assertNotEmitted(counts.chosen):
        show_frames(counts, 3, 4, 6)
    assert counts.current == -1
    assert counts.all_selected == []
    with qtbot.assertNotEmitted(counts.edited):
        qtbot.keyClick(counts, Qt.Key.Key_Delete)


def test_a_text_that_is_typed_while_rows_come_goes_where_it_was_begun(
    counts: EditableTable, qtbot: Any
) -> None:
    select(counts, 1)
    qtbot.keyClick(counts, Qt.Key.Key_1)
    typing = editor(counts)
    show_frames(counts, 0, 1, 4, 5, 6)
    show_frames(counts, *range(400))
    assert editor(counts) is typing
    assert typing.text() == "1"
    assert counts.viewport().rect().intersects(typing.geometry())
    with qtbot.waitSignal(counts.edited) as edited:
        qtbot.keyClick(typing, Qt.Key.Key_2)
        qtbot.keyClick(typing, Qt.Key.Key_Return)
    assert edited.args == [5, "12"]


def test_all_selected_rows_stay_selected_also_in_another_order(counts: EditableTable) -> None:
    sort(counts, 0, descending=True)
    select_all_of(counts, "4", "6")
    show_frames(counts, 6, 7, 5, 4, 0)
    assert selected(counts) == {"4", "6"}
    assert column(counts, 0) == ["7", "6", "5", "4", "0"]


def test_it_is_told_once_that_selected_rows_are_gone_when_all_is_shown(
    counts: EditableTable,
) -> None:
    select_all_of(counts, "4", "5")
    told: list[set[str]] = []
    counts.selected.connect(lambda: told.append(selected(counts)))
    show_frames(counts, 5, 7)
    assert told == [{"5"}]


def test_rows_about_the_same_are_told_apart_by_their_order(counts: EditableTable) -> None:
    counts.show_rows([("a", ""), ("b", ""), ("c", "")], [1, 1, 2])
    select(counts, 1)
    counts.show_rows([("n", ""), ("a", ""), ("b", ""), ("c", "")], [0, 1, 1, 2])
    assert column(counts, 0) == ["n", "a", "b", "c"]
    assert selected(counts) == {"b"}


@pytest.mark.parametrize("seed", range(5))
def test_whatever_comes_and_goes_it_shows_what_it_was_given(
    counts: EditableTable, qtmodeltester: Any, seed: int
) -> None:
    rng = random.Random(seed)
    if seed % 2:
        sort(counts, 0)
    before: list[int] = [4, 5, 6]
    for _ in range(30):
        frames = rng.sample(range(12), rng.randrange(12))
        chosen = {str(frame) for frame in before if rng.random() < 0.4}
        select_all_of(counts, *chosen)
        show_frames(counts, *frames)
        shown = [str(frame) for frame in frames]
        assert [row[0] for row in counts.rows] == shown
        assert column(counts, 0) == (sorted(shown, key=int) if seed % 2 else shown)
        assert selected(counts) == chosen & set(shown)
        before = frames
    qtmodeltester.check(counts._rows)


@pytest.mark.parametrize("key", ["J", "K", "N", "G", "U"])
def test_letters_are_left_to_the_viewer_where_nothing_can_be_typed(table: Table, key: str) -> None:
    select(table, 0)
    event = press(table, key)
    assert not event.isAccepted()
    assert table.currentIndex().row() == 0


def test_a_letter_with_ctrl_is_no_key_of_the_viewer(table: Table, qtbot: Any) -> None:
    """On a Mac its text is that of the letter."""
    qtbot.keyClick(table, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(table.all_selected) == len(ROWS)


def test_a_number_that_is_typed_is_no_key_of_the_viewer(counts: EditableTable) -> None:
    """In napari 1 erases and 7 moves the layer."""
    select(counts, 0)
    assert press(counts, "7").isAccepted()
    assert editor(counts).text() == "7"


def test_enter_goes_on_below_also_where_the_row_is_sorted_elsewhere(
    counts: EditableTable, qtbot: Any
) -> None:
    numbers = {4: 1, 5: 2, 6: 3}

    def show() -> None:
        counts.show_rows([(str(frame), number) for frame, number in numbers.items()], numbers)

    def take(number: int, text: str) -> None:
        numbers[list(numbers)[number]] = int(text)
        show()

    counts.edited.connect(take)
    show()
    sort(counts, 1)
    select(counts, 0)
    qtbot.keyClick(counts, Qt.Key.Key_9)
    qtbot.keyClick(editor(counts), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: editor(counts) is None)
    assert column(counts, 0) == ["5", "6", "4"]
    assert counts.rows[counts.current][0] == "5"


def test_arrow_keys_lead_on_from_a_row_that_was_chosen_where_the_first_column_is_hidden(
    table: Table, qtbot: Any
) -> None:
    table.show_column(0, shown=False)
    table.choose(0)
    qtbot.keyClick(table, Qt.Key.Key_Down)
    assert table.current == 1


def test_arrow_keys_lead_on_when_the_column_one_is_in_is_hidden(table: Table, qtbot: Any) -> None:
    table.setCurrentIndex(table.model().index(1, 1))
    with qtbot.assertNotEmitted(table.chosen):
        table.show_column(1, shown=False)
    qtbot.keyClick(table, Qt.Key.Key_Down)
    assert table.current == 2


def test_a_table_to_which_tab_leads_goes_to_no_row_until_an_arrow_key_does(
    table: Table, qtbot: Any
) -> None:
    """Else the picture would jump, or another image be opened, on the way to another control."""
    table.show_column(0, shown=False)
    table.show()
    table.activateWindow()
    qtbot.waitUntil(table.isActiveWindow)
    table.clearFocus()
    with qtbot.assertNotEmitted(table.chosen):
        table.setFocus(Qt.FocusReason.TabFocusReason)
    assert table.hasFocus()
    assert table.current == -1
    with qtbot.waitSignal(table.chosen) as chosen:
        qtbot.keyClick(table, Qt.Key.Key_Down)
    assert chosen.args == [0]


def test_rows_that_are_selected_are_copied_alone(table: Table, qtbot: Any) -> None:
    ctrl = Qt.KeyboardModifier.ControlModifier
    table.show_rows([("a\tb\n", 1, ""), ("c", 2, ""), ("d", 3, "")])
    select(table, 0)
    qtbot.keyClick(table, Qt.Key.Key_C, ctrl)
    assert len(QApplication.clipboard().text().splitlines()) == 4, "one row is always selected"
    qtbot.keyClick(table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(table, Qt.Key.Key_C, ctrl)
    _header, *lines = QApplication.clipboard().text().split("\n")
    assert lines == ["a b \t1\t", "c\t2\t"]


def test_letters_in_a_table_of_counts_are_its_own(counts: EditableTable) -> None:
    select(counts, 0)
    assert press(counts, "J").isAccepted()


def press(table: Table, letter: str) -> QKeyEvent:
    key = getattr(Qt.Key, f"Key_{letter}")  # or a number
    event = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, letter.lower())
    table.keyPressEvent(event)
    return event
