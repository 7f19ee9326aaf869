"""What every engine offers."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class EngineUnavailableError(RuntimeError):
    """An engine can't run here, or not any more."""


class Engine(Protocol):
    """Compares one vector with all pixels of a stack."""

    @property
    def name(self) -> str:
        """What the engine runs on."""

    @property
    def memory(self) -> int:
        """Bytes held beside the stack."""

    def similarity_map(self, reference: NDArray[Any]) -> NDArray[np.float32]:
        """Return the spectral-angle similarity of every pixel to a reference.

        Parameters
        ----------
        reference : array, shape (C,)
            Real values, in the stack's own units.

        Returns
        -------
        array of float32, shape (...)
            As defined by `napari_ifealid.metrics.spectral_angle_similarity`.

        Raises
        ------
        EngineUnavailableError
            If the engine fails.
        """

    def close(self) -> None:
        """Give back what the engine holds."""
