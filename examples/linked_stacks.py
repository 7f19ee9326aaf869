"""Look at several layers of a network at once: stacks of one photo under one cursor."""

import napari
from napari.layers import Layer

from napari_ifealid._sample_data import chelsea
from napari_ifealid.explorer.sources import is_feature_layer
from napari_ifealid.widgets import FeatureSimilarity

viewer = napari.Viewer()
layers = [viewer.add_layer(Layer.create(*data)) for data in chelsea()]
stacks = [layer for layer in layers if is_feature_layer(layer)]

panel = FeatureSimilarity(viewer)
viewer.window.add_dock_widget(panel, name="Feature similarity")
explorer = panel.explorer
explorer.state.layer = stacks[0]
for layer in stacks[1:]:
    explorer.link(layer, feature_axis=0)

panel.side_by_side.show()  # a cell for each stack; `hide` shows the first one alone again

napari.run()
