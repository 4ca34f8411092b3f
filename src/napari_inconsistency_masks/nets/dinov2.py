"""DINOv2 ViT-S/14 (arXiv 2304.07193) with the dense prediction decoder of arXiv 2103.13413.

The decoder has the sizes of UniMatch v2 (arXiv 2410.10777), as in study A of arXiv 2401.14387.
Weights of the encoder are named as its authors name them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad, scaled_dot_product_attention

from ..devices import layout

PATCH = 14
DIMENSION, DEPTH, HEADS = 384, 12, 6
GRID = 37
"""Patches per side for which the published weights hold positions."""

LEVELS = (2, 5, 8, 11)
"""Blocks whose outputs are decoded."""


class VisionTransformer(nn.Module):
    """The encoder: normalized outputs of four blocks as images of patches."""

    def __init__(self) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, DIMENSION))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + GRID**2, DIMENSION))
        projection = nn.Conv2d(3, DIMENSION, PATCH, stride=PATCH)
        self.patch_embed = nn.ModuleDict({"proj": projection})
        self.blocks = nn.ModuleList(Block() for _ in range(DEPTH))
        self.norm = nn.LayerNorm(DIMENSION, eps=1e-6)
        for parameter in (self.cls_token, self.pos_embed):
            nn.init.trunc_normal_(parameter, std=0.02)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Features ``(B, 384, Y / 14, X / 14)`` of normalized colors ``(B, 3, Y, X)``."""
        x = self.patch_embed["proj"](x)  # (B, 384, y, x)
        height, width = x.shape[-2:]
        x = x.flatten(2).transpose(1, 2)  # (B, y x, 384)
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1)  # (B, 1 + y x, 384)
        x = x + self._positions(height, width)
        features = []
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number in LEVELS:
                patches = self.norm(x)[:, 1:].transpose(1, 2)  # (B, 384, y x)
                grid = patches.unflatten(2, (height, width))  # (B, 384, y, x)
                features.append(grid.contiguous(memory_format=layout(x.device)))
        return features

    def _positions(self, height: int, width: int) -> Tensor:
        """``(1, 1 + y x, 384)``, interpolated to a grid of patches."""
        if (height, width) == (GRID, GRID):
            return self.pos_embed
        first, grid = self.pos_embed[:, :1], self.pos_embed[:, 1:]
        grid = grid.transpose(1, 2).unflatten(2, (GRID, GRID))  # (1, 384, 37, 37)
        grid = interpolate(grid, (height, width), mode="bicubic")
        return torch.cat([first, grid.flatten(2).transpose(1, 2)], 1)


class Block(nn.Module):
    """Attention, then two linear layers, each added in a small dose."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = (nn.LayerNorm(DIMENSION, eps=1e-6) for _ in range(2))
        self.attn = Attention()
        self.ls1, self.ls2 = Dose(), Dose()
        self.mlp = nn.ModuleDict(
            {
                "fc1": nn.Linear(DIMENSION, 4 * DIMENSION),
                "fc2": nn.Linear(4 * DIMENSION, DIMENSION),
            }
        )

    def forward(self, x: Tensor) -> Tensor:
        """``(B, N, 384)`` to the same shape."""
        x = x + self.ls1(self.attn(self.norm1(x)))
        inner = nn.functional.gelu(self.mlp["fc1"](self.norm2(x)))  # (B, N, 1536)
        changed: Tensor = self.ls2(self.mlp["fc2"](inner))
        return x + changed


class Attention(nn.Module):
    """Every patch looks at every other."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(DIMENSION, 3 * DIMENSION)
        self.proj = nn.Linear(DIMENSION, DIMENSION)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, N, 384)`` to the same shape."""
        parts = self.qkv(x).unflatten(-1, (3, HEADS, -1))  # (B, N, 3, heads, 64)
        query, key, value = parts.permute(2, 0, 3, 1, 4)  # each (B, heads, N, 64)
        seen = scaled_dot_product_attention(query, key, value)  # (B, heads, N, 64)
        mixed: Tensor = self.proj(seen.transpose(1, 2).flatten(2))  # (B, N, 384)
        return mixed


class Dose(nn.Module):
    """A learned factor per channel."""

    def __init__(self) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((DIMENSION,), 1e-5))

    def forward(self, x: Tensor) -> Tensor:
        """``(..., 384)`` to the same shape."""
        return x * self.gamma


def padded(image: Tensor) -> Tensor:
    """``(B, C, Y, X)`` continued at the lower and right border up to multiples of 14."""
    missing = [-side % PATCH for side in image.shape[-2:]]
    if not any(missing):
        return image
    return pad(image, (0, missing[1], 0, missing[0]), mode="replicate")
