"""Cubes of 2 GB where only 2 GB of memory are free: opened, shown while they are read, small."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

SHAPE = LINES, SAMPLES, BANDS = 2500, 2000, 200


def _lines() -> np.ndarray:
    """Return 50 lines of a cube, of 16 bit, which are repeated."""
    rng = np.random.default_rng(0)
    mixed = rng.random((50 * SAMPLES, 8)) @ rng.random((8, BANDS))
    return (2000.0 * mixed).astype(np.uint16).reshape(50, SAMPLES, BANDS)


def _envi(folder: Path) -> Path:
    lines = np.ascontiguousarray(_lines().transpose(0, 2, 1))
    with (folder / "cube.img").open("wb") as stream:
        for _ in range(LINES // len(lines)):
            stream.write(lines.data)
    (folder / "cube.hdr").write_text(
        f"ENVI\nsamples = {SAMPLES}\nlines = {LINES}\nbands = {BANDS}\ndata type = 12\n"
        "interleave = bil\nbyte order = 0\n"
    )
    return folder / "cube.hdr"


def _tiff(folder: Path) -> Path:
    side, lines = 256, _lines()
    rows, columns = -(-LINES // side), -(-SAMPLES // side)
    tile = np.resize(lines, (side, side, BANDS))
    tifffile.imwrite(
        folder / "cube.tif",
        (tile for _ in range(rows * columns)),
        shape=SHAPE,
        dtype=np.uint16,
        tile=(side, side),
        photometric="minisblack",
        planarconfig="contig",
        bigtiff=True,
        metadata=None,
    )
    return folder / "cube.tif"


@pytest.mark.benchmark(group="a cube of 2 GB, with 2 GB of free memory")
@pytest.mark.parametrize("made", [_envi, _tiff], ids=["ENVI, BIL", "tiled GeoTIFF"])
def test_large_cube(benchmark, tmp_path, made):
    path = made(tmp_path)
    script = Path(__file__).with_name("large_cube.py")
    reports: list[dict[str, float]] = []

    def open_it() -> None:
        command = [sys.executable, script, path]
        process = subprocess.run(command, check=True, capture_output=True, text=True)
        reports.append(json.loads(process.stdout.splitlines()[-1]))

    benchmark.pedantic(open_it, rounds=1)
    benchmark.extra_info |= {step: round(value, 2) for step, value in reports[-1].items()}
