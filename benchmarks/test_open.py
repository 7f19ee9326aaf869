"""Opening a dataset: from the file to layers."""

from __future__ import annotations

from pathlib import Path

import napari
import pytest
from napari.layers import Layer

from napari_ifealid._reader import read_layers

DATA = (Path(__file__).resolve().parents[1] / "../shared/data").resolve()
DATASETS = ["000000015746.jpg.C1.npz.8.zip", "000000015746.jpg.C3.npz.8.zip"]


@pytest.fixture(params=DATASETS)
def path(request) -> str:
    if not DATA.is_dir():
        pytest.skip(f"the example datasets are not here: {DATA} is missing")
    return str(DATA / request.param)


def test_file_to_layer_data(benchmark, path):
    assert len(benchmark(read_layers, path)) == 2


def test_file_to_layers(benchmark, path):
    layers = benchmark(lambda: [Layer.create(*layer) for layer in read_layers(path)])
    assert [layer.ndim for layer in layers] == [2, 3]


@pytest.mark.parametrize("read_again", [True, False], ids=["open", "naparis-share"])
def test_file_to_layers_in_a_window(benchmark, path, read_again):
    viewer = napari.Viewer()
    data = read_layers(path)

    def add() -> None:
        for layer in read_layers(path) if read_again else data:
            viewer.add_layer(Layer.create(*layer))

    benchmark.pedantic(add, setup=viewer.layers.clear, rounds=10, warmup_rounds=1)
    viewer.close()
