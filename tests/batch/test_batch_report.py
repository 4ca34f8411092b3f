"""The report is one page that needs nothing else and shows what is in the tables."""

from __future__ import annotations

import html.parser
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import tifffile
from batch_toys import batch_of, counts, do, toy_frames

from napari_inconsistency_masks.batch.plan import Plan
from napari_inconsistency_masks.batch.report.charts import Curve, curves, intervals
from napari_inconsistency_masks.batch.report.numbers import gather
from napari_inconsistency_masks.batch.report.page import write_report
from napari_inconsistency_masks.batch.totals import Totals
from napari_inconsistency_masks.cells import told_counts
from napari_inconsistency_masks.count_rule import CountRule
from napari_inconsistency_masks.inference.trained import TrainedEnsemble
from napari_inconsistency_masks.task import LabelScheme, Task


class Page(html.parser.HTMLParser):
    """Collects tags, links and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_shows_the_counts_and_needs_no_other_file(
    model: Path, ensemble: TrainedEnsemble, images: Path, tmp_path: Path
) -> None:
    tifffile.imwrite(images / "<script>alert(1)</script>.tif".replace("/", "_"), toy_frames(1)[0])
    (images / "damaged.tif").write_bytes(b"II*\0 nothing good")
    do(batch_of([images], tmp_path / "out", model, ensemble), ensemble)
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert all(link.startswith("data:image/png;base64,") for link in page.links)
    assert "script" not in page.tags
    assert "http" not in re.sub(r"data:[^\"]*", "", text)
    rows = counts(tmp_path / "out")
    bright = sum(int(row["bright"]) for row in rows if row["status"] == "done")
    assert f"{bright}bright" in page.text.replace("\n", "")
    (reason,) = [row["status"] for row in rows if row["image"] == "damaged.tif"]
    assert reason in page.text
    movie = [float(row["bright_area"]) for row in rows if row["image"] == "movie.tif"]
    area = f"{100 * sum(movie) / len(movie):.1f} %"
    cells = re.findall(r"<td>([^<]*)</td>", text[text.index("<tr><td>movie.tif</td>") :])
    assert cells[:2] == ["movie.tif", "4"]
    assert cells[4] == area != "0.0 %"
    assert page.tags.count("svg") == 3  # by image; counts and area of the movie
    worst = [row for row in rows if row["inconsistent"] and float(row["inconsistent"]) > 0]
    assert min(len(worst), 12) >= page.tags.count("img") > 0


def test_it_says_which_marks_were_counted(
    plan: Plan, ensemble: TrainedEnsemble, tmp_path: Path
) -> None:
    do(plan, ensemble)
    totals = Totals(("bright",), plan.model.ratios)
    for scheme in (
        LabelScheme(Task.MULTILABEL, ("bright", "position"), "position", CountRule(0.3, 6)),
        LabelScheme(Task.MULTILABEL, ("bright",)),
    ):
        path = tmp_path / "page.html"
        write_report(path, replace(plan, model=replace(plan.model, scheme=scheme)), totals)
        assert told_counts(scheme) in Page(path.read_text(encoding="utf-8")).text


def test_of_exclusive_classes_it_shows_the_areas(
    plan: Plan, ensemble: TrainedEnsemble, tmp_path: Path
) -> None:
    do(plan, ensemble)
    names = plan.model.scheme.counted
    scheme = LabelScheme(Task.MULTICLASS, names)
    told = replace(plan, model=replace(plan.model, scheme=scheme))
    write_report(tmp_path / "page.html", told, Totals(names, {}))
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    rows = [row for row in counts(tmp_path / "out") if row["status"] == "done"]
    seen = [name for name in names if any(int(row[f"{name}_high"]) for row in rows)]
    assert seen
    for name in seen:
        share = sum(float(row[f"{name}_area"]) for row in rows) / len(rows)
        assert f"<b>{100 * share:.1f} %</b>{name}" in text
    first = {row["image"]: row for row in reversed(rows)}
    single = next(row for row in first.values() if row["image"] != "movie.tif")
    cells = re.findall(r"<td>([^<]*)</td>", text[text.index(f"<tr><td>{single['image']}</td>") :])
    share, low, high = (float(single[f"{seen[0]}_area{end}"]) for end in ("", "_low", "_high"))
    assert cells[2] == f"{100 * share:.1f} %"
    assert cells[3] == f"{100 * low:.1f} %&ndash;{100 * high:.1f} %"
    assert "unclear" not in text
    assert "<h1>Areas</h1>" in text
    assert "% of the area" in text


def test_charts_are_well_formed_and_in_their_frame() -> None:
    middle = [3.0, 1.0, 7.0]
    curve = Curve("alive", "#123456", middle, [2, 1, 5], [4, 2, 9])
    for chart in (
        curves([0, 1, 2], [curve], x="frame", y="cells"),
        intervals([curve, curve], x="image", y="cells"),
        curves([5], [Curve("a", "#123456", [0], [0], [0])], x="frame", y="cells"),
    ):
        root = ET.fromstring(str(chart))
        _, _, width, height = map(float, root.attrib["viewBox"].split())
        numbers = [
            tuple(map(float, point.split(",")))
            for item in root.iter()
            for point in item.get("points", "").split()
        ]
        assert all(0 <= x <= width and 0 <= y <= height for x, y in numbers)


def test_the_worst_frames_come_first_and_no_image_takes_all_places() -> None:
    rows = [
        {
            "image": f"{image}.tif", "frame": f"t={t}", "status": "done", "unclear": "0",
            "a": "1", "a_low": "0", "a_high": "2", "inconsistent": str(image / 10 + t / 1000),
        }
        for image in (1, 2)
        for t in range(9)
    ]  # fmt: skip
    worst = gather(rows, ["a"]).worst
    assert [(name, point.place) for name, point in worst] == [
        (f"{image}.tif", t) for image in (2, 1) for t in (8, 7, 6)
    ]


def test_a_table_of_an_earlier_version_has_no_areas() -> None:
    row = {
        "image": "a.tif",
        "frame": "",
        "status": "done",
        "unclear": "0",
        "inconsistent": "0",
        "alive": "3",
        "alive_low": "2",
        "alive_high": "4",
    }
    (before,) = gather([row], ("alive",)).images
    assert before.area("alive") is None
    frames = [
        {**row, "alive_area": share, "alive_area_low": low, "alive_area_high": "0.5"}
        for share, low in (("0.2", "0.1"), ("0.4", "0.3"))
    ]
    numbers = gather(frames, ("alive",))
    (image,) = numbers.images
    assert image.area("alive") == numbers.area("alive") == (0.2 + 0.4) / 2
    assert (image.area("alive", 1), image.area("alive", 2)) == (0.2, 0.5)
    assert gather([row, *frames], ("alive",)).area("alive") is None
