"""Do sharp maps help? Masks of maps beside known outlines: python benchmarks/outlines.py.

Objects have outlines drawn by hand, in outlines.json, on photos that come with scikit-image:
chelsea and coffee are CC0, astronaut and rocket in the public domain. Some are pasted onto another
photo, where their outline is exact. The features are of the network of the bundled sample.

A map of the similarity to a pixel in an object is cut at the threshold whose mask overlaps the
object best: the intersection over the union. Of four maps:

- blocks: each pixel of the photo takes the pixel of the stack that it lies in,
- bilinear: the map is interpolated to the pixels of the photo,
- smooth: the map of features up-sampled by distance alone, which shows what averaging does,
- sharp: the map of up-sampled features.

Near outlines, only pixels close to the outline count, inside and outside: whether a mask ends where
the object does.
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
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter, map_coordinates
from skimage.draw import polygon2mask
from skimage.transform import resize

from napari_ifealid import FeatureStack, similarity_map
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.grid import Pixel, whole_region
from napari_ifealid.query import Query
from napari_ifealid.sharpening import Alignment, SharpEngine, SharpPixels
from napari_ifealid.sharpening.building import weight_steps
from napari_ifealid.sharpness import Sharpness

HERE = Path(__file__).resolve().parent
OUTLINES = HERE / "outlines.json"
SAMPLE = runpy.run_path(str(HERE.parent / "scripts/make_sample.py"))
LAYERS: list[str] = [*SAMPLE["LAYERS"]]

REFERENCES = 20  # in each object, at random places

SPACES, COLOURS = (0.5, 0.75, 1.0, 1.5), (0.04, 0.06, 0.08, 0.12, 0.2)
"""What --sigmas tries, with as many taps as by default."""

ALL_TAPS = 25
"""What it tries with the other defaults."""

NEAR = 8  # pixels of the photo to both sides of an outline

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
    of_each, near : array of float, shape (maps, references)
        The intersection over the union, of all pixels and of those near the outline.
    """

    what: str
    layer: str
    of_each: NDArray[np.float64]
    near: NDArray[np.float64]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--sigmas",
        action="store_true",
        help="compare sharp maps of many settings, which takes a minute or two for each",
    )
    options = parser.parse_args()
    examples = list(extracted())
    if options.sigmas:
        print_settings(examples)
    else:
        print_maps(measured(examples, maps_of))


def extracted() -> Iterator[tuple[Scene, str, FeatureStack]]:
    """Yield all scenes with each layer's name and features."""
    for scene in scenes():
        with redirect_stdout(StringIO()):  # the network tells that it is loaded
            stacks = SAMPLE["stacks_of"](scene.photo, "photo")
        for layer, stack in zip(LAYERS, stacks, strict=True):
            yield scene, layer, stack


def maps_of(stack: FeatureStack) -> list[Maps]:
    """Return the maps of all kinds."""
    sharpness = Sharpness()
    smooth = replace(sharpness, colour=inf, taps=ALL_TAPS)
    return [
        block_maps(stack),
        bilinear_maps(stack),
        sharp_maps(stack, smooth),
        sharp_maps(stack, sharpness),
    ]


def only_sharp(sharpness: Sharpness) -> Callable[[FeatureStack], list[Maps]]:
    """Return what makes sharp maps of some settings."""
    return lambda stack: [sharp_maps(stack, sharpness)]


def measured(
    examples: Sequence[tuple[Scene, str, FeatureStack]],
    maps_of: Callable[[FeatureStack], list[Maps]],
) -> list[Overlaps]:
    """Return how well some kinds of maps overlap all objects, on all layers."""
    results = []
    for scene, layer, stack in examples:
        kinds = maps_of(stack)
        for what, mask in scene.masks.items():
            results.append(Overlaps(what, layer, *overlaps(stack, mask, kinds)))
    return results


def overlaps(
    stack: FeatureStack, mask: NDArray[np.bool_], kinds: Sequence[Maps]
) -> NDArray[np.float64]:
    """Return the best overlaps of maps of some kinds with an object.

    Returns
    -------
    array of float64, shape (2, kinds, references)
        Of all pixels that the stack covers, and of those of them near the outline.
    """
    alignment = Alignment.of(stack)
    is_covered = alignment.reaches(0)[:, np.newaxis] & alignment.reaches(1)
    is_near = np.where(mask, distance_transform_edt(mask), distance_transform_edt(~mask)) <= NEAR
    inside = np.argwhere(mask & is_covered)
    chosen = np.random.default_rng(0).choice(inside, REFERENCES, replace=False)
    best = np.empty((2, len(kinds), REFERENCES))
    for kind, maps in enumerate(kinds):
        for number, (row, column) in enumerate(chosen.tolist()):
            values = maps((row, column))
            for which, some in enumerate((is_covered, is_covered & is_near)):
                best[which, kind, number] = best_overlap(values[some], mask[some])
    return best


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
    columns = " ".join(f"{kind:>8}" for kind in ("blocks", "bilinear", "smooth", "sharp"))
    print(f"{'object':15} {'layer':10} {columns}")
    for one in results:
        print_row(one.what, one.layer, [one.of_each])
    for layer in (*LAYERS, "all"):
        print_row("all", layer, [one.of_each for one in of_layer(results, layer)])
    for layer in (*LAYERS, "all"):
        print_row("near outlines", layer, [one.near for one in of_layer(results, layer)])


def of_layer(results: Sequence[Overlaps], layer: str) -> list[Overlaps]:
    """Return those of a layer, or of all."""
    return [one for one in results if layer in (one.layer, "all")]


def print_row(what: str, layer: str, some: Sequence[NDArray[np.float64]]) -> None:
    """Print the medians of all references in some objects, for each kind of map."""
    medians = np.median(np.hstack(some), axis=1)
    print(f"{what:15} {layer:10} {' '.join(f'{median:8.3f}' for median in medians)}", flush=True)


def print_settings(examples: Sequence[tuple[Scene, str, FeatureStack]]) -> None:
    """Print the medians of sharp maps of some settings, on each layer, on all, near outlines."""
    columns = " ".join(f"{name:>8}" for name in (*LAYERS, "all", "near"))
    print(f"{'space':>6} {'colour':>6} {'taps':>4} {columns}")
    settings = [Sharpness(space, colour) for space, colour in product(SPACES, COLOURS)]
    for one in (*settings, Sharpness(), replace(Sharpness(), taps=ALL_TAPS)):
        results = measured(examples, only_sharp(one))
        medians = [
            np.median([found.of_each for found in of_layer(results, layer)])
            for layer in (*LAYERS, "all")
        ]
        medians.append(np.median([found.near for found in results]))
        cells = " ".join(f"{median:8.3f}" for median in medians)
        print(f"{one.space:6.2f} {one.colour:6.2f} {one.taps:4} {cells}", flush=True)


if __name__ == "__main__":
    main()
