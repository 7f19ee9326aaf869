"""Measures agree with the `spectral` package on real hyperspectral cubes."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy.stats import entropy

spectral = pytest.importorskip("spectral")
tifffile = pytest.importorskip("tifffile")

from napari_ifealid import FeatureStack, similarity_map  # noqa: E402
from napari_ifealid.engines import CpuEngine, classes_of  # noqa: E402
from napari_ifealid.engines.pixel_vectors import PixelVectors  # noqa: E402
from napari_ifealid.grid import whole_region  # noqa: E402
from napari_ifealid.measures import MEASURES, Background  # noqa: E402
from napari_ifealid.query import Query  # noqa: E402

NO_DATA = -32768


def corn(folder) -> np.ndarray:
    header = (folder / "corn-kernel-hyperspectral.hdr").read_text()
    lines, samples, bands = (
        int(re.search(rf"^{key}\s*=\s*(\d+)", header, re.MULTILINE).group(1))
        for key in ("lines", "samples", "bands")
    )
    raw = np.fromfile(folder / "corn-kernel-hyperspectral.raw", "<u2")
    return raw.reshape(lines, bands, samples).transpose(0, 2, 1)


def potsdam(folder) -> np.ndarray:
    values = tifffile.imread(folder / "enmap_potsdam_tile_64_0.tif")
    values = np.moveaxis(values, 0, -1) if values.shape[0] == 224 else values
    is_good = (values != NO_DATA).any(axis=(0, 1))  # bad bands hold nothing else
    return np.ascontiguousarray(values[..., is_good])


@pytest.fixture(scope="module", params=[corn, potsdam], ids=lambda one: one.__name__)
def cube(request, shared_data) -> np.ndarray:
    folder = shared_data / "hyperspectral"
    if not folder.is_dir():
        pytest.skip("the shared hyperspectral files are not here")
    return request.param(folder)


@pytest.fixture(scope="module")
def stack(cube) -> FeatureStack:
    return FeatureStack(values=cube, name="cube")


PIXEL = (13, 17)
OTHERS = [(3, 5), (25, 30), (30, 2), (8, 21), (16, 9), (29, 28), (1, 1)]


def test_spectral_angle(cube, stack):
    angles = spectral.spectral_angles(cube.astype(float), cube[PIXEL][np.newaxis].astype(float))
    expected = np.clip(1 - angles[..., 0] / (np.pi / 2), 0, 1)
    expected[PIXEL] = 1.0  # a cosine above 1 by rounding has no angle there
    np.testing.assert_allclose(similarity_map(stack, PIXEL), expected, atol=5e-4)


def test_correlation_is_the_cosine_of_the_angle_of_deviations(cube, stack):
    deviations = cube - cube.mean(axis=-1, keepdims=True, dtype=float)
    angles = spectral.spectral_angles(deviations, deviations[PIXEL][np.newaxis])
    expected = np.cos(angles[..., 0])
    expected[PIXEL] = 1.0
    values = similarity_map(stack, PIXEL, measure="Pearson correlation")
    np.testing.assert_allclose(values, expected, atol=5e-5)


def test_divergence_is_the_sum_of_the_relative_entropies(cube, stack):
    # the package has no divergence: SciPy's entropy normalises and has the same logarithm
    positive = np.maximum(cube.astype(float), 0) + 1e-12
    reference = np.broadcast_to(positive[PIXEL], cube.shape)
    divergence = entropy(positive, reference, axis=-1) + entropy(reference, positive, axis=-1)
    values = similarity_map(stack, PIXEL, measure="information divergence")
    np.testing.assert_allclose(values, 1 / (1 + divergence), atol=1e-4)


def statistics(cube):
    """Return the statistics of the package for a cube with the pseudo-inverse that we take."""
    background = Background.of(cube).in_units_of(1.0)
    found = spectral.calc_stats(cube.astype(float))
    np.testing.assert_allclose(found.mean, background.mean, rtol=1e-9)
    factor = found.nsamples / (found.nsamples - 1)
    np.testing.assert_allclose(found.cov, background.covariance * factor, rtol=1e-6, atol=1e-6)
    return found


def test_ace(cube, stack):
    expected = spectral.ace(cube.astype(float), cube[PIXEL].astype(float), statistics(cube))
    values = similarity_map(stack, PIXEL, measure="ACE")
    np.testing.assert_allclose(values, np.squeeze(expected), atol=1e-4)


def test_matched_filter(cube, stack):
    target = cube[PIXEL].astype(float)
    expected = spectral.matched_filter(cube.astype(float), target, statistics(cube))
    values = similarity_map(stack, PIXEL, measure="matched filter")
    np.testing.assert_allclose(values, np.squeeze(expected), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda one: one.name)
def test_map_is_that_of_the_definition(cube, stack, measure):
    expected = measure.values(cube, cube[PIXEL], Background.of(cube))
    values = similarity_map(stack, PIXEL, measure=measure)
    near = (expected > 0.999) & (measure.name == "spectral angle")
    np.testing.assert_allclose(values[~near], expected[~near], atol=5e-5, rtol=5e-5)
    np.testing.assert_allclose(values[near], expected[near], atol=5e-4)
    assert values[PIXEL] == 1.0


@pytest.mark.parametrize("measure", MEASURES, ids=lambda one: one.name)
def test_every_class_of_eight_references_is_that_of_the_definition(cube, stack, measure):
    engine = CpuEngine(PixelVectors.of(stack))
    query = Query.to(*(stack.vector(at) for at in (PIXEL, *OTHERS)), measure=measure)
    classes = classes_of(engine, query, whole_region(stack.spatial_shape))
    background = Background.of(cube)
    values = [measure.values(cube, one.vector, background) for one in query.references]
    np.testing.assert_array_equal(classes.numbers, np.argmax(values, axis=0))
