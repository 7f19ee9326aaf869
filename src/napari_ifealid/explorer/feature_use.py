"""Which features of each stack are compared, as the user chose or its file says."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from weakref import WeakKeyDictionary

from napari.layers import Image
from psygnal import Signal

from napari_ifealid.good_features import good_features
from napari_ifealid.measures import UsedFeatures
from napari_ifealid.stack import FeatureStack


class FeatureUse:
    """Remembers which features of a layer are compared, while it is there.

    Unless the user chooses others, those are compared that the stack's file calls good.
    """

    changed = Signal(object)
    """Others are compared: an Image layer."""

    def __init__(self) -> None:
        self._chosen: WeakKeyDictionary[Image, UsedFeatures | None] = WeakKeyDictionary()

    def of(self, layer: Image, stack: FeatureStack) -> UsedFeatures | None:
        """Return the features of a layer that are compared; None for all of them.

        Parameters
        ----------
        layer : napari Image layer
        stack : FeatureStack
            What it shows.
        """
        return self.chooser(layer)(stack)

    def chooser(self, layer: Image) -> Callable[[FeatureStack], UsedFeatures | None]:
        """Return a function of the stack that a layer shows, which does not hold the layer."""
        return partial(_chosen_in, layer in self._chosen, self._chosen.get(layer))

    def choose(self, layer: Image, features: UsedFeatures | None) -> None:
        """Compare these features of a layer from now on; None for all of them."""
        self._chosen[layer] = features
        self.changed.emit(layer)

    def reset(self, layer: Image) -> None:
        """Compare those features again that the stack's file calls good."""
        self._chosen.pop(layer, None)
        self.changed.emit(layer)


def _chosen_in(
    is_chosen: bool, chosen: UsedFeatures | None, stack: FeatureStack
) -> UsedFeatures | None:
    if is_chosen and (chosen is None or len(chosen.is_used) == stack.feature_count):
        return chosen
    return good_features(stack)
