"""What the heat map is to show, and how it is made."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from enum import Enum
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines import BlockwiseEngine, Engine, Preview
from napari_ifealid.stack import FeatureStack

Pixel = tuple[int, ...]
Part = tuple[tuple[slice, ...], NDArray[np.float32]]


class Reference(Enum):
    """What all pixels are compared with."""

    CURSOR = "the cursor"
    MEAN = "the mean of the pins"
    BEST = "the best of the pins"


@dataclass(frozen=True)
class SimilarityTo:
    """The similarity to pixels: to their mean vector, or to the best of them.

    Parameters
    ----------
    pixels : tuple of pixels
        One or more, each an index along each spatial axis.
    takes_best : bool
        Whether the map is the maximum of the similarities to each, else the similarity to the
        mean of their vectors.
    """

    pixels: tuple[Pixel, ...]
    takes_best: bool = False

    def make(self, stack: FeatureStack, engine: Engine) -> NDArray[np.float32]:
        """Return the map, array of float32, shape (...)."""
        return reduce(np.fmax, map(engine.similarity_map, self._references(stack)))

    def parts(self, stack: FeatureStack, engine: BlockwiseEngine) -> Generator[Part]:
        """Yield the map of a stack that stays on disk, block by block."""
        yield from engine.similarity_blocks(self._references(stack))

    def preview(self, preview: Preview) -> NDArray[np.float32] | None:
        """Return nearly the map, None where that takes more than the preview knows."""
        if not self.takes_best and len(self.pixels) > 1:
            return None
        return reduce(np.fmax, map(preview.similarity_map_of, self.pixels))

    def _references(self, stack: FeatureStack) -> list[NDArray[np.float64]]:
        vectors = [stack.vector(pixel) for pixel in self.pixels]
        return vectors if self.takes_best else [np.mean(vectors, axis=0)]


@dataclass(frozen=True)
class FeatureImage:
    """The values of a single feature, in the stack's own units."""

    feature: int

    def make(self, stack: FeatureStack, engine: Engine) -> NDArray[np.float32]:  # noqa: ARG002
        """Return the map, array of float32, shape (...)."""
        values = np.asarray(stack.values[..., self.feature])
        return stack.real_values(values).astype(np.float32)

    def parts(self, stack: FeatureStack, engine: BlockwiseEngine) -> Generator[Part]:
        """Yield the map of a stack that stays on disk, block by block."""
        for block in engine.blocks:
            index: tuple[Any, ...] = (*block, self.feature)
            values = np.asarray(stack.values[index])
            yield block, stack.real_values(values).astype(np.float32)

    def preview(self, preview: Preview) -> None:  # noqa: ARG002
        """Return None: a preview knows nothing of single features."""
        return


Wanted = SimilarityTo | FeatureImage


def resolve(reference: Reference, pixel: Pixel, pins: list[Pixel], feature: int | None) -> Wanted:
    """Decide what to show.

    Parameters
    ----------
    reference : Reference
        What the user wants to compare with. Without pins it is the cursor.
    pixel : tuple of int
        The pixel under the cursor.
    pins : list of pixels
    feature : int, optional
        A single feature to show instead of any similarity.
    """
    if feature is not None:
        return FeatureImage(feature)
    if reference is Reference.CURSOR or not pins:
        return SimilarityTo((pixel,))
    return SimilarityTo(tuple(pins), takes_best=reference is Reference.BEST)
