"""The metadata of an IFeaLiD dataset: what metadata.json says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.fields import Fields, is_number
from napari_ifealid.stack import Placement

METADATA = "metadata.json"
PRECISIONS: dict[int, np.dtype[Any]] = {
    8: np.dtype("u1"),
    16: np.dtype("<u2"),
    32: np.dtype("<u4"),
}
"""The type of a value, for each number of bits."""

LONGEST = 2**31 - 1
"""The most pixels that a side of a PNG may have."""
_MOST_FEATURES = 2**63 - 1
_REMEDY = f"Correct {METADATA}, or create the dataset again."


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """The metadata of a dataset, known before its images are read.

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
        """Return the contents of metadata.json."""
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
    """Parse the contents of a metadata.json.

    Raises
    ------
    DatasetError
        If they are not a JSON object, or a field is missing or has a wrong value.
    """
    fields = Fields(_json_object(content), _member, _REMEDY)
    features = _positive_integer(fields, "features", _MOST_FEATURES)
    padding = _padding(fields, features)
    return Metadata(
        name=fields.required("name", str, "a text"),
        width=_positive_integer(fields, "width", LONGEST),
        height=_positive_integer(fields, "height", LONGEST),
        features=features,
        precision=_precision(fields),
        overlay=fields.required("overlay", bool, "true or false"),
        value_range=_value_range(fields),
        labels=fields.labels("labels", features - padding),
        padding=padding,
        real_dtype=_real_dtype(fields),
        placement=fields.placement(),
    )


def _member(key: str) -> str:
    return f'{METADATA}, "{key}"'


def _json_object(content: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _no_object(f"a text that is not JSON in UTF-8 ({error})") from error
    if not isinstance(fields, dict):
        raise _no_object(f"JSON of type {type(fields).__name__}")
    return fields


def _no_object(found: str) -> DatasetError:
    return DatasetError(found, expected="a JSON object", remedy=_REMEDY, member=METADATA)


def _positive_integer(fields: Fields, key: str, most: int) -> int:
    expected = f"an integer greater than 0, up to {most}"
    value: int = fields.required(key, int, expected)
    if not 0 < value <= most:
        raise fields.wrong(value, expected, key)
    return value


def _precision(fields: Fields) -> int:
    expected = "8, 16 or 32"
    value: int = fields.required("precision", int, expected)
    if value not in PRECISIONS:
        raise fields.wrong(value, expected, "precision")
    return value


def _value_range(fields: Fields) -> tuple[float, float]:
    if not {"minimum", "maximum"} <= fields.values.keys():
        return 0.0, 1.0
    minimum, maximum = (fields.values[key] for key in ("minimum", "maximum"))
    for key, end in (("minimum", minimum), ("maximum", maximum)):
        if not is_number(end):
            raise fields.wrong(end, "a finite number", key)
    if minimum > maximum:
        raise fields.wrong(
            f"{maximum}, which is less than the minimum {minimum}",
            "a maximum that is not less than the minimum",
            "maximum",
        )
    return minimum, maximum  # integers stay integers, however large


def _padding(fields: Fields, features: int) -> int:
    if "padding" not in fields.values:
        return 0
    expected = f"an integer from 0 to {features - 1}, less than the features"
    padding: int = fields.required("padding", int, expected)
    if not 0 <= padding < features:
        raise fields.wrong(padding, expected, "padding")
    return padding


def _real_dtype(fields: Fields) -> np.dtype[Any] | None:
    if "dtype" not in fields.values:
        return None
    expected = "the name of a NumPy type of real numbers, such as float32"
    name: str = fields.required("dtype", str, expected)
    try:
        dtype = np.dtype(name)
    except (TypeError, ValueError, SyntaxError):
        raise fields.wrong(name, expected, "dtype") from None
    if dtype.kind not in "buif" or dtype.name != name:
        raise fields.wrong(name, expected, "dtype")
    return dtype
