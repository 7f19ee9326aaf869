"""Tiny good files of every kind that is read, which the fuzzer damages."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import cube_files
import h5py
import numpy as np
import tifffile
import zarr
from dataset_files import dataset, image_file
from envi_cubes import write_cube
from PIL import Image
from scipy.io import savemat
from tiff_files import UTM, gdal, item

from napari_ifealid.bands import Bands
from napari_ifealid.formats import write_array
from napari_ifealid.libraries import Library, LibraryEntry, write_library
from napari_ifealid.sharpening.weights import ONE, Weights, column_dtype
from napari_ifealid.sharpening.weights_file import write_weights
from napari_ifealid.stack import FeatureStack, Placement

CUBE = np.arange(1, 61).reshape(3, 4, 5)
WAVELENGTHS = (410.5, 450.0, 555.25, 700.0, 910.0)
STACK = FeatureStack(
    values=CUBE.astype("f4"),
    name="cube",
    feature_labels=WAVELENGTHS,
    bands=Bands(widths=(8.5,) * 5, is_good=(True, True, False, True, True)),
    placement=Placement((4.0, 4.0), (1.5, 1.5)),
)
PHOTO = Image.fromarray(np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8))
ZARR_OPTIONS = {"chunks": (2, 4, 5), "compressors": None}

SESSION = {
    "format": "napari-ifealid session",
    "version": "1.0",
    "stacks": [
        {
            "path": "cube.npy",
            "shape": [3, 4, 5],
            "feature_axis": 2,
            "linked": True,
            "left_out": [[1, 2]],
            "compared_axis": 2,
            "placement": {
                "scale": [1.0, 1.0, 1.0],
                "translate": [0.0, 0.0, 0.0],
                "rotate": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
                "shear": [0.0, 0.0, 0.0],
                "affine": np.eye(4).tolist(),
                "units": ["pixel"] * 3,
            },
        }
    ],
    "explored": 0,
    "references": [
        {"kind": "place", "position": [2.0, 1.5], "colour": "#e69f00", "sign": 1},
        {
            "kind": "vector",
            "name": "a",
            "sign": -1,
            "values": [0, 0.25, 1, 2, 3],
            "colour": "#56b4e9",
        },
    ],
    "cursor": {"position": [1.0, 2.0], "held": False},
    "compare_with": "best",
    "window": 1,
    "measure": "spectral angle",
    "threshold": 0.8,
    "sharpness": {"space": 1.0, "colour": 0.1, "taps": 9},
    "slice": [2.5, None, None],
    "look": {
        "colormap": "IFeaLiD fire",
        "colours": "smallest to largest",
        "limits": [0.0, 1.0],
        "opacity": 1.0,
        "base_opacity": 0.1,
        "image_in_colour": False,
        "scale": "similarity",
    },
}


@dataclass(frozen=True)
class Seed:
    """Files that belong together.

    Parameters
    ----------
    name : str
    opened : str
        The path of the file or the folder that is opened, among them.
    files : dict of str to bytes
        By their paths in a folder.
    is_tiny : bool
        Whether it is the one of its format of which each byte is replaced in turn.
    """

    name: str
    opened: str
    files: dict[str, bytes]
    is_tiny: bool = False

    @property
    def is_slow(self) -> bool:
        """Whether it takes several times as long to open as others."""
        is_hdf5 = any(content[:8] == b"\x89HDF\r\n\x1a\n" for content in self.files.values())
        return is_hdf5 or ".zarr" in self.opened or self.opened == "seven.mat"


def seeds() -> list[Seed]:
    """Return all of them, the same bytes each time as far as their writers allow."""
    return [_written(*told) for told in _WRITERS]


def _written(opened: str, write: Callable[[Path], object], is_tiny: bool = False) -> Seed:
    with TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / opened)
        found = sorted(path for path in folder.rglob("*") if path.is_file())
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
    return Seed(opened, opened, files, is_tiny)


def _npy(version: tuple[int, int] = (1, 0), dtype: str = "f4", order: str = "C"):
    values = np.asarray(CUBE, dtype, order=order)

    def write(path: Path) -> None:
        with path.open("wb") as stream:
            np.lib.format.write_array(stream, values, version)

    return write


def _dataset(**options: object) -> Callable[[Path], object]:
    fields = {"stride": [4, 4], "offset": [1.5, 0], "labels": ["a", 1.5, "b", 7, "c"]}
    fields |= {"minimum": -1.5, "maximum": 2, "overlay": bool(options)}
    return lambda path: path.write_bytes(
        dataset(CUBE.astype(options.pop("dtype", "u1")), fields=fields, members=options)
    )


def _zarr_group(zarr_format: int) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        group = zarr.open_group(path, mode="w", zarr_format=zarr_format)
        for name, values in (("cube", CUBE.astype("i2")), ("wavelength", np.array(WAVELENGTHS))):
            array = group.create_array(name, shape=values.shape, dtype=values.dtype)
            array[...] = values
        group["cube"].attrs.update(scale_factor=0.5, add_offset=1.0, _FillValue=-1)
        group["wavelength"].attrs["units"] = "nm"

    return write


def _zarr(zarr_format: int, **options: object) -> Callable[[Path], object]:
    return lambda path: zarr.create_array(
        path, data=CUBE.astype("f4"), zarr_format=zarr_format, **(ZARR_OPTIONS | options)
    )


def _ome_zarr(version: str) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        is_new = version == "0.5"
        group = zarr.open_group(path, mode="w", zarr_format=3 if is_new else 2)
        group.create_array("0", shape=(2, 3, 4), dtype="u1", compressors=None)[...] = 7
        axes = [{"name": "c", "type": "channel"}]
        axes += [{"name": name, "type": "space", "unit": "micrometer"} for name in "yx"]
        levels = [
            {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, 0.5, 0.5]}]}
        ]
        told = {"multiscales": [{"axes": axes, "datasets": levels, "version": version}]}
        told["omero"] = {"channels": [{"label": "red", "color": "FF0000"}, {"label": "b"}]}
        group.attrs.update({"ome": {"version": version, **told}} if is_new else told)

    return write


def _tiff(**options: object) -> Callable[[Path], object]:
    values = np.moveaxis(CUBE.astype(options.pop("dtype", "u2")), -1, 0)
    plain = {"photometric": "minisblack", "planarconfig": "separate", "metadata": None}
    return lambda path: tifffile.imwrite(path, values, **(plain | options))


def _geotiff() -> Callable[[Path], object]:
    scale, tie = (30.0, 30.0, 0.0), (0.0, 0.0, 0.0, 4e5, 5e6, 0.0)
    bands = [item("wavelength", value, band) for band, value in enumerate(WAVELENGTHS)]
    code, kind, text = gdal(item("wavelength_units", "nm"), *bands, item("scale", 0.5, 0))
    tags = [(33550, "d", 3, scale, True), (33922, "d", 6, tie, True), (34735, "H", 16, UTM, True)]
    tags += [(code, kind, 0, text, True), (42113, "s", 0, b"-9999", True)]
    return _tiff(extratags=tags, dtype="i2")


def _channels(**options: object) -> Callable[[Path], object]:
    values = np.moveaxis(CUBE.astype("u2"), -1, 0)
    return lambda path: tifffile.imwrite(path, values, photometric="minisblack", **options)


def _esri(path: Path) -> None:
    values = np.moveaxis(CUBE, -1, 1).astype("<i2")
    path.write_bytes(values.tobytes())
    told = {"NROWS": 3, "NCOLS": 4, "NBANDS": 5, "NBITS": 16, "PIXELTYPE": "SIGNEDINT"}
    told |= {"BYTEORDER": "I", "LAYOUT": "BIL", "SKIPBYTES": 0, "NODATA": -1, "ULXMAP": 4e5}
    told |= {"ULYMAP": 5e6, "XDIM": 30, "YDIM": 30, "BANDROWBYTES": 8, "TOTALROWBYTES": 40}
    lines = [f"{key} {value}" for key, value in told.items()]
    path.with_suffix(".hdr").write_text("\n".join([*lines, ""]))


def _hdf5(**options: object) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        with h5py.File(path, "w") as file:
            cube = file.create_dataset("cube", data=CUBE.astype("i2"), **options)
            cube.attrs.update(scale_factor=0.5, _FillValue=-1)
            file["wavelength"] = np.array(WAVELENGTHS)

    return write


def _matlab(do_compression: bool) -> Callable[[Path], object]:
    values = {"cube": CUBE.astype("i2"), "wavelength": np.array([WAVELENGTHS])}
    return lambda path: savemat(path, values, do_compression=do_compression)


def _safetensors(path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    values = torch.tensor(CUBE.astype("f4"))
    save_file({"a": values[None], "b": values.bfloat16()}, path, metadata={"format": "pt"})


def _torch(path: Path) -> None:
    import torch

    values = torch.tensor(CUBE.astype("f4"))
    stream = io.BytesIO()
    torch.save({"a": values, "b": [values[None].bfloat16()]}, stream)
    path.write_bytes(stream.getvalue())


def _library(path: Path) -> None:
    vectors = [np.arange(5.0), np.array([1.0, np.nan, 2.0, 3.0, 1e-3])]
    entries = [LibraryEntry(vector=one, name=f"spectrum {n}") for n, one in enumerate(vectors)]
    write_library(path, Library(tuple(entries), WAVELENGTHS, path.stem))


def _weights(path: Path) -> None:
    columns = np.zeros((4, 6, 2), column_dtype(6))
    columns[..., 1] = np.arange(24).reshape(4, 6) % 6
    values = np.full((4, 6, 2), ONE // 2, np.uint16)
    values[..., 1] += ONE - 2 * (ONE // 2)
    write_weights(path, Weights(columns, values, 6))


def _session(path: Path) -> None:
    np.save(path.with_name("cube.npy"), CUBE.astype("f4"))
    path.write_text(json.dumps(SESSION))


_WRITERS: tuple[tuple[object, ...], ...] = (
    ("plain.npy", _npy(), True),
    ("version2.npy", _npy((2, 0), ">i2")),
    ("version3.npy", _npy((3, 0), "f8", "F")),
    ("known.npz", lambda path: write_array(path, STACK)),
    ("tiny.npz", lambda path: np.savez(path, a=CUBE.astype("u1")), True),
    ("several.npz", lambda path: np.savez_compressed(path, a=CUBE, b=CUBE[:2] / 2, c=CUBE[0])),
    ("tiny.zip", _dataset(), True),
    ("overlay.zip", _dataset(**{"overlay.jpg": image_file(PHOTO, "JPEG")})),
    ("png_overlay.zip", _dataset(**{"overlay.jpg": image_file(PHOTO, "PNG"), "dtype": "<u2"})),
    ("tiny.zarr", _zarr(3), True),
    ("packed.zarr", _zarr(3, compressors="auto", shards=(4, 4, 5))),
    ("version2.zarr", _zarr(2)),
    ("written.zarr", lambda path: write_array(path, STACK)),
    ("group2.zarr", _zarr_group(2)),
    ("group3.zarr", _zarr_group(3)),
    ("ome4.zarr", _ome_zarr("0.4")),
    ("ome5.zarr", _ome_zarr("0.5")),
    ("tiny.tif", _tiff(), True),
    ("geo.tif", _geotiff()),
    ("written.tif", lambda path: write_array(path, STACK)),
    ("tiled.tif", _tiff(tile=(16, 16), compression="zlib")),
    ("lzw.tif", _tiff(compression="lzw", predictor=True, rowsperstrip=2)),
    ("big.tif", _tiff(bigtiff=True, byteorder=">", compression="zlib", predictor=True)),
    ("jpeg.tif", _tiff(dtype="u1", compression="jpeg", rowsperstrip=8)),
    ("channels.ome.tif", _channels(ome=True, metadata={"axes": "CYX"})),
    ("imagej.tif", _channels(imagej=True, metadata={"axes": "CYX", "Labels": list("abcde")})),
    ("tiny.hdr", lambda path: write_cube(path.parent, header="tiny.hdr", data="tiny.raw"), True),
    ("known.hdr", lambda path: write_array(path, STACK)),
    (
        "bip.raw",
        lambda path: write_cube(
            path.parent,
            header="bip.hdr",
            data="bip.raw",
            code=12,
            interleave="bip",
            byte_order=1,
            header_offset=3,
            reflectance_scale_factor=10000,
            data_ignore_value=7,
            wavelength="{0.4, 0.5, 0.6, 0.7, 0.8}",
            wavelength_units="Micrometers",
            fwhm="{1, 2, 3, 4, 5}",
            bbl="{1, 1, 0, 1, 1}",
            default_bands="{3, 2, 1}",
            map_info="{UTM, 1, 1, 400000, 5000000, 30, 30, 33, North, WGS-84}",
        ),
    ),
    (
        "bsq.hdr",
        lambda path: write_cube(
            path.parent, header="bsq.hdr", data="bsq.img", interleave="bsq", code=2
        ),
    ),
    ("esri.bil", _esri),
    ("tiny.h5", _hdf5(), True),
    ("packed.h5", _hdf5(chunks=(2, 2, 5), compression="gzip", shuffle=True, fletcher32=True)),
    ("emit.nc", lambda path: cube_files.write_emit(path, CUBE.astype("f4"))),
    ("four.nc", lambda path: cube_files.write_netcdf4(path, np.moveaxis(CUBE, -1, 0))),
    (
        "prisma.he5",
        lambda path: cube_files.write_prisma(
            path, CUBE[:, :, :3].astype("u2"), CUBE[:, :3, :3].astype("u2")
        ),
    ),
    (
        "tiny.nc",
        lambda path: cube_files.write_classic_netcdf(
            path, np.moveaxis(CUBE, -1, 0).astype("i2"), scale_factor=0.5
        ),
        True,
    ),
    ("tiny.mat", _matlab(False), True),
    ("packed.mat", _matlab(True)),
    (
        "seven.mat",
        lambda path: cube_files.write_matlab_hdf5(
            path, cube=CUBE.astype("i2"), wavelength=np.array([WAVELENGTHS])
        ),
    ),
    ("tiny.safetensors", _safetensors, True),
    ("tiny.pt", _torch, True),
    ("tiny.csv", _library, True),
    ("tiny.sli", _library, True),
    ("tiny.weights.npz", _weights, True),
    ("tiny.ifealid.json", _session, True),
    ("photo.png", lambda path: PHOTO.save(path), True),
    ("photo.jpg", lambda path: PHOTO.save(path), True),
    ("grey.png", lambda path: Image.fromarray(CUBE[0].astype("u2")).save(path)),
)
"""The path that is opened, what writes the files, and whether each byte is replaced in turn."""
