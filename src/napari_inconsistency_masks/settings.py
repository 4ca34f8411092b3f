"""How a frozen config describes its fields, is checked, and becomes JSON and back.

Titles, sentences and limits are written once, at the field; forms, flags and checks read them here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self, get_args, get_type_hints

from pydantic import Field, TypeAdapter, ValidationError

from .errors import InputError, meant


def option(title: str, description: str, **limits: Any) -> Any:
    """Describe one field: what a form shows, and its limits as in `pydantic.Field`."""
    return Field(title=title, description=description, **limits)


@dataclass(frozen=True)
class Config:
    """Base of the frozen configs; values out of their limits are refused however one is made."""

    def __post_init__(self) -> None:
        for setting in settings(type(self)):
            setting.check(getattr(self, setting.name))
        for name, kind in _nested(type(self)).items():
            value = getattr(self, name)
            if not isinstance(value, kind):
                raise InputError(f"{name} = {value!r}: give {kind.__name__}(...).")

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON values; `from_json` is the inverse."""
        return dataclasses.asdict(self)

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """The config with other values of some fields; of a nested config, a mapping of these."""
        values = {
            name: getattr(self, name).changed(value) if isinstance(value, Mapping) else value
            for name, value in changes.items()
        }
        return dataclasses.replace(self, **values)

    @classmethod
    def from_json(cls, values: Mapping[str, Any], *, source: str = "settings") -> Self:
        """Make the config from JSON values.

        Parameters
        ----------
        values
            Some of the fields; the others keep their defaults.
        source
            The file the values come from, for the message.

        Raises
        ------
        InputError
            For an unknown key, a wrong type or a value out of its limits.
        """
        known = {item.name: item for item in dataclasses.fields(cls)}
        configs = _nested(cls)
        checked: dict[str, Any] = {}
        for key, value in values.items():
            if key not in known:
                raise InputError(f"{source}: {_unknown(key, list(known))}")
            nested = configs.get(key)
            if nested is not None and not isinstance(value, Mapping):
                raise InputError(f"{source}: {key} = {value!r} should be an object with settings.")
            checked[key] = value if nested is None else nested.from_json(value, source=source)
        try:
            return cls(**checked)
        except InputError as error:
            raise InputError(f"{source}: {error}") from None


@dataclass(frozen=True)
class Setting:
    """One plain field of a config, for forms, flags and checks.

    Attributes
    ----------
    name, title, description
        The field's name, its words in a form and the sentence that explains it.
    kind
        ``int``, ``float``, ``bool`` or ``str``.
    default
        The value without a choice.
    minimum, maximum
        Limits, or None.
    above, below
        Whether the minimum, and the maximum, are themselves too small, and too large.
    choices
        The allowed words, or empty.
    optional
        Whether None is allowed.
    """

    name: str
    title: str
    description: str
    kind: type
    default: Any
    minimum: float | None
    maximum: float | None
    above: bool
    below: bool
    choices: tuple[str, ...]
    optional: bool
    adapter: TypeAdapter[Any] = field(compare=False, repr=False)

    def check(self, value: Any) -> None:
        """Raise `InputError` unless ``value`` has the right type and keeps the limits."""
        try:
            self.adapter.validate_python(value, strict=True)
        except ValidationError as error:
            reason = error.errors()[0]["msg"].removeprefix("Input ")
            raise InputError(f"{self.name} = {value!r} ({self.title.lower()}) {reason}.") from None


_SETTINGS: dict[type, tuple[Setting, ...]] = {}


def settings(config: type[Config]) -> tuple[Setting, ...]:
    """The plain fields of a config in their order; nested configs are left out."""
    if config not in _SETTINGS:
        hints = get_type_hints(config, include_extras=True)
        fields = dataclasses.fields(config)
        described = [item for item in fields if hasattr(hints[item.name], "__metadata__")]
        _SETTINGS[config] = tuple(
            _setting(item.name, hints[item.name], item.default) for item in described
        )
    return _SETTINGS[config]


def _setting(name: str, hint: Any, default: Any) -> Setting:
    annotation, info = get_args(hint)
    kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
    optional = bool(kinds) and type(None) in get_args(annotation)
    kind = kinds[0] if optional else annotation
    choices = tuple(kinds) if kinds and not optional else ()

    def limit(*keys: str) -> float | None:
        found = [getattr(m, key) for m in info.metadata for key in keys if hasattr(m, key)]
        return float(found[0]) if found else None

    return Setting(
        name=name,
        title=info.title or name,
        description=info.description or "",
        kind=str if choices else kind,
        default=default,
        minimum=limit("ge", "gt"),
        maximum=limit("le", "lt"),
        above=limit("gt") is not None,
        below=limit("lt") is not None,
        choices=choices,
        optional=optional,
        adapter=TypeAdapter(hint),
    )


def _nested(config: type[Config]) -> dict[str, type[Config]]:
    """The fields that are configs themselves: their defaults are made by the class."""
    made_by: dict[str, Any] = {f.name: f.default_factory for f in dataclasses.fields(config)}
    return {
        name: made
        for name, made in made_by.items()
        if isinstance(made, type) and issubclass(made, Config)
    }


def _unknown(key: str, known: list[str]) -> str:
    return f"unknown setting {key!r}; {meant(key, known)}"
