from __future__ import annotations

import re

import numpy as np
import pytest
import tifffile

from napari_ifealid.errors import DatasetError
from napari_ifealid.libraries import (
    Library,
    LibraryEntry,
    best_first,
    match_features,
    rank_entries,
    read_library,
)
from napari_ifealid.measures import COSINE

LIBRARY = Library([LibraryEntry(np.array(row), str(row)) for row in ([0.0, 1.0], [1.0, 1.0])])


def test_best_entry_comes_first():
    ranked = rank_entries(LIBRARY, [2, 1])
    assert [entry.name for entry, _ in ranked] == ["[1.0, 1.0]", "[0.0, 1.0]"]
    assert ranked[0][1] == pytest.approx(1 - np.arccos(3 / np.sqrt(10)) / (np.pi / 2))


def test_measure_can_be_chosen():
    ranked = rank_entries(LIBRARY, [2, 1], measure=COSINE)
    assert ranked[0][1] == pytest.approx(3 / np.sqrt(10))


def test_equal_ones_keep_their_order_and_nan_is_last():
    assert best_first(np.array([0.5, np.nan, 0.7, 0.5])).tolist() == [2, 0, 3, 1]


def test_other_features_are_refused():
    with pytest.raises(DatasetError, match="2 features without labels"):
        rank_entries(LIBRARY, [1, 2, 3], range(3))
    with pytest.raises(DatasetError, match="expected a vector of 2 features"):
        rank_entries(LIBRARY, [1, 2, 3])


def test_resampling_is_asked_for():
    library = Library([LibraryEntry(np.array([0.0, 2.0]))], ["450 nm", "460 nm"])
    with pytest.raises(DatasetError, match="compare after linear resampling"):
        rank_entries(library, [1.0], ["0.455 µm"])
    assert rank_entries(library, [1.0], ["0.455 µm"], resample=True)[0][1] == 1.0


def test_real_library_is_ranked_by_the_spectral_angle_to_real_pixels(shared_data):
    folder = shared_data / "hyperspectral"
    library = read_library(folder / "library_berlin.sli")
    with tifffile.TiffFile(folder / "enmap_potsdam_tile_64_0.tif") as file:
        tags = file.pages[0].tags["GDAL_METADATA"].value
        tile = np.moveaxis(file.asarray(), 0, -1)
    wavelengths = np.array(
        [float(x) for x in re.findall(r'"wavelength" sample[^>]*>([^<]*)', tags)]
    )
    is_good = np.array([x == "1" for x in re.findall(r'"bbl" sample[^>]*>([^<]*)', tags)])
    assert len(wavelengths) == len(is_good) == tile.shape[-1]
    labels = [f"{number} nm" for number in wavelengths]
    covered = match_features(library.features, labels).covered
    chosen = np.intersect1d(covered, np.flatnonzero(is_good))

    known = np.array([float(label.split()[0]) for label in library.features]) * 1000.0
    spectra = [np.interp(wavelengths[chosen], known, vector) for vector in library.vectors]
    units = np.array([vector / np.linalg.norm(vector) for vector in spectra])
    for pixel in [(0, 0), (16, 16), (31, 5)]:
        vector = tile[pixel][chosen].astype(float)
        angles = np.arccos(np.clip(units @ vector / np.linalg.norm(vector), -1, 1))
        ranked = rank_entries(library, vector, [labels[n] for n in chosen], resample=True)
        order = np.argsort(angles, kind="stable")
        assert [entry for entry, _ in ranked] == [library.entries[n] for n in order]
        expected = 1 - angles[order] / (np.pi / 2)
        np.testing.assert_allclose([value for _, value in ranked], expected, atol=1e-9)
