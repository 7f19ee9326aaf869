"""The metadata of an IFeaLiD dataset: what metadata.json says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError
from napari_ifealid.stack import Placement

METADATA = "metadata.json"
PRECISIONS: dict[int, np.dtype[Any]] = {
    8: np.dtype("u1"),
    16: np.dtype("<u2"),
    32: np.dtype("<u4"),
}
"""The type of a value, for each number of bits."""

_REMEDY = f"Correct {METADATA}, or create the dataset again."


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What is known of a dataset before its images are read.

    Parameters
    ----------
    name : str
    width, height : int
        Size of the feature map, in pixels.
    features : int
        The padding included.
    precision : {8, 16, 32}
        The bits of a value.
    overlay : bool
        Whether the original image is there, too.
    value_range : (float, float)
        The real values of the smallest and the largest storable number.
    labels : tuple of str or float, or None
        A label for each feature but the padding.
    padding : int
        How many of the last features mean nothing.
    real_dtype : numpy dtype or None
        The type that the real values had, where it is known.
    placement : Placement or None
        Where the pixels lie on the overlay, where that is known.
    """

    name: str
    width: int
    height: int
    features: int
    precision: int
    overlay: bool
    value_range: tuple[float, float]
    labels: tuple[str | float, ...] | None = None
    padding: int = 0
    real_dtype: np.dtype[Any] | None = None
    placement: Placement | None = None

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a stored value."""
        return PRECISIONS[self.precision]

    @property
    def features_per_image(self) -> int:
        """How many features the four bytes of a pixel hold."""
        return 32 // self.precision

    @property
    def image_count(self) -> int:
        """How many images hold the features."""
        return -(-self.features // self.features_per_image)

    @property
    def image_size(self) -> int:
        """Size of one unpacked image, in bytes."""
        return self.width * self.height * 4

    @property
    def values_size(self) -> int:
        """Size of the values without the padding, in bytes."""
        features = self.features - self.padding
        return self.width * self.height * features * self.dtype.itemsize

    def empty_values(self) -> NDArray[Any]:
        """Return an array for the values without the padding, not yet filled."""
        return np.empty((self.height, self.width, self.features - self.padding), self.dtype)

    def as_json(self) -> bytes:
        """Return what metadata.json is to say."""
        fields: dict[str, Any] = {
            "name": self.name,
            "width": self.width,
            "height": self.height,
            "features": self.features,
            "precision": self.precision,
            "overlay": self.overlay,
            "minimum": self.value_range[0],
            "maximum": self.value_range[1],
        }
        if self.labels is not None:
            fields["labels"] = self.labels
        if self.padding:
            fields["padding"] = self.padding
        if self.real_dtype is not None:
            fields["dtype"] = self.real_dtype.name
        if self.placement is not None:
            fields |= {"stride": self.placement.stride, "offset": self.placement.offset}
        return json.dumps(fields, allow_nan=False).encode()


def parse_metadata(content: bytes) -> Metadata:
    """Return what the contents of a metadata.json say.

    Raises
    ------
    DatasetError
        If they are not a JSON object, or a field is missing or has a wrong value.
    """
    fields = _json_object(content)
    features = _positive_integer(fields, "features")
    padding = _padding(fields, features)
    return Metadata(
        name=_field(fields, "name", str, "a text"),
        width=_positive_integer(fields, "width"),
        height=_positive_integer(fields, "height"),
        features=features,
        precision=_precision(fields),
        overlay=_field(fields, "overlay", bool, "true or false"),
        value_range=_value_range(fields),
        labels=_labels(fields, features - padding),
        padding=padding,
        real_dtype=_real_dtype(fields),
        placement=_placement(fields),
    )


def _json_object(content: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _wrong(f"a text that is not JSON in UTF-8 ({error})", "a JSON object") from error
    if not isinstance(fields, dict):
        raise _wrong(f"JSON of type {type(fields).__name__}", "a JSON object")
    return fields


def _field(fields: dict[str, Any], key: str, kind: type, expected: str) -> Any:
    if key not in fields:
        raise _wrong("no such field", expected, key)
    # JSON's true is no integer, though Python's is
    if type(fields[key]) is not kind:
        raise _wrong(_shown(fields[key]), expected, key)
    return fields[key]


def _positive_integer(fields: dict[str, Any], key: str) -> int:
    expected = "an integer greater than 0"
    value: int = _field(fields, key, int, expected)
    if value <= 0:
        raise _wrong(_shown(value), expected, key)
    return value


def _precision(fields: dict[str, Any]) -> int:
    expected = "8, 16 or 32"
    value: int = _field(fields, "precision", int, expected)
    if value not in PRECISIONS:
        raise _wrong(_shown(value), expected, "precision")
    return value


def _value_range(fields: dict[str, Any]) -> tuple[float, float]:
    if not {"minimum", "maximum"} <= fields.keys():
        return 0.0, 1.0
    minimum, maximum = _number(fields, "minimum"), _number(fields, "maximum")
    if minimum > maximum:
        raise _wrong(
            f"{maximum}, which is less than the minimum {minimum}",
            "a maximum that is not less than the minimum",
            "maximum",
        )
    return minimum, maximum


def _number(fields: dict[str, Any], key: str) -> float:
    if not _is_number(fields[key]):
        raise _wrong(_shown(fields[key]), "a finite number", key)
    number: float = fields[key]  # integers stay integers, however large
    return number


def _padding(fields: dict[str, Any], features: int) -> int:
    expected = f"an integer from 0 to {features - 1}, less than the features"
    padding: int = _field({"padding": 0} | fields, "padding", int, expected)
    if not 0 <= padding < features:
        raise _wrong(_shown(padding), expected, "padding")
    return padding


def _real_dtype(fields: dict[str, Any]) -> np.dtype[Any] | None:
    if "dtype" not in fields:
        return None
    expected = "the name of a NumPy type of real numbers, such as float32"
    name: str = _field(fields, "dtype", str, expected)
    try:
        dtype = np.dtype(name)
    except (TypeError, ValueError, SyntaxError):
        raise _wrong(_shown(name), expected, "dtype") from None
    if dtype.kind not in "buif" or dtype.name != name:
        raise _wrong(_shown(name), expected, "dtype")
    return dtype


def _placement(fields: dict[str, Any]) -> Placement | None:
    if not {"stride", "offset"} <= fields.keys():
        return None
    for key in ("stride", "offset"):
        pair = fields[key]
        if not (isinstance(pair, list) and len(pair) == 2 and all(map(_is_number, pair))):
            raise _wrong(_shown(pair), "two finite numbers, along y and x", key)
    if min(fields["stride"]) <= 0:
        raise _wrong(_shown(fields["stride"]), "two numbers greater than 0", "stride")
    return Placement(tuple(fields["stride"]), tuple(fields["offset"]))


def _labels(fields: dict[str, Any], features: int) -> tuple[str | float, ...] | None:
    if "labels" not in fields:
        return None
    labels = fields["labels"]
    expected = f"a list of {features} texts or numbers, one for each feature"
    if not isinstance(labels, list):
        raise _wrong(_shown(labels), expected, "labels")
    if len(labels) != features:
        raise _wrong(f"{len(labels)} labels", expected, "labels")
    for label in labels:
        if not is_label(label):
            raise _wrong(f"the label {_shown(label)}", expected, "labels")
    return tuple(labels)


def is_label(value: object) -> bool:
    """Return whether metadata.json can say a feature's label: a text or a finite number."""
    return isinstance(value, str) or _is_number(value)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return isfinite(value)
    except OverflowError:  # an integer beyond the largest float
        return False


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _wrong(found: str, expected: str, key: str | None = None) -> DatasetError:
    return DatasetError(
        found,
        expected=expected,
        remedy=_REMEDY,
        member=METADATA if key is None else f'{METADATA}, "{key}"',
    )
