from __future__ import annotations

import os
import platform
import subprocess
import sys
import zlib
from pathlib import Path

import psutil

from napari_inconsistency_masks.files.temporary import sweep


def test_sweep_removes_only_what_dead_processes_of_this_computer_left(tmp_path: Path) -> None:
    host = f"{zlib.crc32(platform.node().encode()):08x}"
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    keep = [
        f".part-{host}-{os.getpid()}-0.json",  # this process, still at it
        f".part-ffffffff-{dead.pid}-0.json",  # another computer's
        ".part-notes.txt",
        "image.tif",
    ]
    for name in [*keep, f".part-{host}-{dead.pid}-7", f".part-{host}-{dead.pid}-8.tar.gz"]:
        (tmp_path / name).write_text("")
    assert len(sweep(tmp_path)) == 2
    assert {file.name for file in tmp_path.iterdir()} == set(keep)


def test_sweep_knows_that_process_numbers_are_given_out_again(tmp_path: Path) -> None:
    host = f"{zlib.crc32(platform.node().encode()):08x}"
    old = tmp_path / f".part-{host}-{os.getpid()}-0.json"
    old.write_text("")
    before = psutil.Process().create_time() - 1000
    os.utime(old, (before, before))
    assert sweep(tmp_path) == (old.name,)


def test_an_id_that_no_process_can_have_is_that_of_none(tmp_path: Path) -> None:
    host = f"{zlib.crc32(platform.node().encode()):08x}"
    absurd = tmp_path / f".part-{host}-{10**30}-0.json"
    absurd.write_text("")
    assert sweep(tmp_path) == (absurd.name,)
