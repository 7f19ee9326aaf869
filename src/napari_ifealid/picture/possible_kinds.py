"""Which pictures a stack can have, and which one it has unless another is chosen."""

from __future__ import annotations

from napari_ifealid.bands import Bands
from napari_ifealid.numeric_labels import wavelengths_of
from napari_ifealid.picture.channels import channels_of
from napari_ifealid.picture.kinds import PictureKind
from napari_ifealid.stack import FeatureStack


def possible_kinds(stack: FeatureStack) -> list[PictureKind]:
    """Return the pictures that a stack can have, no picture last.

    Parameters
    ----------
    stack : FeatureStack
    """
    return [
        kind
        for kind in PictureKind
        if kind is PictureKind.NONE or channels_of(stack, kind) is not None
    ]


def default_kind(stack: FeatureStack) -> PictureKind:
    """Return the picture that a stack has unless another is chosen.

    There is none of features that are neither bands nor channels: their mean shows little.

    Parameters
    ----------
    stack : FeatureStack
    """
    are_bands = wavelengths_of(stack.feature_labels or ()) is not None or stack.bands != Bands()
    return possible_kinds(stack)[0] if are_bands else PictureKind.NONE
