"""What is known of a stack beside its values: a format keeps all of it, some of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence, Set
from enum import Enum

from napari_ifealid.bands import Bands
from napari_ifealid.georeference import Georeference
from napari_ifealid.numeric_labels import are_mere_numbers, wavelengths_of
from napari_ifealid.stack import FeatureStack


class Detail(Enum):
    """Something that is known of a stack, in words for the user."""

    LABELS = "labels of features"
    WIDTHS = "band widths"
    GOOD = "bad bands"
    SHOWN = "bands for a picture"
    COLOURS = "channel colours"
    PIXEL_SIZE = "pixel size"
    PLACE = "place on the earth"
    SYSTEM = "reference system"
    PLACEMENT = "place on the image"
    OVERLAY = "original image"


ALL_DETAILS = frozenset(Detail)
NO_DETAILS: frozenset[Detail] = frozenset()


def details_of(stack: FeatureStack) -> frozenset[Detail]:
    """Return what is known of a stack.

    Parameters
    ----------
    stack : FeatureStack
    """
    assert stack.feature_labels is not None
    place, bands = stack.georeference, stack.bands
    is_known = {
        Detail.LABELS: not are_mere_numbers(stack.feature_labels),
        Detail.WIDTHS: bands.widths is not None,
        Detail.GOOD: bands.is_good is not None,
        Detail.SHOWN: bool(bands.shown),
        Detail.COLOURS: bands.colours is not None,
        Detail.PIXEL_SIZE: stack.pixel_size is not None,
        Detail.PLACE: place is not None,
        Detail.SYSTEM: place is not None and has_system(place),
        Detail.PLACEMENT: stack.placement is not None,
        Detail.OVERLAY: stack.overlay is not None,
    }
    return frozenset(detail for detail, known in is_known.items() if known)


def kept_of_bands(
    stack: FeatureStack, labels: Sequence[str | float] | None, bands: Bands
) -> frozenset[Detail]:
    """Return what of that which is known of bands comes back from their metadata in a file.

    Parameters
    ----------
    stack : FeatureStack
    labels : sequence of str or float, length C, or None
        As they are read from the file.
    bands : Bands
        The same.
    """
    is_kept = {
        Detail.LABELS: labels is not None,
        Detail.WIDTHS: bands.widths is not None,
        Detail.GOOD: bands.is_good is not None,
        Detail.SHOWN: bands.shown == stack.bands.shown,
    }
    return frozenset(detail for detail, kept in is_kept.items() if kept)


def has_system(place: Georeference) -> bool:
    """Return whether it is known which reference system coordinates are in."""
    is_named = bool(place.map_info) and not place.map_info.lower().startswith("arbitrary")
    return bool(place.keys or place.wkt or is_named)


def in_words(stack: FeatureStack, details: Set[Detail]) -> list[str]:
    """Return what is known of a stack in words, in the order of `Detail`.

    Parameters
    ----------
    stack : FeatureStack
    details : set of Detail
    """
    left_out = {Detail.SYSTEM} if Detail.PLACE in details else set()
    return [
        "wavelengths" if detail is Detail.LABELS and has_wavelengths(stack) else detail.value
        for detail in Detail
        if detail in details - left_out
    ]


def has_wavelengths(stack: FeatureStack) -> bool:
    """Return whether the labels of a stack are wavelengths: numbers with a unit of length."""
    return wavelengths_of(stack.feature_labels or ()) is not None
