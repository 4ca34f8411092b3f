"""A GPU that no computer has: it refuses what GPUs refuse, and computes on the CPU.

`EMULATED` is a device of torch like ``cuda:0``. Tensors on it cannot be mixed with those of the CPU
(but for single numbers and for indices), cannot become NumPy arrays, and are never of float64,
which Apple's GPUs do not know. What the networks of a test compute there is what they compute on
the CPU. So a test shows that everything is put where it belongs; neither that a driver works, nor
that a GPU has enough memory, nor how fast it is.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch.utils._pytree import tree_leaves, tree_map_only
from torch.utils.backend_registration import (
    _DummyBackendModule,
    _setup_privateuseone_for_python_backend,
)

from napari_inconsistency_masks.devices import DeviceInfo

KIND = "emulated"
INFO = DeviceInfo(f"{KIND}:0", "Emulated GPU", free=2**30, total=2**30)

aten = torch.ops.aten
COPIES = (aten.copy_.default, aten._to_copy.default)
INDEXED = (
    aten.index.Tensor,
    aten.index_put.default,
    aten.index_put_.default,
    aten._index_put_impl_.default,
)
"""Their second argument is a list of indices, which may be on the CPU."""

LOW_PRECISION = {
    "conv2d": aten.conv2d.default,
    "conv_transpose2d.input": aten.conv_transpose2d.input,
    "linear": aten.linear.default,
    "matmul": aten.matmul.default,
    "scaled_dot_product_attention": aten.scaled_dot_product_attention.default,
}
"""What `torch.autocast` computes in the other precision on NVIDIA's GPUs, as far as used here."""


class OnEmulated(torch.Tensor):
    """A tensor of the emulated GPU; ``inner`` is where it computes."""

    inner: torch.Tensor

    @staticmethod
    def __new__(cls, inner: torch.Tensor) -> OnEmulated:
        if inner.dtype == torch.float64:
            raise TypeError("an emulated GPU knows no float64, like Apple's")
        with torch.inference_mode(False):  # else no view of it could be made
            made: OnEmulated = torch.Tensor._make_wrapper_subclass(
                cls,
                inner.shape,
                strides=inner.stride(),
                storage_offset=inner.storage_offset(),
                dtype=inner.dtype,
                device=torch.device(KIND, 0),
            )
        made.inner = inner
        return made

    def __repr__(self, *, tensor_contents: object = None) -> str:
        return f"OnEmulated({self.inner})"

    def tolist(self) -> Any:
        return self.inner.tolist()

    @classmethod
    def __torch_dispatch__(
        cls, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func is aten._has_compatible_shallow_copy_type.default:
            return isinstance(args[0], cls) and isinstance(args[1], cls)
        if func not in COPIES:
            _refuse_mixed(func, args, kwargs)
        leaves = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, OnEmulated)]
        wrapped = {id(leaf.inner): leaf for leaf in leaves}
        stays = _stays(func, args, kwargs)
        args, kwargs = tree_map_only(OnEmulated, lambda tensor: tensor.inner, (args, kwargs))
        found = func(*args, **kwargs)
        if not stays:
            return found

        def wrap(tensor: torch.Tensor) -> torch.Tensor:
            before = wrapped.get(id(tensor))  # what works in place returns what it was given
            return OnEmulated(tensor) if before is None else before

        return tree_map_only(torch.Tensor, wrap, found)


class CpuGenerator(torch.Generator):
    """Makes numbers on the CPU, for whatever device."""

    def __new__(cls, device: torch.device | str = "cpu") -> CpuGenerator:
        return super().__new__(cls, "cpu")


class _Backend(_DummyBackendModule):
    """What torch asks a kind of device."""

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return [torch.float32, torch.bfloat16]


def _register() -> tuple[torch.library.Library, ...]:
    """Make the device known to torch, for as long as the process lives."""
    _setup_privateuseone_for_python_backend(KIND, _Backend())
    kernels = torch.library.Library("aten", "IMPL")
    kernels.impl("empty.memory_format", _empty, "PrivateUse1")
    kernels.impl("empty_strided", _empty_strided, "PrivateUse1")
    kernels.impl("_copy_from", _copy_from, "PrivateUse1")
    for name, operation in LOW_PRECISION.items():
        kernels.impl(name, partial(_in_low_precision, operation), "AutocastPrivateUse1")
    others = torch.library.Library("_", "IMPL")
    others.fallback(torch.library.fallthrough_kernel, "AutocastPrivateUse1")
    return kernels, others


def _empty(
    size: list[int],
    *,
    dtype: torch.dtype | None = None,
    memory_format: torch.memory_format | None = None,
    **_: object,
) -> OnEmulated:
    lies = memory_format or torch.contiguous_format
    return OnEmulated(torch.empty(size, dtype=dtype, memory_format=lies))


def _empty_strided(
    size: list[int], stride: list[int], *, dtype: torch.dtype | None = None, **_: object
) -> OnEmulated:
    return OnEmulated(torch.empty_strided(size, stride, dtype=dtype))


def _copy_from(source: torch.Tensor, to: OnEmulated, non_blocking: bool = False) -> torch.Tensor:
    to.inner.copy_(source)
    return to


def _in_low_precision(operation: Any, *args: Any, **kwargs: Any) -> Any:
    to = torch.get_autocast_dtype(KIND)

    def cast(tensor: torch.Tensor) -> torch.Tensor:
        return tensor.to(to) if tensor.is_floating_point() else tensor

    autocast = torch._C.DispatchKeySet(torch._C.DispatchKey.AutocastPrivateUse1)
    with torch._C._ExcludeDispatchKeyGuard(autocast):
        args, kwargs = tree_map_only(torch.Tensor, cast, (args, kwargs))
        return operation(*args, **kwargs)


def _stays(func: Any, args: Any, kwargs: dict[str, Any]) -> bool:
    """Whether the result is on the emulated GPU; what is asked for it is asked of the CPU."""
    if kwargs.get("device") is not None:
        wanted, kwargs["device"] = torch.device(kwargs["device"]), torch.device("cpu")
        return wanted.type == KIND
    return func is not aten.copy_.default or isinstance(args[0], OnEmulated)


def _refuse_mixed(func: Any, args: Any, kwargs: dict[str, Any]) -> None:
    """Raise as torch does: with tensors of GPUs, only single numbers may be on the CPU."""
    if func in INDEXED:
        args = (args[0], *args[2:])
    for leaf in tree_leaves((args, kwargs)):
        if isinstance(leaf, torch.Tensor) and not isinstance(leaf, OnEmulated) and leaf.dim():
            raise RuntimeError(f"{func}: some tensors are on {INFO.key} and some on the CPU")


_KERNELS = _register()  # as tests are collected: torch counts devices at its first gradient
