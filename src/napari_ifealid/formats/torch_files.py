"""The formats .pt and .pth: tensors that PyTorch has saved, by themselves or in dictionaries."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_STORED

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.formats.format import Format
from napari_ifealid.formats.location import Location, first_bytes
from napari_ifealid.formats.tensors import Tensor, chosen_tensors, hold_features
from napari_ifealid.formats.zip_archive import ZIP_STARTS, opened_zip
from napari_ifealid.memory import check_memory
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track, every_item, untracked
from napari_ifealid.utf8 import to_utf8

if TYPE_CHECKING:
    import torch

_DEEPEST = 20  # dictionaries and lists in each other
_SAVE_AGAIN = "Save the tensors again with torch.save, in a dictionary with their names."


def read_torch(
    location: Location,
    *,
    array: str | None = None,
    feature_axis: int | None = None,
    track: Track = untracked,
) -> list[FeatureStack]:
    """Read each tensor that can be a feature stack, or one of them, into memory.

    These have three or more axes beside a batch of one image, and real numbers. The features are
    the channels, which come after the batch; that is a guess. Values of bfloat16 become float32.
    No code of the file is run.

    Parameters
    ----------
    location : path
    array : str, optional
        Name of the only tensor to read: its key, in nested dictionaries and lists the keys and
        positions, joined by a slash.
    feature_axis : int, optional
        Axis of the stored tensor along which the features lie.
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Returns
    -------
    list of FeatureStack

    Raises
    ------
    DatasetError
        If PyTorch is missing, if the file is damaged, holds objects that only code could restore,
        or no feature stack, or if memory is short.
    concurrent.futures.CancelledError
        If `track` ended the iteration early.
    """
    path = Path(location)
    stored = _load(path)
    tensors = {name: _described(tensor) for name, tensor in stored.items()}
    names = chosen_tensors(tensors, array, location)
    stacks = []
    for name in every_item(track, names, total=len(names), desc=f"Opening {path.name}"):
        try:
            axis = tensors[name].kept_axis(feature_axis)
            kept = stored[name][0] if tensors[name].is_batch_of_one else stored[name]
            values = _values(kept, axis)
        except DatasetError as error:
            raise error.inside(path, name) from error.__cause__
        stacks.append(
            FeatureStack(
                values=values,
                name=path.name if len(names) == 1 else f"{path.name}: {name}",
                is_axis_guessed=feature_axis is None,
            )
        )
    return stacks


def _values(tensor: torch.Tensor, axis: int) -> NDArray[Any]:
    """Return a copy of a tensor that is mapped from its file, features last."""
    import torch

    is_brain_float = tensor.dtype == torch.bfloat16
    check_memory(tensor.numel() * (4 if is_brain_float else tensor.element_size()))
    moved = tensor.movedim(axis, -1).resolve_neg()
    return np.array((moved.float() if is_brain_float else moved).numpy(), order="C")


def _load(path: Path) -> dict[str, torch.Tensor]:
    """Return the tensors of a file, whose values are read when they are used."""
    _check_is_stored(path)
    torch = _imported(path)
    is_mapped = to_utf8(str(path)) == os.fsencode(path)  # PyTorch maps no file of another name
    try:
        with path.open("rb") as stream:
            content = torch.load(
                path if is_mapped else stream,
                map_location="cpu",
                weights_only=True,  # a pickle would run any code
                mmap=is_mapped,
            )
    except Exception as error:  # a damaged pickle fails in many ways
        # PyTorch's own text proposes to run the code
        why = "" if isinstance(error, UnpicklingError) else f" ({short_reason(error)})"
        raise DatasetError(
            f"nothing that can be read without running its code{why}",
            expected="tensors, or dictionaries and lists of them",
            remedy=_SAVE_AGAIN,
            file=path,
        ) from error
    return dict(_named_tensors(content, ""))


def _check_is_stored(path: Path) -> None:
    """Raise unless a file is a ZIP of entries that are not packed, as PyTorch writes them.

    Older ones would make room for whatever they ask for.
    """
    if not first_bytes(path).startswith(ZIP_STARTS):
        raise DatasetError(
            "a file that is no ZIP",
            expected="a file that PyTorch 1.6 or newer has saved",
            remedy="Load it with torch.load and save it again with torch.save.",
            file=path,
        )
    with opened_zip(path) as archive:
        for info in archive.infolist():
            if info.compress_type != ZIP_STORED or info.compress_size != info.file_size:
                raise DatasetError(
                    "a packed entry",
                    expected="entries that are stored as they are",
                    remedy=_SAVE_AGAIN,
                    file=path,
                    member=info.filename,
                )


def _imported(path: Path) -> Any:
    try:
        import torch
    except ImportError as error:
        raise DatasetError(
            "a file that needs PyTorch to be read",
            expected="the package torch",
            remedy='Install it: pip install "napari-ifealid[backbones]"',
            file=path,
        ) from error
    return torch


def _named_tensors(content: Any, name: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    import torch

    if isinstance(content, torch.Tensor):
        if content.device.type == "cpu" and content.layout == torch.strided:
            yield name, content.detach()
        return
    if depth == _DEEPEST:
        return
    is_mapping = isinstance(content, Mapping)
    items = content.items() if is_mapping else enumerate(content) if _is_list(content) else ()
    for key, one in items:
        yield from _named_tensors(one, f"{name}/{key}" if name else str(key), depth + 1)


def _is_list(content: object) -> bool:
    return isinstance(content, list | tuple)


def _described(tensor: torch.Tensor) -> Tensor:
    return Tensor(tuple(tensor.shape), str(tensor.dtype).removeprefix("torch."))


def _tensors(location: Location) -> dict[str, Tensor]:
    return {name: _described(one) for name, one in _load(Path(location)).items()}


def _array_names(location: Location) -> dict[str, bool] | None:
    tensors = _tensors(location)
    if [*tensors] == [""]:
        return None  # a tensor by itself
    return {name: tensor.is_stack for name, tensor in tensors.items()}


def _looks_like_stack(location: Location) -> bool:
    is_new = first_bytes(location).startswith(ZIP_STARTS)
    return is_new and hold_features(_tensors(location))


def _read(
    location: Location, *, array: str | None, feature_axis: int | None, track: Track
) -> list[FeatureStack]:
    return read_torch(location, array=array, feature_axis=feature_axis, track=track)


TORCH = Format(
    name="PyTorch",
    suffixes=(".pt", ".pth"),
    claims=lambda _: True,
    looks_like_stack=_looks_like_stack,
    read=_read,
    array_names=_array_names,
)
"""Each tensor with three or more axes, read into memory without running any code."""
