"""Name two spectra, save them as a library, and find out which one each pixel is.

The library is an ENVI spectral library, `materials.sli` with its `.hdr`; a name that ends in
`.csv` gives a table.
"""

import numpy as np

from napari_ifealid import (
    FeatureStack,
    Library,
    LibraryEntry,
    rank_entries,
    read_library,
    similarity_map,
    write_library,
)

# two materials, each a spectrum of 30 bands, with noise
rng = np.random.default_rng(0)
spectra = rng.random((2, 30))
is_second = np.hypot(*np.mgrid[-32:32, -32:32]) < 16
values = spectra[is_second.astype(int)] + rng.normal(scale=0.05, size=(64, 64, 30))
wavelengths = [f"{nanometres} nm" for nanometres in range(450, 750, 10)]
stack = FeatureStack(values=values, name="Two materials", feature_labels=wavelengths)

entries = [
    LibraryEntry(stack.vector(pixel), name, pixel, source=stack.name)
    for name, pixel in [("background", (2, 2)), ("disc", (32, 32))]
]
write_library("materials.sli", Library(entries, stack.feature_labels), force=True)

library = read_library("materials.sli")
for entry, similarity in rank_entries(library, stack.vector((30, 30)), stack.feature_labels):
    print(f"{similarity:.3f}  {entry.name}")

values = np.array([similarity_map(stack, entry.vector) for entry in library.entries])
is_found = values.argmax(axis=0) == 1
print(f"{(is_found == is_second).mean():.1%} of the pixels are found to be what they are")
