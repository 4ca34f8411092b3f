"""PNG, JPEG and BMP files that are damaged, or that Pillow would read wrong."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from broken_tiffs import refusal
from PIL import Image

from napari_inconsistency_masks.files.images import read_image

NOISE = np.random.default_rng(0).integers(0, 255, (20, 30), dtype=np.uint8)


def png(width: int, height: int, bits: int, color: int, rows: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("color", [2, 4, 6], ids=["rgb", "gray+alpha", "rgb+alpha"])
def test_color_png_of_16_bits_is_never_cut_to_8(tmp_path: Path, color: int) -> None:
    path = tmp_path / "deep.png"
    samples = {2: 3, 4: 2, 6: 4}[color]
    path.write_bytes(png(2, 1, 16, color, b"\0" + bytes(range(2 * 2 * samples))))
    assert "16 bits" in refusal(path)


def test_gray_png_of_16_bits_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    path.write_bytes(png(2, 1, 16, 0, b"\0" + struct.pack(">HH", 258, 65535)))
    image = read_image(path)
    assert image.array.dtype == np.uint16
    np.testing.assert_array_equal(image.array, [[258, 65535]])


def test_a_copy_that_broke_off_and_was_filled_with_zeros_is_refused(tmp_path: Path) -> None:
    """zlib may decode the zeros, and Pillow looks at no checksum of pixels."""
    path = tmp_path / "copied.png"
    smooth = np.add.outer(np.arange(200), np.arange(300)) % 251 + NOISE[0, 0] % 3
    Image.fromarray(smooth.astype(np.uint8)).save(path)
    whole = path.read_bytes()
    read_image(path)
    told = set()
    for kept in range(60, len(whole) - 16, 7):
        path.write_bytes(whole[:kept].ljust(len(whole), b"\0"))
        told.add("do not fit their checksum" in refusal(path))
    assert True in told


@pytest.mark.parametrize("side", [60_000, 2**31 - 1])
def test_png_bomb(tmp_path: Path, side: int) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png(side, side, 8, 0, b"\0" * 1000))
    refusal(path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP"])
def test_cut_picture(tmp_path: Path, kind: str) -> None:
    stream = io.BytesIO()
    Image.fromarray(NOISE).save(stream, kind)
    data = stream.getvalue()
    path = tmp_path / f"cut.{kind.lower()}"
    for length in range(0, len(data) - 20, 37):
        path.write_bytes(data[:length])
        refusal(path)
    if kind != "BMP":
        assert refusal(path).endswith("; copy or save it anew.")


def test_animation(tmp_path: Path) -> None:
    path = tmp_path / "film.png"
    frames = [Image.new("L", (4, 4), gray) for gray in (0, 90)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert "animation" in refusal(path)
