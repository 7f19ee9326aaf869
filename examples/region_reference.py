"""Compare all pixels with the mean of a region that is drawn in a Shapes layer."""

import napari
import numpy as np

from napari_ifealid.explorer import Explorer, ReferenceMode

# two materials, each a spectrum of 30 bands, with noise
rng = np.random.default_rng(0)
spectra = rng.random((2, 30))
is_second = np.hypot(*np.mgrid[-32:32, -32:32]) < 16
cube = spectra[is_second.astype(int)] + rng.normal(scale=0.3, size=(64, 64, 30))

viewer = napari.Viewer()
viewer.add_image(np.moveaxis(cube, -1, 0), name="Two materials", axis_labels=("band", "y", "x"))
shapes = viewer.add_shapes(
    [[(25, 25), (25, 39), (39, 39), (39, 25)]], face_color="transparent", edge_color="orange"
)
explorer = Explorer(viewer)
explorer.regions.choose(shapes)
explorer.state.reference = ReferenceMode.BEST  # of the regions, here one

similarity = explorer.map_layer.data
print(f"inside {similarity[is_second].mean():.2f}, outside {similarity[~is_second].mean():.2f}")
shapes.data = [np.array(shapes.data[0]) - 24]  # the map follows
similarity = explorer.map_layer.data
print(f"inside {similarity[is_second].mean():.2f}, outside {similarity[~is_second].mean():.2f}")
napari.run()
