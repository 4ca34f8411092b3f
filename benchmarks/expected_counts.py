"""How well expected counts hold on test images: of finished runs, with the networks they have.

    python benchmarks/expected_counts.py RUN [RUN ...]

The ratio of true to counted cells comes from the validation images of each run; the test images
play those that nobody counted, all together and in random groups. Prints a row per run and class.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from napari_inconsistency_masks.data.origin import open_data
from napari_inconsistency_masks.inference.checked_counts import ratios_on
from napari_inconsistency_masks.inference.evaluate import evaluate
from napari_inconsistency_masks.inference.trained import load
from napari_inconsistency_masks.plans import read_plan

GROUPS, SIZES = 1000, (1, 10, 30)


def main() -> None:
    """Measure each run."""
    print("| run | class | counted | there | expected [95 %] | error counted | error expected | "
          + " | ".join(f"inside, {size} images" for size in SIZES) + " |")  # fmt: skip
    print("|" + "---|" * (7 + len(SIZES)))
    for path in map(Path, sys.argv[1:]):
        for row in measure(path):
            print(f"| {path.name} | {' | '.join(row)} |", flush=True)


def measure(path: Path) -> list[list[str]]:
    """The cells of the rows of a run."""
    origin = read_plan(path).data
    assert origin is not None
    data, ensemble = open_data(origin, relative_to=path), load(path)
    ratios = ratios_on(evaluate(ensemble, data.validation).complete_rows, data.validation)
    shown = evaluate(ensemble, data.test).complete_rows
    rng, rows = np.random.default_rng(1), []
    for state, ratio in ratios.items():
        of_state = [row for row in shown if row.state == state]
        counted = np.array([row.predicted for row in of_state])
        true = np.array([row.true for row in of_state])
        expected, there = ratio.expected(counted.tolist()), int(true.sum())
        row = [state, str(counted.sum()), str(there), str(expected)]
        row += [f"{value / there - 1:+.1%}" for value in (counted.sum(), expected.expected)]
        for size in SIZES:
            inside = 0
            for _ in range(GROUPS):
                group = rng.choice(len(true), size, replace=False)
                of_group = ratio.expected(counted[group].tolist())
                there = int(true[group].sum())
                inside += round(of_group.low) <= there <= round(of_group.high)
            row.append(f"{inside / GROUPS:.0%}")
        rows.append(row)
    return rows


if __name__ == "__main__":
    main()
