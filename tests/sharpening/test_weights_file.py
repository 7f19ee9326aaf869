from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import read_stacks
from napari_ifealid.sharpening import Weights, check_fit, read_weights, weights_of, write_weights
from napari_ifealid.sharpening.weights import ONE
from napari_ifealid.stack import FeatureStack

RNG = np.random.default_rng(1)
IMAGE_SHAPE = (8, 10)
STACK_PIXELS = 20


@pytest.fixture
def weights() -> Weights:
    """Weights with one pixel of the image that has no vector."""
    shares = RNG.random((*IMAGE_SHAPE, 3)).astype(np.float32)
    shares /= shares.sum(-1, keepdims=True)
    shares[3, 4] = 0
    return weights_of(RNG.integers(0, STACK_PIXELS, shares.shape), shares, STACK_PIXELS)


@pytest.fixture
def path(tmp_path, weights) -> Path:
    write_weights(tmp_path / "a.zip.weights.npz", weights)
    return tmp_path / "a.zip.weights.npz"


def changed(path: Path, **arrays: Any) -> Path:
    """Save the file with other arrays; None leaves one out."""
    with np.load(path) as old:
        new = {**old, **arrays}
    np.savez_compressed(path, **{key: array for key, array in new.items() if array is not None})
    return path


def error_of(path: Path) -> DatasetError:
    with pytest.raises(DatasetError) as caught:
        read_weights(path)
    assert caught.value.file == str(path)
    assert caught.value.remedy
    return caught.value


def test_weights_come_back(path, weights):
    result = read_weights(path)
    np.testing.assert_array_equal(result.columns, weights.columns)
    np.testing.assert_array_equal(result.values, weights.values)
    assert result.columns.dtype == weights.columns.dtype
    assert (result.image_shape, result.stack_pixels) == (IMAGE_SHAPE, STACK_PIXELS)


def test_stack_of_many_pixels_has_larger_numbers(tmp_path):
    many = 70_000
    pixels, shares = np.full((2, 3, 1), many - 1), np.ones((2, 3, 1), np.float32)
    write_weights(tmp_path / "a.weights.npz", weights_of(pixels, shares, many))
    result = read_weights(tmp_path / "a.weights.npz")
    assert result.columns.dtype == np.uint32
    assert (result.columns == many - 1).all()


def test_same_weights_give_the_same_bytes(path, tmp_path, weights):
    write_weights(tmp_path / "b.weights.npz", weights)
    assert (tmp_path / "b.weights.npz").read_bytes() == path.read_bytes()


def test_existing_file_is_only_replaced_by_force(path, weights):
    path.write_bytes(b"old")
    with pytest.raises(DatasetError, match="force"):
        write_weights(path, weights)
    assert path.read_bytes() == b"old"
    write_weights(path, weights, force=True)
    assert read_weights(path).image_shape == IMAGE_SHAPE


def test_file_is_no_feature_stack(path):
    with pytest.raises(DatasetError, match="no feature stack"):
        read_stacks(path)


# Damaged files


def test_missing_file_is_no_such_file(tmp_path):
    assert error_of(tmp_path / "a.weights.npz").found == "no such file"


@pytest.mark.parametrize("content", [b"", b"no ZIP file at all"])
def test_file_of_another_kind_is_refused(path, content):
    path.write_bytes(content)
    assert "no ZIP file" in error_of(path).found


def test_truncated_file_is_refused(path):
    path.write_bytes(path.read_bytes()[:-40])
    assert "truncated" in error_of(path).found


@pytest.mark.parametrize("key", ["sizes", "columns", "values"])
def test_missing_array_is_told(path, key):
    assert error_of(changed(path, **{key: None})).found == f"no array called {key!r}"


@pytest.mark.parametrize(
    ("sizes", "found"),
    [
        ([8, 10], "an array (2,) int64"),
        ([[8, 10, 20]], "an array (1, 3) int64"),
        ([8.0, 10.0, 20.0], "an array (3,) float64"),
        ([0, 10, 20], "the sizes 0 × 10 and 20"),
        ([-8, -10, 20], "the sizes -8 × -10 and 20"),
        ([8, 10, 0], "the sizes 8 × 10 and 0"),
        ([8, 10, 2**40], "the sizes 8 × 10 and 1099511627776"),
        ([2**40, 2**40, 20], "the sizes 1099511627776 × 1099511627776 and 20"),
    ],
)
def test_wrong_sizes_are_refused(path, sizes, found):
    error = error_of(changed(path, sizes=np.array(sizes)))
    assert (error.found, error.member) == (found, "sizes.npy")


@pytest.mark.parametrize(
    ("key", "array"),
    [
        ("columns", np.zeros((79, 3), np.uint16)),
        ("columns", np.zeros((80, 2), np.uint16)),
        ("columns", np.zeros((80, 0), np.uint16)),
        ("columns", np.zeros(80, np.uint16)),
        ("columns", np.zeros((80, 3), np.uint32)),
        ("columns", np.zeros((80, 3), np.int16)),
        ("columns", np.array([[None] * 3] * 80)),
        ("values", np.zeros((80, 3), np.float32)),
        ("values", np.zeros((8, 10, 3), np.uint16)),
    ],
    ids=lambda case: case if isinstance(case, str) else f"{case.shape} {case.dtype}",
)
def test_array_of_another_shape_or_type_is_refused(path, key, array):
    error = error_of(changed(path, **{key: array}))
    assert error.found.startswith("an array (")
    assert "shape (80, K)" in error.expected


def test_pixel_that_the_stack_has_not_is_refused(path, weights):
    columns = weights.columns.reshape(-1, 3).copy()
    columns[7, 1] = STACK_PIXELS
    error = error_of(changed(path, columns=columns))
    assert (error.found, error.member) == ("a weight of pixel 20", "columns.npy")


def test_weights_that_do_not_add_up_are_refused(path, weights):
    values = weights.values.reshape(-1, 3).copy()
    values[7] = (ONE, 1, 0)
    error = error_of(changed(path, values=values))
    assert error.found == f"weights that add up to {ONE + 1} at pixel 7 of the image"
    assert error.member == "values.npy"


def test_nothing_is_loaded_that_does_not_fit_the_memory(path, free_memory):
    changed(
        path,
        sizes=np.array([1000, 1000, 20]),
        columns=np.zeros((10**6, 3), np.uint16),
        values=np.zeros((10**6, 3), np.uint16),
    )
    with free_memory(1_000_000):
        assert "of memory" in error_of(path).found


# Whether they are those of a stack


def stack_of(height: int, width: int, image: tuple[int, int] | None) -> FeatureStack:
    overlay = None if image is None else np.zeros((*image, 3), np.uint8)
    return FeatureStack(values=np.ones((height, width, 2)), name="a", overlay=overlay)


@pytest.mark.parametrize("image", [IMAGE_SHAPE, None])
def test_weights_fit_their_stack_with_and_without_its_image(weights, image):
    check_fit(weights, stack_of(4, 5, image))


@pytest.mark.parametrize(
    ("stack", "found"),
    [
        (stack_of(4, 6, IMAGE_SHAPE), "weights of 20 pixels for features of 4 × 6"),
        (stack_of(4, 5, (10, 8)), "weights of an image of 10 × 8 pixels"),
        (
            FeatureStack(values=np.ones((2, 2, 5, 3)), name="a"),
            "weights of 20 pixels for features of 2 × 2 × 5",
        ),
    ],
)
def test_weights_of_another_stack_are_refused(weights, stack, found):
    with pytest.raises(DatasetError) as caught:
        check_fit(weights, stack)
    assert caught.value.found == found
