from __future__ import annotations

import json
import sys
import time
import warnings
import zipfile
from concurrent.futures import CancelledError
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from dataset_files import TYPES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from real_arrays import between, half_step, real_arrays, seeds, sizes

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import (
    WebApplicationWarning,
    lossless_precision,
    parallel,
    read_stack,
    restored,
    write_stack,
    zip_path,
)
from napari_ifealid.stack import FeatureStack, Placement

pytestmark = pytest.mark.filterwarnings(
    "ignore::napari_ifealid.formats.web_application_faults.WebApplicationWarning"
)

PRECISIONS = (8, 16, 32)
precisions = st.sampled_from(PRECISIONS)


def random_stack(shape=(5, 3, 9), dtype="u1", **fields) -> FeatureStack:
    """Return a stack that uses all the numbers of a type of integers."""
    dtype = np.dtype(dtype)
    limits = np.iinfo(dtype)
    values = between(limits.min, limits.max, shape, dtype, 0)
    values[0, 0, 0], values[-1, -1, -1] = limits.min, limits.max
    return FeatureStack(values=values, **{"name": "small"} | fields)


def plainly_read(path: Path):
    """Return a dataset's metadata and numbers with no help from this package."""
    with zipfile.ZipFile(path) as archive:
        metadata = json.loads(archive.read("metadata.json"))
        a_file = 32 // metadata["precision"]
        parts = []
        for number in range(-(-metadata["features"] // a_file)):
            image = Image.open(BytesIO(archive.read(f"{number}.png")))
            assert image.format == "PNG"
            assert image.mode == "RGBA"
            assert image.size == (metadata["width"], metadata["height"])
            pixels = np.ascontiguousarray(image)
            parts.append(pixels.view(TYPES[metadata["precision"]]))
    numbers = np.concatenate(parts, axis=-1)
    assert not numbers[..., metadata["features"] :].any()
    return metadata, numbers[..., : metadata["features"]]


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "small.zip"


@pytest.fixture
def rewritten(path):
    """Writes a stack and reads it again."""

    def write_and_read(stack: FeatureStack, **options) -> FeatureStack:
        write_stack(path, stack, force=True, **options)
        return read_stack(path)

    return write_and_read


# Round trips


names = st.text(max_size=20)
overlays = st.none() | st.builds(
    lambda height, width, seed: between(0, 255, (height, width, 3), np.dtype("u1"), seed),
    *(sizes, sizes, seeds),
)


@st.composite
def stacks(draw):
    values = draw(real_arrays(features=st.integers(1, 70)))
    features = values.shape[-1]
    label = st.one_of(names, st.integers(), st.floats(allow_nan=False, allow_infinity=False))
    labels = st.lists(label, min_size=features, max_size=features)
    return FeatureStack(
        values=values,
        name=draw(names),
        overlay=draw(overlays),
        feature_labels=draw(st.none() | labels),
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stack=stacks(), precision=precisions, pad_for_web=st.booleans())
def test_any_stack_comes_back(rewritten, stack, precision, pad_for_web):
    again = rewritten(stack, precision=precision, pad_for_web=pad_for_web)
    assert again.name == stack.name
    assert again.feature_labels == stack.feature_labels
    assert again.precision == precision
    assert again.values.shape == stack.values.shape
    error = np.abs(again.real_values(again.values) - stack.values.astype(np.float64)).max()
    assert error <= half_step(again.value_range, precision)
    assert restored(again).dtype == np.dtype(
        f"{stack.values.dtype.kind}{min(8, stack.values.itemsize)}"
    )
    if stack.overlay is None:
        assert again.overlay is None
    else:
        np.testing.assert_allclose(again.overlay, stack.overlay, rtol=0, atol=5)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=real_arrays([np.dtype("f4")]))
def test_32_bits_keep_the_precision_of_float32(rewritten, values):
    stack = rewritten(FeatureStack(values=values, name="small"))
    largest = float(np.abs(values).max())
    error = np.abs(restored(stack).astype(np.float64) - values).max()
    assert error <= largest * np.finfo(np.float32).eps


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", ">u2", ">i4"])
def test_integers_are_bit_exact(rewritten, dtype):
    stack = random_stack(dtype=dtype)
    again = restored(rewritten(stack))
    assert again.dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal(again, stack.values)


@pytest.mark.parametrize(
    ("low", "high", "precision"),
    [(2**63 - 200, 2**63 - 1, 8), (-(2**63), 65_000 - 2**63, 16), (-(2**31), 2**31, 32)],
)
def test_few_of_the_64_bit_integers_are_bit_exact(rewritten, low, high, precision):
    values = between(low, high, (4, 3, 5), np.dtype("i8"), 0)
    again = restored(rewritten(FeatureStack(values=values, name="small"), precision=precision))
    np.testing.assert_array_equal(again, values)


def test_booleans_come_back(rewritten):
    values = np.eye(4, dtype=bool)[..., np.newaxis]
    again = restored(rewritten(FeatureStack(values=values, name="small")))
    assert again.dtype == bool
    np.testing.assert_array_equal(again, values)


def test_labels_of_numpy_come_back_as_numbers_of_python(rewritten):
    wavelengths = np.linspace(400, 1000, 9, dtype=np.float32)
    again = rewritten(random_stack(feature_labels=wavelengths))
    assert again.feature_labels == tuple(wavelengths.tolist())


def test_memory_mapped_array_is_written(rewritten, tmp_path):
    values = random_stack().values
    np.save(tmp_path / "small.npy", values)
    stack = FeatureStack(values=np.load(tmp_path / "small.npy", mmap_mode="r"), name="small")
    np.testing.assert_array_equal(restored(rewritten(stack)), values)


def test_view_with_the_axes_in_another_order_is_written(rewritten):
    values = np.moveaxis(random_stack().values, 0, -1)
    stack = rewritten(FeatureStack(values=values, name="small"))
    np.testing.assert_array_equal(restored(stack), values)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_opened_dataset_keeps_all_its_numbers(shared_data, rewritten, precision):
    stack = read_stack(shared_data / f"synthetic_23x17x9.{precision}.zip")
    again = rewritten(stack)
    assert (again.name, again.precision) == (stack.name, stack.precision)
    assert again.value_range == stack.value_range == (0.0, 1.0)
    np.testing.assert_array_equal(again.values, stack.values)


def test_dataset_written_twice_is_the_same(path, tmp_path, rewritten):
    stack = FeatureStack(values=between(-3, 5, (6, 5, 9), np.dtype("f2"), 0), name="small")
    rewritten(rewritten(stack, precision=8))
    once, twice = tmp_path / "once.zip", path
    write_stack(once, stack, precision=8)
    assert twice.read_bytes() == once.read_bytes()


# What is in the file


@pytest.mark.parametrize("pad_for_web", [False, True])
@pytest.mark.parametrize("features", range(1, 10))
@pytest.mark.parametrize("precision", PRECISIONS)
def test_file_is_right_for_every_count_of_features(path, precision, features, pad_for_web):
    stack = random_stack((4, 3, features), f"u{precision // 8}")
    write_stack(path, stack, pad_for_web=pad_for_web)
    metadata, numbers = plainly_read(path)
    np.testing.assert_array_equal(numbers[..., :features], stack.values)
    assert not numbers[..., features:].any()
    assert metadata["features"] - metadata.get("padding", 0) == features
    np.testing.assert_array_equal(read_stack(path).values, stack.values)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_numbers_are_the_rounded_ones_of_the_format(path, precision):
    values = between(-1.5, 7.25, (5, 4, 6), np.dtype("f8"), 0)
    write_stack(path, FeatureStack(values=values, name="small"), precision=precision)
    metadata, numbers = plainly_read(path)
    low, high = values.min(), values.max()
    assert (metadata["minimum"], metadata["maximum"]) == (low, high)
    expected = np.round((values - low) / (high - low) * (2**precision - 1))
    np.testing.assert_array_equal(numbers, expected)


def test_metadata_tell_what_the_web_application_needs(path, stack):
    write_stack(path, stack)
    metadata, _ = plainly_read(path)
    assert metadata == {
        "name": "small",
        "width": 5,
        "height": 6,
        "features": 9,
        "precision": 8,
        "overlay": True,
        "minimum": 0,
        "maximum": int(stack.values.max()),
        "dtype": "uint8",
    }


@pytest.mark.parametrize(("features", "padded"), [(1, 5), (7, 9), (8, 9), (9, 13), (10, 13)])
@pytest.mark.parametrize("dtype", ["u2", "i4"])
def test_padding_is_told_and_hidden(path, dtype, features, padded):
    labels = [f"band {number}" for number in range(features)]
    stack = random_stack((2, 3, features), dtype, feature_labels=labels)
    write_stack(path, stack, pad_for_web=True)
    metadata, _ = plainly_read(path)
    assert (metadata["features"], metadata["padding"]) == (padded, padded - features)
    again = read_stack(path)
    assert again.feature_count == features
    assert again.feature_labels == tuple(labels)


def test_nothing_is_padded_at_8_bits(path):
    write_stack(path, random_stack(), pad_for_web=True)
    metadata, _ = plainly_read(path)
    assert metadata["features"] == 9
    assert "padding" not in metadata


@pytest.mark.parametrize(
    ("dtype", "precision"),
    [("?", 8), ("i1", 8), ("u2", 16), ("f2", 16), ("f4", 32), ("f8", 32), ("i8", 32), ("g", 32)],
)
def test_precision_is_that_of_the_type_unless_given(rewritten, dtype, precision):
    stack = FeatureStack(values=np.eye(3, dtype=dtype)[..., np.newaxis], name="small")
    assert lossless_precision(stack) == precision
    assert rewritten(stack).precision == precision


@pytest.mark.parametrize(
    ("path", "expected"),
    [("a", "a.zip"), ("a.zip", "a.zip"), ("a.ZIP", "a.ZIP"), ("b/a.8", "b/a.8.zip")],
)
def test_ending_of_a_zip_is_added_where_it_is_missing(path, expected):
    assert zip_path(path) == Path(expected)


def test_overlay_is_told_and_its_size_kept(path, stack):
    write_stack(path, stack)
    with zipfile.ZipFile(path) as archive, Image.open(archive.open("overlay.jpg")) as overlay:
        assert (overlay.format, overlay.mode, overlay.size) == ("JPEG", "RGB", (20, 24))


def test_entries_have_a_fixed_order_and_date(path, stack):
    write_stack(path, stack)
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    names = ["metadata.json", "0.png", "1.png", "2.png", "overlay.jpg"]
    assert [entry.filename for entry in entries] == names
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.compress_type for entry in entries} == {zipfile.ZIP_STORED}
    assert {(entry.create_system, entry.external_attr >> 16) for entry in entries} == {(3, 0o644)}


@pytest.fixture
def in_another_year(monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 1e9)


@pytest.fixture
def on_another_system(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux" if sys.platform == "win32" else "win32")


@pytest.fixture
def in_one_thread(monkeypatch):
    monkeypatch.setattr(parallel, "WORKERS", 1)


@pytest.fixture
def in_many_threads(monkeypatch):
    monkeypatch.setattr(parallel, "WORKERS", 16)


@pytest.mark.parametrize(
    "change", ["in_another_year", "on_another_system", "in_one_thread", "in_many_threads"]
)
def test_same_stack_gives_the_same_bytes(tmp_path, stack, request, change):
    many = FeatureStack(values=np.tile(stack.values, 30), name="many", overlay=stack.overlay)
    write_stack(tmp_path / "first.zip", many)
    request.getfixturevalue(change)
    write_stack(tmp_path / "second.zip", many)
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()


# What is refused


@pytest.fixture
def refused(tmp_path, path, contents):
    """Expects an error that names the stack, and a folder that stays as it is."""

    def expect(stack: FeatureStack, found: str, **options) -> DatasetError:
        path.write_bytes(b"old")
        with pytest.raises(DatasetError) as caught:
            write_stack(path, stack, force=True, **options)
        assert caught.value.file == stack.name
        assert found in caught.value.found
        assert contents(tmp_path) == {"small.zip": b"old"}
        return caught.value

    return expect


def test_three_spatial_axes_are_refused(refused):
    error = refused(random_stack((2, 3, 4, 5)), "3 spatial axes, shape (2, 3, 4, 5)")
    assert "two" in error.expected
    assert "array[0]" in error.remedy


@pytest.mark.parametrize("precision", [0, 12, 64])
def test_other_precision_is_refused(refused, precision):
    error = refused(random_stack(), f"{precision} bits", precision=precision)
    assert "8, 16 or 32" in error.expected


def test_nan_and_infinities_are_refused_with_their_count(refused):
    values = np.ones((3, 4, 5))
    values[0, 0] = np.nan
    values[-1, -1, :2] = np.inf
    error = refused(FeatureStack(values=values, name="small"), "5 NaN and 2 infinities among 60")
    assert "nonfinite=0" in error.remedy


@pytest.mark.parametrize("label", [np.nan, np.inf, None, True, ("a", "b"), b"a"])
def test_label_that_the_metadata_cannot_hold_is_refused(refused, label):
    refused(random_stack((3, 4, 2), feature_labels=["red", label]), repr(label))


def test_nan_is_replaced_on_request(rewritten):
    values = np.array([[[np.nan, 1.0], [2.0, 3.0]]])
    again = restored(rewritten(FeatureStack(values=values, name="small"), nonfinite=2.5))
    np.testing.assert_allclose(again, [[[2.5, 1.0], [2.0, 3.0]]], rtol=1e-9)


def test_existing_file_is_kept_without_force(path, stack):
    path.write_bytes(b"old")
    with pytest.raises(DatasetError, match="force=True") as caught:
        write_stack(path, stack)
    assert caught.value.file == str(path)
    assert path.read_bytes() == b"old"


# Interrupted


def ends_early(items, **_):
    return list(items)[:-1]


class StopError(Exception):
    pass


def stops(items, **_):
    yield next(iter(items))
    raise StopError


@pytest.mark.parametrize(("track", "error"), [(ends_early, CancelledError), (stops, StopError)])
@pytest.mark.parametrize("stage", ["Measuring small", "Writing small"])
def test_cancelled_writing_leaves_nothing(path, stack, stage, track, error):
    def track_one_stage(items, *, total, desc):
        return track(items) if desc == stage else items

    with pytest.raises(error):
        write_stack(path, stack, track=track_one_stage)
    assert not list(path.parent.iterdir())


def test_progress_is_told_once_a_block(path):
    told = []

    def track(items, *, total, desc):
        for item in items:
            told.append((total, desc))
            yield item

    write_stack(path, random_stack((2, 3, 70)), track=track)
    assert told == [(1, "Measuring small")] + [(3, "Writing small")] * 3


HALFWAY = """
import sys, time
import numpy as np
from napari_ifealid import FeatureStack, write_stack

def track(items, *, total, desc):
    for number, item in enumerate(items):
        yield item
        if desc.startswith("Writing"):
            print("halfway", flush=True)
            time.sleep(60)

values = np.random.default_rng(0).integers(0, 256, (100, 100, 256)).astype(np.uint8)
write_stack(sys.argv[1], FeatureStack(values=values, name="small"), force=True, track=track)
"""


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="files without a name are Linux's")
def test_killed_process_leaves_the_old_file_alone(path, contents, end_by_signal):
    path.write_bytes(b"old")
    end_by_signal("SIGKILL", HALFWAY, path)
    assert contents(path.parent) == {"small.zip": b"old"}


def test_full_disk_leaves_the_old_file_alone(small_disk, contents):
    path = small_disk / "small.zip"
    path.write_bytes(b"old")
    with pytest.raises(DatasetError, match="No space left") as caught:
        write_stack(path, random_stack((600, 600, 4)), force=True)
    assert caught.value.file == str(path)
    assert contents(small_disk) == {"small.zip": b"old"}


# Warnings


@pytest.mark.parametrize("precision", PRECISIONS)
def test_signed_features_are_warned_of(path, precision):
    values = between(-3, 5, (6, 5, 9), np.dtype("f4"), 0)
    signed = FeatureStack(values=values, name="small")
    with pytest.warns(WebApplicationWarning, match=r"small has values from -2\.9.*° at most"):
        write_stack(path, signed, precision=precision, pad_for_web=True)


def test_features_that_the_web_application_loses_are_warned_of(path):
    with pytest.warns(WebApplicationWarning, match=r"At 16 bit .*pad_for_web=True") as caught:
        write_stack(path, random_stack(dtype="u2"))
    assert {warning.filename for warning in caught} == {__file__}


@pytest.mark.parametrize(
    ("dtype", "options"),
    [("u1", {}), ("u1", {"pad_for_web": True}), ("u2", {"pad_for_web": True})],
)
def test_what_looks_the_same_in_the_web_application_is_not_warned_of(path, dtype, options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_stack(path, random_stack(dtype=dtype), **options)


def test_placement_comes_back(rewritten):
    placement = Placement((4.0, 8.0), (1.5, -0.5))
    assert rewritten(random_stack(placement=placement)).placement == placement


def test_single_slice_is_written_flat(tmp_path):
    values = np.random.default_rng(0).integers(0, 256, (1, 1, 6, 5, 4), np.uint8)
    write_stack(tmp_path / "a.zip", FeatureStack(values=values, name="slice"))
    np.testing.assert_array_equal(restored(read_stack(tmp_path / "a.zip")), values[0, 0])
