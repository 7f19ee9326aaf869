"""Features of an image from classical filters: averages, edges and curvatures of its colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.color import rgb2lab
from skimage.feature import multiscale_basic_features

from napari_ifealid.extraction.extractor import check_layers
from napari_ifealid.extraction.rgb_images import as_rgb
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track, every_item, untracked

CHANNELS = ("lightness", "green to red", "blue to yellow")
FILTERS = ("average", "edges", "largest curvature", "smallest curvature")
EDGE_AND_CURVATURE_WEIGHT = 0.3
LEAST_VISIBLE_CONTRAST = 1.0
"""CIELAB units; a difference below about 2 is not seen."""
ROUNDING_ERROR = 1e-6
"""A feature that varies less than this, of a lightness between 0 and 1, is constant."""


class FilterExtractor:
    """Extracts `filter_features`: an `Extractor` without a network."""

    layers = ("filters",)

    def extract(
        self,
        image: NDArray[Any],
        layers: Sequence[str] | None = None,
        *,
        name: str = "image",
        track: Track = untracked,
    ) -> list[FeatureStack]:
        """Extract the features of an image, as an `Extractor` does."""
        chosen = self.layers if layers is None else layers
        check_layers(chosen, self.layers)
        done = every_item(track, chosen, total=len(chosen), desc=f"Filtering {name}")
        return [filter_features(image, name=f"{name} {layer}") for layer in done]


def filter_features(
    image: NDArray[Any], *, name: str = "image", sigma_min: float = 1.0, sigma_max: float = 8.0
) -> FeatureStack:
    """Return the averages, edges and curvatures around each pixel, at several scales.

    Parameters
    ----------
    image : array, shape (H, W), (H, W, 3) or (H, W, 4)
        A grey, RGB or RGBA image of any real type. Opacity is left out. Of other types than
        uint8, the smallest value is black and the largest white.
    name : str, optional
        What the stack is called.
    sigma_min, sigma_max : float, optional
        Smallest and largest standard deviation of the Gaussian that the image is smoothed with
        before filtering, in pixels. The scales between them are about a factor of 2 apart.

    Returns
    -------
    FeatureStack
        float32 values of shape (H, W, C), with the image as the overlay: for each channel and
        scale the average, the gradient's magnitude and the two eigenvalues of the Hessian. By
        default that is 16 features for a grey image and 48 for one in colour.

    Raises
    ------
    DatasetError
        If the array is no such image, or holds a NaN or an infinity.
    ValueError
        Unless 0 < sigma_min <= sigma_max.

    Notes
    -----
    The features are made for comparison by their angle:

    - The channels are those of CIELAB. Red, green and blue mostly repeat the brightness, so that
      an orange suit is alike to a grey wall. A colourless image has its lightness only.
    - Averages are centred on their mean over the image. As they are, all of them are positive:
      no angle is wide, and that of a dark pixel is the angle of its noise.
    - Each feature is divided by its standard deviation, since raw averages are far larger than
      raw curvatures. Edges and curvatures are weighted by 0.3, since they are three to one and
      change from pixel to pixel within one material.
    """
    scales = _scales(sigma_min, sigma_max)
    rgb = as_rgb(image)
    lab = rgb2lab(rgb)
    visible = [0, *(c for c in (1, 2) if np.ptp(lab[..., c]) >= LEAST_VISIBLE_CONTRAST)]
    values = multiscale_basic_features(
        lab[..., visible] / np.float32(100),
        channel_axis=-1,
        sigma_min=sigma_min,
        sigma_max=sigma_max,
        num_sigma=len(scales),
    )
    _balance(values)
    labels = [f"{CHANNELS[c]}, σ {s:.3g}: {f}" for c in visible for s in scales for f in FILTERS]
    overlay = np.round(rgb * 255).astype(np.uint8)
    return FeatureStack(values=values, name=name, overlay=overlay, feature_labels=labels)


def _scales(sigma_min: float, sigma_max: float) -> NDArray[np.float64]:
    """Return the standard deviations that scikit-image smooths with."""
    if not 0 < sigma_min <= sigma_max:
        raise ValueError(
            f"sigma_min is {sigma_min} and sigma_max {sigma_max}; "
            "give 0 < sigma_min <= sigma_max, in pixels"
        )
    return np.geomspace(sigma_min, sigma_max, int(np.log2(sigma_max / sigma_min)) + 1)


def _balance(values: NDArray[np.float32]) -> None:
    """Centre the averages and give each feature its weight, in place."""
    is_average = np.arange(values.shape[-1]) % len(FILTERS) == 0
    mean = values.mean(axis=(0, 1), dtype=np.float64)
    spread = values.std(axis=(0, 1), dtype=np.float64)
    weight = np.where(is_average, 1.0, EDGE_AND_CURVATURE_WEIGHT)
    weight = np.where(spread > ROUNDING_ERROR, weight / np.maximum(spread, ROUNDING_ERROR), 0.0)
    values -= np.where(is_average, mean, 0.0).astype(np.float32)
    values *= weight.astype(np.float32)
