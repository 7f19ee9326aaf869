"""The channels of a picture: what each is made of, and its colour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.numeric_labels import wavelengths_of
from napari_ifealid.picture.good_bands import good_bands
from napari_ifealid.picture.kinds import PictureKind
from napari_ifealid.picture.visible_light import LONGEST, SHORTEST, rgb_weights
from napari_ifealid.stack import FeatureStack

# bands that show true colours, in nm: they begin and end there, with no wider gap between
_BLUEST, _REDDEST, _WIDEST_GAP = 460.0, 640.0, 50.0

# near infrared, red and green in nm, and how far off the nearest band may be
_INFRARED = ((860.0, 80.0), (660.0, 40.0), (560.0, 40.0))

_PRIMARIES = np.eye(3)
_WHITE = np.ones((1, 3))


@dataclass(frozen=True, eq=False, kw_only=True)
class Channels:
    """The channels of a picture: weighted sums of features.

    Parameters
    ----------
    features : array of int, shape (N,)
        Those that are used, rising.
    weights : array of float64, shape (N, K)
        How much of each feature is in each of K channels.
    colours : array of float64, shape (K, 3)
        The colour of each channel at its brightest, RGB between 0 and 1.
    are_light : bool
        Whether they are red, green and blue of linear light, which share their limits.
    """

    features: NDArray[np.intp]
    weights: NDArray[np.float64]
    colours: NDArray[np.float64]
    are_light: bool = False


def channels_of(stack: FeatureStack, kind: PictureKind) -> Channels | None:
    """Return the channels of a stack's picture; None where there can't be such a picture.

    Parameters
    ----------
    stack : FeatureStack
    kind : PictureKind
    """
    match kind:
        case PictureKind.TRUE_COLOUR:
            return _true_colour(stack)
        case PictureKind.PROPOSED:
            return _proposed(stack)
        case PictureKind.INFRARED:
            return _infrared(stack)
        case PictureKind.CHANNELS:
            return _coloured(stack)
        case PictureKind.MEAN:
            return _mean(stack)
        case PictureKind.NONE:
            return None


def _true_colour(stack: FeatureStack) -> Channels | None:
    wavelengths = wavelengths_of(stack.feature_labels or ())
    if wavelengths is None:
        return None
    bands = good_bands(stack)
    bands = bands[(wavelengths[bands] >= SHORTEST) & (wavelengths[bands] <= LONGEST)]
    order = np.argsort(wavelengths[bands])
    rising = wavelengths[bands][order]
    if not rising.size or rising[0] > _BLUEST or rising[-1] < _REDDEST:
        return None
    is_between = (rising[1:] > _BLUEST) & (rising[:-1] < _REDDEST)
    if (np.diff(rising)[is_between] > _WIDEST_GAP).any():
        return None
    weights = np.empty((len(bands), 3))
    weights[order] = rgb_weights(rising)
    return Channels(features=bands, weights=weights, colours=_PRIMARIES, are_light=True)


def _proposed(stack: FeatureStack) -> Channels | None:
    shown = stack.bands.shown
    if not shown or not np.isin(shown, good_bands(stack)).all():
        return None
    return _chosen(shown, _PRIMARIES if len(shown) == 3 else _WHITE)


def _infrared(stack: FeatureStack) -> Channels | None:
    wavelengths = wavelengths_of(stack.feature_labels or ())
    if wavelengths is None:
        return None
    bands = good_bands(stack)
    if not bands.size:
        return None
    chosen = []
    for wanted, most in _INFRARED:
        off = np.abs(wavelengths[bands] - wanted)
        if off.min() > most:
            return None
        chosen.append(int(bands[off.argmin()]))
    return _chosen(tuple(chosen), _PRIMARIES) if len(set(chosen)) == 3 else None


def _coloured(stack: FeatureStack) -> Channels | None:
    colours = stack.bands.colours
    if colours is None:
        return None
    bands = good_bands(stack)
    if not bands.size:
        return None
    return _chosen(tuple(bands.tolist()), np.array([_rgb(colours[band]) for band in bands]))


def _mean(stack: FeatureStack) -> Channels | None:
    bands = good_bands(stack)
    if not bands.size:
        return None
    weights = np.full((len(bands), 1), 1.0 / len(bands))
    return Channels(features=bands, weights=weights, colours=_WHITE)


def _chosen(bands: tuple[int, ...], colours: NDArray[np.float64]) -> Channels:
    """Return channels that are a band each."""
    features = np.unique(bands)
    weights = (features[:, np.newaxis] == np.array(bands)).astype(np.float64)
    return Channels(features=features, weights=weights, colours=colours)


def _rgb(colour: str) -> list[float]:
    return [level / 255.0 for level in bytes.fromhex(colour.removeprefix("#"))[:3]]
