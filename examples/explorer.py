"""Drive the explorer from a script: a map of one pixel, then of the best of two pins.

Opens a late layer of a network and writes both maps as NumPy arrays.
"""

import napari
import numpy as np

from napari_ifealid.explorer import Explorer, ReferenceMode

EYES = (7, 11), (7, 20)

viewer = napari.Viewer()
viewer.open_sample("napari-ifealid", "chelsea_objects")
explorer = Explorer(viewer)  # without the panel, each call returns once the map is there

explorer.show_pixel(EYES[0])
np.save("one_eye.npy", explorer.map_layer.data)

for eye in EYES:
    explorer.toggle_pin_at(eye)
explorer.state.reference = ReferenceMode.BEST
explorer.state.threshold = 0.4
np.save("both_eyes.npy", explorer.map_layer.data)
print(f"{(explorer.map_layer.data >= 0.4).mean():.0%} of the pixels are like one of the eyes")

napari.run()
