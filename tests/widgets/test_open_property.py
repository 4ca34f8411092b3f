"""Whatever a person does in whatever order, no stroke on an open image is lost."""

from __future__ import annotations

from typing import Any

import pytest
from open_walk import OpenWalk
from test_project_property import SCHEMES
from walks import walk


@pytest.mark.usefixtures("children", "at_once", "soon")
@pytest.mark.parametrize("kind", SCHEMES)
def test_no_stroke_on_an_open_image_is_ever_lost(qapp: Any, qtbot: Any, kind: str) -> None:
    about = {"qtbot": qtbot, "scheme": SCHEMES[kind]}
    walk(type("Walk", (OpenWalk,), about), examples=2, steps=20)
