from __future__ import annotations

import re
from typing import Any

import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from napari_inconsistency_masks.widgets.parts.colors import (
    CLASS_COLORS,
    MASK_COLOR,
    SYMBOLS,
    UNCLEAR_COLOR,
    UNCLEAR_SYMBOL,
    class_color,
    class_colors,
    state_symbol,
)


def channels(color: str) -> Any:
    return [int(color[index : index + 2], 16) for index in (1, 3, 5)]


def test_no_two_colors_are_alike() -> None:
    colors = [*CLASS_COLORS, MASK_COLOR, UNCLEAR_COLOR]
    assert all(re.fullmatch(r"#[0-9A-F]{6}", color) for color in colors)
    lab = rgb2lab([[[value / 255 for value in channels(color)] for color in colors]])[0]
    for number in range(1, len(colors)):
        assert deltaE_ciede2000(lab[:number], lab[number : number + 1]).min() > 15


def test_more_classes_than_colors_begin_again() -> None:
    assert class_color(len(CLASS_COLORS)) == class_color(0)


def test_a_color_that_a_person_chose_is_kept_by_name() -> None:
    colors = class_colors(("alive", "dead"), {"dead": "#123456", "other": "#654321"})
    assert colors == {"alive": class_color(0), "dead": "#123456"}


@pytest.mark.parametrize("index", range(len(SYMBOLS)))
def test_every_state_has_a_symbol_of_its_own(index: int) -> None:
    assert state_symbol(index) == SYMBOLS[index]
    assert SYMBOLS.count(state_symbol(index)) == 1


def test_unclear_cells_have_a_symbol_of_their_own() -> None:
    assert state_symbol(-1) == UNCLEAR_SYMBOL
    assert UNCLEAR_SYMBOL not in SYMBOLS
