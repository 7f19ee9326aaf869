"""Each script in `examples/` runs as it is, in a window of its own."""

from __future__ import annotations

import runpy
from pathlib import Path

import napari
import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(script, make_napari_viewer, monkeypatch, tmp_path):
    viewers = []

    def new_viewer(**settings):
        viewers.append(make_napari_viewer(**settings))
        return viewers[-1]

    monkeypatch.chdir(tmp_path)  # what an example writes, it writes into the current folder
    monkeypatch.setattr(napari, "Viewer", new_viewer)
    monkeypatch.setattr(napari, "run", lambda: None)
    runpy.run_path(str(script), run_name="__main__")
    assert viewers or list(tmp_path.iterdir()), "neither a window nor a file"


def test_there_are_examples():
    assert EXAMPLES
