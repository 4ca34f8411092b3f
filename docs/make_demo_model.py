"""Train the two networks that come with the plugin, with its own commands, and record how.

    python docs/make_demo_model.py

Writes src/napari_inconsistency_masks/demo_model: the ensemble, and ORIGIN.md with the commands,
the versions and the scores on images that nothing was learned from.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import torch

from napari_inconsistency_masks.data.synthetic import write_synthetic

MODEL = Path(__file__).parents[1] / "src" / "napari_inconsistency_masks" / "demo_model"
DATA = {
    "images": 200,
    "labeled": 200,
    "validation": 16,
    "test": 32,
    "seed": 1,
    "size": [256, 256],
    "cells": [8, 14],
}
TRAIN = (
    "napari-im train synthetic --classes alive,dead,position --position position "
    "--recipe labeled-aug --preset quick --epochs 16 --steps 300 --batch 16 "
    "--patch 128 --out run"
)
EVALUATE = "napari-im evaluate run --split test"
KEPT = ("ensemble.json", "generation-0")


def main() -> None:
    """Draw, train, evaluate, and put the ensemble into the package."""
    with tempfile.TemporaryDirectory() as folder:
        write_synthetic(Path(folder, "synthetic"), **DATA)
        subprocess.run(TRAIN.split(), cwd=folder, check=True)
        scores = subprocess.run(
            EVALUATE.split(), cwd=folder, check=True, capture_output=True, text=True
        ).stdout
        shutil.rmtree(MODEL, ignore_errors=True)
        MODEL.mkdir()
        for name in KEPT:
            source = Path(folder, "run", name)
            (shutil.copytree if source.is_dir() else shutil.copy)(source, MODEL / name)
    (MODEL / "ORIGIN.md").write_text(origin(scores), encoding="utf-8")


def origin(scores: str) -> str:
    """Tell where the networks come from."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    return f"""# The networks of the demo

Two U-Nets of width 0.5 for the classes alive, dead and position, trained on computed images by
`docs/make_demo_model.py`; they are for showing the plugin, and know no photographed cell.

- Data: `write_synthetic("synthetic", {", ".join(f"{k}={v!r}" for k, v in DATA.items())})`
- Training: `{TRAIN}`
- Commit {commit}, torch {torch.__version__}, {platform.system()} on a {platform.machine()} CPU,
  {datetime.now(UTC):%Y-%m-%d}.

`{EVALUATE}` on the images that nothing was learned from:

```
{scores.strip()}
```
"""


if __name__ == "__main__":
    main()
