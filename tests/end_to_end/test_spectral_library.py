"""A real spectral library against a real satellite image, by a real mouse in a real window."""

from __future__ import annotations

import re
import subprocess

import numpy as np
import pytest
import tifffile
from napari.layers import Layer
from pointer import on_screen
from qtpy.QtCore import QPoint

from napari_ifealid.layers import layer_data
from napari_ifealid.libraries import read_library
from napari_ifealid.stack import FeatureStack
from napari_ifealid.widgets.library_model import NAME, SIMILARITY

PIXEL = (12, 20)


@pytest.fixture
def enmap(shared_data) -> FeatureStack:
    """The good bands of a tile of an EnMAP scene."""
    with tifffile.TiffFile(shared_data / "hyperspectral/enmap_potsdam_tile_64_0.tif") as file:
        tags = file.pages[0].tags["GDAL_METADATA"].value
        values = np.moveaxis(file.asarray(), 0, -1)
    wavelengths = re.findall(r'"wavelength" sample[^>]*>([^<]*)', tags)
    good = [band for band, x in enumerate(re.findall(r'"bbl" sample[^>]*>(.)', tags)) if x == "1"]
    labels = [f"{wavelengths[band]} nm" for band in good]
    return FeatureStack(values=values[..., good], name="EnMAP", feature_labels=labels)


def test_library_is_ranked_and_mapped_where_the_mouse_is(
    enmap, shared_data, window, mouse, press, qtbot
):
    for data in layer_data(enmap):
        window.add_layer(Layer.create(*data))
    _, widget = window.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
    explorer, group = widget.explorer, widget.library
    qtbot.waitUntil(lambda: explorer.is_idle, timeout=20_000)
    path = shared_data / "hyperspectral/library_berlin.sli"
    group.open_file(path)
    qtbot.waitUntil(lambda: len(explorer.library.entries) == 75, timeout=20_000)
    press(group.agree)  # leave out what lies beyond the library
    qtbot.waitUntil(lambda: explorer.stack is not None and explorer.stack.feature_count < 218)
    qtbot.waitUntil(lambda: group.agree.text() == "Resample" and group.agree.isVisible())
    assert "compare after linear resampling?" in group.text.text()
    press(group.agree)
    qtbot.waitUntil(lambda: "compared by linear resampling" in group.text.text())

    window.reset_view()
    pointer = mouse()
    pointer.move_to(explorer.map_layer.data_to_world(PIXEL))
    qtbot.waitUntil(lambda: explorer.pixel == PIXEL and explorer.is_idle)

    library = read_library(path)
    known, wanted = (
        np.array([float(label.split()[0]) for label in labels])
        for labels in (library.features, explorer.stack.feature_labels)
    )
    assert len(wanted) > 150
    spectra = np.array([np.interp(wanted, known * 1000.0, row) for row in library.vectors])
    angles = angles_between(spectra, explorer.stack.vector(PIXEL))
    order = np.argsort(angles, kind="stable")
    rows = group.list.rows
    best = library.entries[order[0]].name
    expected = f"{1 - angles[order[0]] / (np.pi / 2):.3f}"
    qtbot.waitUntil(lambda: rows.data(rows.index(0, SIMILARITY)) == expected)
    assert [rows.data(rows.index(row, NAME)) for row in range(75)] == [
        library.entries[number].name for number in order
    ]

    rectangle = group.list.visualRect(rows.index(0, NAME))
    place = group.list.viewport().mapToGlobal(QPoint(9, rectangle.center().y()))
    subprocess.run(
        ["xdotool", "mousemove", *on_screen(place), "click", "1"],
        check=True,
        timeout=10,
    )
    qtbot.waitUntil(lambda: explorer.library.ticked == [order[0]])
    qtbot.waitUntil(lambda: explorer.is_idle)
    name = f"{best[:1].upper()}{best[1:]} (library)"
    qtbot.waitUntil(lambda: widget.texts.reference.text() == name)
    values = np.array([angles_between(spectra[order[:1]], row)[0] for row in pixels_of(explorer)])
    similarity = (1 - values / (np.pi / 2)).reshape(32, 32)
    np.testing.assert_allclose(explorer.session.map_values, similarity, atol=5e-5)


def angles_between(vectors: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(pixel)
    return np.arccos(np.clip(vectors @ pixel / lengths, -1, 1))


def pixels_of(explorer) -> np.ndarray:
    values = np.asarray(explorer.stack.values, float)
    return values.reshape(-1, values.shape[-1])
