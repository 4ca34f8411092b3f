"""What tests of counts have in common: predictions with given counts, and what a table shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt
from stand_ins import FakeChild, Networks

from napari_inconsistency_masks.task import LabelScheme, Task

CELLS = LabelScheme(Task.MULTILABEL, ("alive", "dead", "position"), "position")
COUNTS = [
    {"alive": [3, 2, 4], "dead": [0, 0, 1]},
    {"alive": [1, 1, 1], "dead": [2, 1, 2]},
    {"alive": [5, 5, 12], "dead": [1, 1, 1]},
    {"alive": [10, 9, 10], "dead": [4, 4, 4]},
]


def predict_all(
    session: Any,
    children: list[FakeChild],
    qtbot: Any,
    counts: Any = COUNTS,
    ratios: Any = None,
    run: Path | None = None,
) -> Networks:
    """Predict all frames of what is looked at, which are counted as is said.

    `ratios` is what the program that predicts knows of its counts.
    """
    networks = Networks(children, qtbot, CELLS)
    networks.counted = lambda index: {  # type: ignore[method-assign]
        "counts": {"states": counts[order[index]], "unclear": 0},
        "inconsistent": 0.01,
        "notes": [],
    }
    axes = session.looking.axes()
    shown = session.layers.frame_shown(session.looking.image, axes)
    order = [shown, *(frame for frame in range(axes.count) if frame != shown)]
    session.looking.use(run or session.setup.folder / "run", whole=True)
    networks.get_ready(ratios=ratios or {})
    networks.predict_all(session)
    qtbot.waitUntil(lambda: not session.results.counting)
    return networks


def table(section: Any) -> Any:
    """What a person sees, from top to bottom, without the columns that are hidden."""
    model = section.table.model()
    columns = [c for c in range(model.columnCount()) if not section.table.isColumnHidden(c)]
    return [
        [model.index(row, column).data() for column in columns] for row in range(model.rowCount())
    ]


def headers(section: Any) -> Any:
    """The columns a person sees."""
    model = section.table.model()
    horizontal = Qt.Orientation.Horizontal
    return [
        model.headerData(c, horizontal)
        for c in range(model.columnCount())
        if not section.table.isColumnHidden(c)
    ]
