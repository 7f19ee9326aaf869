"""Whole products: what the same cube in each of the formats gives."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from cube_files import (
    CUBE,
    WAVELENGTHS,
    write_classic_netcdf,
    write_emit,
    write_matlab_hdf5,
    write_netcdf4,
)
from scipy.io import savemat

from napari_ifealid import similarity_map
from napari_ifealid.formats import features_last, read_stack
from napari_ifealid.stack import FeatureStack


@pytest.fixture(params=["plain.h5", "emit.nc", "cf.nc4", "classic.nc", "v5.mat", "v7.3.mat"])
def path(tmp_path, request):
    path = tmp_path / request.param
    match request.param:
        case "plain.h5":
            with h5py.File(path, "w") as file:
                file["cube"] = CUBE
                file["wavelength"] = WAVELENGTHS
        case "emit.nc":
            write_emit(path, CUBE, bad_bands=())
        case "cf.nc4":
            write_netcdf4(path, np.moveaxis(CUBE, -1, 0))
        case "classic.nc":
            write_classic_netcdf(path, np.moveaxis(CUBE, -1, 0))
        case "v7.3.mat":
            write_matlab_hdf5(path, cube=CUBE, wavelengths=WAVELENGTHS[None].astype("f8"))
        case _:
            savemat(path, {"cube": CUBE, "wavelengths": WAVELENGTHS}, do_compression=True)
    return path


@pytest.mark.parametrize("fits", [True, False])
def test_same_cube_gives_the_same_map_from_each_format(path, monkeypatch, fits):
    monkeypatch.setattr(features_last, "fits_memory", lambda _: fits)
    expected = similarity_map(FeatureStack(values=CUBE, name="cube"), (2, 3))
    stack = read_stack(path)
    assert stack.is_lazy != fits
    assert not stack.is_axis_guessed
    np.testing.assert_allclose(similarity_map(stack, (2, 3)), expected, atol=1e-6)
