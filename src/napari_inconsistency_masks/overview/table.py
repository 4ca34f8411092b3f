"""Runs as rows of text, and what each is sorted by."""

from __future__ import annotations

from ..training.progress import duration
from .measures import Score
from .run import RunSummary

COLUMNS = ("Run", "State", "MCCE", "IoU", "Recipe", "Labels", "Generations", "Time", "Memory")
TEST_COLUMNS = ("MCCE, test", "IoU, test")
EVERYTHING = 10**9
"""Sorts behind any number of labels."""

Text = tuple[str, float | str | None]


def row_of(run: RunSummary) -> tuple[Text, ...]:
    """A pair of text and sort value for each of `COLUMNS`, then of `TEST_COLUMNS`."""
    test = run.test
    return (
        (run.folder.name, run.folder.name),
        _both(str(run.state)),
        _score(run.count_error),
        _score(run.mean_iou),
        _both("" if run.plan is None else run.plan.recipe.title),
        labels(run),
        generations(run),
        ("", None) if run.seconds is None else (duration(run.seconds), run.seconds),
        ("", None) if run.peak_memory is None else (_gib(run.peak_memory), run.peak_memory),
        _score(None if test is None else test.count_error),
        _score(None if test is None else test.mean_iou),
    )


def labels(run: RunSummary) -> Text:
    """How many labeled images it learned from."""
    if run.started is None:
        return "", None
    if run.plan is not None and run.plan.recipe.data == "full":
        return "all", EVERYTHING
    return str(run.started.labeled), run.started.labeled


def generations(run: RunSummary) -> Text:
    """Complete generations after the first, of how many; those of labels alone have none."""
    done = max(0, len(run.records) - 1)
    if run.started is None:
        return (str(done), done) if run.records else ("", None)
    return (f"{done} of {run.started.generations}" if run.started.generations else "0"), done


def tip(run: RunSummary) -> str:
    """What there is to say about a run, for a tooltip."""
    best = run.best
    said = [str(run.folder), run.reason]
    if run.created:
        said.append(f"Made {run.created}.")
    if best is not None:
        said.append(f"Scores: generation {best.generation}, on the validation images.")
        said.append(f"Inconsistent area {best.inconsistent:.1%}.")
        if best.confident is not None:
            sure = ", ".join(f"{name} {share:.1%}" for name, share in best.confident.items())
            said.append(f"Sure in the unlabeled images of {sure} of the area.")
        said += [f"{note[:1].upper()}{note[1:]}." for note in best.notes]
    return "\n".join(line for line in said if line)


def _both(text: str) -> Text:
    return text, text


def _score(score: Score | None) -> Text:
    return ("", None) if score is None else (score.words, score.value)


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size / 2**20:.0f} MiB"
