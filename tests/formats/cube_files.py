"""Files of cubes as other programs write them, small."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from scipy.io import netcdf_file

WAVELENGTHS = np.array([410.5, 450.0, 555.25, 700.0, 910.0], np.float32)
CUBE = np.random.default_rng(3).integers(1, 1000, (6, 7, 5)).astype(np.int16)
"""Height, width, features."""

UNWRITTEN = {"i2": -32767, "f4": 9.969209968386869e36}
"""What netCDF fills variables with, as netCDF4-python tells it (default_fillvals)."""


def write_emit(path: Path, values: NDArray[Any], bad_bands: Collection[int] = (0, 3)) -> None:
    """Write a file like EMIT's products of level 1B and 2A."""
    height, width, count = values.shape
    with h5py.File(path, "w") as file:
        for axis, length in (("downtrack", height), ("crosstrack", width), ("bands", count)):
            file[axis] = np.zeros(length, ">f4")
            text = f"This is a netCDF dimension but not a netCDF variable.{length:10}"
            file[axis].make_scale(text)
        cube = file.create_dataset("reflectance", data=values, chunks=(3, 4, 2), compression="gzip")
        cube.attrs["_FillValue"] = np.array([-9999], values.dtype)
        for axis, scale in enumerate(("downtrack", "crosstrack", "bands")):
            cube.dims[axis].attach_scale(file[scale])
        told = {
            "wavelengths": np.linspace(381.5, 2493.0, count, dtype=np.float32),
            "fwhm": np.full(count, 8.5, np.float32),
            "good_wavelengths": np.array(
                [band not in bad_bands for band in range(count)], np.uint8
            ),
        }
        for key, vector in told.items():
            data = file.create_dataset(f"sensor_band_parameters/{key}", data=vector)
            data.dims[0].attach_scale(file["bands"])
        file["sensor_band_parameters/wavelengths"].attrs["units"] = "nm"
        file["location/lat"] = np.zeros((height, width))


VNIR = np.array([900.0, 700.0, 500.0, 0.0], np.float32)
"""Wavelengths of PRISMA's bands as it has them: falling, and 0 where nothing is measured."""

SWIR = np.array([2000.0, 1000.0, 890.0], np.float32)


def write_prisma(
    path: Path, vnir: NDArray[Any], swir: NDArray[Any], *, swir_top: float = 1.0
) -> None:
    """Write a file like PRISMA's of level 2D, of cubes of lines, bands and samples."""
    with h5py.File(path, "w") as file:
        fields = file.create_group("HDFEOS/SWATHS/PRS_L2D_HCO/Data Fields")
        fields.create_dataset("VNIR_Cube", data=vnir, chunks=(2, 4, 3), compression="gzip")
        fields.create_dataset("SWIR_Cube", data=swir)
        fields["VNIR_PIXEL_L2_ERR_MATRIX"] = np.zeros(vnir.shape, np.uint8)
        for part, centres, top in (("Vnir", VNIR, 1.0), ("Swir", SWIR, swir_top)):
            file.attrs[f"List_Cw_{part}"] = centres
            file.attrs[f"List_Fwhm_{part}"] = centres / 100
            file.attrs[f"List_Cw_{part}_Flags"] = (centres % 1000 != 890).astype(np.int32) * (
                centres > 0
            )
            file.attrs[f"L2Scale{part}Min"] = np.float32(0.0)
            file.attrs[f"L2Scale{part}Max"] = np.float32(top)


def write_matlab_hdf5(path: Path, **arrays: NDArray[Any]) -> None:
    """Write a file as MATLAB does with -v7.3: behind its own header, axes reversed."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, array in arrays.items():
            kind = {"f8": "double", "f4": "single", "i2": "int16", "u2": "uint16"}
            file[name] = array.T
            file[name].attrs["MATLAB_class"] = np.bytes_(kind[array.dtype.str[1:]])
        file["title"] = np.array([[72], [105]], np.uint16)
        file["title"].attrs["MATLAB_class"] = np.bytes_("char")
        file.create_group("info").attrs["MATLAB_class"] = np.bytes_("struct")
        file["#refs#/a"] = np.ones((3, 4, 5))
    with path.open("r+b") as stream:
        stream.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")


def write_netcdf4(path: Path, values: NDArray[Any], **attributes: Any) -> None:
    """Write a file as netCDF-4 does, of a variable along wavelength, y and x."""
    with h5py.File(path, "w") as file:
        file["wavelength"] = WAVELENGTHS / 1000
        file["wavelength"].attrs["units"] = "um"
        file["y"], file["x"] = np.arange(values.shape[1]), np.arange(values.shape[2])
        unwritten = UNWRITTEN.get(values.dtype.str[1:])
        file.create_dataset("radiance", data=values, fillvalue=unwritten)
        file["radiance"].attrs.update(attributes)
        for axis, name in enumerate(("wavelength", "y", "x")):
            file[name].make_scale(name)
            file["radiance"].dims[axis].attach_scale(file[name])


def write_classic_netcdf(path: Path, values: NDArray[Any], **attributes: Any) -> None:
    """Write a file of classic netCDF, of a variable along band, y and x."""
    with netcdf_file(path, "w") as file:
        for name, length in zip(("band", "y", "x"), values.shape, strict=True):
            file.createDimension(name, length)
        cube = file.createVariable("radiance", values.dtype, ("band", "y", "x"))
        cube[:] = values
        for key, value in attributes.items():
            setattr(cube, key, value)
        centres = file.createVariable("wavelengths", np.float32, ("band",))
        centres[:] = WAVELENGTHS
        centres.units = "nm"
