"""Losses of the supervised step (paper, study B; the reference's `functions.py`).

Every loss takes logits ``(E, B, K, Y, X)``, a target (``(E, B, K, Y, X)`` of 0 and 1, or
``(E, B, Y, X)`` class ids), and where the target counts, bool ``(E, B, 1 or K, Y, X)`` or None for
everywhere, and returns one value per member, ``(E,)``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from .errors import InputError
from .task import LabelScheme

Loss = Callable[[Tensor, Tensor, Tensor | None], Tensor]


def choose_loss(name: str, scheme: LabelScheme, position_weight: float = 3.0) -> Loss:
    """Return the loss that a config's word means for a label kind.

    Parameters
    ----------
    name
        ``auto`` (squared error with a sigmoid, cross-entropy with a softmax), ``mse``, ``bce``,
        ``dice``, ``cross-entropy`` or ``ce+dice`` (for both kinds).
    scheme
        The label kind and the position class.
    position_weight
        Target value of position pixels (``mse``) or weight of their positives (``bce``).

    Raises
    ------
    InputError
        If the loss does not fit the label kind.
    """
    if name == "auto":
        name = "cross-entropy" if scheme.exclusive else "mse"
    losses: dict[str, Loss] = {
        "cross-entropy": softmax_cross_entropy,
        "dice": foreground_dice,
        "ce+dice": partial(cross_entropy_and_dice, exclusive=True),
    }
    if not scheme.exclusive:
        positive = [position_weight if c == scheme.position else 1.0 for c in scheme.classes]
        losses = {
            "mse": partial(squared_error, positive=positive),
            "bce": partial(sigmoid_cross_entropy, positive=positive),
            "dice": dice,
            "ce+dice": partial(cross_entropy_and_dice, exclusive=False),
        }
    if name not in losses:
        raise InputError(
            f"loss = {name!r} does not fit the {scheme.task.value} task; it has auto, "
            f"{', '.join(losses)}."
        )
    return losses[name]


def squared_error(
    logits: Tensor, target: Tensor, known: Tensor | None = None, *, positive: Any = 1.0
) -> Tensor:
    """Mean squared error between sigmoid and target, the reference's loss for ISIC and HeLa.

    ``positive`` is the target's value where it is 1, per output. The reference uses 3 for HeLa
    positions: a sigmoid never gets there, so the rare spots keep pulling.
    """
    value = torch.as_tensor(positive, device=logits.device).reshape(-1, 1, 1)  # (K or 1, 1, 1)
    error = (logits.sigmoid() - target * value) ** 2  # (E, B, K, Y, X)
    return _mean_per_member(error, known)  # (E,)


def sigmoid_cross_entropy(
    logits: Tensor, target: Tensor, known: Tensor | None = None, *, positive: Any = 1.0
) -> Tensor:
    """Binary cross-entropy per output; ``positive`` weights the pixels whose target is 1."""
    weight = torch.as_tensor(positive, device=logits.device).reshape(-1, 1, 1)  # (K or 1, 1, 1)
    error = binary_cross_entropy_with_logits(
        logits, target.to(logits.dtype), pos_weight=weight, reduction="none"
    )  # (E, B, K, Y, X)
    return _mean_per_member(error, known)  # (E,)


def dice(logits: Tensor, target: Tensor, known: Tensor | None = None) -> Tensor:
    """One minus the mean of (2 sum(y p) + 1) / (sum y + sum p + 1) per image and output."""
    p, y = logits.sigmoid(), target.to(logits.dtype)  # (E, B, K, Y, X)
    if known is not None:
        p, y = p * known, y * known
    overlap = (y * p).sum((-2, -1))  # (E, B, K)
    size = y.sum((-2, -1)) + p.sum((-2, -1))  # (E, B, K)
    return 1 - ((2 * overlap + 1) / (size + 1)).mean((-2, -1))  # (E,)


def softmax_cross_entropy(logits: Tensor, target: Tensor, known: Tensor | None = None) -> Tensor:
    """Cross-entropy over all K outputs, class 0 (blanked) included, as in the reference."""
    members, images = logits.shape[:2]
    error = cross_entropy(
        logits.flatten(0, 1), target.flatten(0, 1).long(), reduction="none"
    )  # (E * B, Y, X)
    error = error.reshape(members, images, 1, *error.shape[1:])  # (E, B, 1, Y, X)
    return _mean_per_member(error, known)  # (E,)


def foreground_dice(logits: Tensor, target: Tensor, known: Tensor | None = None) -> Tensor:
    """Dice of the real classes together, per image; class 0 (blanked) is left out.

    What the reference's ``ignore_im_dice_loss_multiclass`` means to do: its index drops a column
    of pixels instead of the class.
    """
    classes = torch.arange(1, logits.shape[2], device=logits.device)[:, None, None]  # (K-1, 1, 1)
    y = (target.unsqueeze(2) == classes).to(logits.dtype)  # (E, B, K-1, Y, X)
    p = logits.softmax(2)[:, :, 1:]  # (E, B, K-1, Y, X)
    if known is not None:
        p, y = p * known, y * known
    overlap = (y * p).sum((2, 3, 4))  # (E, B)
    size = y.sum((2, 3, 4)) + p.sum((2, 3, 4))  # (E, B)
    return 1 - ((2 * overlap + 1e-7) / (size + 1e-7)).mean(1)  # (E,)


def cross_entropy_and_dice(
    logits: Tensor, target: Tensor, known: Tensor | None = None, *, exclusive: bool
) -> Tensor:
    """Cross-entropy plus one minus the Dice of each real class over the whole batch.

    For rare classes, and not from the paper: the Dice of a class weighs as much as any other's
    however few pixels it has, and over a batch it is not ruled by the images without the class.
    """
    if exclusive:
        entropy = softmax_cross_entropy(logits, target, known)  # (E,)
        classes = torch.arange(1, logits.shape[2], device=logits.device)  # (K-1,)
        y = (target.unsqueeze(2) == classes[:, None, None]).to(logits.dtype)  # (E, B, K-1, Y, X)
        p = logits.softmax(2)[:, :, 1:]  # (E, B, K-1, Y, X)
    else:
        entropy = sigmoid_cross_entropy(logits, target, known)  # (E,)
        p, y = logits.sigmoid(), target.to(logits.dtype)  # (E, B, K, Y, X)
    if known is not None:
        p, y = p * known, y * known
    overlap = (y * p).sum((1, 3, 4))  # (E, K)
    size = y.sum((1, 3, 4)) + p.sum((1, 3, 4))  # (E, K)
    return entropy + 1 - ((2 * overlap + 1) / (size + 1)).mean(1)  # (E,)


def _mean_per_member(error: Tensor, known: Tensor | None) -> Tensor:
    """Mean of ``error`` (E, B, K, Y, X) over all but the members, where it is known."""
    if known is None:
        return error.mean((1, 2, 3, 4))  # (E,)
    known = known.expand_as(error)
    total = (error * known).sum((1, 2, 3, 4))  # (E,)
    return total / known.sum((1, 2, 3, 4)).clamp(min=1)  # (E,)
