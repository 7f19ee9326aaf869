"""Where the IFeaLiD web application shows a dataset otherwise than this plugin."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.errors import ShownPlainly
from napari_ifealid.formats.ifealid_metadata import Metadata
from napari_ifealid.stack import FeatureStack

_GROUP = 4  # features
_PAIRS = 1000
_UNSEEN = 1.0  # degrees


class WebApplicationWarning(ShownPlainly, UserWarning):
    """A dataset will look otherwise in the web application."""


def padding_for_web(features: int, precision: int) -> int:
    """Return how many zero features keep the web application from losing others.

    At 16 and 32 bits it loses the last group of four features, or fails to open the file, but
    for counts of the form 4k + 1, of which it loses the last feature only.

    Parameters
    ----------
    features : int
    precision : {8, 16, 32}

    Returns
    -------
    int
        0 at 8 bits.
    """
    return 0 if precision == 8 else -features % _GROUP + 1


def web_application_faults(stack: FeatureStack, metadata: Metadata) -> list[str]:
    """Describe what the web application will show wrongly, one text per fault.

    Parameters
    ----------
    stack : FeatureStack
        What is written.
    metadata : Metadata
        What is written of it.
    """
    faults = []
    if metadata.precision > 8 and not metadata.padding:
        faults.append(
            f"At {metadata.precision} bit the web application loses up to four of the last "
            f"features of {metadata.name} or fails to open it; this plugin reads all. Write it "
            "with --pad-for-web (pad_for_web=True), or at 8 bit, for the web application."
        )
    low, high = map(float, metadata.value_range)
    real, shifted = angle_samples(stack, low)
    changes = np.abs(real - shifted)
    if changes.max(initial=0.0) > (0.0 if low < 0.0 else _UNSEEN):
        faults.append(
            f"{metadata.name} has values from {low:.4g} to {high:.4g}. The web application takes "
            "the smallest for zero and will show other angles than this plugin: between random "
            f"pixels {_span(shifted)} instead of {_span(real)}, a change of "
            f"{_degrees(np.median(changes))} in the median and {_degrees(changes.max())} at most "
            f"({len(changes)} pairs)."
        )
    return faults


def angle_samples(
    stack: FeatureStack, minimum: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the angles between random pixels, and what they become without the zero.

    Parameters
    ----------
    stack : FeatureStack
    minimum : float
        What is taken for zero.

    Returns
    -------
    real, shifted : arrays of float64, shape (N,)
        Angles in degrees, of the same pairs: those of two different pixels that are finite and
        not zero. N is at most 1000, the same pairs for the same shape.
    """
    pixels = np.random.default_rng(0).integers(0, stack.pixel_count, (_PAIRS, 2))
    positions = np.unravel_index(pixels, stack.spatial_shape)
    first, second = np.moveaxis(stack.real_values(stack.values[positions]), 1, 0)
    real = _angles(first, second)
    shifted = _angles(first - minimum, second - minimum)
    has_both = np.isfinite(real) & np.isfinite(shifted) & (pixels[:, 0] != pixels[:, 1])
    return real[has_both], shifted[has_both]


def _angles(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(all="ignore"):  # zero vectors and infinities become NaN
        unit_first, unit_second = (
            vectors / np.linalg.norm(vectors, axis=-1, keepdims=True) for vectors in (first, second)
        )
        cosines = np.einsum("pc,pc->p", unit_first, unit_second)
        angles: NDArray[np.float64] = np.degrees(np.arccos(np.clip(cosines, -1.0, 1.0)))
        return angles


def _span(angles: NDArray[np.float64]) -> str:
    return f"{_degrees(angles.min())} to {_degrees(angles.max())}"


def _degrees(angle: float) -> str:
    return f"{round(float(angle), 3):.3g}°"  # equal vectors have an angle of about 1e-6°
