"""What is in an HDF5 file: its arrays, and what it tells of them, without their values."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.cf_values import PACKING_KEYS, unwritten_value
from napari_ifealid.formats.described_array import UNIT_KEYS, DescribedArray, as_texts, as_vector
from napari_ifealid.formats.telling_vectors import vector_names
from napari_ifealid.stack import check_feature_array

MOST_ARRAYS = 10_000
"""Arrays of a file that are looked at."""

_SMALL = 1 << 26  # bytes, read in no time whatever they are
_MOST_PACKED = 100  # bytes of values for one that is stored; of measured ones there are few

_NO_VARIABLE = "This is a netCDF dimension but not a netCDF variable"
_LABEL_ATTRIBUTES = ("_ARRAY_DIMENSIONS", "Dimension_Labels", "DIMENSION_LABELS")
_SCALE_ATTRIBUTES = ("CLASS", "NAME", "DIMENSION_LIST")
_KEYS = (*PACKING_KEYS, *UNIT_KEYS, "standard_name", *_LABEL_ATTRIBUTES, *_SCALE_ATTRIBUTES)


@dataclass(frozen=True)
class ListedArray:
    """Shape and type of an array.

    Parameters
    ----------
    shape : tuple of int
    dtype : numpy dtype
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def is_stack(self) -> bool:
        """Whether it can be a feature stack."""
        if self.ndim < 3:
            return False
        try:
            check_feature_array(self)
        except DatasetError:
            return False
        return True

    def __str__(self) -> str:
        return f"{self.shape} {self.dtype}"


def listed_arrays(file: Any) -> dict[str, ListedArray]:
    """Return the arrays of a file by their paths, the first `MOST_ARRAYS` of them.

    Links to other files are not followed, and paths that are not UTF-8 are left out, see
    `passed_over`.

    Parameters
    ----------
    file : h5py.File
    """
    import h5py

    found: dict[str, ListedArray] = {}

    # h5py's own objects take twice as long, which counts with thousands of arrays
    def look(name: bytes, info: Any) -> bool | None:
        if info.type == h5py.h5o.TYPE_DATASET:
            path, listed = _path(name), _listed(h5py.h5d.open(file.id, name))
            if path is not None and listed is not None:
                found[path] = listed
        return True if len(found) == MOST_ARRAYS else None

    h5py.h5o.visit(file.id, look, info=True)
    return found


def passed_over(file: Any) -> dict[str, str]:
    """Return what `listed_arrays` passes over, and why, by its path.

    Parameters
    ----------
    file : h5py.File
    """
    import h5py

    found: dict[str, str] = {}

    def look(name: bytes, info: Any) -> bool | None:
        text = name.decode(errors="replace")
        if info.type == h5py.h5l.TYPE_EXTERNAL:
            other, path = (part.decode(errors="replace") for part in file.id.links.get_val(name))
            found[text] = f"(a link to {path} in {other})"
        elif _path(name) is None:
            found[text] = "(its name is not UTF-8)"
        return True if len(found) == MOST_ARRAYS else None

    file.id.links.visit(look, info=True)
    return found


def _path(name: bytes) -> str | None:
    """Return a path in a file; None if it is not UTF-8, as which h5py would look for it."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        return None


def listed_array(file: Any, name: str) -> ListedArray | None:
    """Return one array of a file; None if there is none of that path.

    Parameters
    ----------
    file : h5py.File
    name : str
    """
    import h5py

    found = file.get(name)
    return _listed(found.id) if isinstance(found, h5py.Dataset) else None


def _listed(dataset: Any) -> ListedArray | None:
    try:
        shape, dtype = dataset.shape, dataset.dtype
    except TypeError:  # a type that NumPy does not know
        return None
    return None if shape is None else ListedArray(shape, dtype)  # None: no values at all


def described(file: Any, name: str) -> DescribedArray:
    """Return an array with what the file tells of it: the attributes that count.

    Parameters
    ----------
    file : h5py.File
        `DescribedArray.read` works while it is open.
    name : str
    """
    dataset = file[name]
    attributes = {key: _plain(dataset.attrs, key) for key in _KEYS if key in dataset.attrs}
    unwritten = unwritten_value(dataset.dtype)
    if unwritten is not None and dataset.fillvalue == unwritten:  # as only netCDF has it
        attributes.setdefault("_FillValue", unwritten)
    return DescribedArray(
        name=name,
        shape=dataset.shape,
        dtype=dataset.dtype,
        attributes=attributes,
        axis_names=_axis_names(dataset, attributes),
        read=lambda: as_texts(dataset[()]),
    )


def is_sparse(dataset: Any) -> bool:
    """Return whether a file holds next to nothing of a large array.

    Parameters
    ----------
    dataset : h5py.Dataset
    """
    return bool(
        dataset.nbytes > _SMALL and dataset.id.get_storage_size() * _MOST_PACKED < dataset.nbytes
    )


def described_vectors(
    file: Any, listed: dict[str, ListedArray], lengths: Collection[int]
) -> list[DescribedArray]:
    """Return the vectors that may tell of features, each with a single axis.

    Parameters
    ----------
    file : h5py.File
    listed : dict of str to ListedArray
    lengths : collection of int
        How many features there may be.
    """
    vectors = [as_vector(described(file, name)) for name in vector_names(listed, lengths)]
    return [vector for vector in vectors if not _is_mere_dimension(vector)]


def _is_mere_dimension(vector: DescribedArray) -> bool:
    return str(vector.attributes.get("NAME", "")).startswith(_NO_VARIABLE)


def _plain(attributes: Any, key: str) -> Any:
    """Return an attribute with texts instead of bytes; None for one that can't be read."""
    try:
        value = attributes[key]
    except (OSError, TypeError, ValueError):
        return None
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, np.ndarray) and value.dtype.kind in "SO":
        return [
            one.decode(errors="replace") if isinstance(one, bytes) else one for one in value.flat
        ]
    return value


def _axis_names(dataset: Any, attributes: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of the dimensions, "" for one without."""
    if attributes.get("CLASS") == "DIMENSION_SCALE" and dataset.ndim == 1:
        return (dataset.name,)
    scales = attributes.get("DIMENSION_LIST")
    if isinstance(scales, list) and len(scales) == dataset.ndim:
        return tuple(_scale_name(dataset.file, one) for one in scales)
    for key in _LABEL_ATTRIBUTES:
        labels = attributes.get(key)
        parts = labels.split(",") if isinstance(labels, str) else labels
        if isinstance(parts, list) and len(parts) == dataset.ndim:
            return tuple(str(part or "").strip() for part in parts)
    return ()


def _scale_name(file: Any, references: Any) -> str:
    """Return the path of a dimension's first scale; "" if it has none.

    HDF5's own functions for scales end the program where these references are damaged.
    """
    try:
        return str(file[references[0]].name) if len(references) else ""
    except (TypeError, ValueError, KeyError, IndexError, OSError, RuntimeError):
        return ""
