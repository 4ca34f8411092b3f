"""What the scores of all trials say: one row per recipe and number of labeled images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, stdev

from ..recipes import RECIPES
from .scoring import ENSEMBLE, read_scores
from .statistics import Interval, bootstrap_mean, holm, paired_test
from .trials import Trial

Row = dict[str, str]

REFERENCE = "im"
"""The recipe that all others are tested against."""

BASELINE = "labeled"
"""The recipe whose time and memory are 1."""

LOWER_IS_BETTER = frozenset({"count_error"})

TESTED = ("count_error", "mean_iou")
"""Metrics of which two methods are compared image by image."""

MEANS_OF_IMAGES = ("count_error",)
"""Metrics that are the mean of their values per image; an IoU is of all pixels together."""


@dataclass(frozen=True)
class Scored:
    """A trial with its rows of networks and of test images."""

    trial: Trial
    networks: list[Row]
    images: list[Row]

    def values(self, metric: str, generation: int | None = None) -> list[float]:
        """A test metric of the ensemble: of its result, or of one generation; perhaps none."""
        rows = [
            row
            for row in self.networks
            if (row["split"], row["network"]) == ("test", ENSEMBLE)
            and (row["result"] == "true" if generation is None else _of(row, generation))
        ]
        return [float(row[metric]) for row in rows if row[metric]]

    @property
    def generations(self) -> int:
        """The number of the last generation."""
        return max(int(row["generation"]) for row in self.networks)

    @property
    def result(self) -> int:
        """The generation whose networks are the result: the last one that was accepted."""
        return next(int(row["generation"]) for row in self.networks if row["result"] == "true")

    def per_image(self, metric: str, generation: int | None = None) -> dict[str, float]:
        """A metric of each test image."""
        wanted = self.result if generation is None else generation
        return {
            row["image"]: float(row[metric])
            for row in self.images
            if row["split"] == "test" and _of(row, wanted) and row[metric]
        }

    @property
    def collapsed(self) -> bool:
        """Whether the networks of any generation had nothing to teach."""
        return any(row.get("collapse") for row in self.networks)

    def cost(self, what: str) -> float | None:
        """``seconds`` or ``memory`` of the training, if known."""
        text = self.networks[0][what]
        return float(text) if text else None


@dataclass(frozen=True)
class Summary:
    """A recipe with some labeled images, over all runs.

    Attributes
    ----------
    recipe, title, labeled, runs
        Which; `labeled` is None where all labels are used.
    means, deviations
        Of the ensemble's test metrics, over the runs; no deviation for one run.
    intervals
        95 % bootstrap intervals over the test images, each image's value being its mean over runs;
        only of `MEANS_OF_IMAGES`.
    p_values
        Per metric, of being as good as the reference recipe with as many labels in the same runs
        (corrected for the number of recipes, by Holm); not for the reference itself.
    beginnings
        Means of generation 0, where there are later generations.
    gains, gain_p_values
        Result minus generation 0 of the same runs, where there are later generations; not
        corrected.
    collapsed
        Runs with a generation whose networks had nothing to teach.
    time, memory
        Relative to the baseline recipe with as many labels in the same runs, or None.
    """

    recipe: str
    title: str
    labeled: int | None
    runs: int
    means: dict[str, float]
    deviations: dict[str, float]
    intervals: dict[str, Interval]
    p_values: dict[str, float] = field(default_factory=dict)
    beginnings: dict[str, float] = field(default_factory=dict)
    gains: dict[str, float] = field(default_factory=dict)
    gain_p_values: dict[str, float] = field(default_factory=dict)
    collapsed: int = 0
    time: float | None = None
    memory: float | None = None


def read_scored(trial: Trial, folder: Path) -> Scored:
    """Read the scores of a trial's run folder."""
    networks, images = read_scores(folder)
    return Scored(trial, networks, images)


def summarize(scored: Sequence[Scored], metrics: Sequence[str]) -> list[Summary]:
    """One row per recipe and number of labels, in the order of the recipes.

    Parameters
    ----------
    scored
        All trials.
    metrics
        Columns of the networks' rows to average.
    """
    order = list(RECIPES)
    keys = dict.fromkeys((each.trial.recipe, each.trial.labeled) for each in scored)
    rows = [_summarize(key, _runs(scored, key), metrics, scored) for key in keys]
    rows = _with_tests(rows, scored)
    return sorted(rows, key=lambda row: (row.labeled or 0, order.index(row.recipe)))


def image_means(
    runs: Iterable[Scored], metric: str, generation: int | None = None
) -> dict[str, float]:
    """A metric of each test image, mean over some runs."""
    found: dict[str, list[float]] = {}
    for run in runs:
        for image, value in run.per_image(metric, generation).items():
            found.setdefault(image, []).append(value)
    return {image: fmean(values) for image, values in found.items()}


def _summarize(
    key: tuple[str, int | None],
    runs: list[Scored],
    metrics: Sequence[str],
    everything: Sequence[Scored],
) -> Summary:
    values = {metric: [v for run in runs for v in run.values(metric)] for metric in metrics}
    images = {metric: image_means(runs, metric) for metric in TESTED}
    grows = any(run.generations for run in runs)
    before = {metric: [v for run in runs for v in run.values(metric, 0)] for metric in metrics}
    gains, gain_p_values = _gains(runs) if grows else ({}, {})
    return Summary(
        recipe=key[0],
        title=RECIPES[key[0]].title,
        labeled=key[1],
        runs=len(runs),
        means={metric: fmean(found) for metric, found in values.items() if found},
        deviations={metric: stdev(found) for metric, found in values.items() if len(found) > 1},
        intervals={
            metric: bootstrap_mean(list(images[metric].values()))
            for metric in MEANS_OF_IMAGES
            if images[metric]
        },
        beginnings={metric: fmean(found) for metric, found in before.items() if grows and found},
        gains=gains,
        gain_p_values=gain_p_values,
        collapsed=sum(run.collapsed for run in runs),
        time=_relative(runs, everything, "seconds"),
        memory=_relative(runs, everything, "memory"),
    )


def _gains(runs: list[Scored]) -> tuple[dict[str, float], dict[str, float]]:
    gains, p_values = {}, {}
    for metric in TESTED:
        now, before = image_means(runs, metric), image_means(runs, metric, generation=0)
        p = paired_test(now, before)
        if p is not None:
            gains[metric] = fmean(now.values()) - fmean(before.values())
            p_values[metric] = p
    return gains, p_values


def _with_tests(rows: list[Summary], scored: Sequence[Scored]) -> list[Summary]:
    """Add the tests against the reference with as many labels."""
    p_values: dict[int, dict[str, float]] = {number: {} for number in range(len(rows))}
    for metric in TESTED:
        for reference in [row for row in rows if row.recipe == REFERENCE]:
            others = [
                (number, row)
                for number, row in enumerate(rows)
                if row.recipe != REFERENCE and row.labeled in (reference.labeled, None)
            ]
            theirs = _runs(scored, (REFERENCE, reference.labeled))
            found = {}
            for number, row in others:
                one, other = _in_both(_runs(scored, (row.recipe, row.labeled)), theirs)
                p = paired_test(image_means(one, metric), image_means(other, metric))
                if p is not None:
                    found[str(number)] = p
            for number_text, p in holm(found).items():
                p_values[int(number_text)].setdefault(metric, p)
    return [
        Summary(**{**vars(row), "p_values": p_values[number]}) for number, row in enumerate(rows)
    ]


def _relative(runs: list[Scored], everything: Sequence[Scored], what: str) -> float | None:
    labeled = runs[0].trial.labeled
    baseline = [
        each
        for each in everything
        if each.trial.recipe == BASELINE and (labeled is None or each.trial.labeled == labeled)
    ]
    alike = _in_both(runs, baseline)
    ours, theirs = ([cost for run in some if (cost := run.cost(what))] for some in alike)
    return fmean(ours) / fmean(theirs) if ours and theirs else None


def _runs(scored: Sequence[Scored], key: tuple[str, int | None]) -> list[Scored]:
    return [each for each in scored if (each.trial.recipe, each.trial.labeled) == key]


def _in_both(one: list[Scored], other: list[Scored]) -> tuple[list[Scored], list[Scored]]:
    """Those with the same runs, so that an unfinished comparison compares like with like."""
    numbers = {each.trial.run for each in one} & {each.trial.run for each in other}
    ours, theirs = ([each for each in some if each.trial.run in numbers] for some in (one, other))
    return ours, theirs


def _of(row: Row, generation: int) -> bool:
    return int(row["generation"]) == generation
