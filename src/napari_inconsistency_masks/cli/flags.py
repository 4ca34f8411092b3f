"""Flags of the command line made from the settings, so that both always say the same."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from typing import Annotated, Any, Literal, Optional

import typer

from ..config import AugmentConfig, PseudoLabelConfig, TrainConfig
from ..errors import InputError
from ..method_config import METHOD_GROUPS
from ..settings import Config, Setting, settings

GROUPS: dict[str, tuple[str, type[Config]]] = {
    "": ("Training settings", TrainConfig),
    "pseudo_labels": ("Pseudo-label settings", PseudoLabelConfig),
    "augmentation": ("Augmentation settings", AugmentConfig),
    **{group: (f"{title} settings", kind) for group, (title, kind) in METHOD_GROUPS.items()},
}
"""Per field of `TrainConfig` that holds a config (or "" for its own): help panel and class."""


NONE = "none"
"""What a flag is given to empty a setting that may be None; an empty text does as well."""

_NO_NUMBER = {int: "no whole number", float: "no number"}

_EMPTIED = object()
"""Stands for None among parsed flags, where None is a flag that was not given."""


def with_settings(
    defaults: str, *, hidden: Collection[str] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command a flag for every setting; it gets those given as ``given``.

    The command takes its own parameters and a dict ``given`` of flags that were set, which
    `apply_flags` puts into a config.

    Parameters
    ----------
    defaults
        Whose values count where no flag is given, such as "the preset's", for the help.
    hidden
        Settings that the help does not list, as the command refuses them.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        declared = inspect.signature(command, eval_str=True).parameters.values()
        own = [parameter for parameter in declared if parameter.name != "given"]
        flags = {
            f"{group}_{setting.name}".lstrip("_"): _parameter(
                group, setting, f"{title} (default: {defaults})", hidden=setting.name in hidden
            )
            for group, (title, config) in GROUPS.items()
            for setting in settings(config)
        }

        def wrapper(**arguments: Any) -> Any:
            parsed = {name: arguments.pop(name) for name in flags}
            given = {
                name: None if value is _EMPTIED else value
                for name, value in parsed.items()
                if value is not None
            }
            return command(**arguments, given=given)

        wrapper.__name__, wrapper.__doc__ = command.__name__, command.__doc__
        parameters = [*own, *flags.values()]
        wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        wrapper.__annotations__ = {p.name: p.annotation for p in parameters}
        return wrapper

    return decorate


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


def _parameter(group: str, setting: Setting, panel: str, *, hidden: bool) -> inspect.Parameter:
    name = f"{group}_{setting.name}".lstrip("_")
    kind: Any = Literal[setting.choices] if setting.choices else setting.kind
    flag = name.replace("_", "-")
    checked = setting.optional or setting.kind in (int, float)
    names = [f"--{flag}/--no-{flag}"] if kind is bool else [f"--{flag}"]
    info = typer.Option(
        *names,
        parser=_parser(setting) if checked else None,
        metavar=f"<{setting.kind.__name__}>" if checked else None,
        help=_help(setting),
        show_default=False,
        hidden=hidden,
        rich_help_panel=panel,
    )
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[Optional[kind], info],  # noqa: UP045  built at run time
    )


def _help(setting: Setting) -> str:
    """The title, without which few of the sentences make sense, and the sentence."""
    told = setting.description.startswith(setting.title)
    title = "" if told else f"{setting.title}. "
    emptied = f" '{NONE}' makes it empty." if setting.optional else ""
    return f"{title}{setting.description}{emptied}{_limits(setting)}"


def _limits(setting: Setting) -> str:
    low = high = ""
    if setting.minimum is not None:
        low = f"{setting.minimum:.12g}{'<' if setting.above else '<='}"
    if setting.maximum is not None:
        high = f"{'<' if setting.below else '<='}{setting.maximum:.12g}"
    return f"  [{low}x{high}]" if low or high else ""


def _parser(setting: Setting) -> Callable[[str], Any]:
    """What reads the text of a flag whose setting may be None."""

    def parse(text: str) -> Any:
        if setting.optional and text.strip().lower() in ("", NONE):
            return _EMPTIED
        try:
            value = setting.kind(text)
        except ValueError:
            like = " such as 2.5" if setting.kind is float else ""
            also = f", or '{NONE}'" if setting.optional else ""
            raise typer.BadParameter(
                f"{text!r} is {_NO_NUMBER[setting.kind]}; give one{like}{also}."
            ) from None
        try:
            setting.check(value)
        except InputError as error:
            raise typer.BadParameter(str(error)) from None
        return value

    return parse
