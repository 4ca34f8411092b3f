"""Flags of the command line made from the settings, so that both always say the same."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, Literal, Optional

import typer

from ..config import AugmentConfig, PseudoLabelConfig, TrainConfig
from ..method_config import METHOD_GROUPS
from ..settings import Config, Setting, settings

GROUPS: dict[str, tuple[str, type[Config]]] = {
    "": ("Training settings (default: the preset's)", TrainConfig),
    "pseudo_labels": ("Pseudo-label settings", PseudoLabelConfig),
    "augmentation": ("Augmentation settings", AugmentConfig),
    **{group: (f"{title} settings", kind) for group, (title, kind) in METHOD_GROUPS.items()},
}
"""Per field of `TrainConfig` that holds a config (or "" for its own): help panel and class."""


def with_settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command a flag for every setting; it gets those given as ``given``.

    ``command`` takes its own parameters and a dict ``given`` of flags that were set, which
    `apply_flags` puts into a config.
    """
    declared = inspect.signature(command, eval_str=True).parameters.values()
    own = [parameter for parameter in declared if parameter.name != "given"]
    flags = {
        f"{group}_{setting.name}".lstrip("_"): _parameter(group, setting, panel)
        for group, (panel, config) in GROUPS.items()
        for setting in settings(config)
    }

    def wrapper(**arguments: Any) -> Any:
        given = {name: arguments.pop(name) for name in flags}
        return command(**arguments, given={name: v for name, v in given.items() if v is not None})

    wrapper.__name__, wrapper.__doc__ = command.__name__, command.__doc__
    parameters = [*own, *flags.values()]
    wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    wrapper.__annotations__ = {p.name: p.annotation for p in parameters}
    return wrapper


def apply_flags(preset: TrainConfig, given: dict[str, Any]) -> TrainConfig:
    """Return the preset with the given flags in place of its values."""
    return preset.changed(changes_of(given))


def changes_of(given: dict[str, Any]) -> dict[str, Any]:
    """The given flags as changes for `Config.changed`, those of a group in a dict of their own."""
    changes: dict[str, Any] = {}
    for group, (_, config) in GROUPS.items():
        names = [setting.name for setting in settings(config)]
        chosen = {n: given[key] for n in names if (key := f"{group}_{n}".lstrip("_")) in given}
        if group and chosen:
            changes[group] = chosen
        elif not group:
            changes.update(chosen)
    return changes


def _parameter(group: str, setting: Setting, panel: str) -> inspect.Parameter:
    name = f"{group}_{setting.name}".lstrip("_")
    kind: Any = Literal[setting.choices] if setting.choices else setting.kind
    flag = name.replace("_", "-")
    names = [f"--{flag}/--no-{flag}"] if kind is bool else [f"--{flag}"]
    info = typer.Option(
        *names,
        min=None if setting.minimum is None else setting.kind(setting.minimum),
        max=None if setting.maximum is None else setting.kind(setting.maximum),
        help=setting.description,
        show_default=False,
        rich_help_panel=panel,
    )
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[Optional[kind], info],  # noqa: UP045  built at run time
    )
