"""Give each pixel the label of its most similar pin: the spectral angle mapper."""

import napari
import numpy as np

from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.class_labels import ClassLabels
from napari_ifealid.results.class_table import class_table

# four materials, each a spectrum of 30 bands, with noise
rng = np.random.default_rng(0)
spectra = rng.random((4, 30))
kinds = np.kron([[0, 1], [2, 3]], np.ones((32, 32), int))
cube = spectra[kinds] + rng.normal(scale=0.1, size=(64, 64, 30))

viewer = napari.Viewer()
viewer.add_image(np.moveaxis(cube, -1, 0), name="Four materials", axis_labels=("band", "y", "x"))
explorer = Explorer(viewer)
for pixel in [(10, 10), (10, 50), (50, 10), (50, 50)]:
    explorer.toggle_pin_at(pixel)
explorer.state.threshold = 0.6

classes = ClassLabels(viewer, explorer)
classes.make()  # they follow the pins and the threshold
labels = classes.layer.data
print(class_table(labels, classes.classes.values, classes.names))
print(f"{(labels == kinds + 1).mean():.1%} of the pixels are in their class")
napari.run()
