"""An ensemble as one network that needs nothing of this program."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..inference.trained import TrainedEnsemble


class PortableEnsemble(nn.Module):
    """Gray values in; the mean probability of the members and where they differ out.

    Parameters
    ----------
    trained
        Its members are shared, not copied; on the CPU.
    """

    def __init__(self, trained: TrainedEnsemble) -> None:
        super().__init__()
        self.networks = nn.ModuleList(trained.networks.members)
        self.scheme = trained.card.scheme
        self.eval()

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Predict gray values 0 to 255, float32 ``(B, C, Y, X)``; Y and X multiples of the divisor.

        Returns
        -------
        probability
            float32 ``(B, K, Y, X)``: the mean of the members.
        inconsistency
            float32 ``(B, 1, Y, X)``: 1 where the hard labels of the members differ in any output,
            0 elsewhere; the mask of `find_consensus` as it is before objects are parted.
        """
        image = image.clamp(0, 255).round()  # as in training, where images are uint8
        logits = torch.stack([network(image) for network in self.networks])  # (E, B, K, Y, X)
        probability = self.scheme.probability(logits)  # (E, B, K, Y, X)
        votes = self.scheme.votes(probability)  # (E, B, K or 1, Y, X)
        differ = (votes != votes[:1]).any(0).any(1, keepdim=True)  # (B, 1, Y, X)
        return probability.mean(0), differ.float()
