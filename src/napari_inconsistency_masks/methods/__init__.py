"""How one step learns: one file per paper, and the list of them."""

from __future__ import annotations

from collections.abc import Callable

from ..config import TrainConfig
from ..losses import Loss
from ..task import LabelScheme
from .base import Method
from .consistency import Consistency
from .crossmatch import CrossMatch
from .fixmatch import FixMatch
from .fpl import Fpl
from .imas import Imas
from .segkc import Consultation
from .supervised import Supervised
from .u2pl import U2pl
from .unimatch import UniMatch
from .unimatch_v2 import UniMatchV2

METHODS: dict[str, Callable[[Loss, LabelScheme, TrainConfig], Method]] = {
    "supervised": lambda loss, _, __: Supervised(loss),
    "consistency": lambda loss, scheme, config: Consistency(loss, scheme, config.consistency),
    "fixmatch": lambda loss, scheme, config: FixMatch(loss, scheme, config.fixmatch),
    "fpl": lambda loss, scheme, config: Fpl(loss, scheme, config.fpl, config.encoder_weights),
    "crossmatch": lambda loss, scheme, config: CrossMatch(loss, scheme, config.crossmatch),
    "imas": lambda loss, scheme, config: Imas(loss, scheme, config.imas),
    "u2pl": lambda loss, scheme, config: U2pl(loss, scheme, config.u2pl),
    "unimatch": lambda loss, scheme, config: UniMatch(loss, scheme, config.unimatch),
    "unimatch-v2": lambda loss, scheme, config: UniMatchV2(loss, scheme, config.unimatch_v2),
    "segkc": lambda loss, scheme, config: Consultation(
        loss, scheme, config.segkc, config.encoder_weights
    ),
}
"""Makes a method from the supervised loss, the label kind and the settings, by its name."""
