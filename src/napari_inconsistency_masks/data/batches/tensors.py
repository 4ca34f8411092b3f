"""Tensors of arrays as data sets hold them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor


def tensor_of(array: npt.NDArray[Any]) -> Tensor:
    """A tensor of an array however it lies in memory; nobody writes to it, for it may share that.

    torch refuses flipped views, and warns of arrays that are read-only, as those of files are.
    """
    return torch.from_numpy(np.require(array, requirements=("C", "W")))
