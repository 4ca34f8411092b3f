"""A whole comparison of tiny networks, from trainings to tables."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from napari_inconsistency_masks.benchmark import Study, TrialEnded, plan_trials, protocol_config
from napari_inconsistency_masks.benchmark import study as study_module
from napari_inconsistency_masks.benchmark.figures import _looks, draw_figures
from napari_inconsistency_masks.benchmark.protocols import PROTOCOLS
from napari_inconsistency_masks.benchmark.scored import Scored
from napari_inconsistency_masks.benchmark.scoring import IMAGES, SCORES, score_run
from napari_inconsistency_masks.benchmark.summary import summarize
from napari_inconsistency_masks.benchmark.tables import main_table
from napari_inconsistency_masks.benchmark.trials import Trial
from napari_inconsistency_masks.cli.benchmark_console import show_results
from napari_inconsistency_masks.data.sample import SegmentationData
from napari_inconsistency_masks.data.sources import Subset
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.atomic import write_json
from napari_inconsistency_masks.files.json_files import read_json
from napari_inconsistency_masks.files.tables import read_csv
from napari_inconsistency_masks.plans import read_plan
from napari_inconsistency_masks.recipes import RECIPES
from study_toys import CLASSES, TINY, make, write_data
from toy import toy_data

PIXELS = ("both", "union")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> SegmentationData:
    return write_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def study(data: SegmentationData, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Two recipes, two runs, all trained and scored."""
    made = make(data, tmp_path_factory.mktemp("study"))
    ended = [event for event in made.run(jobs=2, threads=1) if isinstance(event, TrialEnded)]
    assert [event.failed for event in ended] == [""] * 4
    assert [event.done for event in ended] == [1, 2, 3, 4]
    return made


def test_trials_go_run_by_run_and_recipes_with_all_labels_once_per_run() -> None:
    trials = plan_trials(["labeled", "full"], [4, 8], 2)
    assert trials == [
        Trial("labeled", 4, 1),
        Trial("full", None, 1),
        Trial("labeled", 8, 1),
        Trial("labeled", 4, 2),
        Trial("full", None, 2),
        Trial("labeled", 8, 2),
    ]
    assert trials[0].name == "labeled-4-labels-run-1"
    assert trials[1].name == "full-run-1"
    with pytest.raises(InputError, match="'nothing'"):
        plan_trials(["nothing"], [4], 1)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_recipes_say_what_is_augmented_and_runs_have_their_own_seeds(protocol: str) -> None:
    config = protocol_config(protocol, 5, toy_data())
    assert (config.augment, config.refuse_worse, config.seed) == ("recipe", False, 5)


def test_only_the_papers_protocol_has_the_papers_settings_for_a_data_set() -> None:
    data = replace(toy_data(), paper={"width": 0.5, "augmentation": {"blur": 1}})
    for protocol in PROTOCOLS:
        config, usual = protocol_config(protocol, 5, data), protocol_config(protocol, 5, toy_data())
        if protocol == "paper":
            assert (config.width, config.augmentation.blur) == (0.5, 1)
            assert config == usual.changed(data.paper)
        else:
            assert config == usual


def test_protocols_that_do_not_exist_are_refused() -> None:
    with pytest.raises(InputError, match="quick, standard, paper"):
        protocol_config("fast", 0, toy_data())


def test_results_have_a_row_per_network_generation_and_split(study: Study) -> None:
    rows = read_csv(study.folder / "results.csv")
    networks = ("1", "2", "ensemble")
    expected = {
        (recipe, run, split, generation, network)
        for recipe, generations in (("labeled", "0"), ("im", "01"))
        for run in ("1", "2")
        for split in ("validation", "test")
        for generation in generations
        for network in networks
    }
    found = [(r["recipe"], r["run"], r["split"], r["generation"], r["network"]) for r in rows]
    assert len(found) == len(set(found))
    # a generation is left out if the one before cannot teach it; nothing else may be missing
    assert {row for row in expected if row[3] == "0"} <= set(found) <= expected
    for row in rows:
        assert 0 <= float(row["mean_iou"]) <= 1
        assert float(row["seconds"]) > 0
        assert float(row["memory"]) > 2**26
        sure = [row[f"confident {name}"] for name in CLASSES]
        assert all(sure) if row["recipe"] == "im" else not any(sure)


def test_numbers_of_images_average_to_those_of_the_ensemble(study: Study) -> None:
    for trial in study.trials:
        folder = trial.folder(study.folder)
        images = [row for row in read_csv(folder / IMAGES) if row["split"] == "test"]
        for row in read_csv(folder / SCORES):
            if (row["split"], row["network"]) == ("test", "ensemble"):
                mine = [i for i in images if i["generation"] == row["generation"]]
                assert len(mine) == 4
                error = np.mean([float(i["count_error"]) for i in mine])
                assert float(row["count_error"]) == pytest.approx(error)
                for name in CLASSES:
                    both, union = (sum(int(i[f"{w} {name}"]) for i in mine) for w in PIXELS)
                    assert float(row[f"iou {name}"]) == pytest.approx(both / union)
                assert [i["file"] for i in mine] == [i["image"] for i in mine]


def test_one_generation_is_the_result_and_test_images_did_not_choose_it(study: Study) -> None:
    for trial in study.trials:
        folder = trial.folder(study.folder)
        results = {r["generation"] for r in read_csv(folder / SCORES) if r["result"] == "true"}
        assert results == {str(read_json(folder / "ensemble.json")["generation"])}


def test_the_tables_name_every_recipe_and_the_baseline_costs_1(study: Study) -> None:
    markdown = (study.folder / "table.md").read_text("utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in markdown.splitlines()]
    header = next(row for row in rows if row[:2] == ["method", "recipe"])
    labeled = next(row for row in rows if row[1:2] == ["labeled"])
    assert labeled[header.index("time")] == "1.0"
    assert labeled[header.index("labels")] == "4"
    assert labeled[header.index("runs")] == "2"
    against = header.index("minus im (count error)")
    number = r"[+-]\d+\.\d{3}"
    assert re.fullmatch(rf"{number} \[{number}, {number}\]", labeled[against])
    assert re.fullmatch(r"(< )?\d\.\d{3}", labeled[against + 1])
    reference = next(row for row in rows if row[1:2] == ["im"])
    assert reference[against : against + 2] == ["", ""]
    value = r"\*{0,2}\d+\.\d{3} ± \d+\.\d{3} \[\d+\.\d{3}, \d+\.\d{3}\]\*{0,2}"
    assert re.fullmatch(value, reference[header.index("count error")])
    page = (study.folder / "table.html").read_text("utf-8")
    assert "Labeled data only (LDT)" in page


def test_the_terminal_shows_what_matters_most_and_cuts_nothing(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    show_results(study)
    printed = capsys.readouterr().out
    lines = printed.splitlines()
    assert lines[0] == "4 labeled images"
    assert max(map(len, lines[:-1])) <= 80
    assert "…" not in printed
    im, labeled = (
        next(line for line in lines if line.startswith(f"{r} ")) for r in ("im", "labeled")
    )
    number = r"[+-]?\d+\.\d{3}"
    value = rf"{number} ± {number}"
    assert re.fullmatch(rf"im +2 +{value} +{value} *", im)
    assert re.fullmatch(rf"labeled +2 +{value} +{value} +{number} \[{number}, {number}\]", labeled)
    assert lines[-1].endswith("table.html")
    nothing = dataclasses.replace(study, folder=study.folder / "empty")
    show_results(nothing)
    assert capsys.readouterr().out == "No results.\n"


def test_a_collapse_is_counted_in_the_table_also_beside_scores_of_an_older_version() -> None:
    row = {"split": "test", "network": "ensemble", "generation": "0", "result": "true"}
    row |= {"count_error": "2", "mean_iou": "0.5", "seconds": "1", "memory": "1"}
    image = {"split": "test", "generation": "0", "image": "a", "count_error": "2"}
    rows = [row, {**row, "collapse": ""}, {**row, "collapse": "they find nothing"}]
    scored = [Scored(Trial("im", 4, n), [each], [image]) for n, each in enumerate(rows, start=1)]
    scored.append(Scored(Trial("labeled", 4, 1), [row], [image]))
    table = main_table(summarize(scored, ["mean_iou"]), ["mean_iou"])
    place = table.headers.index("collapsed")
    assert {r[1].text: r[place].text for r in table.rows} == {"im": "1", "labeled": ""}


def test_the_figure_has_a_line_for_the_baseline(study: Study) -> None:
    picture = study.folder / "generations.svg"
    root = ET.fromstring(picture.read_text("utf-8"))
    assert root.tag.endswith("svg")
    assert "Labeled data only (LDT)" in picture.read_text("utf-8")


def test_of_many_recipes_the_figure_over_labels_shows_the_usual_ones_and_the_best_other(
    tmp_path: Path,
) -> None:
    errors = {"labeled": 9, "labeled-aug": 8, "im": 7, "im+": 6, "model-ensemble": 5}
    errors |= {"fixmatch": 3, "u2pl": 4, "full": 1}
    scored = []
    for recipe, error in errors.items():
        for labeled in (None,) if recipe == "full" else (4, 8):
            row = {"split": "test", "network": "ensemble", "generation": "0", "result": "true"}
            row |= {"count_error": str(error), "mean_iou": "0.5"}
            scored += [Scored(Trial(recipe, labeled, run), [row], []) for run in (1, 2)]
    scored.append(Scored(Trial("evalnet", 4, 1), [{**row, "count_error": "0"}], []))
    for labeled in (4, 8):  # the best, in a single run
        lucky = {**row, "count_error": "0"}
        scored.append(Scored(Trial("noisy-student", labeled, 1), [lucky], []))
    names = [path.name for path in draw_figures(tmp_path, scored)]
    assert names == ["labels.svg"]
    picture = (tmp_path / "labels.svg").read_text("utf-8")
    there = {
        recipe
        for recipe in [*errors, "evalnet", "noisy-student"]
        if RECIPES[recipe].title in picture
    }
    best_by_iou = "model-ensemble"  # the first of equals
    assert there == {"labeled", "labeled-aug", "im", "im+", "fixmatch", "full", best_by_iou}


def test_no_two_lines_of_a_figure_look_alike() -> None:
    looks = _looks([list(RECIPES), ["im", "evalnet"]])
    assert set(looks) == set(RECIPES)
    assert len({tuple(look.values()) for look in looks.values()}) == len(RECIPES)
    few = _looks([["im", "crossmatch+im"], ["im+"]])
    assert few["im"] == looks["im"]
    assert len({few[recipe]["color"] for recipe in ("im", "im+", "crossmatch+im")}) == 3


def test_what_is_scored_is_not_trained_again(study: Study) -> None:
    def events() -> list[bytes]:
        return [(t.folder(study.folder) / "events.jsonl").read_bytes() for t in study.trials]

    before = events()
    assert list(study.run()) == []
    assert events() == before


def test_a_comparison_that_is_stopped_goes_on(data: SegmentationData, tmp_path: Path) -> None:
    study = make(data, tmp_path / "study", "labeled", runs=2)
    events = study.run(threads=1)
    for event in events:
        if isinstance(event, TrialEnded):
            break
    events.close()
    assert [e.failed for e in study.run(threads=1) if isinstance(e, TrialEnded)] == [""]
    assert {each.trial.run for each in study.scored()} == {1, 2}


def test_a_failed_training_is_told_and_the_others_go_on(
    data: SegmentationData, tmp_path: Path
) -> None:
    study = make(data, tmp_path / "study", "labeled", runs=2)
    broken = study._make(study.trials[0])
    (broken / "state.safetensors").write_bytes(b"damaged")
    ended = {e.trial.run: e for e in study.run(threads=1) if isinstance(e, TrialEnded)}
    assert "state.safetensors" in ended[1].failed
    assert ended[2].failed == ""
    assert [each.trial.run for each in study.scored()] == [2]


def test_a_scoring_that_fails_is_told_and_the_others_go_on(
    data: SegmentationData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make(data, tmp_path / "study", "labeled", runs=2)

    def score(folder: Path, *others: object) -> None:
        if folder.name.endswith("run-1"):
            raise RuntimeError("out of memory")
        score_run(folder, *others)

    monkeypatch.setattr(study_module, "score_run", score)
    ended = {e.trial.run: e for e in made.run(threads=1) if isinstance(e, TrialEnded)}
    assert "out of memory" in ended[1].failed
    assert ended[2].failed == ""
    monkeypatch.undo()
    assert [e.failed for e in made.run(threads=1) if isinstance(e, TrialEnded)] == [""]
    assert [each.trial.run for each in made.scored()] == [1, 2]


@pytest.mark.parametrize(
    ("name", "size"), [(SCORES, 300), (SCORES, 0), (IMAGES, 100), (IMAGES, None)]
)
def test_scores_that_are_damaged_are_made_anew(
    name: str, size: int | None, study: Study, tmp_path: Path
) -> None:
    mine = dataclasses.replace(study, folder=tmp_path / "study")
    shutil.copytree(study.folder, mine.folder)
    damaged = mine.trials[0].folder(mine.folder)
    whole = {path: (damaged / path).read_bytes() for path in (SCORES, IMAGES)}
    if size is None:
        (damaged / name).unlink()
    else:
        (damaged / name).write_bytes(whole[name][:size])
    others = dataclasses.replace(mine, recipes=["im"])
    assert list(others.run()) == [], "the others do not need them"
    assert mine.missing == mine.trials[:1]
    score_run(damaged, next(iter(mine.data.values())))
    assert {path: (damaged / path).read_bytes() for path in (SCORES, IMAGES)} == whole
    assert mine.missing == []


def test_a_training_that_was_killed_says_so(study: Study) -> None:
    assert study._why(study.trials[0], -9).startswith("Signal 9 ended it")


def test_tables_have_what_earlier_calls_trained_and_no_figure_of_theirs(
    study: Study, tmp_path: Path
) -> None:
    folder = tmp_path / "study"
    shutil.copytree(study.folder, folder)
    (folder / "runs" / "notes").mkdir()
    (folder / "labels.svg").write_text("of an earlier call")
    fewer = dataclasses.replace(study, folder=folder, recipes=["labeled"], runs=1)
    before = (folder / "results.csv").read_bytes()
    assert list(fewer.run()) == []
    assert (folder / "results.csv").read_bytes() == before
    assert {each.trial for each in fewer.scored()} == set(study.trials)
    assert not (folder / "labels.svg").exists()


def test_negative_numbers_are_numbers_in_the_results(study: Study) -> None:
    text = (study.folder / "results.csv").read_text("utf-8")
    assert "'" not in text
    assert any(float(row["bias bright"]) < 0 for row in read_csv(study.folder / "results.csv"))


def test_other_images_are_refused_and_other_numbers_of_labels_are_not(
    study: Study, data: SegmentationData, tmp_path: Path
) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    shutil.copy(study.folder / "study.json", folder)
    mine = dataclasses.replace(study, folder=folder)

    def check(**changes: object) -> None:
        changed = dataclasses.replace(data, **changes)
        dataclasses.replace(mine, data={len(changed.labeled): changed})._agree()

    check()
    with pytest.raises(InputError, match="other test images"):
        check(test=Subset(data.test, [0, 1, 2]))
    with pytest.raises(InputError, match="other validation images"):
        check(validation=data.test)
    with pytest.raises(InputError, match="other 4 labeled images"):
        check(labeled=Subset(data.unlabeled, [0, 1, 2, 3]))
    negative = [dataclasses.replace(each, image=255 - each.image) for each in data.test]
    with pytest.raises(InputError, match="other test images"):
        check(test=negative)
    check(labeled=Subset(data.labeled, [0, 1]))
    assert {"2 labeled images", "4 labeled images"} < set(read_json(folder / "study.json")["data"])
    check()


def test_a_comparison_of_an_older_version_goes_on(study: Study, tmp_path: Path) -> None:
    about = read_json(study.folder / "study.json")
    del about["data"]
    write_json(tmp_path / "study.json", about)
    dataclasses.replace(study, folder=tmp_path)._agree()
    assert read_json(tmp_path / "study.json") == read_json(study.folder / "study.json")


@pytest.mark.parametrize("text", ["[1]", '{"data": 3}'])
def test_a_damaged_description_is_refused(text: str, study: Study, tmp_path: Path) -> None:
    (tmp_path / "study.json").write_text(text)
    with pytest.raises(InputError, match=r"study\.json: what this comparison is about is damaged"):
        list(dataclasses.replace(study, folder=tmp_path).run())


def test_a_relative_path_of_weights_is_the_same_the_next_time(
    data: SegmentationData, tmp_path: Path
) -> None:
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(b"")
    changes = {"encoder_weights": os.path.relpath(weights)}
    made = dataclasses.replace(make(data, tmp_path / "study", "labeled"), changes=changes)
    assert made._make(made.trials[0]) == made._make(made.trials[0])


def test_changed_settings_leave_the_others_to_the_protocol(
    data: SegmentationData, tmp_path: Path
) -> None:
    changes = {"steps": 2, "pseudo_labels": {"erode": 3}, "fixmatch": {"threshold": 0.8}}
    changed = dataclasses.replace(make(data, tmp_path, "labeled"), changes=changes)
    changed._agree()
    changed._agree()
    config = read_plan(changed._make(changed.trials[0])).config
    quick = PROTOCOLS["quick"]
    assert config.pseudo_labels == dataclasses.replace(quick.pseudo_labels, erode=3)
    assert config.pseudo_labels.ignore == "classes"
    assert config.fixmatch.threshold == 0.8
    assert (config.steps, config.batch) == (2, quick.batch)
    assert read_json(changed.folder / "study.json")["changes"] == changes


def test_other_settings_and_missing_test_images_are_refused(
    study: Study, data: SegmentationData, tmp_path: Path
) -> None:
    other = dataclasses.replace(study, changes={**TINY, "steps": 3})
    with pytest.raises(InputError, match=r"study\.json"):
        list(other.run())
    assert read_plan(study.trials[0].folder(study.folder)).config.steps == 2
    untested = dataclasses.replace(data, test=())
    with pytest.raises(InputError, match="no test images"):
        list(make(untested, tmp_path / "other").run())
