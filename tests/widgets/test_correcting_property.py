"""Whoever corrects places in whatever order loses no label, and makes none by only looking."""

from __future__ import annotations

from typing import Any

import pytest
from correcting_walk import CorrectingWalk
from project_steps import CELLS
from stand_ins import FakeChild
from walks import walk

from napari_inconsistency_masks.widgets.project import places_file
from napari_inconsistency_masks.widgets.results import results


@pytest.mark.usefixtures("at_once", "soon")
def test_corrections_are_kept_and_proposals_are_not(
    qapp: Any, qtbot: Any, children: list[FakeChild], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "FILES_MS", 0)
    monkeypatch.setattr(places_file, "PLACES_MS", 0)
    about = {"qtbot": qtbot, "scheme": CELLS, "children": children}
    walk(type("Walk", (CorrectingWalk,), about), examples=2, steps=20)
