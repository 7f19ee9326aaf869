from __future__ import annotations

from pathlib import Path

from napari_ifealid.formats.weights_place import weights_path


def test_weights_are_beside_their_stack_and_have_its_whole_name():
    assert weights_path("a/photo.png.stage2.zip") == Path("a/photo.png.stage2.zip.weights.npz")
    assert weights_path("a/photo.png.stage2.npz") != weights_path("a/photo.png.stage2.zip")
