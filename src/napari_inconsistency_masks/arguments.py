"""What a function is given: of the types that it names, or refused in a sentence."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from inspect import signature
from numbers import Integral, Real
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from .errors import InputError

P = ParamSpec("P")
T = TypeVar("T")

_WORDS: Mapping[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number such as 0.1",
    str: "text",
    Path: "a path",
    NoneType: "None",
    "Consensus": "a consensus such as find_consensus gives",
    "Intensity": "an Intensity such as Intensity('percentile')",
    "Prediction": "a prediction such as predict gives",
    "Recipe": "a recipe such as RECIPES['im']",
    "Sample": "a sample such as data.test[0] of a data set",
    "SegmentationData": "a data set such as load_folder gives",
    "Source": "samples such as data.test of a data set",
    "Task": "a Task such as Task.BINARY",
    "TrainConfig": "settings such as PRESETS['quick']",
    "TrainedEnsemble": "networks such as load gives",
}
"""Of what people give: by type, or by the name of one that only modules above this one know."""

_LONGEST = 60


def checked(function: Callable[P, T]) -> Callable[P, T]:
    """Refuse arguments of other types than those that a function names, before it begins.

    Numbers of NumPy are passed on as Python's, which can be written to files.

    Types that are there for type checkers alone are not looked at, nor is what is to be an array,
    as NumPy makes one of many things.

    Raises
    ------
    InputError
        With the first argument that is of another type, and what it may be.
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            given = signature(function).bind(*args, **kwargs)
        except TypeError:  # Python's own words say which argument is missing, or too many
            return function(*args, **kwargs)
        refuse_other_types(given.arguments, hints_of(function))
        for name, value in given.arguments.items():
            if isinstance(value, np.number):
                given.arguments[name] = value.item()
        return function(*given.args, **given.kwargs)

    return call


def refuse_other_types(given: Mapping[str, Any], hints: Mapping[str, Any]) -> None:
    """Refuse the first of some values, by name, that is of another type than its hint.

    Raises
    ------
    InputError
        ``config='quick': give settings such as PRESETS['quick'] or None.``
    """
    for name, value in given.items():
        if not _is(value, hints.get(name, Any)):
            raise InputError(f"{name}={_shown(value)}: give {allowed(hints[name])}.")


def allowed(hint: Any) -> str:
    """The values of a type in words: "a whole number or a number such as 0.1"."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " or ".join(map(repr, parts))
    if origin in (Union, UnionType):
        kinds = [part for part in parts if part is not str or Path not in parts]
        return " or ".join(dict.fromkeys(map(allowed, kinds)))
    if origin in (Sequence, tuple):
        kind = "list" if origin is Sequence else "tuple"
        return f"a {kind} of names" if str in parts else f"a {kind} of numbers"
    name = getattr(hint, "__name__", str(hint))
    return _WORDS.get(hint) or _WORDS.get(name) or f"a {name}"


def _is(value: Any, hint: Any) -> bool:
    """Whether a value is of a type; numbers of NumPy are numbers, and no text is a list."""
    origin, parts = get_origin(hint), get_args(hint)
    if hint is Any or origin is np.ndarray:
        return True
    if origin is Literal:
        return isinstance(value, str) and value in parts
    if origin in (Union, UnionType):
        path = Path in parts and value == ""  # else the current folder
        return not path and any(_is(value, part) for part in parts)
    if origin in (Sequence, tuple):
        listed = isinstance(value, origin) and not isinstance(value, str | bytes)
        return listed and all(_is(item, parts[0]) for item in value)
    if hint in (int, float):
        number = Integral if hint is int else Real
        return isinstance(value, number) and not isinstance(value, bool)
    kind = os.PathLike if hint is Path else origin or hint
    return isinstance(value, kind) and (not isinstance(value, str) or issubclass(kind, str))


def _shown(value: Any) -> str:
    """A value as Python shows it, if that is short; else what it is."""
    if isinstance(value, str | Path | Real | NoneType | list | tuple | dict | set):
        text = repr(value)
        if len(text) <= _LONGEST and text.isprintable():
            return text
    name = value.__name__ if isinstance(value, type) else type(value).__name__
    return f"<{'class ' if isinstance(value, type) else ''}{name}>"


def hints_of(what: Any) -> dict[str, Any]:
    """The types that a function or class names; any for those that only type checkers import."""
    unknown: dict[str, Any] = {}
    while True:
        try:
            return get_type_hints(what, localns=unknown)
        except NameError as error:
            unknown[str(error.name)] = Any
