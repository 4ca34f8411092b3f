from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_inconsistency_masks.data.pixels import channel_count, to_channels
from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.header import ImageHeader
from napari_inconsistency_masks.files.images import open_bytes, open_stack, read_header, read_image

GRAY = np.array([[0, 10, 20], [200, 210, 255]], np.uint8)
COLOR = np.stack([GRAY, GRAY[::-1], 255 - GRAY], axis=-1)


@pytest.mark.parametrize(
    ("array", "mode", "axes", "dtype"),
    [
        (GRAY, "L", "YX", "uint8"),
        (GRAY > 100, "1", "YX", "bool"),
        (GRAY.astype(np.uint16) * 257, "I;16", "YX", "uint16"),
        (COLOR, "RGB", "YXS", "uint8"),
        (np.dstack([COLOR, GRAY]), "RGBA", "YXS", "uint8"),
        (np.dstack([GRAY, GRAY[::-1]]), "LA", "YXS", "uint8"),
    ],
)
def test_png(tmp_path: Path, array: np.ndarray, mode: str, axes: str, dtype: str) -> None:
    path = tmp_path / "a.png"
    picture = Image.fromarray(array)
    assert picture.mode == mode
    picture.save(path)
    image = read_image(path)
    assert (image.axes, image.dtype.name, image.array.dtype.name) == (axes, dtype, dtype)
    np.testing.assert_array_equal(image.array, array)
    assert read_header(path) == ImageHeader(shape=array.shape, axes=axes, dtype=np.dtype(dtype))


def test_palette_gives_colors_or_indices(tmp_path: Path) -> None:
    path = tmp_path / "classes.png"
    picture = Image.fromarray(np.array([[0, 1, 2]], np.uint8), "L").convert("P")
    picture.putpalette([0, 0, 0, 255, 0, 0, 0, 128, 0])
    picture.save(path)
    np.testing.assert_array_equal(read_image(path).array, [[[0, 0, 0], [255, 0, 0], [0, 128, 0]]])
    with open_stack(path, palette_indices=True) as frames:
        np.testing.assert_array_equal(frames[0], [[0, 1, 2]])


def test_jpeg_and_bmp(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.bmp"):
        Image.fromarray(COLOR).save(tmp_path / name)
        assert read_image(tmp_path / name).shape == COLOR.shape


def test_kind_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    Image.fromarray(GRAY).save(tmp_path / "a.tif", "PNG")
    tifffile.imwrite(tmp_path / "a.png", GRAY)
    for name in ("a.tif", "a.png"):
        np.testing.assert_array_equal(read_image(tmp_path / name).array, GRAY)


def test_turned_photo_is_read_as_stored_with_a_note(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    for name in ("a.jpg", "a.png"):
        Image.fromarray(GRAY).save(tmp_path / name, exif=exif)
    tifffile.imwrite(tmp_path / "a.tif", GRAY, extratags=[(274, "H", 1, 6, True)])
    for name in ("a.jpg", "a.png", "a.tif"):
        image = read_image(tmp_path / name)
        assert image.shape == GRAY.shape
        assert f"{name}: says it is to be shown turned" in image.notes[0]
    Image.fromarray(GRAY).save(tmp_path / "a.png", exif=b"damaged")
    assert read_image(tmp_path / "a.png").notes == ()


def test_gray_values_that_are_shown_in_another_way_are_read_as_stored(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    palette = np.arange(3 * 256, dtype=np.uint16).reshape(3, 256)
    kinds: dict[str, dict[str, object]] = {
        "0 is white": {"photometric": "miniswhite"},
        "palette of colors": {"photometric": "palette", "colormap": palette},
    }
    for said, options in kinds.items():
        tifffile.imwrite(path, GRAY, **options)
        image = read_image(path)
        np.testing.assert_array_equal(image.array, GRAY)
        assert said in image.notes[0]
    tifffile.imwrite(path, GRAY > 100)  # of two values none is lighter
    assert read_image(path).notes == ()


def test_complex_pixels_are_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", GRAY.astype(np.complex64))
    with pytest.raises(InputError, match=r"a\.tif: complex64 pixels are no gray values"):
        read_header(tmp_path / "a.tif")


@pytest.mark.parametrize("mode", ["CMYK", "LAB", "YCbCr"])
def test_colors_that_are_no_red_green_and_blue_are_refused(tmp_path: Path, mode: str) -> None:
    samples = np.dstack([COLOR, GRAY])[..., : 4 if mode == "CMYK" else 3]
    Image.frombytes(mode, (3, 2), samples.tobytes()).save(tmp_path / "a.tif")
    with pytest.raises(InputError, match=rf"a\.tif: colors stored as {mode[0]}"):
        read_image(tmp_path / "a.tif")


STACK = np.arange(3 * 2 * 4 * 5, dtype=np.uint16).reshape(3, 2, 4, 5)


FRAMES = {
    "TCYX": list(STACK),
    "TZYX": list(STACK.reshape(6, 4, 5)),
    "CTYX": list(STACK.swapaxes(0, 1)),
}


@pytest.mark.parametrize(
    ("axes", "options"),
    [
        ("TCYX", {"imagej": True}),
        ("TZYX", {"imagej": True, "compression": "zlib"}),
        ("CTYX", {}),
        ("CTYX", {"compression": "zlib"}),
        ("TCYX", {"ome": True}),
        ("CTYX", {"ome": True, "compression": "zlib"}),
        ("TCYX", {"byteorder": ">"}),
        ("TCYX", {"byteorder": ">", "compression": "zlib", "bigtiff": True}),
    ],
    ids=str,
)
def test_frames_of_a_stack(tmp_path: Path, axes: str, options: dict[str, object]) -> None:
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, STACK, photometric="minisblack", metadata={"axes": axes}, **options)
    frames = FRAMES[axes]
    with open_stack(path) as stack, open_bytes(path.read_bytes(), path) as in_memory:
        assert stack.header.axes == axes
        assert len(stack) == stack.header.frame_count == len(frames)
        for index in (1, 0, -1):
            np.testing.assert_array_equal(stack[index], frames[index])
            np.testing.assert_array_equal(in_memory[index], frames[index])
        assert stack[0].dtype == np.uint16
        assert stack[0].dtype.isnative
        assert len(stack[1:]) == len(frames) - 1
        np.testing.assert_array_equal(stack.read().array, STACK)
        with pytest.raises(IndexError):
            stack[len(frames)]


def test_color_stack(tmp_path: Path) -> None:
    film = np.stack([COLOR, 255 - COLOR, COLOR // 2, COLOR])
    path = tmp_path / "film.tif"
    tifffile.imwrite(path, film, imagej=True, photometric="rgb", metadata={"axes": "TYXS"})
    with open_stack(path) as frames:
        assert (frames.header.stack_axes, frames.header.frame_axes) == ("T", "YXS")
        np.testing.assert_array_equal(frames[1], 255 - COLOR)


def test_planar_color_and_volumetric_pages(tmp_path: Path) -> None:
    planar = np.moveaxis(COLOR, -1, 0)
    tifffile.imwrite(
        tmp_path / "planar.tif", planar, photometric="rgb", planarconfig="separate", metadata=None
    )
    image = read_image(tmp_path / "planar.tif")
    assert image.frame_axes == "SYX"
    np.testing.assert_array_equal(image.array, planar)
    volume = np.arange(16 * 16 * 16, dtype=np.uint16).reshape(16, 16, 16)
    tifffile.imwrite(
        tmp_path / "volume.tif",
        volume,
        volumetric=True,
        tile=(16, 16, 16),
        compression="zlib",
        photometric="minisblack",
        metadata={"axes": "ZYX"},
    )
    with open_stack(tmp_path / "volume.tif") as frames:
        assert len(frames) == 16
        np.testing.assert_array_equal(frames[3], volume[3])


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize(("axes", "layout"), [("YXC", "contig"), ("CYX", "separate")])
@pytest.mark.parametrize("count", [2, 4])
def test_samples_of_a_gray_file_are_channels(
    tmp_path: Path, count: int, axes: str, layout: str, compression: str | None
) -> None:
    """None of them is taken for transparency and left out, unless the file says so."""
    channels = np.arange(count * 20, dtype=np.uint16).reshape(count, 4, 5)
    stored = channels if axes == "CYX" else np.moveaxis(channels, 0, -1)
    options: dict[str, object] = {"photometric": "minisblack", "planarconfig": layout}
    options["compression"] = compression
    tifffile.imwrite(tmp_path / "a.tif", stored, **options)
    with open_stack(tmp_path / "a.tif") as frames:
        assert (frames.header.axes, channel_count(frames.header)) == (axes, count)
        np.testing.assert_array_equal(to_channels(frames[0], axes), channels)
        rows = to_channels(frames.rows(0, slice(1, 3)), axes)
        np.testing.assert_array_equal(rows, channels[:, 1:3])
    if count == 2:
        tifffile.imwrite(tmp_path / "a.tif", stored, **options, extrasamples=["unassalpha"])
        assert channel_count(read_header(tmp_path / "a.tif")) == 1


def test_pages_without_axes_are_frames_with_a_note(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "pages.tif") as writer:
        for _ in range(3):
            writer.write(GRAY, metadata=None, contiguous=False)
    image = read_image(tmp_path / "pages.tif")
    assert image.frame_count == 3
    assert "pages.tif: does not say what its leading axis is" in image.notes[0]


@pytest.mark.parametrize("axes", ["QQYX", "TTYX"])
def test_axes_that_share_a_letter_are_axes_of_their_own(tmp_path: Path, axes: str) -> None:
    """tifffile calls the axes of an array of four dimensions so."""
    path, options = tmp_path / "a.tif", {"photometric": "minisblack", "metadata": {"axes": axes}}
    tifffile.imwrite(path, STACK, **options)
    with open_stack(path) as frames:
        assert (frames.header.stack_shape, len(frames)) == ((3, 2), 6)
        np.testing.assert_array_equal(np.stack(list(frames)), STACK.reshape(6, 4, 5))
        assert "does not say what its 2 leading axes are" in frames.header.notes[0]
        labels = [frames.header.frame_label(frame) for frame in range(6)]
    assert len(set(labels)) == 6


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (64, 3), (3, 64)])
def test_thin_images_keep_their_shape(tmp_path: Path, shape: tuple[int, int]) -> None:
    array = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    tifffile.imwrite(tmp_path / "thin.tif", array, metadata=None, photometric="minisblack")
    Image.fromarray(array).save(tmp_path / "thin.png")
    for name in ("thin.tif", "thin.png"):
        image = read_image(tmp_path / name)
        assert (image.axes, image.shape) == ("YX", shape)


def test_singleton_axes_are_dropped(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, STACK[:1, :1], imagej=True, metadata={"axes": "TCYX"}, photometric="minisblack"
    )
    assert (read_image(path).axes, read_image(path).shape) == ("YX", (4, 5))
    tifffile.imwrite(path, STACK[:, :1, None], metadata={"axes": "TZCYX"})
    np.testing.assert_array_equal(read_image(path).array, STACK[:, 0])
    assert read_image(path).axes == "TYX"


def test_frame_labels_count_from_zero() -> None:
    header = ImageHeader(shape=(3, 2, 4, 5), axes="TZYX", dtype=np.dtype(np.uint8))
    assert [header.frame_label(i) for i in (0, 3, 5)] == ["t=0,z=0", "t=1,z=1", "t=2,z=1"]
    assert header.size_yx == (4, 5)
    single = ImageHeader(shape=(3, 4, 5), axes="CYX", dtype=np.dtype(np.uint8))
    assert (single.frame_count, single.frame_label(0)) == (1, "")


def test_memory_is_checked_before_anything_is_allocated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((100, 100), np.uint8))
    memory = type("Memory", (), {"available": 12_000})
    monkeypatch.setattr("psutil.virtual_memory", lambda: memory)
    monkeypatch.setattr("napari_inconsistency_masks.files.guard._ALWAYS_FITS", 0)
    with pytest.raises(InputError, match=r"a\.tif: needs .* of memory"):
        read_image(tmp_path / "a.tif")


def test_missing_codec_says_what_to_install(tmp_path: Path) -> None:
    pytest.importorskip("imagecodecs")
    path = tmp_path / "packed.tif"
    tifffile.imwrite(path, np.zeros((20, 20), np.uint8), compression="lzw", metadata=None)
    code = (
        "import sys; sys.modules['imagecodecs'] = None\n"
        "from napari_inconsistency_masks.files.images import read_image\n"
        "from napari_inconsistency_masks.errors import InputError\n"
        "try: read_image(sys.argv[1])\n"
        "except InputError as error: sys.stdout.write(str(error))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
    )
    assert "packed.tif" in done.stdout
    assert 'pip install "napari-inconsistency-masks[codecs]"' in done.stdout


@pytest.mark.parametrize(
    "name", ["a b.png", "Zellen_äöü%{}`'.png", "x" * 184 + ".png", "line\nbreak.png", "\udcff.png"]
)
def test_odd_names(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    try:
        Image.fromarray(GRAY).save(path)
    except (OSError, UnicodeError):
        pytest.skip("this system cannot store such a name")
    np.testing.assert_array_equal(read_image(path).array, GRAY)
    path.write_bytes(b"nothing")
    with pytest.raises(InputError) as caught:
        read_image(path)
    message = str(caught.value)
    assert len(message) <= 200
    assert message.isprintable()
    message.encode()


def test_real_files(shared: Path) -> None:
    odd = shared / "data" / "ldc_livedead" / "odd_formats"
    shapes = {path.name: read_image(path) for path in sorted(odd.iterdir())}
    assert {name: (i.shape, i.dtype.name) for name, i in shapes.items()} == {
        **{f"image{n}.png": ((220, 220), "uint16") for n in (1552, 1553, 1554, 1555)},
        "ncell_1.png": ((219, 225, 3), "uint8"),
        "ncell_10.png": ((219, 225, 3), "uint8"),
    }
    assert shapes["image1552.png"].array.max() == 65535
    for path in sorted((shared / "data" / "stacks").glob("*.tif")):
        with open_stack(path) as frames:
            expected = tifffile.imread(path)
            assert len(frames) == len(expected)
            np.testing.assert_array_equal(frames[-1], expected[-1])
            assert frames.header.axes in ("TYX", "ZYX")


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif"])
def test_the_header_has_the_palette_if_its_indices_are_asked_for(
    tmp_path: Path, suffix: str
) -> None:
    picture = Image.fromarray(np.array([[0, 1], [1, 2]], np.uint8)).convert("P")
    picture.putpalette([255, 255, 255, 0, 0, 0, 9, 8, 7])
    path = (tmp_path / "a").with_suffix(suffix)
    picture.save(path)
    with open_stack(path, palette_indices=True) as stack:
        assert stack[0].tolist() == [[0, 1], [1, 2]]
        assert stack.header.palette is not None
        assert stack.header.palette[:3] == ((255, 255, 255), (0, 0, 0), (9, 8, 7))
    assert read_header(path).palette is None


def test_the_palette_tells_what_is_transparent(tmp_path: Path) -> None:
    picture = Image.fromarray(np.array([[0, 1]], np.uint8)).convert("P")
    picture.putpalette([255, 255, 255, 9, 8, 7])
    picture.save(tmp_path / "a.png", transparency=0)
    with open_stack(tmp_path / "a.png", palette_indices=True) as stack:
        assert stack.header.palette == ((255, 255, 255, 0), (9, 8, 7, 255))


def test_colors_of_a_picture_may_be_taken_for_frames(tmp_path: Path) -> None:
    pixels = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    Image.fromarray(pixels).save(tmp_path / "colors.png")
    with open_stack(tmp_path / "colors.png") as stack:
        frames = stack.with_axes("YXT")
        assert (frames.header.axes, len(frames)) == ("TYX", 3)
        assert np.array_equal(np.stack(frames[:]), np.moveaxis(pixels, -1, 0))
