"""A feature stack in a file, before its values are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_ifealid.formats.features_last import StoredArray, stack_values
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track


@dataclass(frozen=True, eq=False)
class StoredStack:
    """A feature stack in a file.

    Parameters
    ----------
    array : StoredArray
    axis : int
        Along which its features lie, 0 or greater.
    chunks : tuple of int or None
        See `stack_values`.
    known : mapping of str to anything
        What is known of it: keyword arguments of `FeatureStack`.
    is_sparse : bool, optional
        See `stack_values`.
    """

    array: StoredArray
    axis: int
    chunks: tuple[int, ...] | None
    known: Mapping[str, Any]
    is_sparse: bool = False

    def read(self, name: str, track: Track) -> FeatureStack:
        """Return the stack, with its values in memory or, where they are large, in the file.

        Parameters
        ----------
        name : str
            Of the stack.
        track : callable
            Shows the progress.
        """
        values = stack_values(
            self.array,
            self.axis,
            name=name,
            track=track,
            chunks=self.chunks,
            is_sparse=self.is_sparse,
        )
        return FeatureStack(values=values, name=name, **self.known)
