from __future__ import annotations

import warnings

import dask.array as da
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.bands import Bands
from napari_ifealid.errors import DatasetError
from napari_ifealid.stack import FeatureStack, check_feature_array, size_in_words

CUBE = np.arange(60, dtype=np.uint8).reshape(3, 4, 5)
ENDS = st.floats(-1e150, 1e150, allow_subnormal=False)


def assert_tells(error: DatasetError, found: str, expected: str) -> None:
    assert found in error.found
    assert expected in error.expected
    assert error.remedy.endswith(".")


@pytest.mark.parametrize(
    ("values", "found", "expected"),
    [
        (np.ones((3, 4)), "(3, 4)", "three axes"),
        (np.ones((3, 0, 5)), "(3, 0, 5)", "at least one pixel"),
        (np.ones((3, 4, 0)), "(3, 4, 0)", "one feature"),
        (np.ones((3, 4, 5), complex), "complex128", "real numbers"),
        (np.full((3, 4, 5), "a"), "<U1", "real numbers"),
        (np.full((3, 4, 5), None), "object", "real numbers"),
        (np.zeros((3, 4, 5), "datetime64[s]"), "datetime64", "real numbers"),
    ],
)
@pytest.mark.parametrize(
    "check", [check_feature_array, lambda values: FeatureStack(values=values, name="x")]
)
def test_array_that_is_no_feature_stack_is_refused(check, values, found, expected):
    with pytest.raises(DatasetError) as caught:
        check(values)
    assert_tells(caught.value, found, expected)


@pytest.mark.parametrize(
    ("arguments", "found", "expected"),
    [
        ({"overlay": np.zeros((6, 8), np.uint8)}, "(6, 8)", "RGB"),
        ({"overlay": np.zeros((6, 8, 4), np.uint8)}, "(6, 8, 4)", "RGB"),
        ({"feature_labels": ["red", "green"]}, "2 feature labels", "5 features"),
        ({"feature_labels": []}, "0 feature labels", "5 features"),
    ],
)
def test_argument_that_does_not_fit_the_values_is_refused(arguments, found, expected):
    with pytest.raises(DatasetError) as caught:
        FeatureStack(values=CUBE, name="x", **arguments)
    assert_tells(caught.value, found, expected)


@pytest.mark.parametrize("dtype", [bool, np.int8, np.int64, np.float16, np.float64])
def test_value_range_is_refused_for_all_but_unsigned_integers(dtype):
    with pytest.raises(DatasetError) as caught:
        FeatureStack(values=np.ones((3, 4, 5), dtype), name="x", value_range=(0.0, 1.0))
    assert_tells(caught.value, np.dtype(dtype).name, "unsigned")


@pytest.mark.parametrize("value_range", [(1.0, 0.0), (np.nan, 1.0), (0.0, np.inf), (-np.inf, 0)])
def test_value_range_that_is_none_is_refused(value_range):
    with pytest.raises(DatasetError) as caught:
        FeatureStack(values=CUBE, name="x", value_range=value_range)
    assert_tells(caught.value, f"from {value_range[0]} to {value_range[1]}", "smaller one first")


@pytest.mark.parametrize(("dtype", "kind"), [("f4", float), ("f8", float), ("i8", int)])
def test_value_range_has_numbers_of_python(dtype, kind):
    ends = np.array([-3, 2], dtype)
    low, high = FeatureStack(values=CUBE, name="x", value_range=(ends[0], ends[1])).value_range
    assert (low, high) == (-3, 2)
    assert type(low) is type(high) is kind


def test_labels_are_numbers_from_zero_unless_given():
    assert FeatureStack(values=CUBE, name="x").feature_labels == (0, 1, 2, 3, 4)


def test_labels_given_are_kept():
    wavelengths = [400.0, 500.0, 600.0, 700.0, 800.0]
    stack = FeatureStack(values=CUBE, name="x", feature_labels=wavelengths)
    assert stack.feature_labels == tuple(wavelengths)


def test_values_are_kept_without_a_copy():
    assert FeatureStack(values=CUBE, name="x").values is CUBE


def test_memory_mapped_array_stays_memory_mapped(tmp_path):
    np.save(tmp_path / "cube.npy", CUBE)
    stack = FeatureStack(values=np.load(tmp_path / "cube.npy", mmap_mode="r"), name="x")
    assert isinstance(stack.values, np.memmap)


def test_dask_array_is_lazy_and_other_arrays_are_not(tmp_path):
    np.save(tmp_path / "cube.npy", CUBE)
    mapped = np.load(tmp_path / "cube.npy", mmap_mode="r")
    assert FeatureStack(values=da.from_array(CUBE), name="x").is_lazy
    assert not FeatureStack(values=CUBE, name="x").is_lazy
    assert not FeatureStack(values=mapped, name="x").is_lazy


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((160, 106, 256), "160 × 106 pixels × 256 features"),
        ((7, 2, 3, 4, 5), "7 × 2 × 3 × 4 pixels × 5 features"),
        ((1, 1, 1), "1 × 1 pixels × 1 features"),
    ],
)
def test_size_in_words_has_the_axes_in_their_order(shape, words):
    assert size_in_words(shape) == words


def test_features_are_named_by_their_labels():
    labels = ["red", 550.0, 3, 4, 5]
    stack = FeatureStack(values=CUBE, name="x", feature_labels=labels)
    assert [stack.feature_name(feature) for feature in (0, 1)] == ["feature red", "feature 550.0"]
    assert FeatureStack(values=CUBE, name="x").feature_name(3) == "feature 3"


def test_counts_and_shape_of_a_stack_with_three_spatial_axes():
    stack = FeatureStack(values=np.ones((2, 3, 4, 5)), name="x")
    assert (stack.spatial_shape, stack.pixel_count, stack.feature_count) == ((2, 3, 4), 24, 5)


def test_values_without_a_range_are_the_real_ones():
    real = FeatureStack(values=CUBE, name="x").real_values(CUBE)
    assert real.dtype == np.float64
    np.testing.assert_array_equal(real, CUBE)


@given(
    dtype=st.sampled_from([np.uint8, np.uint16, np.uint32, np.uint64]),
    value_range=st.tuples(ENDS, ENDS).map(sorted).map(tuple),
)
def test_real_values_reach_both_ends_of_the_range(dtype, value_range):
    stack = FeatureStack(values=np.ones((1, 1, 2), dtype), name="x", value_range=value_range)
    ends = np.array([0, np.iinfo(dtype).max], dtype)
    np.testing.assert_allclose(stack.real_values(ends), value_range, rtol=1e-15)


@pytest.mark.parametrize(
    ("dtype", "value_range", "zero"),
    [
        (np.uint8, (-3.0, 2.0), 153),
        (np.uint8, (-2.0, 3.0), 102),
        (np.uint8, (-0.1, 0.2), 85),
        (np.uint8, (0.0, 7.3), 0),
        (np.uint8, (-7.3, 0.0), 255),
        (np.uint16, (-3.0, 2.0), 39321),
        (np.uint32, (-3.0, 2.0), 2576980377),
    ],
)
def test_real_value_is_exactly_zero_where_the_range_has_zero(dtype, value_range, zero):
    stack = FeatureStack(values=np.ones((1, 1, 2), dtype), name="x", value_range=value_range)
    assert stack.real_values(np.array([zero], dtype))[0] == 0.0


@given(st.floats(1e-300, 8e305))
def test_real_value_is_exactly_zero_in_a_range_of_any_size(size):
    stack = FeatureStack(values=CUBE, name="x", value_range=(-102 * size, 153 * size))
    assert stack.real_values(np.array([102], np.uint8))[0] == 0.0


@pytest.mark.parametrize("end", [5e-324, np.finfo(np.float64).max])
def test_real_values_reach_the_smallest_and_the_largest_floats(end):
    stack = FeatureStack(values=CUBE, name="x", value_range=(-end, end))
    np.testing.assert_array_equal(stack.real_values(np.array([0, 255], np.uint8)), [-end, end])


def test_real_values_lie_evenly_between_the_ends():
    stack = FeatureStack(values=CUBE, name="x", value_range=(-1.0, 4.1))
    steps = np.diff(stack.real_values(np.arange(256, dtype=np.uint8)))
    np.testing.assert_allclose(steps, 5.1 / 255, rtol=1e-12)


def test_vector_holds_the_real_values_of_one_pixel():
    stack = FeatureStack(values=CUBE, name="x", value_range=(-3.0, 2.0))
    np.testing.assert_array_equal(stack.vector((1, 2)), stack.real_values(CUBE)[1, 2])


def test_vector_is_found_along_every_spatial_axis():
    values = np.arange(120.0).reshape(2, 3, 4, 5)
    vector = FeatureStack(values=values, name="x").vector([1, 2, 3])
    np.testing.assert_array_equal(vector, [115, 116, 117, 118, 119])


@pytest.mark.parametrize("kind", [np.asarray, da.from_array])
def test_image_of_a_feature_holds_its_real_values_in_a_region(kind):
    values = np.arange(120, dtype=np.uint8).reshape(2, 3, 4, 5)
    stack = FeatureStack(values=kind(values), name="x", value_range=(-3.0, 2.0))
    region = (slice(1, 2), slice(0, 3), slice(2, 4))
    image = stack.feature_image(3, region)
    assert type(image) is np.ndarray
    assert image.dtype == np.float32
    np.testing.assert_array_equal(
        image, stack.real_values(values)[1:2, :3, 2:4, 3].astype(np.float32)
    )


def test_number_beyond_the_largest_float32_is_infinite_in_an_image():
    values = np.full((1, 1, 2), [1e300, -1e300])
    image = FeatureStack(values=values, name="x").feature_image(1, (slice(None), slice(None)))
    assert image.tolist() == [[-np.inf]]


def test_mean_of_features_is_unknown_where_one_of_them_is():
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    values[0, 1, 2] = np.nan
    stack = FeatureStack(values=values, name="x")
    whole = (slice(None), slice(None))
    expected = values[..., 1:3].mean(axis=-1)
    image = stack.mean_image(range(1, 3), whole)
    np.testing.assert_array_equal(image, expected)
    assert np.isnan(image[0, 1])
    assert np.isfinite(stack.mean_image(range(2), whole)).all()


def test_range_of_features_is_called_by_its_ends():
    values = np.zeros((2, 3, 4))
    assert FeatureStack(values=values, name="x").features_name(range(1, 4)) == (
        "mean of features 1 to 3"
    )
    labels = ("450 nm", "500 nm", "550 nm", "600 nm")
    stack = FeatureStack(values=values, name="x", feature_labels=labels)
    assert stack.features_name(range(2)) == "mean of features 450 nm to 500 nm"
    assert stack.features_name(range(2, 3)) == stack.feature_name(2)


def test_real_values_are_stored_ones_times_the_gain_but_for_those_that_stand_for_none():
    values = np.array([[[1, -2, -9]]], np.int16)
    stack = FeatureStack(values=values, name="x", gain=0.5, nodata=-9)
    np.testing.assert_array_equal(stack.vector((0, 0)), [0.5, -1.0, np.nan])
    region = (slice(0, 1),) * 2
    np.testing.assert_array_equal(stack.mean_image(range(2), region), [[-0.25]])
    assert np.isnan(stack.mean_image(range(3), region)).all()
    assert not stack.stores_real_values


@pytest.mark.parametrize("gain", [0.0, -1.0, np.nan, np.inf])
def test_gain_that_is_none_is_refused(gain):
    with pytest.raises(DatasetError):
        FeatureStack(values=CUBE, name="x", gain=gain)


def test_gain_is_refused_beside_a_value_range():
    with pytest.raises(DatasetError):
        FeatureStack(values=CUBE, name="x", gain=2.0, value_range=(0.0, 1.0))


def test_storage_is_all_that_another_stack_of_such_values_needs():
    stack = FeatureStack(values=CUBE, name="x", gain=2.0, nodata=7.0)
    other = FeatureStack(values=CUBE[:1], name="y", **stack.storage)
    np.testing.assert_array_equal(other.vector((0, 1)), stack.vector((0, 1)))


def test_some_features_keep_their_labels_and_what_is_known_of_them():
    stack = FeatureStack(values=CUBE, name="x", bands=Bands(shown=(2,)), gain=0.5, nodata=7.0)
    few = stack.with_features([0, 2])
    np.testing.assert_array_equal(few.values, CUBE[..., [0, 2]])
    assert (few.feature_labels, few.bands) == ((0, 2), Bands(shown=(1,)))
    assert (few.gain, few.nodata) == (0.5, 7.0)


def test_range_of_features_shares_its_values():
    stack = FeatureStack(values=CUBE, name="x")
    few = stack.with_features(range(1, 3))
    np.testing.assert_array_equal(few.values, CUBE[..., 1:3])
    assert np.shares_memory(few.values, stack.values)
    assert few.feature_labels == (1, 2)


def test_labels_of_any_number_of_features_take_no_memory():
    values = np.broadcast_to(np.float32(1), (1, 1, 10**8))
    stack = FeatureStack(values=values, name="x")
    assert len(stack.feature_labels) == 10**8
    assert stack.feature_name(10**7) == "feature 10000000"
    assert stack.with_features(range(5, 8)).feature_labels == (5, 6, 7)


@pytest.mark.parametrize("shape", [(2**64, 4, 5), (2**31, 2**31, 2), (1, 2**62, 8)])
def test_array_that_no_computer_could_number_is_refused(shape):
    class Endless:
        dtype, ndim = np.dtype("f4"), len(shape)

    Endless.shape = shape
    with pytest.raises(DatasetError) as caught:
        check_feature_array(Endless())
    assert_tells(caught.value, str(shape), "bytes")


def test_more_features_than_a_pixel_can_have_in_memory_are_refused(free_memory):
    values = da.zeros((2, 2, 1_000_000), "u1", chunks=(1, 1, 1000))
    FeatureStack(values=values, name="x")
    with free_memory(4_000_000), pytest.raises(DatasetError) as caught:
        FeatureStack(values=values, name="x")
    assert_tells(caught.value, "8 MB of memory", "4 MB")


@pytest.mark.parametrize("bits", [np.uint32(0x7FA00000), np.uint64(0x7FF4000000000000)])
def test_missing_values_that_signal_are_read_without_a_warning(bits):
    """A NaN of this kind is what damaged bytes may make."""
    values = np.full((2, 3, 4), bits).view(f"f{bits.itemsize}")
    stack = FeatureStack(values=values, name="x", gain=2.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(stack.vector((0, 0))).all()
        assert np.isnan(stack.feature_image(0, (slice(None),) * 2)).all()


def test_real_values_beyond_the_largest_float_are_infinite_without_a_warning():
    stack = FeatureStack(values=np.full((2, 3, 4), 1e308), name="x", gain=10.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isinf(stack.vector((0, 0))).all()
