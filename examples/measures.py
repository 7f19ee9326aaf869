"""Look for a faint target by several measures, and sort pixels into classes.

The target fills a tenth of each of its pixels only. Measures of two vectors alone miss a part of it
among the background; those that know how the background varies find it. Writes the classes as a
NumPy array.
"""

import numpy as np

from napari_ifealid import FeatureStack, similarity_map
from napari_ifealid.engines import CpuEngine, classes_of
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.grid import whole_region
from napari_ifealid.measures import MEASURES
from napari_ifealid.query import Query

# a background of three mixed materials, and a target that is mixed into a square
rng = np.random.default_rng(0)
materials, target = rng.random((3, 40)), rng.random(40)
shares = rng.dirichlet([1.0, 1.0, 1.0], size=(64, 64))
values = shares @ materials + rng.normal(scale=0.005, size=(64, 64, 40))
is_target = np.zeros((64, 64), bool)
is_target[20:24, 30:34] = True
values[is_target] = 0.9 * values[is_target] + 0.1 * target

stack = FeatureStack(values=values, name="Faint target")
for measure in MEASURES:
    similarity = similarity_map(stack, target, measure=measure)
    best = np.argsort(similarity, axis=None)[::-1][: is_target.sum()]
    found = is_target.ravel()[best].sum()
    print(f"{measure.name}: {found} of {is_target.sum()} pixels of the target are the most similar")

# each pixel gets the number of the material that it is most like
engine = CpuEngine(PixelVectors.of(stack))
classes = classes_of(engine, Query.to(*materials), whole_region(stack.spatial_shape))
is_right = classes.numbers == shares.argmax(axis=-1)
print(f"{is_right.mean():.0%} of the pixels have the class of their largest share")
np.save("classes.npy", classes.numbers)
