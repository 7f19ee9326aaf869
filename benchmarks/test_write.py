"""Writing a dataset of 256×512×256 at 8 bit, beside a plain loop of Pillow's."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

from napari_ifealid import FeatureStack, read_stack, write_stack

DATA = (Path(__file__).resolve().parents[1] / "../shared/data").resolve()
SHAPE = (256, 512, 256)


@pytest.fixture(params=["like-a-relu", "smooth", "noise", "conv2_x"])
def stack(request, make_stack) -> FeatureStack:
    """Features of several kinds, since how well they compress decides."""
    if request.param == "like-a-relu":
        values = make_stack(SHAPE).values
    elif request.param == "noise":
        values = np.random.default_rng(0).integers(0, 256, SHAPE, np.uint8)
    else:
        if not DATA.is_dir():
            pytest.skip(f"the example datasets are not here: {DATA} is missing")
        real = read_stack(DATA / "000000015746.jpg.C1.npz.8.zip").values
        if request.param == "smooth":
            small = real[:128, :, :].repeat(2, axis=0)[:, :106].astype(np.float32)
            columns = np.linspace(0, 105, SHAPE[1])
            left = columns.astype(int).clip(0, 104)
            share = (columns - left)[:, np.newaxis]
            values = (small[:, left] * (1 - share) + small[:, left + 1] * share).astype(np.uint8)
        else:  # as many pixels, laid out anew: none repeats within deflate's window
            pixels = real.reshape(-1, SHAPE[2])
            values = np.resize(pixels, (SHAPE[0] * SHAPE[1], SHAPE[2])).reshape(SHAPE)
    return FeatureStack(values=np.ascontiguousarray(values), name="features")


@pytest.mark.parametrize("writer", ["write_stack", "pillow-loop"])
def test_write(benchmark, tmp_path, stack, writer):
    def with_pillow() -> None:
        with ZipFile(path, "w") as archive:
            for first in range(0, SHAPE[2], 4):
                image = Image.fromarray(np.ascontiguousarray(stack.values[..., first : first + 4]))
                stream = BytesIO()
                image.save(stream, "PNG", compress_level=6)
                archive.writestr(f"{first // 4}.png", stream.getvalue())

    def with_write_stack() -> None:
        write_stack(path, stack, precision=8, force=True)

    path = tmp_path / "features.zip"
    write: Callable[[], None] = with_pillow if writer == "pillow-loop" else with_write_stack
    benchmark.pedantic(write, rounds=3 if writer == "pillow-loop" else 5)
    benchmark.extra_info["megabytes"] = path.stat().st_size / 1e6
    print(f"{writer}: {path.stat().st_size / 1e6:.2f} MB")


def test_write_float32(benchmark, tmp_path, make_stack):
    stack = make_stack(SHAPE, np.float32)
    path = tmp_path / "features.zip"
    benchmark.pedantic(lambda: write_stack(path, stack, precision=8, force=True), rounds=3)
