"""Make a hyperspectral cube to try things with: python scripts/make_cube.py meadow.hdr.

A meadow with trees, bare soil, a road, a pond and a field whose soil has clay, as an airborne
sensor would see them: reflectance from 400 to 2450 nm, as an ENVI cube. Beside it, meadow.csv is a
library with the spectra of these materials. All of it is computed from a few formulas and filtered
noise with a fixed seed, so the same command makes the same cube.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from napari_ifealid import FeatureStack, Library, LibraryEntry, write_library
from napari_ifealid.bands import Bands
from napari_ifealid.formats import write_array
from napari_ifealid.georeference import Georeference, PixelSize
from napari_ifealid.wavelength_units import wavelength_labels

Values = NDArray[np.float64]

SHAPE = 180, 240
BAND_COUNT = 160
FIRST, LAST = 400.0, 2450.0  # nm
WATER_VAPOUR = (1350.0, 1450.0), (1800.0, 1950.0)
"""Where the air absorbs nearly all sunlight, in nm: bands that are bad."""

SCALE_FACTOR = 10000
NO_DATA = -9999
PIXEL = 2.0  # m
CORNER = 384300.0, 5806200.0  # east and north of the upper left corner, UTM zone 33
FLIGHT_ANGLE = np.radians(11.0)  # of the footprint to the grid of pixels
SEED = 7

MATERIALS = "grass", "trees", "soil", "road", "water", "clay"


def wavelengths(count: int = BAND_COUNT) -> Values:
    """Return the middle of each band in nm."""
    return np.linspace(FIRST, LAST, count).round(2)


def widths(middles: Values) -> Values:
    """Return the full width at half maximum of each band in nm: of two spectrometers."""
    return np.where(middles < 1000.0, 9.5, 14.0)


def are_good(middles: Values) -> NDArray[np.bool_]:
    """Return which bands are outside of the absorption by water vapour."""
    return ~np.any([(middles >= low) & (middles <= high) for low, high in WATER_VAPOUR], axis=0)


def peak(middles: Values, centre: float, width: float) -> Values:
    """Return a Gaussian of height 1; its width is one standard deviation."""
    return np.exp(-0.5 * ((middles - centre) / width) ** 2)


def step(middles: Values, centre: float, width: float) -> Values:
    """Return the logistic function, from 0 to 1."""
    return 1.0 / (1.0 + np.exp(-(middles - centre) / width))


def leaves(middles: Values, *, edge: float, plateau: float, green: float) -> Values:
    """Return the reflectance of green plants.

    Parameters
    ----------
    middles : array
        Of the bands, in nm.
    edge : float
        Where the red edge is steepest, in nm: a logistic step, from what chlorophyll absorbs.
    plateau, green : float
        Reflectance in the near infrared, and how much that at 550 nm is above red.
    """
    visible = 0.035 + green * peak(middles, 552.0, 32.0)
    bright = visible + plateau * step(middles, edge, 11.0)
    water = (
        (1.0 - 0.06 * peak(middles, 975.0, 28.0))
        * (1.0 - 0.14 * peak(middles, 1190.0, 42.0))
        * (1.0 - 0.62 * peak(middles, 1450.0, 65.0))
        * (1.0 - 0.80 * peak(middles, 1940.0, 85.0))
        * (1.0 - 0.70 * peak(middles, 2600.0, 230.0))
    )
    return bright * water * (1.0 - 0.42 * step(middles, 1500.0, 90.0))


def ground(middles: Values, *, clay: float) -> Values:
    """Return the reflectance of dry bare soil.

    Parameters
    ----------
    middles : array
        Of the bands, in nm.
    clay : float
        Depth of the absorption at 2205 nm, with its shoulder at 2165 nm, as of kaolinite.
    """
    rising = 0.05 + 0.30 * (1.0 - np.exp(-(middles - 380.0) / 800.0))
    iron = 1.0 - 0.10 * peak(middles, 880.0, 75.0)
    water = (1.0 - 0.10 * peak(middles, 1414.0, 22.0)) * (1.0 - 0.16 * peak(middles, 1915.0, 40.0))
    hydroxyl = 1.0 - clay * (peak(middles, 2205.0, 17.0) + 0.45 * peak(middles, 2165.0, 14.0))
    return rising * iron * water * hydroxyl * (1.0 - 0.12 * step(middles, 2330.0, 45.0))


def spectra(middles: Values) -> Values:
    """Return the reflectance of each of `MATERIALS`, shape (6, C)."""
    asphalt = 0.085 + 0.075 * (middles - FIRST) / (LAST - FIRST) - 0.012 * peak(middles, 2310, 40)
    pond = 0.004 + 0.026 * peak(middles, 520.0, 70.0) + 0.014 * (1.0 - step(middles, 600.0, 45.0))
    return np.stack(
        [
            leaves(middles, edge=712.0, plateau=0.44, green=0.065),
            leaves(middles, edge=719.0, plateau=0.33, green=0.022),
            ground(middles, clay=0.03),
            asphalt,
            pond,
            ground(middles, clay=0.26),
        ]
    )


def texture(rng: np.random.Generator, shape: tuple[int, int], scale: float) -> Values:
    """Return smooth noise of mean 0 and standard deviation 1, as coarse as so many pixels."""
    noise = gaussian_filter(rng.standard_normal(shape), scale, mode="reflect")
    return (noise - noise.mean()) / noise.std()


@dataclass(frozen=True, eq=False)
class Scene:
    """What lies where.

    Parameters
    ----------
    shares : array of float64, shape (H, W, 6)
        How much of each pixel is each of `MATERIALS`; their sum is 1.
    brightness : array of float64, shape (H, W)
        A factor for all bands: slopes, shadows of crowns, rows of a field.
    is_inside : array of bool, shape (H, W)
        Whether the sensor has seen a pixel.
    """

    shares: Values
    brightness: Values
    is_inside: NDArray[np.bool_]


def scene(rng: np.random.Generator, shape: tuple[int, int] = SHAPE) -> Scene:
    """Return the scene. Distances are shares of its width along the flight and across it."""
    height, width = shape
    unit = width / 240.0
    rows, columns = np.mgrid[:height, :width]
    y, x = (rows - (height - 1) / 2) / height, (columns - (width - 1) / 2) / width
    aspect = height / width
    along = x * np.cos(FLIGHT_ANGLE) + y * aspect * np.sin(FLIGHT_ANGLE)
    across = (y * aspect * np.cos(FLIGHT_ANGLE) - x * np.sin(FLIGHT_ANGLE)) / aspect
    coarse, middle, fine = (texture(rng, shape, scale * unit) for scale in (14.0, 4.0, 0.8))

    kinds = np.zeros(shape, int)
    ragged = 0.005 * middle
    is_field = (np.abs(along - 0.26) < 0.13 + ragged) & (np.abs(across - 0.19) < 0.17 + ragged)
    kinds[is_field] = MATERIALS.index("soil")
    is_clay = (np.abs(along - 0.27) < 0.11 + ragged) & (np.abs(across + 0.21) < 0.13 + ragged)
    kinds[is_clay] = MATERIALS.index("clay")
    is_wood = -along - 0.9 * across + 0.10 * coarse + 0.05 * middle > 0.34
    is_wood |= (middle + 0.4 * coarse > 2.0) & ~is_field & ~is_clay  # single groups of trees
    kinds[is_wood] = MATERIALS.index("trees")
    is_road = np.abs(across + 0.03 + 0.25 * along - 0.5 * along**2) < 0.018
    kinds[is_road] = MATERIALS.index("road")
    bank = ((along + 0.17) / 0.12) ** 2 + ((across - 0.25) / 0.115) ** 2 + 0.12 * middle
    kinds[bank < 1.0] = MATERIALS.index("water")

    shares = np.stack([kinds == number for number in range(len(MATERIALS))], axis=-1).astype(float)
    bare = np.clip(0.14 + 0.12 * coarse + 0.06 * middle, 0.0, 0.6)[..., np.newaxis]
    worn = shares[..., :1] * bare  # soil that is seen between the grass
    shares[..., :1] -= worn
    shares[..., 2:3] += worn
    washed_out = shares[..., 5:] * np.clip(0.3 + 0.35 * coarse, 0.0, 0.85)[..., np.newaxis]
    shares[..., 5:] -= washed_out  # clay
    shares[..., 2:3] += washed_out
    shares = gaussian_filter(shares, (0.6, 0.6, 0.0))  # as the optics mix neighbours

    rows_of_field = np.sin(2 * np.pi * across * aspect * 240.0 / 6.0)
    roughness = shares @ np.array([0.06, 0.22, 0.05, 0.04, 0.03, 0.05])
    brightness = 1.0 + 0.04 * coarse + roughness * (0.5 * middle + fine)
    brightness += 0.07 * rows_of_field * (is_field | is_clay)
    is_inside = (np.abs(along) < 0.465) & (np.abs(across) < 0.42)
    return Scene(shares, np.clip(brightness, 0.25, None), is_inside)


def noise_of(middles: Values) -> Values:
    """Return the standard deviation of the noise of each band: most at both ends, and in vapour."""
    ends = 0.004 * peak(middles, FIRST, 45.0) + 0.004 * peak(middles, LAST, 120.0)
    return np.where(are_good(middles), 0.0022 + ends, 0.12)


def cube(shape: tuple[int, int] = SHAPE, band_count: int = BAND_COUNT) -> FeatureStack:
    """Return the cube with stored values: reflectance × 10000 as int16.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns.
    band_count : int
    """
    rng = np.random.default_rng(SEED)
    middles, what = wavelengths(band_count), scene(rng, shape)
    reflectance = what.brightness[..., np.newaxis] * (what.shares @ spectra(middles))
    reflectance *= are_good(middles)  # nothing but noise is left of the others
    reflectance += noise_of(middles) * rng.standard_normal((*shape, band_count))
    stored = np.rint(SCALE_FACTOR * reflectance).astype(np.int16)
    stored[~what.is_inside] = NO_DATA
    east, north = CORNER
    map_info = f"UTM, 1, 1, {east:.0f}, {north:.0f}, {PIXEL}, {PIXEL}, 33, North, WGS-84"
    return FeatureStack(
        values=stored,
        name="Meadow, made by a script",
        feature_labels=wavelength_labels(middles.tolist(), "nm"),
        nodata=NO_DATA,
        bands=Bands(
            widths=tuple(widths(middles).tolist()),
            is_good=tuple(are_good(middles).tolist()),
            shown=tuple(int(np.abs(middles - one).argmin()) for one in (650.0, 550.0, 470.0)),
        ),
        pixel_size=PixelSize((PIXEL, PIXEL), "m"),
        georeference=Georeference(
            (PIXEL, 0.0, east, 0.0, -PIXEL, north), map_info=f"{map_info}, units=Meters"
        ),
    )


def write_cube(path: Path, stack: FeatureStack, *, force: bool = False) -> None:
    """Write the cube, with the scale factor in its header, which `write_array` does not know.

    Parameters
    ----------
    path : path
        Of the header; the values are beside it.
    stack : FeatureStack
        Of stored values.
    force : bool
        Whether existing files are replaced.
    """
    write_array(path, stack, force=force)
    with path.open("a", encoding="utf-8") as header:
        header.write(f"reflectance scale factor = {SCALE_FACTOR}\n")


def library() -> Library:
    """Return the spectra of all materials every 5 nm, as a field spectrometer measures them."""
    middles = np.arange(FIRST - 50.0, LAST + 51.0, 5.0)
    names = (name if name != "clay" else "soil with clay" for name in MATERIALS)
    entries = [
        LibraryEntry(vector, name, source="formula")
        for name, vector in zip(names, spectra(middles), strict=True)
    ]
    return Library(entries, wavelength_labels(middles.tolist(), "nm"))


def main() -> None:
    """Write what the command line asks for."""
    parser = argparse.ArgumentParser(description="Make a hyperspectral cube of a meadow.")
    parser.add_argument("path", type=Path, help="its header, such as meadow.hdr")
    parser.add_argument("-f", "--force", action="store_true", help="replace existing files")
    given = parser.parse_args()
    write_cube(given.path, cube(), force=given.force)
    write_library(given.path.with_suffix(".csv"), library(), force=given.force)
    print(*(given.path.with_suffix(ending) for ending in (".hdr", ".img", ".csv")))


if __name__ == "__main__":
    main()
