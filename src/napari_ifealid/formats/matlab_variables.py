"""What readers of MATLAB's formats tell of the variables in a file."""

from __future__ import annotations

from typing import Protocol

from napari_ifealid.formats.described_array import DescribedArray, as_vector, is_vector
from napari_ifealid.formats.features_last import StoredArray
from napari_ifealid.formats.hdf5_contents import ListedArray
from napari_ifealid.formats.spectral_axis import TELLING_NAMES


class Variables(Protocol):
    """The variables of a file, with axes as in MATLAB."""

    @property
    def arrays(self) -> dict[str, ListedArray]:
        """Arrays of numbers."""

    @property
    def others(self) -> dict[str, str]:
        """Other variables, with their classes."""

    def described(self, name: str) -> DescribedArray:
        """Return what is known of an array."""

    def vectors(self) -> list[DescribedArray]:
        """Return the vectors that may tell of features, each with a single axis."""

    def stored(self, name: str) -> tuple[StoredArray, tuple[int, ...] | None]:
        """Return an array to be read, and the lengths of its chunks.

        Without chunks its first axis runs fastest.
        """

    def is_sparse(self, name: str) -> bool:
        """Return whether the file holds next to nothing of a large array."""


def vectors_of(variables: Variables) -> list[DescribedArray]:
    """Return the vectors whose names say that they tell of features, each with a single axis.

    Parameters
    ----------
    variables : Variables
        In MATLAB a vector has two axes, one of which is of length 1.
    """
    return [
        as_vector(variables.described(name))
        for name, one in variables.arrays.items()
        if name.lower() in TELLING_NAMES and is_vector(one.shape)
    ]
