"""Zarr folders: arrays that stay on disk, and groups of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import prod
from numbers import Integral
from os import fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.bands import Bands
from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.formats.blocks import whole_chunks
from napari_ifealid.formats.cf_values import packing_of, unpacked
from napari_ifealid.formats.described_array import DescribedArray, as_vector, last_name
from napari_ifealid.formats.details import ALL_DETAILS, Detail
from napari_ifealid.formats.features_last import FeaturesLast
from napari_ifealid.formats.fields import Fields
from napari_ifealid.formats.file_state import FileState, file_state, has_changed
from napari_ifealid.formats.format import Format, no_stacks
from napari_ifealid.formats.location import (
    Location,
    cannot_open,
    check_is_there,
    is_file,
    is_url,
    local_path,
    name_of,
)
from napari_ifealid.formats.ome_zarr import (
    IMAGE_KEYS,
    SERIES_KEY,
    OmeImage,
    ome_image,
    ome_metadata,
)
from napari_ifealid.formats.spectral_axis import feature_axis_of
from napari_ifealid.formats.stack_fields import LABELS_KEY, known_fields
from napari_ifealid.formats.telling_vectors import vector_names
from napari_ifealid.formats.url_options import url_options
from napari_ifealid.formats.zarr_described import described_zarr
from napari_ifealid.formats.zarr_members import checked, members, opened_node
from napari_ifealid.formats.zarr_writer import NAME_KEY, ZARR_NAME, is_zarr, write_zarr
from napari_ifealid.lazy_arrays import lazy
from napari_ifealid.stack import FEATURE_AXIS_NAMES, FeatureStack, check_feature_array
from napari_ifealid.tracking import Track

if TYPE_CHECKING:
    import zarr

MOST_CHUNKS = 1 << 16
"""Chunks of a dask array that can still be sliced in no time."""

_MOST_PIECES = 1 << 12  # chunks of a pixel, which take some seconds to be read
_STACK_THEM = "Stack the features along an axis, or choose another array or folder."
_REMEDY = "Correct the attribute, or remove it."
_ARRAY_METADATA_FILES = ("zarr.json", ".zarray")
_METADATA_FILES = (*_ARRAY_METADATA_FILES, ".zgroup")
_MOST_IMAGES = 1000  # of a group of images
_PACKAGES = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "http": "fsspec[http]",
    "https": "fsspec[http]",
}


def read_zarr(
    location: Location, *, array: str | None = None, feature_axis: int | None = None
) -> list[FeatureStack]:
    """Read each feature stack in a Zarr folder, or one of them, without its values.

    The folder holds an array or a group, of version 2 or 3. Of a group, each array in it, though
    not in the groups in it, is a feature stack if it has at least three axes, none of them empty,
    and real numbers; others are skipped, also those that can't be opened. The values are dask
    arrays, read when and where they are needed: whether any of them is finite is not looked at.

    Of an OME-Zarr image it is the array of full resolution, or the one that is named: its channels
    are the features, with their names and colours, axes of length 1 are left out, and the pixels
    have their size where the unit is known. A group of such images has a stack for each.

    Parameters
    ----------
    location : path or URL
        Such as https://example.org/cube.zarr or s3://bucket/cube.zarr.
    array : str, optional
        Name of the only array of a group to read.
    feature_axis : int, optional
        Axis of the stored array along which the features lie. Unless given, the one whose name,
        as Zarr or xarray tell it, is c, channel, feature or band; else the only one that is as
        long as an array of wavelengths in the group; else the last one, which is a guess then.

    Returns
    -------
    list of FeatureStack
        Called what the attribute `name` says; else a single one is named after the folder, several
        "<folder name>: <array name>". Attributes as `write_array` writes them give what else is
        known of the stack, unless `feature_axis` is another axis than they were written for.
        `scale_factor`, `add_offset`, `missing_value` and the like, as CF has them, count for any
        array. Labels, widths and good bands of other groups are those of arrays beside it, see
        `read_hdf5`.

    Raises
    ------
    DatasetError
        If the folder is missing, no Zarr or damaged, if none of its arrays is a feature stack or
        one lacks the axis, or if an attribute is wrong.
    """
    folder, called = _open(location, array), name_of(location)
    if array is not None and array in folder.faults:
        raise _unknown(folder.faults[array], location, array)
    stacks = {
        name: stored
        for name, stored in folder.arrays.items()
        if array in (None, name)
        and (
            folder.is_array or _is_stack(stored, is_asked_for=(array, feature_axis) != (None, None))
        )
    }
    if not stacks and array is None and any(one.image for one in folder.arrays.values()):
        raise _no_channels(location)
    if not stacks:
        raise no_stacks(location, folder.listed, array, _STACK_THEM)
    lengths = {length for stored in stacks.values() for length in stored.array.shape}
    vectors = folder.vectors(lengths)
    result = []
    for name, stored in stacks.items():
        whole_name = called if len(stacks) == 1 else f"{called}: {name}"
        try:
            result.append(_stack(stored, whole_name, vectors, feature_axis))
        except DatasetError as error:
            place = ", ".join(part for part in (name, error.member) if part)
            raise error.inside(location, place) from error.__cause__
    return result


def _array_names(location: Location) -> dict[str, bool] | None:
    folder = _open(location)
    if folder.is_array:
        return None
    others = dict.fromkeys([*folder.smaller_levels, *folder.faults], False)
    return {name: _is_stack(stored) for name, stored in folder.arrays.items()} | others


def _looks_like_stack(location: Location) -> bool:
    """Return whether a folder is a Zarr array, or a group with a feature stack in it, good or bad.

    Of images in the format OME-Zarr, only those with several channels are.
    """
    if not _is_marked(location):
        return False
    folder = _open(location)
    has_stack = any(map(_is_stack, folder.arrays.values())) or bool(folder.faults)
    is_ours = folder.is_array or has_stack
    is_unknown_image = bool(IMAGE_KEYS & folder.attributes.keys()) and not any(
        stored.image for stored in folder.arrays.values()
    )
    return is_ours and not is_unknown_image


@dataclass(frozen=True, eq=False)
class _OpenedFolder:
    """An array's folder as it was opened, which the file of its metadata tells."""

    folder: Path
    metadata: Path
    state: FileState

    def check(self) -> None:
        """Raise an error if the folder has been deleted or written anew.

        Zarr would take missing chunks for empty ones, and decode others by what it was told first.
        """
        try:
            now = file_state(self.metadata)
        except OSError as error:
            raise has_changed(self.folder, "no such array any more") from error
        if now != self.state:
            raise has_changed(self.folder)


@dataclass(frozen=True, eq=False)
class _StoredArray:
    """A Zarr array, with what its metadata say, and the image that it is a resolution of."""

    array: zarr.Array[Any]
    described: DescribedArray
    opened: _OpenedFolder | None
    image: OmeImage | None = None
    level: str = ""

    @property
    def known_axis(self) -> int | None:
        """The axis that is called features; the last one of what `write_zarr` has written."""
        if self.image is not None and self.image.channel_axis is not None:
            return self.image.channel_axis
        named = (
            axis
            for axis, name in enumerate(self.described.axis_names)
            if last_name(name) in FEATURE_AXIS_NAMES
        )
        is_ours = LABELS_KEY in self.described.attributes
        return next(named, self.array.ndim - 1 if is_ours else None)

    @property
    def feature_axis(self) -> int:
        """The axis that is known to hold the features, else the last one."""
        return self.array.ndim - 1 if self.known_axis is None else self.known_axis

    def axes_with(self, feature_axis: int) -> tuple[int, ...]:
        """Return the axes of a stack with such features, those last.

        Of an image, axes of length 1 are left out, but for rows and columns.
        """
        spatial = [axis for axis in range(self.array.ndim) if axis != feature_axis]
        if self.image is not None:
            leading = [axis for axis in spatial[:-2] if self.array.shape[axis] > 1]
            spatial = [*leading, *spatial[-2:]]
        return (*spatial, feature_axis)


@dataclass(frozen=True, eq=False)
class _Folder:
    """The contents of a Zarr folder: a single array without a name, or the arrays of a group."""

    is_array: bool
    attributes: dict[str, Any]
    arrays: dict[str, _StoredArray]
    faults: Mapping[str, Exception] = field(default_factory=dict)
    """Why other arrays can't be opened."""

    @property
    def smaller_levels(self) -> list[str]:
        """Names of the arrays of an image that are no more than a smaller resolution."""
        if SERIES_KEY in ome_metadata(self.attributes):
            return []
        images = (stored.image for stored in self.arrays.values() if stored.image is not None)
        return [level for image in images for level in image.levels if level not in self.arrays]

    def vectors(self, lengths: Collection[int]) -> list[DescribedArray]:
        """Return the arrays that may tell of so many features."""
        arrays = {name: stored.array for name, stored in self.arrays.items()}
        names = vector_names(arrays, lengths)
        return [as_vector(self.arrays[name].described) for name in names]

    @property
    def listed(self) -> dict[str, str]:
        """Shape and type of each array, or why it can't be opened."""
        readable = {
            name: f"{stored.array.shape} {stored.array.dtype}"
            for name, stored in self.arrays.items()
        }
        return readable | {name: f"({short_reason(one)})" for name, one in self.faults.items()}


@dataclass(frozen=True, eq=False)
class _FeaturesLast:
    """A Zarr array with its features last and its bytes in this machine's order.

    If dask moved and converted them, it would read whole chunks for the sake of a pixel.
    """

    array: zarr.Array[Any]
    axes: tuple[int, ...]
    """Of the stored array, in the order of the stack's; of others, the first position is taken."""

    opened: _OpenedFolder | None

    @property
    def shape(self) -> tuple[int, ...]:
        return self._moved(self.array.shape)

    @property
    def chunks(self) -> tuple[int, ...]:
        return self._moved(self.array.chunks)

    @property
    def ndim(self) -> int:
        return len(self.axes)

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.array.dtype.newbyteorder("=")

    def __getitem__(self, index: tuple[Any, ...]) -> NDArray[Any]:
        stored: list[Any] = [0] * self.array.ndim
        for axis, part in zip(self.axes, index, strict=True):
            stored[axis] = part
        self._check()
        values = np.asarray(self.array.oindex[tuple(stored)], self.dtype)
        self._check()
        left = [
            axis
            for axis, part in zip(self.axes, index, strict=True)
            if not isinstance(part, Integral)
        ]
        return np.transpose(values, [sorted(left).index(axis) for axis in left])

    def _check(self) -> None:
        if self.opened is not None:
            self.opened.check()

    def _moved(self, lengths: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(lengths[axis] for axis in self.axes)


def _open(location: Location, array: str | None = None) -> _Folder:
    """Open a folder; of an image no more than the array that is asked for, else the largest."""
    if not _is_marked(location):
        if not is_url(location):
            check_is_there(location)
        raise DatasetError(
            "nothing that is a Zarr",
            expected=f"a Zarr array or group: a folder with one of {', '.join(_METADATA_FILES)}",
            remedy="Choose another folder, or write the array with zarr.save_array.",
            file=location,
        )
    import zarr

    opened = _opened(location)  # before the metadata are read, which may be replaced
    try:
        node = opened_node(location)
        if isinstance(node, zarr.Array):
            return _Folder(True, dict(node.attrs), {"": _stored("", node, opened)})
        images = _images(node, location, array)
        if images:
            return _Folder(False, dict(node.attrs), images)
        found = members(node, location, array)
        arrays = {
            name: _stored(name, one, _opened(location, name)) for name, one in found.arrays.items()
        }
        return _Folder(False, dict(node.attrs), arrays, found.faults)
    except DatasetError as error:
        raise error.inside(location) from error
    except Exception as error:  # each part of the metadata fails in its own way
        raise _unknown(error, location) from error


def _unknown(error: Exception, location: Location, name: str | None = None) -> DatasetError:
    return DatasetError(
        f"metadata or a codec that Zarr does not know ({short_reason(error)})",
        expected="an undamaged Zarr of version 2 or 3",
        remedy="Copy the folder again, or install the codec, or write the array again.",
        file=location,
        member=name,
    )


def _images(group: zarr.Group, location: Location, array: str | None) -> dict[str, _StoredArray]:
    """Return the array of an OME-Zarr image, or those of a group of images, by the image's name."""
    if SERIES_KEY not in ome_metadata(dict(group.attrs)):
        image = _image(group, location, "", array)
        return {} if image is None else {image.level: image}
    images = {}
    for name in map(str, range(_MOST_IMAGES)):
        inner = group.get(name)
        if inner is None:
            break
        image = _image(inner, location, f"{name}/", None)
        if image is not None:
            images[name] = image
    return images


def _image(
    group: zarr.Group | zarr.Array[Any], location: Location, prefix: str, level: str | None
) -> _StoredArray | None:
    """Return an array of an image, that of full resolution unless it has the one asked for."""
    import zarr

    image = ome_image(dict(group.attrs))
    if image is None or not isinstance(group, zarr.Group):
        return None
    path = level if level in image.levels else image.full_path
    assert path is not None
    opened = _opened(location, f"{prefix}{path}")
    array = group.get(path)
    if not isinstance(array, zarr.Array) or array.ndim != image.axis_count:
        return None
    return replace(_stored(path, array, opened), image=image, level=path)


def _no_channels(location: Location) -> DatasetError:
    return DatasetError(
        "an OME-Zarr image without several channels",
        expected="two channels or more, which are the features",
        remedy="Open it as an image with napari, or say which axis holds the features (--axis "
        "AXIS, feature_axis=AXIS).",
        file=location,
    )


def _opened(location: Location, name: str = "") -> _OpenedFolder | None:
    """Return an array's folder as it is; None where there is none, and behind a URL."""
    if is_url(location):
        return None
    folder = (Path(location) / name).absolute()
    for metadata in (folder / file for file in _ARRAY_METADATA_FILES):
        if metadata.is_file():
            return _OpenedFolder(folder, metadata, file_state(metadata))
    return None


def _is_marked(location: Location) -> bool:
    path = local_path(location)
    if path is not None:
        return any(is_file(path / name) for name in _METADATA_FILES)
    from fsspec.core import url_to_fs

    try:
        files, root = url_to_fs(fspath(location), **url_options(location))
        return any(_is_there(files, f"{root.rstrip('/')}/{name}") for name in _METADATA_FILES)
    except ImportError as error:  # each protocol has a package of its own
        raise DatasetError(
            f"a URL that needs another package ({short_reason(error)})",
            expected="the packages that fsspec reads such URLs with",
            remedy=_install(fspath(location)),
            file=location,
        ) from error
    except Exception as error:  # a network fails in many ways
        raise cannot_open(location, error) from error


def _install(url: str) -> str:
    """Return how to get what such URLs are read with."""
    package = _PACKAGES.get(url.partition("://")[0].lower())
    if package is None:
        return "Install the package that fsspec names, with pip install."
    if package == "s3fs":
        return 'Install s3fs: pip install "napari-ifealid[cubes]"'
    return f'Install it: pip install "{package}"'


def _is_there(files: Any, path: str) -> bool:
    try:
        files.cat_file(path)  # `exists` takes any failure of a network for a missing file
    except FileNotFoundError:
        return False
    return True


def _stored(name: str, array: zarr.Array[Any], opened: _OpenedFolder | None) -> _StoredArray:
    from napari_ifealid.formats.zarr_bounds import bounded

    readable = bounded(checked(array, None if opened is None else opened.folder))
    return _StoredArray(readable, described_zarr(name, readable), opened)


def _is_stack(stored: _StoredArray, *, is_asked_for: bool = False) -> bool:
    """Return whether an array can be a stack; of an image only with several channels.

    Parameters
    ----------
    stored : _StoredArray
    is_asked_for : bool, optional
        Whether the user has named the array or the axis of its features.
    """
    try:
        check_feature_array(stored.array)
    except DatasetError:
        return False
    if stored.image is None or is_asked_for:
        return True
    axis = stored.image.channel_axis
    return axis is not None and stored.array.shape[axis] > 1


def _stack(
    stored: _StoredArray,
    called: str,
    vectors: Iterable[DescribedArray],
    feature_axis: int | None,
) -> FeatureStack:
    check_feature_array(stored.array)
    features = feature_axis_of(
        stored.described,
        vectors,
        asked=stored.known_axis if feature_axis is None else feature_axis,
        proposed=stored.feature_axis,
    )
    order = stored.axes_with(features.axis)
    array = _FeaturesLast(stored.array, order, stored.opened)
    _check_pieces(array)
    is_as_written = features.axis == stored.feature_axis
    if stored.image is not None:
        count, image = array.shape[-1], stored.image
        return FeatureStack(
            values=_lazy(array, array.chunks),
            name=called,
            feature_labels=image.labels(count) if is_as_written else None,
            bands=image.bands(count) if is_as_written else Bands(),
            pixel_size=image.pixel_size(stored.level, (order[-3], order[-2])),
            is_axis_guessed=features.is_guessed,
        )
    attributes = stored.described.attributes
    real, storage = unpacked(array, packing_of(attributes, array.dtype))
    name = attributes.get(NAME_KEY)
    known = features.known | (_known(attributes, array.shape[-1]) if is_as_written else {})
    return FeatureStack(
        values=_lazy(FeaturesLast(real, array.ndim - 1), array.chunks),
        name=name if isinstance(name, str) else called,  # others give the word another meaning
        **storage,
        **known,
    )


def _check_pieces(array: _FeaturesLast) -> None:
    """Raise if the features of a pixel lie in so many chunks that nobody waits for one."""
    pieces = -(-array.shape[-1] // array.chunks[-1])
    if pieces > _MOST_PIECES:
        raise DatasetError(
            f"{pieces:,} chunks for the features of a pixel",
            expected=f"at most {_MOST_PIECES:,}",
            remedy="Write the array again with more features in a chunk.",
        )


def _known(attributes: Mapping[str, Any], features: int) -> dict[str, Any]:
    """Return what attributes tell; those of others may give the words another meaning."""
    fields = Fields(attributes, 'attribute "{}"'.format, _REMEDY)
    is_ours = LABELS_KEY in attributes
    return known_fields(fields, features) if is_ours else {"placement": fields.placement()}


def _lazy(array: _FeaturesLast | FeaturesLast, chunks: tuple[int, ...]) -> Any:
    whole = whole_chunks(array.shape, chunks, prod(array.shape) // MOST_CHUNKS)
    return lazy(array, whole)


def _read(
    location: Location,
    *,
    array: str | None,
    feature_axis: int | None,
    track: Track,  # noqa: ARG001  # nothing is read yet
) -> list[FeatureStack]:
    return read_zarr(location, array=array, feature_axis=feature_axis)


ZARR = Format(
    name=ZARR_NAME,
    suffixes=(".zarr",),
    claims=lambda _: True,
    looks_like_stack=_looks_like_stack,
    read=_read,
    array_names=_array_names,
    write=write_zarr,
    keeps=lambda _: ALL_DETAILS - {Detail.OVERLAY},
    is_folder=True,
    replaces=is_zarr,
    takes_urls=True,
)
"""An array, or each array of a group with three or more axes, read block by block."""
