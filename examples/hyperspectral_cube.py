"""Find a field whose soil has clay in a hyperspectral cube, and write the map as a GeoTIFF.

The cube is a small one of `scripts/make_cube.py`. In visible light the field looks like another
one. The absorption of clay at 2200 nm tells them apart, once the continuum is removed.
"""

import runpy
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from napari_ifealid import preprocess, read_stack, similarity_map, threshold_regions
from napari_ifealid.numeric_labels import numeric_labels
from napari_ifealid.results import write_map

CLAY, SOIL = (22, 65), (45, 56)  # a pixel of each field

script = runpy.run_path(str(Path(__file__).parents[1] / "scripts/make_cube.py"))
with TemporaryDirectory() as folder:
    script["write_cube"](Path(folder) / "meadow.hdr", script["cube"]((60, 80)))
    cube = read_stack(Path(folder) / "meadow.hdr")
print(f"{cube.feature_count} bands, {np.sum(cube.bands.is_good)} of them good")

# the file says which bands are good: those are compared, unless others are chosen
similarity = similarity_map(cube, CLAY)
print(f"as it is: the other field has a similarity of {similarity[SOIL]:.3f}")

# from now on, the bands around the absorption of clay alone
wavelengths = numeric_labels(cube.feature_labels).numbers
is_near = (wavelengths > 2090) & (wavelengths < 2290)
near = replace(cube, bands=replace(cube.bands, is_good=tuple(is_near)))
absorption = preprocess(near, "continuum removed")
similarity = similarity_map(absorption, CLAY)
print(f"without the continuum: {similarity[SOIL]:.3f}")

# ACE takes what varies in the whole scene for none; a mean has less noise than a pixel
target = absorption.real_values(absorption.values[19:26, 61:69]).mean(axis=(0, 1))
adaptive = similarity_map(absorption, target, measure="ACE")
print(f"by ACE: {adaptive[CLAY]:.3f} there, {adaptive[SOIL]:.3f} in the other field")

labels = threshold_regions(adaptive, 0.7)
hectares = labels.astype(bool).sum() * np.prod(cube.pixel_size.size) / 1e4
write_map("clay.tif", adaptive, georeference=cube.georeference)
print(f"{hectares:.2f} ha have clay; clay.tif is the map, with its place on the earth")
