"""A form for settings, made from their descriptions: every control changes the config object."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from magicgui.widgets import CheckBox, ComboBox, LineEdit
from magicgui.widgets.bases import ValueWidget
from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QWidget,
)

from ...config import AugmentConfig, PseudoLabelConfig, TrainConfig
from ...method_config import METHOD_GROUPS
from ...settings import Config, Setting, settings
from .buttons import named
from .letters import leave_letters
from .numbers import NumberControl
from .wheel import leave_wheel

GROUPS: dict[str, tuple[str, type[Config]]] = {
    "": ("Training", TrainConfig),
    "pseudo_labels": ("Pseudo-labels", PseudoLabelConfig),
    "augmentation": ("Augmentation", AugmentConfig),
    **METHOD_GROUPS,
}
"""Per field of `TrainConfig` that holds a config (or "" for its own): heading and class."""

_LARGEST = 2**31 - 1


class Field(QObject):
    """One setting with its control.

    `changed` tells that a person changed it. A setting that may be empty has a box to tick; its
    value is None while the box is not ticked.
    """

    changed = Signal()

    def __init__(self, group: str, setting: Setting) -> None:
        super().__init__()
        self.group, self.setting = group, setting
        self.name = _name(group, setting)
        self._control = _control(setting)
        tip = f"{setting.description} ({_limits(setting)})" if _limits(setting) else ""
        self.tip = tip or setting.description
        named(self._control.native, self.name, setting.title, self.tip)
        leave_wheel(self._control.native)
        if isinstance(self._control.native, QComboBox):
            leave_letters(self._control.native)
        self._control.changed.connect(self._on_changed)
        self._ticked: QCheckBox | None = None
        self.widget: QWidget = self._control.native
        if setting.optional:
            self._ticked = QCheckBox()
            named(self._ticked, f"{self.name}_given", f"{setting.title} is given", self.tip)
            self._ticked.toggled.connect(self._on_ticked)
            self.widget = _side_by_side(self._ticked, self._control.native)
        self._shown: Any = None
        self._base: Any = None
        self.set(setting.default)

    @property
    def value(self) -> Any:
        """The value: exactly what was set, unless a person has changed it since."""
        shown = self._read()
        return self._base if shown == self._shown else shown

    def set(self, value: Any) -> None:
        """Show a value without telling anybody.

        One that is shown already is let be: somebody may be typing it, and ``0.`` become ``0.25``.
        """
        self._base = value
        self.blockSignals(True)
        if self._ticked is not None:
            self._ticked.setChecked(value is not None)
            self._control.enabled = value is not None
        if value is not None and value != self.setting.kind(self._control.value):
            self._control.value = value
        self.blockSignals(False)
        self._shown = self._read()

    def _read(self) -> Any:
        if self._ticked is not None and not self._ticked.isChecked():
            return None
        return self.setting.kind(self._control.value)

    def _on_changed(self, _: Any = None) -> None:
        self.changed.emit()

    def _on_ticked(self, ticked: bool) -> None:
        self._control.enabled = ticked
        self.changed.emit()


class SettingsForm(QWidget):
    """Controls for some settings of a `TrainConfig`.

    `changed` tells that a person changed one.

    Parameters
    ----------
    name
        Object name.
    fields
        Names of settings, those of groups as ``pseudo_labels_erode``.
    """

    changed = Signal()

    def __init__(self, name: str, fields: Iterable[str]) -> None:
        super().__init__()
        self.setObjectName(name)
        names = list(fields)
        made = {field.name: field for field in _fields(names)}
        self.fields = {name: made[name] for name in names}
        self._rows: dict[str, list[QWidget]] = {}
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        group = None
        for field in self.fields.values():
            if field.group != group and field.group:
                heading = QLabel(GROUPS[field.group][0])
                heading.setStyleSheet("font-weight: bold; padding-top: 6px;")
                form.addRow(heading)
                self._rows[field.group] = [heading]
            group = field.group
            label = QLabel(field.setting.title)
            label.setToolTip(field.tip)
            label.setBuddy(field.widget)
            form.addRow(label, field.widget)
            self._rows.setdefault(field.group, []).extend((label, field.widget))
            field.changed.connect(self.changed)

    def show_config(self, config: TrainConfig) -> None:
        """Show the values of a config."""
        for field in self.fields.values():
            holder = getattr(config, field.group) if field.group else config
            field.set(getattr(holder, field.setting.name))

    def show_groups(self, groups: Collection[str]) -> None:
        """Show these groups of settings and no others; "" are those of the training itself."""
        for group, widgets in self._rows.items():
            for widget in widgets:
                widget.setVisible(group in groups)

    def values(self) -> dict[str, Any]:
        """The values by name."""
        return {name: field.value for name, field in self.fields.items()}

    def apply_to(self, config: TrainConfig) -> TrainConfig:
        """The config with the values of the form in place of its own; `InputError` if refused."""
        return put(config, self.values())


def put(config: TrainConfig, values: Mapping[str, Any]) -> TrainConfig:
    """The config with other values, by name; `InputError` if they are refused."""
    own = {setting.name for setting in settings(TrainConfig)}
    changes: dict[str, Any] = {name: value for name, value in values.items() if name in own}
    for group, (_, kind) in GROUPS.items():
        names = {_name(group, setting): setting.name for setting in settings(kind)}
        inside = {name: values[full] for full, name in names.items() if full in values}
        if group and inside:
            changes[group] = dataclasses.replace(getattr(config, group), **inside)
    return dataclasses.replace(config, **changes)


def setting_names() -> list[str]:
    """Names of all settings in their order, those of groups as ``pseudo_labels_erode``."""
    return [
        _name(group, setting)
        for group, (_, config) in GROUPS.items()
        for setting in settings(config)
    ]


def _name(group: str, setting: Setting) -> str:
    return f"{group}_{setting.name}".lstrip("_")


def _fields(names: Collection[str]) -> Iterator[Field]:
    for group, (_, config) in GROUPS.items():
        for setting in settings(config):
            if _name(group, setting) in names:
                yield Field(group, setting)


def _control(setting: Setting) -> ValueWidget[Any] | NumberControl:
    if setting.choices:
        return ComboBox(choices=setting.choices)
    if setting.kind is bool:
        return CheckBox(text="")
    if setting.kind is str:
        return LineEdit()
    low = setting.minimum if setting.minimum is not None else -_LARGEST
    high = setting.maximum if setting.maximum is not None else _LARGEST
    if setting.kind is int:
        default = setting.default or 0
        step = int(low) if low > 1 and default % low == 0 else 1
        return NumberControl(low, min(high, _LARGEST), step=step)
    decimals = _decimals(setting.default)
    return NumberControl(low, high, decimals=decimals, step=10.0 ** (1 - decimals))


def _decimals(default: float | None) -> int:
    """Decimals that show a default to two or three digits, at least two."""
    if not default:
        return 2
    return max(2, 2 - math.floor(math.log10(abs(default))))


def _limits(setting: Setting) -> str:
    low, high = setting.minimum, setting.maximum
    if setting.kind not in (int, float) or low is None or high is None:
        return ""
    return f"{low:g} to {high:g}"


def _side_by_side(*widgets: QWidget) -> QWidget:
    holder = QWidget()
    line = QHBoxLayout(holder)
    line.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        line.addWidget(widget)
    line.setStretch(len(widgets) - 1, 1)
    holder.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    return holder
