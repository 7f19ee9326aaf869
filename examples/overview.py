"""See a whole feature stack at once: principal components as colours, k-means segments as labels.

Opens a late layer of a network with both, and prints what they say.
"""

import napari

from napari_ifealid import principal_components, segments
from napari_ifealid.layers import STACK_KEY
from napari_ifealid.overview import components_picture

viewer = napari.Viewer()
viewer.open_sample("napari-ifealid", "chelsea_objects")
features = viewer.layers["Chelsea objects features"]
stack = features.metadata[STACK_KEY]
place = {"scale": features.scale[1:], "translate": features.translate[1:]}

components = principal_components(stack)
viewer.add_image(components_picture(components), name="components", rgb=True, **place)
shares = ", ".join(f"{share:.0%}" for share in components.explained)
print(f"The three colours show {shares} of the variance")

found = segments(stack, 8)
viewer.add_labels(found.labels, name="8 segments", **place)
print(f"Pixels in each segment: {found.sizes}")

napari.run()
