"""The interface of objects that extract feature stacks from an image."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Protocol

from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError, ShownPlainly
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track, untracked


class ExtractionWarning(ShownPlainly, UserWarning):
    """Features were extracted in another way than asked for."""


class Extractor(Protocol):
    """Extracts a feature stack from an image for each layer of a network or of a filter bank."""

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the available layers, from the input on."""

    def extract(
        self,
        image: NDArray[Any],
        layers: Sequence[str] | None = None,
        *,
        name: str = "image",
        track: Track = untracked,
    ) -> list[FeatureStack]:
        """Extract the features of an image.

        Parameters
        ----------
        image : array, shape (H, W), (H, W, 3) or (H, W, 4)
            A grey, RGB or RGBA image of any real type. Opacity is left out. Of other types than
            uint8, the smallest value is black and the largest white.
        layers : sequence of str, optional
            All of them unless given.
        name : str, optional
            What the image is called. Its stacks are called "<name> <layer>".
        track : callable, optional
            Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

        Returns
        -------
        list of FeatureStack
            One a layer, of shape (h, w, C), with the image as the overlay and with the place of
            its pixels on it.

        Raises
        ------
        DatasetError
            If the array is no such image, or there is no such layer.
        concurrent.futures.CancelledError
            If `track` ended the iteration early.
        """


def check_layers(wanted: Sequence[str], known: Sequence[str]) -> None:
    """Raise unless all layers are known.

    Raises
    ------
    DatasetError
        If one is not, with those that are most alike.
    """
    for layer in wanted:
        if layer not in known:
            likely = get_close_matches(layer, known, n=5, cutoff=0.0)
            raise DatasetError(
                f"no layer {layer!r}",
                expected=f"one of those that there are, such as {', '.join(likely)}"
                if likely
                else "a network with layers",
                remedy="Choose one of these.",
            )
