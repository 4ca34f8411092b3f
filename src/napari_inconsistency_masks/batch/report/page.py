"""Writes report.html: one file without scripts and without network, made from counts.csv."""

from __future__ import annotations

from datetime import datetime
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from ...cells import told_counts
from ...files.atomic import write_text
from ...files.tables import iterate_csv
from ...metrics.expected_counts import compared_images
from ..colors import color_of
from ..layout import COUNTS
from ..plan import Plan
from ..totals import Totals, compared_with
from .charts import Curve, curves, intervals
from .numbers import FramePoint, ImageNumbers, Numbers, gather
from .pictures import thumbnail

MOST_CURVES, MOST_DOTS, MOST_ROWS = 24, 150, 1000


def write_report(path: Path, plan: Plan, totals: Totals) -> None:
    """Write the page from the counts in the folder of the plan, and from their totals."""
    rows = iterate_csv(Path(plan.folder) / COUNTS)
    scheme = plan.model.scheme
    numbers = gather(rows, scheme.counted)
    covers = scheme.exclusive and all(numbers.area(name) is not None for name in numbers.names)
    stacks = [image for image in numbers.good if len(image.frames) > 1]
    compared = compared_with(total.to_record() for total in totals.all())
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(
        files(__package__).joinpath("page.html").read_text(encoding="utf-8")
    )
    page = template.render(
        plan=plan,
        numbers=numbers,
        date=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
        totals=totals.all(),
        told_counts=told_counts(scheme),
        compared=None if compared is None else compared_images(*compared),
        by_folder=totals.by_folder(),
        legend=_legend(numbers.names),
        covers=covers,
        unclear=scheme.position is not None,
        by_image=_by_image(numbers, covers) if len(numbers.good) > 1 else None,
        over_time=[
            (image.name, *_over_time(image, numbers, covers)) for image in stacks[:MOST_CURVES]
        ],
        more_curves=max(0, len(stacks) - MOST_CURVES),
        worst=_worst(numbers, plan),
        most_rows=MOST_ROWS,
        most_dots=MOST_DOTS,
    )
    write_text(path, page)


def _colors(names: tuple[str, ...]) -> dict[str, str]:
    return {name: color_of(index) for index, name in enumerate(names)}


def _legend(names: tuple[str, ...]) -> Markup:
    key = Markup('<span class="key" style="background: {}"></span>{}')
    return Markup("").join(key.format(color, name) for name, color in _colors(names).items())


def _by_image(numbers: Numbers, covers: bool) -> Markup:
    shown = numbers.good[:MOST_DOTS]

    def value(image: ImageNumbers, name: str, which: int) -> float:
        return 100 * (image.area(name, which) or 0) if covers else image.mean(name, which)

    drawn = [
        Curve(name, color, *([value(image, name, which) for image in shown] for which in range(3)))
        for name, color in _colors(numbers.names).items()
    ]
    return intervals(drawn, x="image", y="% of the area" if covers else "cells per frame")


def _over_time(image: ImageNumbers, numbers: Numbers, covers: bool) -> tuple[Markup, Markup]:
    shown = image.shown()
    places = [float(frame.place) for frame in shown]

    def value(frame: FramePoint, name: str, which: int) -> float:
        return 100 * frame.areas[name][which] if covers else frame.counts[name][which]

    drawn = [
        Curve(name, color, *([value(frame, name, which) for frame in shown] for which in range(3)))
        for name, color in _colors(numbers.names).items()
    ]
    area = [100 * frame.inconsistent for frame in shown]
    gray = Curve("inconsistent", "#888", area, [0.0] * len(area), area)
    return (
        curves(places, drawn, x="frame", y="% of the area" if covers else "cells"),
        curves(places, [gray], x="frame", y="inconsistent, %"),
    )


def _worst(numbers: Numbers, plan: Plan) -> list[tuple[str, object, str | None]]:
    images = {image.name: image for image in plan.good}
    return [
        (name, point, thumbnail(images[name], point.place, plan))
        for name, point in numbers.worst
        if point.inconsistent > 0
    ]
