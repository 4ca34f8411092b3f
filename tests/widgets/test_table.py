from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication

from napari_inconsistency_masks.widgets.parts.table import Table

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
    with qtbot.assertNotEmitted(table.edited):
        select(table, 0)
        for key in (Qt.Key.Key_4, Qt.Key.Key_F2, Qt.Key.Key_Delete):
            qtbot.keyClick(table, key)
    assert table.indexWidget(table.currentIndex()) is None
