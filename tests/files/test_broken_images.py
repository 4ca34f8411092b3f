"""Whatever is wrong with an image file, it is refused by name, quickly, in one short sentence."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from broken_tiffs import BROKEN, SHORT, refusal, tiff_file, tiff_page
from PIL import Image

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.header import ImageFile
from napari_inconsistency_masks.files.images import open_bytes, open_stack, read_header, read_image


def test_the_builder_makes_a_readable_file(tmp_path: Path) -> None:
    path = tmp_path / "good.tif"
    path.write_bytes(tiff_file([tiff_page(), tiff_page()]))
    image = read_image(path)
    assert image.shape == (2, 4, 5)
    np.testing.assert_array_equal(image.array[1].ravel(), np.arange(20))


@pytest.mark.timeout(10)
@pytest.mark.parametrize("name", BROKEN)
def test_broken_tiff(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{name}.tif"
    path.write_bytes(BROKEN[name])
    refusal(path)


@pytest.mark.parametrize("name", BROKEN)
def test_broken_tiff_in_memory(name: str) -> None:
    with pytest.raises(InputError, match=f"{name}.tif"):
        open_bytes(BROKEN[name], f"{name}.tif").read()


def stack() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 65535, (6, 20, 30), dtype=np.uint16)


@pytest.mark.parametrize("part", [0.3, 0.5, 0.7, 0.9, 0.99])
@pytest.mark.parametrize(
    "options",
    [
        {"imagej": True},
        {"imagej": True, "compression": "zlib"},
        {"metadata": None},
        {"metadata": None, "compression": "zlib"},
        {"metadata": None, "compression": "lzw"},
        {"metadata": None, "compression": "zstd"},
        {"metadata": None, "bigtiff": True},
        {"ome": True, "compression": "zlib"},
    ],
    ids=str,
)
def test_cut_stack_is_never_read_as_a_shorter_one(
    tmp_path: Path, options: dict[str, object], part: float
) -> None:
    if options.get("compression") in ("lzw", "zstd"):
        pytest.importorskip("imagecodecs")
    path = tmp_path / "cut.tif"
    with tifffile.TiffWriter(
        path, **{k: v for k, v in options.items() if k in ("imagej", "bigtiff", "ome")}
    ) as writer:
        rest = {k: v for k, v in options.items() if k in ("compression", "metadata")}
        if "metadata" in rest:
            for frame in stack():
                writer.write(frame, **rest, contiguous=False)
        else:
            writer.write(stack(), photometric="minisblack", **rest)
    assert read_image(path).shape == (6, 20, 30)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    refusal(path)


def test_single_page_cut_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "page.tif"
    tifffile.imwrite(path, stack()[0], compression="zlib", metadata=None)
    data = path.read_bytes()
    for length in range(0, len(data) - 1, 7):
        path.write_bytes(data[:length])
        refusal(path)


def test_jpeg_strip_without_its_end(tmp_path: Path) -> None:
    pytest.importorskip("imagecodecs")
    path = tmp_path / "jpeg.tif"
    gray = (stack()[0] >> 8).astype(np.uint8)
    tifffile.imwrite(path, gray, compression="jpeg", metadata=None)
    assert read_image(path).shape == gray.shape
    with tifffile.TiffFile(path) as tiff:
        offset, count = tiff.pages[0].dataoffsets[0], tiff.pages[0].databytecounts[0]
    data = bytearray(path.read_bytes())
    data[offset + count * 7 // 10 : offset + count] = bytes(count - count * 7 // 10)
    path.write_bytes(data)
    assert "JPEG" in refusal(path)


def ome(path: Path, old: str, new: str) -> None:
    """Write an OME stack of 6 frames whose description is changed."""
    tifffile.imwrite(path, stack(), ome=True, photometric="minisblack", metadata={"axes": "TYX"})
    data = path.read_bytes()
    assert data.count(old.encode()) == 1
    assert len(old) == len(new)
    path.write_bytes(data.replace(old.encode(), new.encode()))


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    ("old", "new"), [('SizeX="30"', 'SizeX="9e9'), ('SizeT="6"', 'SizeT="9"'), ("<OME ", "<OMO ")]
)
def test_false_ome_description_is_left_aside(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "lie.ome.tif"
    ome(path, old, new)
    image = read_image(path)
    np.testing.assert_array_equal(image.array, stack())
    assert image.stack_axes == "I"
    assert "OME description does not fit" in image.notes[0]


def test_ome_size_lie_of_gigabytes(tmp_path: Path) -> None:
    path = tmp_path / "lie.ome.tif"
    tifffile.imwrite(path, stack()[0], ome=True)
    xml = tifffile.tiffcomment(path).replace('SizeX="30"', 'SizeX="240000"')
    tifffile.tiffcomment(path, xml.replace('SizeY="20"', 'SizeY="200000"').encode())
    assert read_image(path).shape == (20, 30)


def test_ome_with_a_missing_companion_reads_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "t0.ome.tif"
    tifffile.imwrite(
        path, stack()[:2], ome=True, photometric="minisblack", metadata={"axes": "ZYX"}
    )
    xml = (
        tifffile.tiffcomment(path)
        .replace('SizeZ="2"', 'SizeZ="4"')
        .replace(
            "</Pixels>",
            '<TiffData IFD="0" FirstZ="2" PlaneCount="2">'
            '<UUID FileName="t1.ome.tif">urn:uuid:1</UUID></TiffData></Pixels>',
        )
    )
    assert 'SizeZ="4"' in xml
    tifffile.tiffcomment(path, xml.encode())
    image = read_image(path)
    assert image.shape == (2, 20, 30)
    assert len(image.notes) == 2


def test_entity_bomb(tmp_path: Path) -> None:
    path = tmp_path / "bomb.ome.tif"
    levels = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 50}">' for i in range(1, 9))
    xml = f'<?xml version="1.0"?><!DOCTYPE OME [<!ENTITY a0 "a">{levels}]><OME>&a8;</OME>'
    tifffile.imwrite(path, stack()[0], description=xml, metadata=None)
    assert read_image(path).shape == (20, 30)


def test_many_images_in_an_ome_file_are_noted(tmp_path: Path) -> None:
    path = tmp_path / "two.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as writer:
        writer.write(np.ones((20, 30), np.uint8))
        writer.write(np.zeros((10, 30), np.uint16))
    image = read_image(path)
    assert image.shape == (20, 30)
    assert "holds 2 images" in image.notes[0]


def test_thumbnails_do_not_count_as_pages(tmp_path: Path) -> None:
    path = tmp_path / "thumbnail.tif"
    small = tiff_page(t254=(SHORT, 1, 1), t256=(SHORT, 1, 2), t257=(SHORT, 1, 2))
    path.write_bytes(tiff_file([tiff_page(), small]))
    assert read_image(path).shape == (4, 5)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.timeout(10)
def test_pipe_folder_and_missing_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.tif"
    os.mkfifo(pipe)
    assert "regular" in refusal(pipe)
    folder = tmp_path / "folder.tif"
    folder.mkdir()
    assert "regular" in refusal(folder)
    assert "does not exist" in refusal(tmp_path / "missing.tif")


def test_sparse_file_of_gigabytes(tmp_path: Path) -> None:
    path = tmp_path / "sparse.tif"
    with path.open("wb") as file:
        file.truncate(6 * 2**30)
    refusal(path)


def test_file_that_changes_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "growing.tif"
    path.write_bytes(tiff_file([tiff_page(), tiff_page()]))
    with open_stack(path) as frames:
        assert frames[0].shape == (4, 5)
        with path.open("ab") as file:
            file.write(b"more")
        with pytest.raises(InputError, match=r"growing\.tif: changed"):
            frames[1]


def read_or_refuse(path: Path) -> ImageFile | InputError:
    try:
        return read_image(path)
    except InputError as error:
        return error


def test_fuzzed_files_raise_only_our_error(tmp_path: Path) -> None:
    good = tmp_path / "good.tif"
    tifffile.imwrite(good, stack()[:2], compression="zlib", photometric="minisblack")
    picture = io.BytesIO()
    Image.fromarray((stack()[0] >> 8).astype(np.uint8)).save(picture, "PNG")
    rng = np.random.default_rng(1)
    path = tmp_path / "fuzzed.tif"
    for original in (good.read_bytes(), picture.getvalue()):
        for _ in range(150):
            data = bytearray(original)
            for position in rng.integers(0, len(data), 3):
                data[position] = rng.integers(256)
            path.write_bytes(data)
            result = read_or_refuse(path)
            if isinstance(result, InputError):
                assert "fuzzed.tif" in str(result)
                assert len(str(result)) <= 200
            else:
                assert result.array.size > 0


def test_header_of_a_broken_file_names_it(tmp_path: Path) -> None:
    path = tmp_path / "x.tif"
    path.write_bytes(BROKEN["loop_at_120"])
    with pytest.raises(InputError, match=r"x\.tif: damaged: its pages form an endless loop"):
        read_header(path)


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on memory")
def test_declared_sizes_allocate_nothing(tmp_path: Path) -> None:
    """All broken files together in one process that may use 512 MiB more than it starts with."""
    for name, data in BROKEN.items():
        (tmp_path / f"{name}.tif").write_bytes(data)
    code = (
        "import pathlib, psutil, resource, sys\n"
        "from napari_inconsistency_masks.errors import InputError\n"
        "from napari_inconsistency_masks.files.images import read_image\n"
        "limit = psutil.Process().memory_info().vms + 2**29\n"
        "resource.setrlimit(resource.RLIMIT_AS, (limit, limit))\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):\n"
        "    try: read_image(path)\n"
        "    except InputError: continue\n"
        "    sys.exit(f'{path.name} was read')\n"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path], check=True, timeout=60)


@pytest.mark.parametrize(("dtype", "compression"), [(np.uint32, "zlib"), (np.float32, None)])
def test_pages_of_one_size_that_are_stored_differently_are_no_single_image(
    tmp_path: Path, dtype: type, compression: str | None
) -> None:
    path = tmp_path / "mixed.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(np.zeros((20, 30), np.uint32), metadata=None)
        for number in range(1, 4):
            page = np.full((20, 30), number, dtype)
            writer.write(page, compression=compression, metadata=None)
    with pytest.raises(InputError, match=r"mixed\.tif: its 4 pages .* in 2 different ways"):
        read_image(path)
