"""Whether the networks that a run goes on from fit its data."""

from __future__ import annotations

from ..checkpoint import ModelCard, load_network
from ..errors import InputError
from .records import Records


def refuse_unfit(records: Records, card: ModelCard) -> None:
    """Refuse to go on from networks that are for other images or labels."""
    for path in records.network_paths(0):
        _, other = load_network(path)
        for what, theirs, ours in (
            ("classes", _classes(other), _classes(card)),
            ("image channels", other.architecture.channels, card.architecture.channels),
            ("gray values", other.intensity, card.intensity),
        ):
            if theirs != ours:
                raise InputError(
                    f"The networks to go on from are for other {what} ({theirs}) than the data "
                    f"({ours}); choose networks for such data, or train new ones."
                )


def _classes(card: ModelCard) -> str:
    scheme = card.scheme
    position = f", {scheme.position} marks positions" if scheme.position else ""
    return f"{scheme.task.value}: {', '.join(scheme.classes)}{position}"
