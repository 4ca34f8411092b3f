"""Reads inputs and outputs of the reference implementation, see golden/README.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

FOLDER = Path(__file__).parent / "golden"

Case = dict[str, npt.NDArray[Any]]


def read_cases(file: Path) -> dict[str, Case]:
    """The fields of each case of one file."""
    cases: dict[str, Case] = {}
    with np.load(file) as arrays:
        for key in arrays.files:
            case, field = key.rsplit("/", 1)
            cases.setdefault(case, {})[field] = arrays[key]
    return cases


def each_case(name: str, prefix: str = "") -> pytest.MarkDecorator:
    """Run a test with ``case`` (its name) and ``given`` (its fields) of each case of one file."""
    cases = read_cases(FOLDER / f"{name}.npz")
    chosen = [
        pytest.param(case, given, id=case)
        for case, given in cases.items()
        if case.startswith(prefix)
    ]
    assert chosen, f"{name}.npz has no case {prefix}*"
    return pytest.mark.parametrize(("case", "given"), chosen)


def points(xy: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Points as (row, column)."""
    return xy[:, ::-1]
