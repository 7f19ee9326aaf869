from __future__ import annotations

import re
from importlib.resources import files

import numpy as np
import pytest
from vispy import gloo
from vispy.visuals import Visual
from vispy.visuals.shaders import Function

from napari_ifealid.engines.gl_context import OffscreenContext
from napari_ifealid.measures import (
    EUCLIDEAN,
    MEASURES,
    PEARSON,
    Linear,
    Measure,
    UnitLength,
)
from napari_ifealid.measures.kernels import Points
from napari_ifealid.shaders import load_shader
from napari_ifealid.sharpening.exact_sums import deviations

pytestmark = pytest.mark.usefixtures("qapp")

SHADERS = sorted(
    file.name
    for file in files("napari_ifealid.shaders").iterdir()
    if file.name.endswith((".glsl", ".vert", ".frag"))
)

FRAGMENT = """
uniform sampler2D u_input;

void main() {
    vec4 value = texture2D(u_input, vec2(gl_FragCoord.x / $width, 0.5));
    gl_FragColor = %s;
}
"""


SQUARED_CHORDS = np.concatenate(
    [
        [0, 1e-12, 9e-12, 1.1e-11, 1e-10, 1e-8, 1e-6, 1e-4, 2, 4, 3.9999, 2.0001],
        np.linspace(0, 4, 500),
    ]
).astype(np.float32)


def twin_of(measure: Measure):
    """Return the GLSL file of a measure and its twin in NumPy; None without any."""
    match measure.kernel:
        case UnitLength() as kernel:
            return kernel.shader, kernel.from_squared_chords
        case Linear(points=Points() as points):
            return points.shader, points.from_squared_distances
    return None


ON_THE_GPU = [measure for measure in MEASURES if twin_of(measure) is not None]
POINTS = {"scaled", "shifted"}  # what is done to the features first
SHARP = {"deviation", "sharp_chords", "sharp_forms"}  # what is done to weighted sums
with_each_measure = pytest.mark.parametrize("measure", ON_THE_GPU, ids=lambda one: one.name)


class FunctionVisual(Visual):
    """Draws a GLSL function of the texels of one row."""

    def __init__(self, function: Function, call: str, texels: np.ndarray) -> None:
        super().__init__(load_shader("block.vert"), FRAGMENT % call)
        self.shared_program.frag["function"] = function
        self.shared_program.frag["width"] = f"{texels.shape[1]}.0"
        self.shared_program["u_input"] = gloo.Texture2D(texels, internalformat="rgba32f")
        corners = np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]], np.float32)
        self.shared_program["a_position"] = corners
        self._draw_mode = "triangle_strip"
        self.set_gl_state(blend=False, depth_test=False, cull_face=False)

    def _prepare_transforms(self, view) -> None:
        pass


def drawn(function: Function, call: str, values: np.ndarray) -> np.ndarray:
    texels = values.astype(np.float32)[np.newaxis]
    context = OffscreenContext()
    with context.current():
        visual = FunctionVisual(function, call, texels)
        target = gloo.Texture2D(texels.shape, internalformat="rgba32f")
        viewport = (0, 0, texels.shape[1], 1)
        with gloo.FrameBuffer(target):
            gloo.set_viewport(*viewport)
            visual.draw()
            return gloo.read_pixels(viewport, alpha=True, out_type="float")[0]


@pytest.mark.parametrize("name", SHADERS)
def test_shader_file_is_loaded(name):
    assert load_shader(name) == (files("napari_ifealid.shaders") / name).read_text("utf-8")


@pytest.mark.parametrize("name", ["no_such_shader.glsl", "spectral_angle"])
def test_unknown_shader_is_an_error(name):
    with pytest.raises(FileNotFoundError):
        load_shader(name)


def test_every_glsl_function_has_a_twin():
    functions = [
        re.findall(r"^\w+ (\w+)\(", load_shader(name), re.MULTILINE)
        for name in SHADERS
        if name.endswith(".glsl")
    ]
    twins = [[measure.name.replace(" ", "_").lower()] for measure in ON_THE_GPU]
    assert sorted(functions) == sorted([*twins, *([name] for name in POINTS | SHARP)])


def definition(measure: Measure, squared_chords: np.ndarray) -> np.ndarray:
    """Return a measure's values for pairs of unit vectors that are so far apart."""
    if measure is EUCLIDEAN:
        return 1 / (1 + np.sqrt(squared_chords.astype(np.float64)))
    angles = 2 * np.arcsin(np.sqrt(squared_chords.astype(np.float64)) / 2)
    if measure is PEARSON:  # of vectors whose values add up to 0, along two axes
        axes = np.array([[1, -1, 0], [1, 1, -2]]) / np.sqrt([[2], [6]])
    else:
        axes = np.eye(2)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=-1) @ axes
    return measure.definition(vectors, axes[0])


@with_each_measure
def test_glsl_function_is_that_of_the_definition(measure):
    values = np.resize(SQUARED_CHORDS, (-(-len(SQUARED_CHORDS) // 4), 4))
    actual = drawn(Function(load_shader(twin_of(measure)[0])), "$function(value)", values)
    expected = definition(measure, values)
    expected[values < 1e-11] = measure.limits[1]  # rounding only
    np.testing.assert_allclose(actual, expected, atol=5e-7)


@with_each_measure
def test_glsl_function_is_that_of_its_twin(measure):
    values = np.resize(SQUARED_CHORDS, (-(-len(SQUARED_CHORDS) // 4), 4))
    actual = drawn(Function(load_shader(twin_of(measure)[0])), "$function(value)", values)
    np.testing.assert_allclose(actual, twin_of(measure)[1](values), atol=5e-7)


@with_each_measure
@pytest.mark.parametrize("squared_chord", [0.0, 1e-12, 9.9e-12])
def test_vectors_that_differ_by_rounding_are_exactly_the_same(measure, squared_chord):
    values = np.full((1, 4), squared_chord)
    actual = drawn(Function(load_shader(twin_of(measure)[0])), "$function(value)", values)
    np.testing.assert_array_equal(actual, 1.0)


@pytest.mark.parametrize("name", SHADERS)
def test_nothing_is_chosen_by_mix(name):
    # a driver may compute x + a * (y - x), where x loses digits if y is much larger
    assert not re.search(r"\bmix\(", re.sub(r"//.*", "", load_shader(name)))


@pytest.mark.parametrize(("texel", "known"), [(0, 4), (1, 3)])
def test_shift_leaves_out_what_is_no_feature(texel, known):
    values = np.array([[1, 2, 3, 4], [0, 0, 0, 0]], np.float32)
    shifted = Function(load_shader("shifted.glsl"))
    shifted["features"] = "7.0"
    actual = drawn(shifted, f"$function(value, 2.0, 0.5, {texel})", values)
    expected = 2 * values
    expected[:, :known] += 0.5
    np.testing.assert_allclose(actual, expected, atol=1e-7)
    scaled = drawn(Function(load_shader("scaled.glsl")), "$function(value, 2.0, 0.5, 1)", values)
    np.testing.assert_allclose(scaled, 2 * values, atol=1e-7)


@pytest.mark.parametrize("high", [0.0, 1.0, 255.5, 65_536.75, 1.5e10, -3e11, 2.0**40])
@pytest.mark.parametrize("low", [0.0, 0.375, -12_345.5])
def test_deviation_is_that_of_its_twin(high, low):
    rng = np.random.default_rng(0)
    sums = rng.integers(-(1 << 24), 1 << 24, (50, 4)).astype(np.float32)
    first = np.floor(high / 65_536 + 0.5)
    sums[:25, 0] = first  # of small differences
    sums[:25, 1:] /= 2.0 ** rng.integers(10, 24, (25, 3))
    sums[:25, 1:3] = np.rint(sums[:25, 1:3])
    sums[:, 3] /= 512
    function = Function(load_shader("deviation.glsl"))
    actual = drawn(function, f"vec4($function(value, {high!r}, {low!r}))", sums)
    expected = deviations(sums, np.float32(high), np.float32(low))
    np.testing.assert_allclose(actual[:, 0], expected, rtol=1e-6)


def test_deviation_that_is_rounding_only_is_none():
    sums = np.array([[1, 2, 3, 0.75], [1, 2, 3, 0.5]], np.float32)
    high = 65_536 + 2 * 256 + 3 + 0.75
    actual = drawn(
        Function(load_shader("deviation.glsl")), f"vec4($function(value, {high}, 0.02))", sums
    )
    np.testing.assert_allclose(actual[:, 0], [0.0, 0.27], atol=1e-7)


@pytest.mark.parametrize(("farthest", "largest"), [(2.0, 2.0), (1e30, 3.0)])
def test_sharp_chords_are_twice_the_deviations_in_lengths(farthest, largest):
    values = np.array([[0.25, 0.5, 1.0, -1e-9]], np.float32)
    call = f"$function(value, vec4(3.0, 2.0, 1.5, 1.0), {farthest!r})"
    actual = drawn(Function(load_shader("sharp_chords.glsl")), call, values)
    np.testing.assert_allclose(actual, [[1.5, 2.0, largest, 0.0]], atol=1e-7)


def test_sharp_chords_of_zero_vectors_are_those_of_right_angles():
    values = np.array([[0.25, -0.5, 0.0, 1e6]], np.float32)
    call = "$function(value, vec4(0.0), 1e30)"
    actual = drawn(Function(load_shader("sharp_chords.glsl")), call, values)
    np.testing.assert_array_equal(actual, 2.0)


def test_sharp_forms_are_the_opposite_of_deviations():
    values = np.array([[0.25, -0.5, 0.0, 1e6]], np.float32)
    call = "$function(value, vec4(-1.0), 1e30)"
    actual = drawn(Function(load_shader("sharp_forms.glsl")), call, values)
    np.testing.assert_array_equal(actual, -values)
