from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from napari_inconsistency_masks.errors import InputError
from napari_inconsistency_masks.files.archive import Archive


def write(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_reading(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", **{"x/a.txt": b"1", "x/y/ü.txt": b"2", "x/empty/": b""})
    with Archive(path) as archive:
        assert archive.names == ("x/a.txt", "x/y/ü.txt")
        assert archive.read("x/y/ü.txt") == b"2"
    assert [item.name for item in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.parametrize(
    "name", ["../../evil", "/evil", "a/../../b", "C:\\evil.txt", "C:/evil", "\\\\host\\x", "a\\b"]
)
def test_names_that_lead_out(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "a.zip", **{"good.txt": b"1", name: b"2"})
    with pytest.raises(InputError, match=r"a\.zip: holds a file with the unsafe name"):
        Archive(path)


def test_same_name_twice(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", a=b"1", b=b"2")
    path.write_bytes(path.read_bytes().replace(b"b", b"a"))
    with pytest.raises(InputError, match="holds 'a' twice"):
        Archive(path)


def test_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.zip", bomb=bytes(2**24 + 1))
    data = path.read_bytes()
    size = (2**24 + 1).to_bytes(4, "little")
    assert data.count(size) == 2
    path.write_bytes(data.replace(size, (2**31 - 1).to_bytes(4, "little")))
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("unpacked"))
    with Archive(path) as archive, pytest.raises(InputError, match=r"bomb: claims a size of 2\.15"):
        archive.read("bomb")


def test_size_that_lies_is_found_out(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", a=b"x" * 1000)
    data = path.read_bytes()
    path.write_bytes(data.replace((1000).to_bytes(4, "little"), (900).to_bytes(4, "little")))
    with Archive(path) as archive, pytest.raises(InputError, match=r"a\.zip/a: cannot be read"):
        archive.read("a")


def test_damage_at_any_byte(tmp_path: Path) -> None:
    good = write(tmp_path / "a.zip", a=b"some text " * 20).read_bytes()
    path = tmp_path / "b.zip"
    for position in range(len(good)):
        data = bytearray(good)
        data[position] ^= 0xFF
        path.write_bytes(data)
        content = read_or_refuse(path)
        assert isinstance(content, InputError) or content in (b"", b"some text " * 20)


def read_or_refuse(path: Path) -> bytes | InputError:
    try:
        with Archive(path) as archive:
            return b"".join(archive.read(name) for name in archive.names)
    except InputError as error:
        return error


@pytest.mark.parametrize("data", [b"", b"no archive", b"PK\x03\x04"])
def test_no_archive(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(InputError, match=r"a\.zip"):
        Archive(tmp_path / "a.zip")


def test_uncommon_compression(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a", b"1")
    (tmp_path / "a.zip").write_bytes(stream.getvalue())
    with Archive(tmp_path / "a.zip") as archive_, pytest.raises(InputError, match="uncommon"):
        archive_.read("a")
