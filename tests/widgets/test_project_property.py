"""Whatever a person does in whatever order, no label of a project is lost or torn."""

from __future__ import annotations

from typing import Any

import pytest
from project_walk import ProjectWalk
from walks import walk

from napari_inconsistency_masks.task import LabelScheme, Task

SCHEMES = {
    "multilabel": LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position"),
    "multiclass": LabelScheme(Task.MULTICLASS, ("ground", "bright", "dark")),
    "binary": LabelScheme(Task.BINARY, ("cell",)),
}


@pytest.mark.usefixtures("children", "at_once", "soon")
@pytest.mark.parametrize("kind", SCHEMES)
def test_no_label_of_a_project_is_ever_lost(qapp: Any, qtbot: Any, kind: str) -> None:
    about = {"qtbot": qtbot, "scheme": SCHEMES[kind]}
    walk(type("Walk", (ProjectWalk,), about), examples=2, steps=20)
