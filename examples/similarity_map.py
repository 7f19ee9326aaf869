"""Compare all pixels of a feature stack with one of them, without a window.

Writes the map as a NumPy array and the regions above a threshold as a table.
"""

import numpy as np

from napari_ifealid import FeatureStack, similarity_map, threshold_regions

# two materials, each a spectrum of 30 bands, with noise
rng = np.random.default_rng(0)
spectra = rng.random((2, 30))
is_second = np.hypot(*np.mgrid[-32:32, -32:32]) < 16
values = spectra[is_second.astype(int)] + rng.normal(scale=0.05, size=(64, 64, 30))

stack = FeatureStack(values=values, name="Two materials")
values = similarity_map(stack, (32, 32))
labels = threshold_regions(values, 0.9)
np.save("map.npy", values)
print(f"{(labels > 0).mean():.1%} of the pixels are alike; {is_second.mean():.1%} are")
