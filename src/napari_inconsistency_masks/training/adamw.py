"""torch's AdamW without torch's compiler, which nothing here uses.

torch's own loads the compiler to tell it to keep away: five seconds of processor time in every
process that trains.
"""

from __future__ import annotations

from inspect import unwrap
from typing import Any

import torch


class AdamW(torch.optim.AdamW):
    """The same to the bit; its methods are torch's, without what is wrapped around them."""

    add_param_group = unwrap(torch.optim.AdamW.add_param_group)
    load_state_dict = unwrap(torch.optim.AdamW.load_state_dict)
    state_dict = unwrap(torch.optim.AdamW.state_dict)
    zero_grad = unwrap(torch.optim.AdamW.zero_grad)

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Change the parameters by their gradients."""
        return unwrap(torch.optim.AdamW.step)(self, closure)
