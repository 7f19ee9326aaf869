"""Which features of each stack are compared, as the user chose or its file says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from weakref import WeakKeyDictionary

from napari.layers import Image
from psygnal import Signal

from napari_ifealid.good_features import good_features
from napari_ifealid.measures import UsedFeatures
from napari_ifealid.stack import FeatureStack

_MOST_CHANGES = 100  # of a layer that can be taken back


@dataclass(frozen=True)
class _Choice:
    """Features that the user has chosen; None for all of them."""

    features: UsedFeatures | None

    def is_of(self, stack: FeatureStack) -> bool:
        """Return whether these can be features of a stack."""
        return self.features is None or len(self.features.is_used) == stack.feature_count


class FeatureUse:
    """Remembers which features of a layer are compared, while it is there.

    Unless the user chooses others, those are compared that the stack's file calls good.
    """

    changed = Signal(object)
    """Others are compared: an Image layer."""

    def __init__(self) -> None:
        self._chosen: WeakKeyDictionary[Image, _Choice] = WeakKeyDictionary()
        self._before: WeakKeyDictionary[Image, list[_Choice | None]] = WeakKeyDictionary()

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
        return partial(_chosen_in, self._chosen.get(layer))

    def chosen(self, layer: Image, stack: FeatureStack) -> UsedFeatures | None:
        """Return the features that the user has chosen; None for all of them, or without a choice.

        Parameters
        ----------
        layer : napari Image layer
        stack : FeatureStack
            What it shows.
        """
        return self.of(layer, stack) if self.is_chosen(layer, stack) else None

    def is_chosen(self, layer: Image, stack: FeatureStack) -> bool:
        """Return whether the user has chosen what is compared of a stack, also all of it.

        Parameters
        ----------
        layer : napari Image layer
        stack : FeatureStack
            What it shows. What was chosen along another axis is no choice for it.
        """
        choice = self._chosen.get(layer)
        return choice is not None and choice.is_of(stack)

    def choose(self, layer: Image, features: UsedFeatures | None) -> None:
        """Compare these features of a layer from now on; None for all of them."""
        self._change(layer, _Choice(features))

    def reset(self, layer: Image) -> None:
        """Compare those features again that the stack's file calls good."""
        self._change(layer, None)

    def can_undo(self, layer: Image) -> bool:
        """Return whether there is a change to take back."""
        return bool(self._before.get(layer))

    def undo(self, layer: Image) -> None:
        """Take back the last change of a layer's features, if there is one."""
        if self.can_undo(layer):
            self._set(layer, self._before[layer].pop())

    def keep_for_part(self, layer: Image, part: Image, features: range) -> None:
        """Let a layer of some features have what was chosen for all of them.

        Parameters
        ----------
        layer, part : napari Image layer
        features : range
            Those of the layer that the part has. Where none of them is used, all are in the part.
        """
        choice = self._chosen.get(layer)
        if choice is None:
            return
        if choice.features is not None:
            flags = choice.features.is_used[features.start : features.stop]
            choice = _Choice(UsedFeatures.of(flags))
        self._chosen[part] = choice

    def _change(self, layer: Image, choice: _Choice | None) -> None:
        before = self._chosen.get(layer)
        if choice == before:
            return
        changes = self._before.setdefault(layer, [])
        changes.append(before)
        del changes[:-_MOST_CHANGES]
        self._set(layer, choice)

    def _set(self, layer: Image, choice: _Choice | None) -> None:
        if choice is None:
            self._chosen.pop(layer, None)
        else:
            self._chosen[layer] = choice
        self.changed.emit(layer)


def _chosen_in(choice: _Choice | None, stack: FeatureStack) -> UsedFeatures | None:
    if choice is not None and choice.is_of(stack):
        return choice.features
    return good_features(stack)
