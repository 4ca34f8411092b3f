from __future__ import annotations

import dataclasses
import gc
from pathlib import Path

import numpy as np
import pytest
from dataset_files import noise, save, square
from PIL import Image

from napari_inconsistency_masks.data import roi_masks
from napari_inconsistency_masks.data.cache import SampleCache
from napari_inconsistency_masks.data.folders import file_source
from napari_inconsistency_masks.data.folders.file_source import FileSource, Item, ItemReader
from napari_inconsistency_masks.data.masks import OBJECTS, ClassIds
from napari_inconsistency_masks.data.sample import Sample
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.tiff import write_tiff
from napari_inconsistency_masks.intensity import Intensity
from napari_inconsistency_masks.task import LabelScheme, Task

BINARY = LabelScheme(Task.BINARY, ("cells",))
STATES = LabelScheme(Task.MULTILABEL, ("alive", "dead"))
REGIONS = LabelScheme(Task.MULTICLASS, ("water", "fish"))


def reader(scheme: LabelScheme = BINARY, channels: int = 1, **options: object) -> ItemReader:
    return ItemReader(scheme, channels, Intensity(), **options)  # type: ignore[arg-type]


def test_sample(tmp_path: Path) -> None:
    image = save(tmp_path / "images" / "a.png", noise(1))
    masks = [save(tmp_path / name / "a.png", square(n, 3)) for n, name in enumerate("xy")]
    item = Item("a", image, tuple(masks))
    source = FileSource(reader(STATES), [item])
    (sample,) = source
    assert len(source) == 1
    assert sample.name == "a"
    np.testing.assert_array_equal(sample.image, noise(1)[None])
    np.testing.assert_array_equal(sample.labeled, np.stack([square(0, 3), square(1, 3)]) // 255)
    assert sample.labeled.dtype == sample.image.dtype == np.uint8
    assert sample.known is None
    assert source[-1].name == "a"
    with pytest.raises(IndexError):
        source[1]


def test_without_target_masks_are_not_looked_at(tmp_path: Path) -> None:
    image = save(tmp_path / "a.png", noise(1))
    item = Item("a", image, (tmp_path / "missing.png",))
    assert FileSource(reader(), [item], with_target=False)[0].target is None
    with pytest.raises(InputError, match=r"missing\.png"):
        FileSource(reader(), [item])[0]


def test_files_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []
    real = file_source.open_stack
    for module in (file_source, roi_masks):
        monkeypatch.setattr(
            module, "open_stack", lambda path, **o: opened.append(path) or real(path, **o)
        )
    item = Item("a", save(tmp_path / "a.png", noise(1)), (save(tmp_path / "m.png", square(1, 1)),))
    read = reader()
    assert read.read(item) is read.read(item)
    assert len(opened) == 2


def test_cache_forgets_what_was_not_used_for_longest() -> None:
    made: list[str] = []

    def sample(name: str) -> Sample:
        made.append(name)
        return Sample(name, np.zeros((1, 10, 10), np.uint8))

    cache = SampleCache(250)
    for name in "ababcab":
        assert cache.get(name, lambda name=name: sample(name)).name == name
        assert cache.nbytes <= 250
    assert made == ["a", "b", "c", "a", "b"]
    huge = Sample("huge", np.zeros((1, 100, 100), np.uint8))
    assert cache.get("huge", lambda: huge) is huge
    assert cache.nbytes == 200


def test_frames_of_a_stack(tmp_path: Path) -> None:
    films = noise(1, (12, 20, 30)), np.stack([square(1, n) for n in range(12)])
    write_tiff(tmp_path / "a.tif", films[0], "TYX")
    write_tiff(tmp_path / "m.tif", films[1], "TYX")
    items = [Item(f"a[{n}]", tmp_path / "a.tif", (tmp_path / "m.tif",), n) for n in range(12)]
    source = FileSource(reader(), items)
    for n in (11, 0, 5):
        np.testing.assert_array_equal(source[n].image, films[0][n : n + 1])
        np.testing.assert_array_equal(source[n].labeled, films[1][n : n + 1] // 255)


def test_only_a_few_stacks_stay_open_and_all_are_closed(tmp_path: Path) -> None:
    items = []
    for n in range(20):
        write_tiff(tmp_path / f"{n}.tif", noise(n, (2, 20, 30)), "TYX")
        items += [Item(f"{n}", tmp_path / f"{n}.tif", (), frame) for frame in (0, 1)]
    read = reader(cache=SampleCache(0))
    for item in items:
        read.read(item)
    stacks = read._stacks._open
    assert len(stacks) == 8
    streams = [stack._file.stream for stack in stacks.values()]
    del read
    gc.collect()
    assert all(stream.closed for stream in streams)


def test_missing_pixels_are_not_known(tmp_path: Path) -> None:
    image = noise(1).astype(np.float32)
    image[3, 4] = np.nan
    write_tiff(tmp_path / "a.tif", image, "YX")
    save(tmp_path / "m.png", square(1, 1))
    read = reader()
    sample = read.read(Item("a", tmp_path / "a.tif", (tmp_path / "m.png",)))
    assert sample.known is not None
    assert np.argwhere(~sample.known).tolist() == [[3, 4]]
    assert sample.image[0, 3, 4] == 0
    assert list(read.remarks) == ["1 pixels without a value (NaN or infinite)."]
    write_tiff(tmp_path / "b.tif", image * np.nan, "YX")
    with pytest.raises(InputError, match=r"b\.tif: no pixel has a value"):
        read.read(Item("b", tmp_path / "b.tif", ()))


def test_labels_count_where_a_file_says_so(tmp_path: Path) -> None:
    image = noise(1).astype(np.float32)
    image[3, 4] = np.nan
    write_tiff(tmp_path / "a.tif", image, "YX")
    mask = save(tmp_path / "m.png", square(1, 1))
    box = save(tmp_path / "k.png", square(2, 3) // 255)
    item = Item("a", tmp_path / "a.tif", (mask,), known=box)
    expected = square(2, 3) > 0
    expected[3, 4] = False
    sample = reader().read(item)
    np.testing.assert_array_equal(sample.known, expected)
    np.testing.assert_array_equal(sample.labeled[0], square(1, 1) // 255)
    rest = reader().read(dataclasses.replace(item, masks=()))
    assert rest.target is None
    expected_rest = square(2, 3) == 0
    expected_rest[3, 4] = False
    np.testing.assert_array_equal(rest.known, expected_rest)
    hidden = reader().read(item, with_target=False).known  # labels that nobody may look at
    assert np.argwhere(~hidden).tolist() == [[3, 4]]
    ids = save(tmp_path / "ids.png", square(4, 6) // 255)
    read = reader(REGIONS, ids=ClassIds(2, zero_is_unlabeled=True))
    with_ids = read.read(Item("a", tmp_path / "a.tif", (ids,), known=box)).known
    np.testing.assert_array_equal(with_ids, expected & (square(4, 6) > 0))


def test_labels_that_count_everywhere_are_as_without_a_file(tmp_path: Path) -> None:
    image = save(tmp_path / "a.png", noise(1))
    mask = save(tmp_path / "m.png", square(1, 1))
    everywhere = save(tmp_path / "k.png", np.full((20, 30), 255, np.uint8))
    assert reader().read(Item("a", image, (mask,), known=everywhere)).known is None


def test_what_counts_is_not_looked_at_without_target(tmp_path: Path) -> None:
    image = save(tmp_path / "a.png", noise(1))
    mask = save(tmp_path / "m.png", square(1, 1))
    item = Item("a", image, (mask,), known=tmp_path / "missing.png")
    assert FileSource(reader(), [item], with_target=False)[0].known is None
    for read in (item, dataclasses.replace(item, masks=())):
        with pytest.raises(InputError, match=r"missing\.png"):
            reader().read(read)


def test_what_counts_must_fit_the_image(tmp_path: Path) -> None:
    image = save(tmp_path / "a.png", noise(1))
    mask = save(tmp_path / "m.png", square(1, 1))
    known = save(tmp_path / "k.png", square(1, 1, (30, 20)))
    item = Item("a", image, (mask,), known=known)
    with pytest.raises(InputError, match=r"k\.png: says for 30 x 20 pixels .* a\.png has 20 x 30"):
        reader().read(item)


def test_labels_of_another_frame(tmp_path: Path) -> None:
    film = noise(1, (3, 20, 30))
    write_tiff(tmp_path / "a.tif", film, "TYX")
    masks = np.stack([square(1, n) for n in range(2)])
    known = np.stack([square(2, n) for n in range(2)])
    write_tiff(tmp_path / "m.tif", masks, "TYX")
    write_tiff(tmp_path / "k.tif", known, "TYX")
    files = tmp_path / "a.tif", (tmp_path / "m.tif",)
    read = reader()
    for frame, mask_frame, expected in ((2, 0, 0), (2, 1, 1), (1, None, 1)):
        item = Item("a", *files, frame, tmp_path / "k.tif", mask_frame)
        sample = read.read(item)
        np.testing.assert_array_equal(sample.image[0], film[frame])
        np.testing.assert_array_equal(sample.labeled[0], masks[expected] // 255)
        np.testing.assert_array_equal(sample.known, known[expected] > 0)


def test_class_ids(tmp_path: Path) -> None:
    ids = (square(1, 1) > 0).astype(np.uint8)
    ids[0, 0] = 9
    write_tiff(tmp_path / "a.tif", np.where(ids == 9, np.nan, noise(1)).astype(np.float32), "YX")
    save(tmp_path / "m.png", ids)
    item = Item("a", tmp_path / "a.tif", (tmp_path / "m.png",))
    with pytest.raises(InputError, match=r"m\.png: holds class id 9"):
        reader(REGIONS).read(item)
    sample = reader(REGIONS, ids=ClassIds(2, ignore_value=9)).read(item)
    assert sample.labeled[0, 0] == 0
    assert set(sample.labeled[1:].ravel()) == {1, 2}
    assert sample.known is not None
    assert np.argwhere(~sample.known).tolist() == [[0, 0]]


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif"])
def test_a_palette_shows_masks_and_numbers_ids(suffix: str, tmp_path: Path) -> None:
    path = (tmp_path / "m").with_suffix(suffix)
    picture = Image.fromarray(square(1, 1)).quantize(2)
    picture.save(path)
    white_first = np.asarray(picture)
    assert white_first[0, 0] == 1  # so the indices are the wrong way round
    item = Item("a", save(tmp_path / "a.png", noise(1)), (path,), known=path)
    sample = reader().read(item)
    np.testing.assert_array_equal(sample.labeled[0], square(1, 1) // 255)
    np.testing.assert_array_equal(sample.known, square(1, 1) > 0)
    np.testing.assert_array_equal(
        reader(REGIONS).read(dataclasses.replace(item, known=None)).labeled, white_first + 1
    )


def test_threads_take_turns_with_open_stacks(tmp_path: Path) -> None:
    stacks = file_source._OpenStacks()
    changes = []

    class Guarded(dict):  # type: ignore[type-arg]
        def pop(self, *arguments: object) -> object:
            changes.append(stacks._lock.locked())
            return super().pop(*arguments)

        def __setitem__(self, key: object, stack: object) -> None:
            changes.append(stacks._lock.locked())
            super().__setitem__(key, stack)

    stacks._open = Guarded()
    for n in range(10):
        write_tiff(tmp_path / f"{n}.tif", noise(n, (2, 20, 30)), "TYX")
        stacks.channels(tmp_path / f"{n}.tif", 0)
    assert len(stacks._open) == 8
    assert len(changes) == 10 + 10 + 2
    assert all(changes)
    for stack in stacks._open.values():
        stack.close()


def test_channels(tmp_path: Path) -> None:
    gray = Item("g", save(tmp_path / "g.png", np.dstack([noise(1)] * 3)), ())
    colored = Item("c", save(tmp_path / "c.png", noise(1, (20, 30, 4))), ())
    np.testing.assert_array_equal(reader().read(gray).image, noise(1)[None])
    with pytest.raises(InputError, match=r"c\.png: is in color, and other images are gray"):
        reader().read(colored)
    expected = np.moveaxis(noise(1, (20, 30, 4))[..., :3], -1, 0)
    np.testing.assert_array_equal(reader(channels=3).read(colored).image, expected)
    with pytest.raises(InputError, match=r"g\.png: its channels are 3 instead of 2"):
        reader(channels=2).read(gray)


def test_file_that_changed_its_shape(tmp_path: Path) -> None:
    item = Item("a", save(tmp_path / "a.png", noise(1)), (save(tmp_path / "m.png", noise(1)[:9]),))
    with pytest.raises(InputError, match=r"m\.png: changed its size"):
        reader().read(item)
    write_tiff(tmp_path / "s.tif", noise(1, (2, 20, 30)), "TYX")
    with pytest.raises(InputError, match=r"s\.tif: has fewer frames"):
        reader().read(Item("s", tmp_path / "s.tif", (), 2))


def test_remarks_name_every_file_once(tmp_path: Path) -> None:
    objects = (square(1, 1) // 255) + (square(10, 10) // 255) * np.uint8(2)
    item = Item("a", save(tmp_path / "a.png", noise(1)), (save(tmp_path / "m.png", objects),))
    read = reader(cache=SampleCache(0))
    assert read.read(item).labeled.sum() == 50
    read.read(item)
    assert read.remarks == {f"masks with {OBJECTS}.": [tmp_path / "m.png"]}
