"""A second network that learns beside a member, for methods in which two teach each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from torch import nn

from ..devices import layout
from ..nets.ensemble import Ensemble
from ..nets.network import Network
from ..nets.pretrained import load_encoder
from .load import Load, learning, without_values
from .seeding import seeded


class Partner(nn.Module):
    """What is kept beside a network: another one, with other first weights.

    Parameters
    ----------
    network
        The member.
    width
        Of the partner, times the member's.
    key
        Its weights depend on it alone.
    encoder_weights
        File of published weights that its encoder begins with, as the members' do.
    """

    def __init__(
        self, network: Network, width: float, key: Sequence[int], encoder_weights: str | None = None
    ) -> None:
        super().__init__()
        with seeded(key):
            self.network = _network(network, width)
        if encoder_weights is not None:
            load_encoder(self.network, encoder_weights)


def partner_load(network: Network, width: float) -> Load:
    """What a partner of a member needs."""
    made = without_values(lambda: _network(network, width))
    return learning(made, cast("Network", made).values_per_pixel)


def _network(like: Network, width: float) -> Network:
    return type(like)(like.channels, like.outputs, like.width * width)


def make_partners(
    ensemble: Ensemble, width: float, key: tuple[int, int], encoder_weights: str | None
) -> list[nn.Module]:
    """Make a partner for each member, where and as the members compute; see `Partner`."""
    partners = []
    for member, network in enumerate(ensemble.networks):
        partner = Partner(cast("Network", network), width, (*key, member), encoder_weights)
        partners.append(
            partner.to(ensemble.device, memory_format=layout(ensemble.device))  # type: ignore[call-overload]
        )
    return partners


def let_partners_go_on(beside: Sequence[nn.Module], trained: Sequence[nn.Module]) -> None:
    """Let the partner of member m begin as the trained network after that which m begins as.

    Partners themselves are not kept once a generation is complete. One stays as it was made if
    there is a single trained network (two with the same weights could teach each other nothing), or
    if that network is of another width.

    Parameters
    ----------
    beside
        From `make_partners`.
    trained
        Member m begins as ``trained[m % len(trained)]``.
    """
    if len(trained) == 1:
        return
    for member, each in enumerate(beside):
        other = cast("Network", trained[(member + 1) % len(trained)])
        partner = cast("Network", each.network)
        if partner.width == other.width:
            partner.load_state_dict(other.state_dict())


def partners_of(ensemble: Ensemble, beside: Sequence[nn.Module]) -> Ensemble:
    """Return the partners of some members; they compute like the members."""
    networks = [cast("Network", each.network) for each in beside]
    return Ensemble(networks, precision=ensemble.precision).train(ensemble.training)
