"""The list of recipes under headings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from qtpy.QtCore import Qt

from napari_inconsistency_masks.recipes import GROUPS, RECIPES
from napari_inconsistency_masks.widgets.parts.grouped_chooser import GroupedChooser, Offer

WORDS = {
    "First": [Offer("apple", "a", "red or green"), Offer("banana", "b")],
    "Second": [Offer("citron", "c", "sour"), Offer("apricot", "d")],
}


@pytest.fixture
def chooser(qtbot: Any) -> Iterator[GroupedChooser]:
    made = GroupedChooser("fruit", "Fruit", "What to eat.", WORDS)
    qtbot.addWidget(made)
    made.choose("b")
    made.show()
    yield made
    made.hidePopup()


def shown(chooser: GroupedChooser) -> list[str]:
    return [chooser.itemText(row) for row in range(chooser.count())]


def test_things_stand_under_headings_that_cannot_be_chosen(chooser: GroupedChooser) -> None:
    assert shown(chooser) == ["First", "apple", "banana", "Second", "citron", "apricot"]
    for row, words in enumerate(shown(chooser)):
        flags = chooser.model().index(row, 0).flags()
        assert bool(flags & Qt.ItemFlag.ItemIsSelectable) == (words not in WORDS)
        assert bool(flags & Qt.ItemFlag.ItemIsEnabled) == (words not in WORDS)


def test_the_arrow_keys_step_over_headings(chooser: GroupedChooser, qtbot: Any) -> None:
    picked: list[str] = []
    chooser.picked.connect(picked.append)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Up):
        qtbot.keyClick(chooser, key)
    assert picked == ["c", "b", "a"]
    assert chooser.currentText() == "apple"


def test_typing_finds_things_and_no_heading(chooser: GroupedChooser, qtbot: Any) -> None:
    picked: list[str] = []
    chooser.picked.connect(picked.append)
    qtbot.keyClicks(chooser, "apr")
    assert picked[-1] == "d"
    qtbot.wait(600)  # what is typed after a pause begins anew
    qtbot.keyClicks(chooser, "sec")
    assert chooser.currentText() == "apricot"


def test_each_thing_has_its_tip_and_the_chosen_one_s_is_the_list_s(chooser: GroupedChooser) -> None:
    tips = [chooser.itemData(row, Qt.ItemDataRole.ToolTipRole) for row in range(chooser.count())]
    assert tips == [None, "red or green", "", None, "sour", ""]
    chooser.choose("c")
    assert chooser.toolTip() == "What to eat.\nsour"


def test_a_choice_by_the_program_is_not_told(chooser: GroupedChooser) -> None:
    picked: list[str] = []
    chooser.picked.connect(picked.append)
    chooser.choose("d")
    assert chooser.currentText() == "apricot"
    assert picked == []


def test_the_open_list_is_wide_enough(chooser: GroupedChooser) -> None:
    chooser.setFixedWidth(60)
    chooser.showPopup()
    assert chooser.view().width() >= chooser.view().sizeHintForColumn(0)


def test_every_recipe_has_one_group_and_no_two_are_called_the_same() -> None:
    listed = [recipe.key for group in GROUPS.values() for recipe in group]
    assert listed == list(RECIPES)
    assert len(set(listed)) == len(listed)
    titles = [recipe.title for recipe in RECIPES.values()]
    assert len(set(titles)) == len(titles)
    assert next(iter(GROUPS.values()))[0].key == "im"
