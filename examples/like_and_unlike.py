"""Look for what is like one pin and unlike another one."""

import napari
import numpy as np

from napari_ifealid.explorer import Explorer, ReferenceMode

# three materials, each a spectrum of 30 bands: the third is a mixture of the others
rng = np.random.default_rng(0)
spectra = rng.random((2, 30))
materials = np.array([*spectra, spectra.mean(axis=0)])
kinds = np.repeat([0, 2, 1], (20, 20, 24))[np.newaxis].repeat(64, axis=0)
cube = materials[kinds] + rng.normal(scale=0.02, size=(64, 64, 30))

viewer = napari.Viewer()
viewer.add_image(np.moveaxis(cube, -1, 0), name="Three materials", axis_labels=("band", "y", "x"))
explorer = Explorer(viewer)
explorer.toggle_pin_at((32, 5))
explorer.toggle_pin_at((32, 60))
for mode in (ReferenceMode.BEST, ReferenceMode.DIFFERENCE):
    explorer.pins.set_sign(1, -1)  # a cross in the picture
    explorer.state.reference = mode
    means = [explorer.map_layer.data[kinds == kind].mean() for kind in (0, 2, 1)]
    print(mode.value, " ".join(f"{mean:.2f}" for mean in means))
napari.run()
