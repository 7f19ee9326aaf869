"""Whether vectors of one stack can be compared with those of another."""

from __future__ import annotations

from napari_ifealid.stack import FeatureStack


def mismatch(stack: FeatureStack, asking: FeatureStack) -> str:
    """Return why a stack can't be asked for vectors of another one; empty if it can.

    Parameters
    ----------
    stack : FeatureStack
    asking : FeatureStack
        The one that the vectors are from.
    """
    count, expected = stack.feature_count, asking.feature_count
    if count != expected:
        return f"other features: {count}, expected {expected}"
    labels, wanted = stack.feature_labels or (), asking.feature_labels or ()
    if labels == wanted:
        return ""
    for label, other in zip(labels, wanted, strict=True):
        if label != other:
            return f"other features: {label}, expected {other}"
    return ""
