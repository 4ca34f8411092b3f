"""Networks that are being trained, with everything that is needed to go on later."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn

from ..config import TrainConfig
from ..nets.ensemble import Ensemble
from .adamw import AdamW

Weights = dict[str, Tensor]


class Members(Protocol):
    """Several networks that learn side by side."""

    networks: nn.ModuleList

    def __len__(self) -> int: ...

    def modules(self) -> Iterator[nn.Module]: ...

    def train(self) -> Any: ...


M = TypeVar("M", bound=Members)


class Learning(Generic[M]):
    """Members, their optimizers, and the best weights each has had so far.

    The optimizer is the reference's AdamW (paper, study B; constants in `TrainConfig`): tfa's decay
    of 1e-4 per step is not multiplied by the learning rate, torch's is, hence 1e-4 / 0.003.

    Attributes
    ----------
    ensemble
        The members with their current weights.
    beside
        What the method keeps of each member, trained and saved with it; see `Method.beside`.
    judged
        The networks that are checked; the best weights are theirs.
    step, epoch
        Steps taken and epochs completed in this generation.
    best_score
        Per member, the highest score of an epoch, or None before the first.
    lost
        Per member, whether its loss or a weight became infinite or NaN; it then no longer learns.
    """

    def __init__(
        self,
        ensemble: M,
        config: TrainConfig,
        beside: Sequence[nn.Module] = (),
        judged: M | None = None,
    ) -> None:
        self.ensemble = ensemble
        self.beside = list(beside) or [nn.Module() for _ in range(len(ensemble))]
        self.judged = ensemble if judged is None else judged
        self.step = 0
        self.epoch = 0
        members = len(ensemble)
        self.best_score: list[float | None] = [None] * members
        self.lost = [False] * members
        self._loss_sum, self._loss_count = [0.0] * members, 0
        self._rate, self._cosine = config.learning_rate, config.cosine
        modules = [*ensemble.modules(), *(m for part in self.beside for m in part.modules())]
        norms = [module for module in modules if isinstance(module, nn.BatchNorm2d)]
        self._norms = [(norm, norm.momentum or 0.0) for norm in norms]
        self._settle_norms = config.settle_norms
        self._best: list[Weights] = [self._weights(m) for m in range(members)]
        self._optimizers = [
            AdamW(
                self._parameters(member),
                lr=config.learning_rate,
                betas=(0.9, 0.999),
                eps=1e-7,
                weight_decay=config.weight_decay,
                fused=True,
            )
            for member in range(members)
        ]

    @property
    def active(self) -> list[int]:
        """The members that still learn."""
        return [member for member, lost in enumerate(self.lost) if not lost]

    @property
    def never_scored(self) -> list[int]:
        """The members that no epoch gave a score: their best weights are those they began with."""
        return [member for member, score in enumerate(self.best_score) if score is None]

    @property
    def diverged(self) -> list[int]:
        """The members that still learn, though a weight or a statistic is infinite or NaN."""
        return [member for member in self.active if not self._is_finite(member)]

    @property
    def amid_epoch(self) -> bool:
        """Whether steps were taken since the last epoch was complete."""
        return self._loss_count > 0

    def prepare_step(self) -> None:
        """Set the networks to training mode, and how fast their running statistics move.

        With the U-Net's momentum of 0.01 the statistics that networks are checked with still hold
        a third of their initial values after 100 steps; averaging the first 100 steps evenly makes
        short training usable. Later each norm has the momentum that it was made with.
        """
        self.ensemble.train()
        for module in self.beside:
            module.train()
        for norm, momentum in self._norms:
            norm.momentum = max(momentum, self._settle_norms / (self.step + 1))

    def update(self, losses: Sequence[float | None], total_steps: int) -> None:
        """Take one optimizer step from the gradients; a member whose loss is None is lost."""
        rate = self._rate
        if self._cosine:
            rate *= (1 + math.cos(math.pi * self.step / total_steps)) / 2
        for member in self.active:
            loss, optimizer = losses[member], self._optimizers[member]
            if loss is None:
                self.lose(member)
                continue
            self._loss_sum[member] += loss
            optimizer.param_groups[0]["lr"] = rate
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self._loss_count += 1
        self.step += 1

    def lose(self, member: int) -> None:
        """Let a member stop learning, with its best weights so far."""
        for networks in (self.ensemble, self.judged):
            networks.networks[member].load_state_dict(self._best[member])
        self.lost[member] = True

    def end_epoch(self, score: tuple[float, ...]) -> None:
        """Keep the weights of members whose score (higher is better) is their best so far.

        A score that is infinite or NaN is never the best.
        """
        for member, value in enumerate(score):
            best = self.best_score[member]
            if self.lost[member] or not math.isfinite(value):
                continue
            if best is None or value > best:
                self.best_score[member] = value
                self._best[member] = self._weights(member)
        self._loss_sum, self._loss_count = [0.0] * len(self.ensemble), 0
        self.epoch += 1

    @property
    def mean_loss(self) -> tuple[float | None, ...]:
        """Mean training loss of this epoch so far, per member; None for one that is lost."""
        return tuple(
            None if lost else total / max(1, self._loss_count)
            for total, lost in zip(self._loss_sum, self.lost, strict=True)
        )

    def restore_best(self) -> None:
        """Give every member the best weights it has had."""
        for member, weights in enumerate(self._best):
            self.ensemble.networks[member].load_state_dict(weights)

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Tensors and JSON values from which `load_state` goes on exactly."""
        tensors: dict[str, Tensor] = {}
        for member, optimizer in enumerate(self._optimizers):
            groups = {
                "now": _copy(self.ensemble.networks[member]),
                "beside": _copy(self.beside[member]),
                "best": self._best[member],
            }
            for index, moments in optimizer.state_dict()["state"].items():
                groups[f"adam.{index}"] = moments
            for group, values in groups.items():
                tensors |= {f"{member}/{group}/{name}": value for name, value in values.items()}
        about = {
            "step": self.step,
            "epoch": self.epoch,
            "best_score": self.best_score,
            "lost": self.lost,
            "loss_sum": self._loss_sum,
            "loss_count": self._loss_count,
        }
        return tensors, about

    def load_state(self, tensors: dict[str, Tensor], about: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        grouped: dict[tuple[int, str], Weights] = {}
        for key, value in tensors.items():
            number, group, name = key.split("/")
            grouped.setdefault((int(number), group), {})[name] = value
        for member, optimizer in enumerate(self._optimizers):
            self.ensemble.networks[member].load_state_dict(grouped[member, "now"])
            self.beside[member].load_state_dict(grouped.get((member, "beside"), {}))
            self._best[member] = grouped[member, "best"]
            parameters = self._parameters(member)
            moments = {
                index: {
                    name: _laid_out_like(parameters[index], value)
                    for name, value in grouped[member, f"adam.{index}"].items()
                }
                for index in range(len(parameters))
                if (member, f"adam.{index}") in grouped
            }
            optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
        self.step, self.epoch = about["step"], about["epoch"]
        self.best_score, self.lost = list(about["best_score"]), list(about["lost"])
        self._loss_sum, self._loss_count = list(about["loss_sum"]), about["loss_count"]

    def _weights(self, member: int) -> Weights:
        return _copy(self.judged.networks[member])

    def _is_finite(self, member: int) -> bool:
        networks = [part.networks[member] for part in (self.ensemble, self.judged)]
        states = [module.state_dict() for module in (*networks, self.beside[member])]
        return all(bool(value.isfinite().all()) for state in states for value in state.values())

    def _parameters(self, member: int) -> list[nn.Parameter]:
        """What the optimizer of a member changes."""
        also = (p for p in self.beside[member].parameters() if p.requires_grad)
        return [*self.ensemble.networks[member].parameters(), *also]


def _copy(module: nn.Module) -> Weights:
    return {name: value.detach().cpu().clone() for name, value in module.state_dict().items()}


class Learner(Learning[Ensemble]):
    """The networks of a generation."""


def _laid_out_like(parameter: Tensor, value: Tensor) -> Tensor:
    """Copy ``value`` into the memory layout of the parameter it belongs to.

    The fused optimizer walks through memory: moments in another layout than their weights would
    silently be those of other weights.
    """
    if value.shape != parameter.shape:
        return value  # the step count
    return torch.empty_like(parameter, dtype=value.dtype).copy_(value)
