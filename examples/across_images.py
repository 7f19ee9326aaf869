"""Find a material of one image in another one: the vector of a pixel is asked of both."""

import napari
import numpy as np
from napari.layers import Layer

from napari_ifealid import FeatureStack
from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.place_search import PlaceSearch
from napari_ifealid.explorer.schedulers import ImmediateScheduler
from napari_ifealid.layers import layer_data

rng = np.random.default_rng(0)
rock, mineral = rng.random((2, 30))  # spectra


def image_with_minerals(name: str, *centres: tuple[int, int]) -> FeatureStack:
    """Make an image of rock with grains of the mineral."""
    rows, columns = np.mgrid[:64, :80]
    is_mineral = np.zeros((64, 80), bool)
    for row, column in centres:
        is_mineral |= np.hypot(rows - row, columns - column) < 6
    values = np.where(is_mineral[..., np.newaxis], mineral, rock)
    values = values + rng.normal(scale=0.02, size=values.shape)
    overlay = np.where(is_mineral[..., np.newaxis], [200, 180, 90], [90, 90, 100]).astype(np.uint8)
    return FeatureStack(values=values.astype(np.float32), name=name, overlay=overlay)


known = image_with_minerals("Known", (20, 30))
others = [
    image_with_minerals("First", (40, 60), (12, 15)),
    image_with_minerals("Second", (30, 20)),
]

viewer = napari.Viewer()
layers = {}
for stack in (known, *others):
    *_, layers[stack.name] = [viewer.add_layer(Layer.create(*data)) for data in layer_data(stack)]

explorer = Explorer(viewer)
explorer.state.layer = layers["Known"]
for stack in others:
    explorer.link(layers[stack.name], feature_axis=0)
explorer.show_pixel((20, 30))  # a grain of the mineral

search = PlaceSearch(viewer, explorer, ImmediateScheduler())
search.search(count=12, distance=10.0)
for found in search.found:
    print(f"{found.value:.3f}  {found.layer.name}  {found.pixel}")

best = next(found for found in search.found if found.layer is not layers["Known"])
search.go_to(best)

napari.run()
