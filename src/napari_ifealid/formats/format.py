"""The definition of a file format: its names, a look inside, reading and writing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.details import NO_DETAILS, Detail
from napari_ifealid.formats.location import Location
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track

_MOST_LISTED = 10


class Read(Protocol):
    """Reads all feature stacks at a location, or one of them."""

    def __call__(
        self, location: Location, /, *, array: str | None, feature_axis: int | None, track: Track
    ) -> list[FeatureStack]:
        """Return at least one stack, or raise a DatasetError."""


class Write(Protocol):
    """Writes the real values of a feature stack, block by block where it is lazy."""

    def __call__(self, path: Path, stack: FeatureStack, /, *, force: bool, track: Track) -> None:
        """Write the file, which appears only once it is complete."""


@dataclass(frozen=True)
class Format:
    """A kind of file or folder that holds feature stacks.

    Parameters
    ----------
    name : str
        For the user, as in "IFeaLiD dataset".
    suffixes : tuple of str
        Endings of names that it takes, in lower case; written is the first, if any.
    claims : callable
        `claims(location)`: whether something with such a name is of this format, good or bad.
    looks_like_stack : callable
        `looks_like_stack(location)`: whether something of this format is meant to hold a stack.
    read : callable
        See `Read`.
    array_names : callable
        `array_names(location)`: the names of all arrays of something that holds several, and for
        each whether it is a feature stack; None for what holds one without a name.
    write : callable, optional
        See `Write`; None for a format that is only read.
    is_folder : bool
        Whether it is a folder, not a file.
    replaces : callable
        `replaces(path)`: whether a folder that is there is one of this format, which a new one may
        replace.
    takes_urls : bool
        Whether it is read where a URL names it. The files of others are downloaded first.
    recognises : callable
        `recognises(path)`: whether something whose ending no format takes is of this one, for
        formats whose files may have any name.
    files : callable
        `files(path)`: all files that belong together, where one of them is named.
    keeps : callable
        `keeps(stack)`: what of that which is known of a stack comes back from a file that it
        writes.
    companions : callable
        `companions(name)`: for the name of a file that is one of two, the names that the other
        may have, most likely first.
    """

    name: str
    suffixes: tuple[str, ...]
    claims: Callable[[Location], bool]
    looks_like_stack: Callable[[Location], bool]
    read: Read
    array_names: Callable[[Location], Mapping[str, bool] | None]
    write: Write | None = None
    keeps: Callable[[FeatureStack], frozenset[Detail]] = lambda _: NO_DETAILS
    is_folder: bool = False
    replaces: Callable[[Path], bool] = lambda _: False
    takes_urls: bool = False
    recognises: Callable[[Path], bool] = lambda _: False
    files: Callable[[Path], Sequence[Path]] = lambda path: [path]
    companions: Callable[[str], Sequence[str]] = lambda _: ()


def no_stacks(
    location: Location, arrays: Mapping[str, str], array: str | None, remedy: str
) -> DatasetError:
    """Return the error for a location none of whose arrays is the feature stack asked for.

    Parameters
    ----------
    location : path or URL
    arrays : mapping of str to str
        Shape and type of each array, by its name.
    array : str or None
        Name of the array that was asked for.
    remedy : str
    """
    listed = [f"{name} {what}" for name, what in arrays.items()]
    more = f" and {len(listed) - _MOST_LISTED} more" if len(listed) > _MOST_LISTED else ""
    called = "" if array is None else f" called {array!r}"
    found = "; ".join(listed[:_MOST_LISTED]) or "none"
    return DatasetError(
        f"no feature stack{called} among the arrays: {found}{more}",
        expected="an array of real numbers with at least three axes, (..., features)",
        remedy=remedy,
        file=location,
    )


def with_features_last(
    stack: FeatureStack, feature_axis: int | None, location: Location
) -> FeatureStack:
    """Return a stack whose features were stored along another axis.

    Parameters
    ----------
    stack : FeatureStack
        As if they were stored along the last one.
    feature_axis : int or None
        None: they were.
    location : path or URL

    Raises
    ------
    DatasetError
        If there is no such axis.
    """
    axes = stack.values.ndim
    if feature_axis is None:
        return stack
    if feature_axis in (-1, axes - 1):
        return replace(stack, is_axis_guessed=False) if stack.is_axis_guessed else stack
    if not -axes <= feature_axis < axes:
        raise no_such_axis(feature_axis, stack.values.shape, location)
    values = np.moveaxis(stack.values, feature_axis, -1)
    return FeatureStack(values=values, name=stack.name, **stack.storage)


def no_such_axis(
    feature_axis: int, shape: tuple[int, ...], location: Location | None = None
) -> DatasetError:
    """Return the error for an axis that an array does not have."""
    return DatasetError(
        f"no axis {feature_axis} that could hold the features, shape {shape}",
        expected="an axis of the array; the last one for a ZIP",
        remedy="Choose another feature axis, or none.",
        file=location,
    )
