"""The table of classes: color, name, kind and layer of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from napari.layers import Layer
from qtpy.QtWidgets import QGridLayout, QLabel, QToolButton, QWidget

from ...files.names import LONGEST
from ...task import Task
from ..drawing.layer_data import LayerData
from ..layers.class_rows import MASK, NO_LAYER, POSITION, ClassRow
from ..parts.buttons import button, named
from ..parts.colors import class_color
from ..parts.controls import Chooser
from ..parts.focus import focus_kept, tab_after
from ..parts.layouts import clear, row
from ..parts.swatches import Swatch
from ..parts.text_line import TextLine

KINDS = (("areas", MASK), ("positions", POSITION))
KIND_TIP = (
    "Areas are painted in a Labels layer. Positions mark each cell by one point, or by a small "
    "spot of paint: cells are counted by them."
)
LAYER_TIP = "Only layers that fit the image are listed."
HEADS = {
    Task.MULTILABEL: ("", "Class", "Drawn as", "Layer"),
    Task.MULTICLASS: ("", "Class", "Label", "Layer"),
    Task.BINARY: ("", "Class", "", "Layer"),
}


@dataclass(frozen=True)
class _Line:
    """The controls of one class."""

    color: Swatch
    name: TextLine
    kind: Chooser | None
    layer: Chooser | None


class ClassTable(QWidget):
    """Edits the classes of a `LayerData`."""

    def __init__(self, data: LayerData) -> None:
        super().__init__()
        self.setObjectName("class_table")
        self._data = data
        self._built: object = None
        self._lines: list[_Line] = []
        self._names: list[str] = []
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(4)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(1, 3)
        self._grid.setColumnStretch(3, 4)
        self.add = button("Add class", "class_add", "Add a class to the table.")
        self.add.clicked.connect(self._on_add)
        outer = QGridLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addLayout(self._grid, 0, 0)
        outer.addLayout(row(self.add, 1), 1, 0)
        data.changed.connect(self.update_rows)
        self.update_rows()

    def update_rows(self) -> None:
        """Show the classes as they are now; controls are kept, so that the focus stays."""
        rows = self._data.used_rows
        if (self._data.task, len(rows)) != self._built:
            self._built = (self._data.task, len(rows))
            with focus_kept(self, self.add):
                self._build(len(rows))
        before, self._names = self._names, [item.name for item in rows]
        for number, (item, line) in enumerate(zip(rows, self._lines, strict=True)):
            line.color.show_color(item.color)
            typing = line.name.typing and before[number : number + 1] == [item.name]
            if line.name.text() != item.name and not typing:
                line.name.setMaxLength(max(LONGEST, len(item.name)))
                line.name.setText(item.name)
            if line.kind is not None:
                line.kind.offer(KINDS, item.kind)
            if line.layer is not None:
                offers: list[tuple[str, Layer | None]] = [(NO_LAYER, None)]
                offers += [(layer.name, layer) for layer in self._data.choices(item.kind)]
                line.layer.offer(offers, item.layer)

    def _build(self, count: int) -> None:
        for line in self._lines:
            line.name.blockSignals(True)  # it is not finished, it goes; others have its number now
        clear(self._grid)
        task = self._data.task
        for column, words in enumerate(HEADS[task]):
            self._grid.addWidget(QLabel(words), 0, column)
        self._lines = []
        controls: list[QWidget] = []
        for number in range(count):
            kind = self._kind(number) if task is Task.MULTILABEL else None
            layer = self._layer(number) if number == 0 or task is Task.MULTILABEL else None
            line = _Line(self._color(number), self._name(number), kind, layer)
            self._lines.append(line)
            label = QLabel(str(number + 1) if task is Task.MULTICLASS else "")
            third = label if kind is None else kind  # an empty list of choices is false
            for column, widget in enumerate((line.color, line.name, third, layer)):
                if widget is not None:
                    self._grid.addWidget(widget, number + 1, column)
                    controls += [] if widget is label else [widget]
            if count > 1:
                controls.append(self._remove(number))
                self._grid.addWidget(controls[-1], number + 1, 4)
        tab_after(self.add, controls)
        tab_after(controls[-2], [self.add])  # Qt moves nothing behind the last of a window
        tab_after(controls[-2], controls[-1:])
        self.add.setVisible(task is not Task.BINARY)

    def _color(self, number: int) -> Swatch:
        color = Swatch(f"class_color_{number}", "#000000", f"class {number + 1}")
        color.picked.connect(lambda chosen: self._change(number, color=chosen))
        return color

    def _name(self, number: int) -> TextLine:
        words = "Name of the class"
        name: TextLine = named(TextLine(), f"class_name_{number}", words, words)
        name.setMinimumWidth(60)
        name.setMaxLength(LONGEST)
        name.textEdited.connect(self._data.begin_change)
        name.editingFinished.connect(lambda: self._on_name(number))
        return name

    def _kind(self, number: int) -> Chooser:
        room = max(len(words) for words, _ in KINDS)
        kind = Chooser(f"class_kind_{number}", "How the class is drawn", KIND_TIP, room=room)
        kind.picked.connect(lambda chosen: self._change(number, kind=chosen, layer=None))
        return kind

    def _layer(self, number: int) -> Chooser:
        layer = Chooser(f"class_layer_{number}", "Layer of the class", LAYER_TIP, room=3)
        layer.picked.connect(lambda chosen: self._change(number, layer=chosen))
        return layer

    def _remove(self, number: int) -> QToolButton:
        words = "Remove this class from the table; its layer stays."
        remove: QToolButton = named(QToolButton(), f"class_remove_{number}", "Remove class", words)
        remove.setText("✕")
        remove.setAutoRaise(True)
        remove.clicked.connect(partial(self._on_remove, number))
        return remove

    def _change(self, number: int, **changes: object) -> None:
        rows = [*self._data.rows]
        rows[number] = replace(rows[number], **changes)  # type: ignore[arg-type]
        self._data.set_rows(rows)

    def _on_name(self, number: int) -> None:
        line = self._lines[number].name
        line.setModified(False)
        name = line.text().strip()
        if name != self._data.rows[number].name:
            self._change(number, name=name)
        elif line.text() != name:
            line.setText(name)

    def _on_remove(self, number: int, _: bool = False) -> None:
        self._data.set_rows([r for i, r in enumerate(self._data.rows) if i != number])

    def _on_add(self, _: bool = False) -> None:
        rows = self._data.rows
        names = {item.name for item in rows}
        number = next(i for i in range(1, len(rows) + 2) if f"class {i}" not in names)
        self._data.set_rows([*rows, ClassRow(f"class {number}", class_color(len(rows)))])
