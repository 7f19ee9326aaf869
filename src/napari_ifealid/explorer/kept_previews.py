"""Previews kept on disk, so that a large stack is explored at once the next time."""

from __future__ import annotations

import os
from contextlib import suppress
from hashlib import sha256
from itertools import accumulate, islice
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from napari_ifealid.cache_folder import cache_folder
from napari_ifealid.engines import Preview
from napari_ifealid.engines.preview import PREVIEWED, PrincipalAxes
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.atomic_write import written_file
from napari_ifealid.measures import UsedFeatures
from napari_ifealid.stack import FeatureStack

MOST_BYTES = 2_000_000_000
"""Size of all previews kept; the oldest ones go."""

_MOST_LOOKED_AT = 10_000  # files of a folder, such as the chunks of a Zarr array


def preview_file(
    source: str | None, stack: FeatureStack, features: UsedFeatures | None = None
) -> Path | None:
    """Return where the preview of a stack is kept, None for one that is from no file.

    A change of the source makes it another file: of a folder, a change of any of its first
    10,000 files. So do other values of the first and the last pixel, as those of another array
    of the same source.

    Parameters
    ----------
    source : str or None
        Path of the file or folder that the stack is read from.
    stack : FeatureStack
    features : UsedFeatures, optional
        Those that the preview is about.
    """
    if source is None or not Path(source).exists():
        return None
    path = Path(source).resolve()
    state = (
        str(path),
        _newest_change(path),
        stack.name,
        stack.values.shape,
        str(stack.values.dtype),
        stack.value_range,
        stack.gain,
        stack.nodata,
        features,
        *(stack.vector((end,) * len(stack.spatial_shape)).tobytes() for end in (0, -1)),
    )
    return cache_folder() / "previews" / f"{sha256(repr(state).encode()).hexdigest()}.npz"


def load_preview(path: Path, features: UsedFeatures | None = None) -> Preview | None:
    """Read a preview of some features; None if there is none or it is damaged."""
    try:
        with path.open("rb") as stream, np.load(stream) as kept:
            parts = dict(kept)
        errors = dict(zip(parts["measures"].tolist(), parts["errors"].tolist(), strict=True))
        if PREVIEWED.keys() - errors.keys():
            return None  # kept by another version
        return Preview(
            axes=PrincipalAxes(parts["vectors"], parts["lowest"], float(parts["step"])),
            features=features,
            codes=parts["codes"],
            is_zero=parts["is_zero"],
            is_invalid=parts["is_invalid"],
            spatial_shape=tuple(parts["spatial_shape"].tolist()),
            errors=errors,
        )
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None


def save_preview(path: Path, preview: Preview) -> None:
    """Keep a preview, if there is room for it."""
    with suppress(OSError, DatasetError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_file(path, force=True) as stream:
            np.savez(
                stream,
                vectors=preview.axes.vectors,
                lowest=preview.axes.lowest,
                step=preview.axes.step,
                codes=preview.codes,
                is_zero=preview.is_zero,
                is_invalid=preview.is_invalid,
                spatial_shape=preview.spatial_shape,
                measures=list(preview.errors),
                errors=list(preview.errors.values()),
            )
        _remove_the_oldest(path.parent)


def _remove_the_oldest(folder: Path) -> None:
    """Keep no more than MOST_BYTES of previews."""
    files = sorted(folder.glob("*.npz"), key=_changed, reverse=True)
    sizes = accumulate(file.stat().st_size for file in files)
    for file, size in zip(files, sizes, strict=True):
        if size > MOST_BYTES:
            file.unlink()


def _newest_change(path: Path) -> int:
    if path.is_file():
        return _changed(path)
    files = (Path(folder, name) for folder, _, names in os.walk(path) for name in names)
    return max(map(_changed, islice(files, _MOST_LOOKED_AT)), default=0)


def _changed(path: Path) -> int:
    return path.stat().st_mtime_ns
