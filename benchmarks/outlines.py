"""Do sharp maps help? Masks of maps beside known outlines: python benchmarks/outlines.py.

Objects have outlines drawn by hand, in outlines.json, on photos that come with scikit-image:
chelsea and coffee are CC0, astronaut and rocket in the public domain. Some are pasted onto another
photo, where their outline is exact. The features are of the network of the bundled sample.

A map of the similarity to a pixel in an object is cut at the threshold whose mask overlaps the
object best: the intersection over the union. Of three maps:

- blocks: each pixel of the photo takes the pixel of the stack that it lies in,
- bilinear: the map is interpolated to the pixels of the photo,
- sharp: the map of up-sampled features.
"""

from __future__ import annotations

import argparse
import json
import runpy
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from io import StringIO
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates
from skimage.draw import polygon2mask
from skimage.transform import resize

from napari_ifealid import FeatureStack, similarity_map
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.grid import Pixel, whole_region
from napari_ifealid.query import Query
from napari_ifealid.sharpening import Alignment, SharpEngine, Sharpness, SharpPixels
from napari_ifealid.sharpening.building import weight_steps

HERE = Path(__file__).resolve().parent
OUTLINES = HERE / "outlines.json"
SAMPLE = runpy.run_path(str(HERE.parent / "scripts/make_sample.py"))
LAYERS: list[str] = [*SAMPLE["LAYERS"]]

REFERENCES = 20  # in each object, at random places

SPACES, COLOURS = (0.5, 0.75, 1.0), (0.04, 0.06, 0.08, 0.12, 0.2)
"""What --sigmas tries, with as many taps as by default."""

ALL_TAPS = 25
"""What it tries with the other defaults."""

SOFTNESS = 0.7  # pixels, so that edges of pasted objects are no harder than a lens draws them


Maps = Callable[[Pixel], NDArray[np.float32]]
"""Returns the map of the similarity to a pixel of the photo, on the pixels of the photo."""


@dataclass(frozen=True, eq=False)
class Scene:
    """A photo with objects whose outlines are known.

    Parameters
    ----------
    photo : array of uint8, shape (height, width, 3)
    masks : dict of str to array of bool, shape (height, width)
        By the name of the object.
    """

    photo: NDArray[np.uint8]
    masks: dict[str, NDArray[np.bool_]]


@dataclass(frozen=True, eq=False)
class Overlaps:
    """How well masks of maps overlap an object.

    Parameters
    ----------
    what, layer : str
        The object, and the layer of the network.
    of_each : array of float, shape (maps, references)
    """

    what: str
    layer: str
    of_each: NDArray[np.float64]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sigmas", action="store_true", help="compare sharp maps of many settings")
    options = parser.parse_args()
    if options.sigmas:
        grid = [Sharpness(space, colour) for space, colour in product(SPACES, COLOURS)]
        grid += [Sharpness(), replace(Sharpness(), taps=ALL_TAPS)]
        print_settings(grid, measured(lambda stack: [sharp_maps(stack, one) for one in grid]))
    else:
        print_maps(
            measured(lambda s: [block_maps(s), bilinear_maps(s), sharp_maps(s, Sharpness())])
        )


def measured(maps_of: Callable[[FeatureStack], list[Maps]]) -> list[Overlaps]:
    """Return how well some kinds of maps overlap all objects, on all layers."""
    results = []
    for scene in scenes():
        with redirect_stdout(StringIO()):  # the network tells that it is loaded
            stacks = SAMPLE["stacks_of"](scene.photo, "photo")
        for layer, stack in zip(LAYERS, stacks, strict=True):
            kinds = maps_of(stack)
            for what, mask in scene.masks.items():
                results.append(Overlaps(what, layer, overlaps(stack, mask, kinds)))
    return results


def overlaps(
    stack: FeatureStack, mask: NDArray[np.bool_], kinds: Sequence[Maps]
) -> NDArray[np.float64]:
    """Return the best overlaps of maps of some kinds with an object, shape (kinds, references)."""
    alignment = Alignment.of(stack)
    rows, columns = (np.flatnonzero(alignment.reaches(axis)) for axis in (0, 1))
    covered = np.ix_(rows, columns)
    inside = np.argwhere(mask[covered])
    chosen = np.random.default_rng(0).choice(inside, REFERENCES, replace=False)
    pixels = [(int(rows[row]), int(columns[column])) for row, column in chosen]
    return np.array(
        [[best_overlap(maps(one)[covered], mask[covered]) for one in pixels] for maps in kinds]
    )


def best_overlap(values: NDArray[np.float32], mask: NDArray[np.bool_]) -> float:
    """Return the intersection over the union of the best of all thresholds."""
    inside, outside = np.sort(values[mask]), np.sort(values[~mask])
    # the best mask ends at a pixel of the object: what is left out below that is only wrong
    common = len(inside) - np.searchsorted(inside, inside)
    wrong = len(outside) - np.searchsorted(outside, inside)
    return float((common / (len(inside) + wrong)).max())


def block_maps(stack: FeatureStack) -> Maps:
    """Return maps where each pixel of the photo takes that of the stack in which it lies."""
    alignment = Alignment.of(stack)
    places = [
        np.clip(np.rint(alignment.positions(axis)).astype(int), 0, count - 1)
        for axis, count in enumerate(alignment.stack_shape)
    ]
    blocks = np.ix_(*places)
    return lambda pixel: plain_map(stack, pixel)[blocks]


def bilinear_maps(stack: FeatureStack) -> Maps:
    """Return maps that are interpolated to the pixels of the photo."""
    alignment = Alignment.of(stack)
    places = np.meshgrid(alignment.positions(0), alignment.positions(1), indexing="ij")
    return lambda pixel: map_coordinates(plain_map(stack, pixel), places, order=1, mode="nearest")


def plain_map(stack: FeatureStack, pixel: Pixel) -> NDArray[np.float32]:
    """Return the map of the stack's own pixels to that in which one of the photo lies."""
    alignment = Alignment.of(stack)
    row, column = (int(np.rint(alignment.positions(axis)[pixel[axis]])) for axis in (0, 1))
    return similarity_map(stack, stack.vector((row, column)))


def sharp_maps(stack: FeatureStack, sharpness: Sharpness) -> Maps:
    """Return maps of up-sampled features."""
    pixels = PixelVectors.of(stack)
    *_, weights = weight_steps(pixels, sharpness)
    assert weights is not None
    sharp = SharpPixels(stack, weights)
    engine = SharpEngine(sharp, pixels)
    region = whole_region(weights.image_shape)
    return lambda pixel: engine.values(Query.to(sharp.vector(pixel)), region)


def scenes() -> Iterator[Scene]:
    """Yield the photos, then those with pasted objects."""
    content = json.loads(OUTLINES.read_text("utf-8"))
    photos = {}
    for name, objects in content["photos"].items():
        photo = getattr(skimage.data, name)()
        photos[name] = Scene(photo, masks_of(objects, photo.shape[:2]))
    yield from photos.values()
    for one in content["pasted"]:
        yield with_pasted(photos, one["onto"], one["objects"])


def masks_of(objects: dict[str, Any], shape: tuple[int, int]) -> dict[str, NDArray[np.bool_]]:
    """Return the masks of objects, less what lies before them.

    Corners are (x, y), where the first pixel of the photo reaches from 0 to 1.
    """
    whole = {
        name: np.any(
            [polygon2mask(shape, np.array(one)[:, ::-1] - 0.5) for one in content["polygons"]],
            axis=0,
        )
        for name, content in objects.items()
    }
    masks = {}
    for name, content in objects.items():
        masks[name] = whole[name].copy()
        for other in content.get("without", ()):
            masks[name] &= ~whole[other]
    return masks


def with_pasted(photos: dict[str, Scene], onto: str, objects: Sequence[dict[str, Any]]) -> Scene:
    """Return a photo with objects of others pasted onto it."""
    photo, masks = photos[onto].photo.astype(np.float64), {}
    for content in objects:
        colours, share = cut_out(photos[content["photo"]], content["objects"], content["scale"])
        height, width = share.shape
        column, row = content["centre"]
        top, left = row - height // 2, column - width // 2
        at = slice(top, top + height), slice(left, left + width)
        photo[at] += share[..., np.newaxis] * (colours - photo[at])
        masks[content["name"]] = np.zeros(photo.shape[:2], bool)
        masks[content["name"]][at] = share >= 0.5
    return Scene(np.rint(photo).astype(np.uint8), masks)


def cut_out(
    scene: Scene, names: Sequence[str], scale: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return colours and opacity of objects cut out of a photo, scaled."""
    mask = np.any([scene.masks[name] for name in names], axis=0)
    margin = 4
    at = tuple(
        slice(max(0, int(places.min()) - margin), int(places.max()) + 1 + margin)
        for places in np.nonzero(mask)
    )
    share, colours = mask[at].astype(np.float64), scene.photo[at].astype(np.float64)
    shape = tuple(round(scale * length) for length in share.shape)
    share = gaussian_filter(resize(share, shape, order=1, anti_aliasing=True), SOFTNESS)
    return resize(colours, shape, order=1, anti_aliasing=True), share


def print_maps(results: Sequence[Overlaps]) -> None:
    """Print medians of each object and layer, of each layer and of all."""
    print(f"{'object':15} {'layer':10} {'blocks':>8} {'bilinear':>8} {'sharp':>8}")
    for one in results:
        print_row(one.what, one.layer, [one])
    for layer in LAYERS:
        print_row("all", layer, [one for one in results if one.layer == layer])
    print_row("all", "all", results)


def print_row(what: str, layer: str, some: Sequence[Overlaps]) -> None:
    """Print the medians of all references in some objects."""
    medians = medians_of(some)
    print(f"{what:15} {layer:10} {' '.join(f'{median:8.3f}' for median in medians)}", flush=True)


def print_settings(settings: Sequence[Sharpness], results: Sequence[Overlaps]) -> None:
    """Print the medians of sharp maps of some settings, on each layer and on all."""
    layers = " ".join(f"{name:>8}" for name in (*LAYERS, "all"))
    print(f"{'space':>6} {'colour':>6} {'taps':>4} {layers}")
    of_layers = [medians_of([one for one in results if one.layer == layer]) for layer in LAYERS]
    medians = np.transpose([*of_layers, medians_of(results)])
    for one, row in zip(settings, medians, strict=True):
        cells = " ".join(f"{median:8.3f}" for median in row)
        print(f"{one.space:6.2f} {one.colour:6.2f} {one.taps:4} {cells}")


def medians_of(some: Sequence[Overlaps]) -> NDArray[np.float64]:
    """Return the medians of all references in some objects, for each kind of map."""
    medians: NDArray[np.float64] = np.median(np.hstack([one.of_each for one in some]), axis=1)
    return medians


if __name__ == "__main__":
    main()
