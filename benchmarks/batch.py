"""What a batch costs beside the networks, how much memory it takes, and whether it keeps its word.

    python benchmarks/batch.py speed [--frames 64] [--width 1]
    python benchmarks/batch.py memory MODEL [--side 20000] [--height 0] [--frames 10000]
    python benchmarks/batch.py files MODEL [--count 1000]
    python benchmarks/batch.py kills MODEL [--kills 20]
    python benchmarks/batch.py stacks MODEL FOLDER

`speed` compares a stack from end to end with the time of the networks alone, in turns; without a
model, two networks of a width learn to find the cells of the stack first. `memory`
prints the most that a batch needs over its start. `files` mixes one damaged, one vanishing and one
changing image into many; `kills` kills a batch at random moments and goes on. `stacks` counts
stacks of which NAME_uint8.tif has its true counts in NAME_counts.csv.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tifffile
import typer
from scipy import ndimage

app = typer.Typer()
Model = Annotated[Path, typer.Argument()]


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def _plan(model: Path, ensemble: Any, images: list[Path], out: Path, **options: Any) -> Any:
    from napari_inconsistency_masks import batch

    listing = batch.list_images(images, recursive=True, out=out)
    described = batch.describe_model(model, ensemble)
    return batch.make_plan(listing, described, batch.BatchOptions(**options), out)


def _do(plan: Any, ensemble: Any) -> list[Any]:
    from napari_inconsistency_masks.batch import run_batch

    return list(run_batch(plan, ensemble))


def _load(model: Path, threads: int | None = None) -> Any:
    from napari_inconsistency_masks.devices import use_threads
    from napari_inconsistency_masks.inference.trained import load

    use_threads(threads)
    return load(model)


def _cells(frames: int, side: int, seed: int = 0) -> np.ndarray:
    """Frames ``(T, Y, X)`` with bright discs on noise, some 100 per megapixel."""
    rng = np.random.default_rng(seed)
    rows, columns = np.ogrid[:side, :side]
    stack = rng.normal(110, 8, (frames, side, side))
    for frame in stack:
        for row, column in rng.uniform(0, side, (max(1, side * side // 10_000), 2)):
            near = (
                slice(max(0, int(row) - 12), int(row) + 12),
                slice(max(0, int(column) - 12), int(column) + 12),
            )
            inside = (rows[near[0]] - row) ** 2 + (columns[:, near[1]] - column) ** 2 < 90
            frame[near][inside] += 80
    return stack.clip(0, 255).astype(np.uint8)


@app.command()
def speed(
    frames: Annotated[int, typer.Option()] = 64,
    width: Annotated[float, typer.Option()] = 1.0,
    model: Annotated[Path | None, typer.Option()] = None,
    threads: Annotated[int | None, typer.Option()] = None,
) -> None:
    from napari_inconsistency_masks.inference.predict import predict_logits

    with _folder() as folder:
        path = model or _trained(folder / "learned", width)
        ensemble = _load(path, threads)
        stack = _cells(frames, 1024)
        tifffile.imwrite(folder / "stack.tif", stack, compression="zlib")
        spent = {"before": 0.0, "end to end": 0.0, "after": 0.0}
        cores = dict(spent)

        def alone() -> None:
            for frame in stack[::2]:
                predict_logits(ensemble.networks, frame[None, None])

        def whole() -> None:
            _do(_plan(path, ensemble, [folder / "stack.tif"], folder / "out"), ensemble)

        predict_logits(ensemble.networks, stack[:1, None])
        _do(_plan(path, ensemble, [_warm(folder)], folder / "warm"), ensemble)
        for name, work in (("before", alone), ("end to end", whole), ("after", alone)):
            began, cpu = time.perf_counter(), time.process_time()
            work()
            spent[name], cores[name] = time.perf_counter() - began, time.process_time() - cpu
        for what, measured in (("time", spent), ("processor time", cores)):
            pure = measured["before"] + measured["after"]
            ratio = measured["end to end"] / pure
            typer.echo(
                f"{what}: networks alone {pure:.1f} s, end to end {measured['end to end']:.1f} s, "
                f"ratio {ratio:.3f} (goal 1.15)"
            )


def _trained(folder: Path, width: float) -> Path:
    """Two networks that learned to find such cells, in a minute."""
    from napari_inconsistency_masks import train
    from napari_inconsistency_masks.data.folders.folder import load_folder
    from napari_inconsistency_masks.recipes import PRESETS

    images = _cells(16, 256)
    cells = ndimage.binary_opening(images > 150, np.ones((1, 3, 3)), iterations=2)
    masks = {"alive": cells, "dead": np.zeros_like(cells)}
    masks["position"] = ndimage.binary_erosion(cells, np.ones((1, 3, 3)), iterations=5)
    for name, stack in {"images": images, **masks}.items():
        (folder / name).mkdir(parents=True)
        for number, frame in enumerate(stack):
            pixels = frame if name == "images" else frame * np.uint8(255)
            tifffile.imwrite(folder / name / f"{number:02d}.tif", pixels)
    config = replace(PRESETS["quick"], width=width, epochs=2, steps=60)
    run = folder / "run"
    for _ in train("labeled", load_folder(folder, tuple(masks), position="position"), config,
                   folder=run):  # fmt: skip
        pass
    return run


@app.command()
def memory(
    model: Model,
    side: Annotated[int, typer.Option()] = 20_000,
    height: Annotated[int, typer.Option(help="Rows; as many as columns if 0.")] = 0,
    frames: Annotated[int, typer.Option()] = 10_000,
    dtype: Annotated[str, typer.Option()] = "uint8",
) -> None:
    import psutil

    ensemble = _load(model)
    with _folder() as folder:
        tile = _cells(1, 1000)[0].astype(dtype)
        wide = np.tile(tile, (1, side // 1000))
        if side:
            with tifffile.TiffWriter(folder / "large.tif") as tiff:
                rows = (
                    wide[n * 100 % 1000 : n * 100 % 1000 + 100]
                    for n in range((height or side) // 100)
                )
                strips = (strip.tobytes() for strip in rows)
                tiff.write(strips, shape=(height or side, side), dtype=dtype, rowsperstrip=100,
                           photometric="minisblack")  # fmt: skip
        if frames:
            tifffile.imwrite(folder / "many.tif", np.tile(_cells(10, 64), (frames // 10, 1, 1)))
        _do(_plan(model, ensemble, [_warm(folder)], folder / "warm"), ensemble)
        process = psutil.Process()
        for name in ("large.tif", "many.tif"):
            if (folder / name).exists():
                plan = _plan(model, ensemble, [folder / name], folder / f"out-{name}")
                start, began = process.memory_info().rss, time.perf_counter()
                with _peak(process) as most:
                    _do(plan, ensemble)
                seconds = time.perf_counter() - began
                typer.echo(
                    f"{name}: {(most[0] - start) / 1e6:.0f} MB over the start, {seconds:.0f} s"
                )


def _warm(folder: Path) -> Path:
    (folder / "first").mkdir()
    tifffile.imwrite(folder / "first" / "small.tif", _cells(2, 256))
    return folder / "first"


@contextmanager
def _peak(process: Any) -> Iterator[list[int]]:
    """The most memory of a process meanwhile, looked at every 20 ms."""
    most, over = [0], threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            most[0] = max(most[0], process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield most
    finally:
        over.set()
        watcher.join()


@app.command()
def files(model: Model, count: Annotated[int, typer.Option()] = 1000) -> None:
    from napari_inconsistency_masks.batch.events import ImageFailed

    ensemble = _load(model)
    with _folder() as folder:
        images = folder / "in"
        images.mkdir()
        for number, frame in enumerate(_cells(count - 3, 64)):
            tifffile.imwrite(images / f"image_{number:04d}.tif", frame)
        began = time.perf_counter()
        _do(_plan(model, ensemble, [images], folder / "clean"), ensemble)
        typer.echo(f"{count - 3} clean files: {time.perf_counter() - began:.0f} s")
        (images / "damaged.tif").write_bytes(b"II*\0 nothing good")
        for name in ("image_0100b.tif", "image_0200b.tif"):
            tifffile.imwrite(images / name, _cells(1, 64)[0])
        plan = _plan(model, ensemble, [images], folder / "mixed")
        (images / "image_0100b.tif").unlink()
        tifffile.imwrite(images / "image_0200b.tif", _cells(2, 64))
        failed = [event for event in _do(plan, ensemble) if isinstance(event, ImageFailed)]
        for event in failed:
            typer.echo(f"  {event.image}: {event.reason}")
        clean, mixed = _results(folder / "clean"), _results(folder / "mixed")
        per_image = {name for name in clean if "/" in name}
        same = sum(mixed[name] == clean[name] for name in per_image)
        typer.echo(
            f"{same} of {len(per_image)} result files identical, {len(failed)} images failed"
        )


@app.command()
def kills(
    model: Model,
    kills: Annotated[int, typer.Option()] = 20,
    count: Annotated[int, typer.Option()] = 40,
) -> None:
    rng = random.Random(0)
    with _folder() as folder:
        (folder / "in").mkdir()
        for number, frame in enumerate(_cells(count, 64)):
            tifffile.imwrite(folder / "in" / f"image_{number:04d}.tif", frame)
        tifffile.imwrite(folder / "in" / "stack.tif", _cells(8, 200))
        _run(model, folder / "in", folder / "clean").wait()
        clean, same = _results(folder / "clean"), 0
        for _ in range(kills):
            out = folder / "out"
            shutil.rmtree(out, ignore_errors=True)
            killed = _run(model, folder / "in", out)
            _read_lines(killed, rng.randint(1, 3 * count))
            killed.kill()
            killed.wait()
            for file in out.rglob("[!.]*.tif"):
                tifffile.imread(file)  # nothing torn
            _run(model, folder / "in", out).wait()
            same += _results(out) == clean
        typer.echo(f"{same} of {kills} killed batches went on to the same results")


def _run(model: Path, images: Path, out: Path) -> subprocess.Popen[str]:
    words = ["batch", model, images, "--out", out, "--json"]
    command = [sys.executable, "-m", "napari_inconsistency_masks", *map(str, words)]
    stdout: Any = subprocess.PIPE if out.name == "out" and not out.exists() else subprocess.DEVNULL
    return subprocess.Popen(command, stdout=stdout, text=True, env=dict(os.environ))


def _read_lines(process: subprocess.Popen[str], lines: int) -> None:
    assert process.stdout is not None
    for _ in range(lines):
        if not process.stdout.readline():
            return


def _results(out: Path) -> dict[str, bytes]:
    kept = [*out.glob("*.csv"), *out.glob("images/**/*"), *out.glob("tables/**/*")]
    return {str(file.relative_to(out)): file.read_bytes() for file in kept if file.is_file()}


@app.command()
def stacks(model: Model, folder: Path) -> None:
    from napari_inconsistency_masks.files.tables import read_csv

    ensemble = _load(model)
    with _folder() as out:
        images = sorted(folder.glob("*_uint8.tif"))
        _do(_plan(model, ensemble, images, out), ensemble)
        rows = read_csv(out / "counts.csv")
        for image in images:
            found = [row for row in rows if row["image"] == image.name]
            truth = image.with_name(image.name.replace("_uint8.tif", "_counts.csv"))
            line = f"{image.name}: {len(found)} frames"
            if truth.exists():
                line += _compared(found, read_csv(truth))
            typer.echo(line)


def _compared(found: list[dict[str, str]], true: list[dict[str, str]]) -> str:
    pairs = list(zip(found, true, strict=True))
    error = sum(abs(int(f[n]) - int(t[n])) for f, t in pairs for n in ("alive", "dead"))
    totals = [
        f"{n} {sum(int(f[n]) for f, _ in pairs)} of {sum(int(t[n]) for _, t in pairs)}"
        for n in ("alive", "dead")
    ]
    return f", MCCE {error / len(pairs):.2f}, counted {', '.join(totals)}"


if __name__ == "__main__":
    app()
