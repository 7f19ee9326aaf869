"""One cube in all formats: the same values, labels and maps."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
import zarr
from scipy.io import savemat

from napari_ifealid.formats import read_stack
from napari_ifealid.similarity import similarity_map
from napari_ifealid.stack import FeatureStack

SHAPE = HEIGHT, WIDTH, BANDS = 6, 7, 5
WAVELENGTHS = np.array([450.5, 550.0, 650.25, 750.0, 860.0])
CUBE = np.random.default_rng(8).integers(1, 200, SHAPE)
TYPES = {1: "u1", 2: "i2", 12: "u2", 4: "f4", 5: "f8"}
AXES = {"bsq": (2, 0, 1), "bil": (0, 2, 1), "bip": (0, 1, 2)}


def envi(path: Path, interleave: str, order: int, code: int) -> Path:
    stored = CUBE.transpose(AXES[interleave]).astype("<>"[order] + TYPES[code])
    path.with_suffix(".img").write_bytes(stored.tobytes())
    wavelengths = ", ".join(map(str, WAVELENGTHS))
    path.write_text(
        f"ENVI\nsamples = {WIDTH}\nlines = {HEIGHT}\nbands = {BANDS}\ninterleave = {interleave}\n"
        f"byte order = {order}\ndata type = {code}\nwavelength units = nm\n"
        f"wavelength = {{{wavelengths}}}\n"
    )
    return path


def tiff(path: Path, layout: str) -> Path:
    items = "".join(
        f'<Item name="wavelength" sample="{band}">{wavelength}</Item>'
        f'<Item name="wavelength_units" sample="{band}">nm</Item>'
        for band, wavelength in enumerate(WAVELENGTHS)
    )
    values = CUBE.astype("u2")
    values = np.moveaxis(values, -1, 0) if layout == "separate" else values
    metadata = f"<GDALMetadata>{items}</GDALMetadata>"
    tifffile.imwrite(
        path,
        values,
        photometric="minisblack",
        planarconfig=layout,
        metadata=None,
        extratags=[(42112, "s", 0, metadata, True)],
    )
    return path


def matlab(path: Path, version: str) -> Path:
    if version == "7.3":
        with h5py.File(path, "w", userblock_size=512) as file:
            file["cube"] = CUBE.T.astype("f4")  # MATLAB's axes run the other way
            file["wavelength"] = WAVELENGTHS[np.newaxis]
            for one in file.values():
                one.attrs["MATLAB_class"] = np.bytes_("single")
        with path.open("r+b") as stream:
            stream.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
        return path
    savemat(path, {"cube": CUBE.astype("f4"), "wavelength": WAVELENGTHS})
    return path


def hdf5(path: Path) -> Path:
    with h5py.File(path, "w") as file:
        cube = file.create_dataset("cube", data=np.moveaxis(CUBE, -1, 0).astype("i4"))
        scales = {"wavelength": WAVELENGTHS, "y": np.arange(HEIGHT), "x": np.arange(WIDTH)}
        for axis, (name, values) in enumerate(scales.items()):
            file[name] = values
            file[name].make_scale(name)
            cube.dims[axis].attach_scale(file[name])
        file["wavelength"].attrs["units"] = "nm"
    return path


def zarr_array(path: Path) -> Path:
    zarr.create_array(
        str(path),
        data=np.moveaxis(CUBE, -1, 0).astype("u2"),
        dimension_names=("band", "y", "x"),
        attributes={"feature_labels": [f"{wavelength} nm" for wavelength in WAVELENGTHS]},
    )
    return path


MADE = {
    **{
        f"ENVI {interleave}, {['little', 'big'][order]}-endian, {TYPES[code]}": (
            lambda folder, kind=(interleave, order, code): envi(folder / "cube.hdr", *kind)
        )
        for interleave, order, code in product(AXES, (0, 1), TYPES)
    },
    "TIFF, pixel-interleaved": lambda folder: tiff(folder / "cube.tif", "contig"),
    "TIFF, band-sequential": lambda folder: tiff(folder / "cube.tif", "separate"),
    "MATLAB 5": lambda folder: matlab(folder / "cube.mat", "5"),
    "MATLAB 7.3": lambda folder: matlab(folder / "cube.mat", "7.3"),
    "HDF5": lambda folder: hdf5(folder / "cube.h5"),
    "netCDF": lambda folder: hdf5(folder / "cube.nc"),
    "Zarr": lambda folder: zarr_array(folder / "cube.zarr"),
}
EXPECTED = similarity_map(FeatureStack(values=CUBE, name="cube"), (2, 3))


@pytest.mark.parametrize("made", MADE.values(), ids=MADE.keys())
def test_map_and_wavelengths_are_the_same(made, tmp_path):
    stack = read_stack(made(tmp_path))
    np.testing.assert_array_equal(np.asarray(stack.values), CUBE)
    np.testing.assert_allclose(similarity_map(stack, (2, 3)), EXPECTED, atol=1e-5)
    numbers = [float(str(label).removesuffix(" nm")) for label in stack.feature_labels]
    np.testing.assert_allclose(numbers, WAVELENGTHS)
    assert not stack.is_axis_guessed
