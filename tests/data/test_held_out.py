"""Which images judge networks that learn on: never, if it can be, those that were learned from."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from dataset_files import make_folder, noise, save, square

from napari_inconsistency_masks.data.corrected import load_corrected
from napari_inconsistency_masks.data.folders.folder import load_folder
from napari_inconsistency_masks.data.held_out import NOTHING_NEW, corrections, hold_out
from napari_inconsistency_masks.data.sample import Sample, SegmentationData
from napari_inconsistency_masks.data.seen import Seen, as_seen
from napari_inconsistency_masks.data.sources import file_of, name_of
from napari_inconsistency_masks.files.tiff import write_tiff
from napari_inconsistency_masks.task import Task
from toy import SCHEMES, toy_data, toy_sample


def numbers(samples: object) -> list[int]:
    """Of samples of `toy_sample`."""
    return sorted(int(sample.name.split("-")[1]) for sample in samples)


def data_of(labeled: list[int], validation: list[int], unlabeled: tuple[int, ...] = ()):
    """Toy images, by their numbers; without validation images the labeled ones are."""
    sets = [[toy_sample(Task.MULTILABEL, n) for n in group] for group in (labeled, validation)]
    return SegmentationData(
        name="toy",
        scheme=SCHEMES[Task.MULTILABEL],
        channels=1,
        labeled=sets[0],
        validation=sets[1] or sets[0],
        validation_is_training=not validation,
        unlabeled=[replace(toy_sample(Task.MULTILABEL, n), target=None) for n in unlabeled],
    )


def seen(learned: list[int], held_out: list[int], unlabeled: tuple[int, ...] = ()) -> Seen:
    before = data_of(learned, held_out, unlabeled)
    return Seen.of(before.labeled, before.validation, before.unlabeled)


def test_what_was_set_aside_stays_so() -> None:
    data = hold_out(data_of([0, 3, 4], [1, 5], unlabeled=(2, 6)), seen([0, 1], [3, 2]))
    assert numbers(data.validation) == [3]
    assert numbers(data.labeled) == [0, 1, 4, 5]
    assert numbers(data.unlabeled) == [2, 6]
    assert NOTHING_NEW not in data.notes


def test_what_is_set_aside_gets_no_pseudo_labels() -> None:
    data = hold_out(data_of([0, 3], [1], unlabeled=(3, 6)), seen([0], [3]))
    assert (numbers(data.validation), numbers(data.unlabeled)) == ([3], [6])


def test_without_them_the_datas_own_choice_counts_as_far_as_it_is_fair() -> None:
    data = hold_out(data_of([0, 4, 5], [1, 6]), seen([0, 1], [9]))
    assert (numbers(data.validation), numbers(data.labeled)) == ([6], [0, 1, 4, 5])


def test_else_some_that_were_not_learned_from_are_set_aside() -> None:
    data = hold_out(data_of([0, 4, 5, 6], [1]), seen([0, 1], []))
    assert len(data.validation) == 1
    assert not {0, 1} & {*numbers(data.validation)}
    assert sorted(numbers(data.validation) + numbers(data.labeled)) == [0, 1, 4, 5, 6]


def test_with_one_new_image_it_is_better_learned_from() -> None:
    before = seen([0], [])
    data = hold_out(data_of([0], [1]), before)
    assert data.validation_is_training
    assert numbers(data.labeled) == numbers(data.validation) == [0, 1]
    assert before.learned_among(data.validation) == 1


def test_nothing_new_is_said() -> None:
    assert NOTHING_NEW in hold_out(data_of([0, 1], [2]), seen([0, 1], [2])).notes


def test_corrections_are_what_is_labeled_in_part_or_otherwise_than_before() -> None:
    zero, one, two, three = (toy_sample(Task.MULTILABEL, number) for number in range(4))
    before = Seen.of([zero, one, two], [])
    known = np.ones(one.image.shape[1:], bool)
    known[0] = False
    changed = replace(two, target=1 - two.labeled)
    samples: list[Sample] = [zero, replace(one, known=known), changed, three]
    assert corrections(samples, before) == (1, 2, 3)
    assert corrections(samples, None) == (1,)


def test_names_do_not_matter_and_json_keeps_all() -> None:
    before = seen([0, 1], [2], unlabeled=(3,))
    assert Seen.from_json(json.loads(json.dumps(before.to_json()))) == before
    renamed = [replace(toy_sample(Task.MULTILABEL, 0), name="other")]
    assert before.learned_among(renamed) == 1
    assert corrections(renamed, before) == ()


def test_records_from_before_unlabeled_images_were_recorded_stay_readable() -> None:
    before = seen([0, 1], [2], unlabeled=(3,))
    values = before.to_json()
    del values["unlabeled"], values["held_out_labels"]
    older = Seen.from_json(values)
    assert older == replace(before, unlabeled=frozenset(), held_out_labels={})
    assert before.changed_since(older) == 0


def test_images_without_labels_are_known_by_what_they_show_for_good() -> None:
    before = seen([0], [1], unlabeled=(2, 3)).and_then(seen([0, 2], [4], unlabeled=(5,)))
    given = replace(data_of([0, 2, 3], [4, 5]), test=data_of([0, 2, 3, 5, 6], []).labeled)
    assert before.names_learned_unlabeled(given.labeled) == [*named(3)]
    assert before.names_learned(given.labeled) == sorted(named(0, 2))
    found, notes = as_seen(given, before, "test")
    assert numbers(found) == [6]
    assert "4 of the 5 images" in notes[0]
    assert numbers(as_seen(given, before, "hidden")[0]) == [3, 5]


def test_frames_of_one_file_are_treated_alike(tmp_path: Path) -> None:
    """Also those that were labeled only after the others had been set aside."""
    stacks = {"a": range(2), "b": range(10, 13), "c": range(20, 22)}
    for name, frames in stacks.items():
        samples = [toy_sample(Task.MULTILABEL, number) for number in frames]
        planes = {"images": np.stack([sample.image[0] for sample in samples])}
        for index, folder in enumerate(("bright", "dark", "position")):
            planes[folder] = np.stack([sample.labeled[index] * 255 for sample in samples])
        for folder, stack in planes.items():
            (tmp_path / folder).mkdir(exist_ok=True)
            write_tiff(tmp_path / folder / f"{name}.tif", stack, "TYX")
    data = load_folder(tmp_path, ["bright", "dark", "position"], position="position")
    before = seen([0, 1], [11])
    found = hold_out(data, before)
    assert sorted(sample.name for sample in found.validation) == [f"b[t={n}]" for n in range(3)]
    assert len(found.labeled) == 4


def test_toy_data_is_left_as_it_is() -> None:
    """What a run set aside stays so for the run that goes on from it."""
    data = toy_data()
    found = hold_out(data, Seen.of(data.labeled, data.validation))
    assert numbers(found.labeled) == numbers(data.labeled)
    assert numbers(found.validation) == numbers(data.validation)


def test_frames_of_one_file_stay_together_when_they_are_drawn_beside_it(tmp_path: Path) -> None:
    """Neither another drawn frame of a held-out file, nor the rest of it, is for training."""
    base, drawn = make_folder(tmp_path / "base", "abc"), tmp_path / "drawn"
    film = noise(50, (6, 20, 30))
    write_tiff(base / "images" / "dish.tif", film, "TYX")
    box = np.zeros((20, 30), np.uint8)
    box[:10] = 255
    for frame in (1, 3):
        for folder, pixels in (("images", film[frame]), ("cells", square(2, 4)), ("known", box)):
            save(drawn / folder / f"frame_{frame}.png", pixels)
    (tmp_path / "link").symlink_to(base)  # the same file, called otherwise
    file = tmp_path / "link" / "images" / "dish.tif"
    said = {"file": str(file), "frames": {"frame_1": 1, "frame_3": 3}}
    (drawn / "source.json").write_text(json.dumps(said))
    data = load_corrected(dict(load_folder(base, ["cells"]).origin), drawn)
    assert len(data.unlabeled) == 6
    (first,) = (sample for sample in data.labeled if sample.name == "frame_1")
    found = hold_out(data, Seen.of([], [first]))
    assert [sample.name for sample in found.validation] == ["frame_1", "frame_3"]
    assert sorted(sample.name for sample in found.labeled) == ["a", "b", "c"]
    assert len(found.unlabeled) == 0
    file_of_both = {file_of(found.validation, index) for index in range(2)}
    assert file_of_both == {base / "images" / "dish.tif"}
    assert name_of(found.validation, 0) == "frame_1"


def test_drawn_images_of_unknown_files_are_files_of_their_own(tmp_path: Path) -> None:
    base, drawn = make_folder(tmp_path / "base", "abc"), tmp_path / "drawn"
    for number in (50, 51):
        save(drawn / "images" / f"{number}.png", noise(number))
        save(drawn / "cells" / f"{number}.png", square(2, 4))
    data = load_corrected(dict(load_folder(base, ["cells"]).origin), drawn)
    (one,) = (sample for sample in data.labeled if sample.name == "50")
    found = hold_out(data, Seen.of([], [one]))
    assert [sample.name for sample in found.validation] == ["50"]
    assert "51" in {sample.name for sample in found.labeled}


def named(*numbers_: int) -> frozenset[str]:
    return frozenset(toy_sample(Task.MULTILABEL, number).name for number in numbers_)


def test_what_somebody_named_for_validation_is_set_aside_too() -> None:
    given = data_of([0, 3, 4], [1, 5], unlabeled=(2, 6))
    data = hold_out(replace(given, named=named(1, 5)), seen([0, 1], [3]))
    assert numbers(data.validation) == [3, 5]
    assert numbers(data.labeled) == [0, 4]
    (note,) = [note for note in data.notes if note.startswith("Set aside after")]
    assert toy_sample(Task.MULTILABEL, 1).name in note  # it was learned from before


def test_with_nothing_else_to_learn_from_it_is_learned_from_again() -> None:
    data = hold_out(replace(data_of([3], [1]), named=named(1)), seen([0, 1], [3]))
    assert data.validation_is_training
    assert numbers(data.labeled) == [1, 3]


def test_what_was_set_aside_is_learned_from_if_somebody_named_it_for_training() -> None:
    given = data_of([0, 3, 4], [5])
    data = hold_out(replace(given, named=named(3, 5)), seen([0, 1], [3, 5]))
    assert (numbers(data.validation), numbers(data.labeled)) == ([5], [0, 3, 4])


def test_lists_in_a_folder_name_what_is_in_them(tmp_path: Path) -> None:
    make_folder(tmp_path)
    assert load_folder(tmp_path).named == frozenset()
    labeled = [sample.name for sample in load_folder(tmp_path).labeled]
    (tmp_path / "splits").mkdir()
    (tmp_path / "splits" / "val.txt").write_text(labeled[0])
    data = load_folder(tmp_path)
    assert data.named == {labeled[0]} == {sample.name for sample in data.validation}
