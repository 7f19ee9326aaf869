"""Save what is compared with what as a session file, and open it again.

The file names the stack by its path, so the stack is written first.
"""

import napari
import numpy as np

from napari_ifealid import FeatureStack, open_session, read_session, write_stack
from napari_ifealid.colour_limits import ColourRange
from napari_ifealid.query import Rule
from napari_ifealid.session_files import (
    PlaceReference,
    SavedLook,
    SavedSession,
    SavedStack,
    write_session_file,
)
from napari_ifealid.stack import StackSource

# two materials, each a spectrum of 30 bands, with noise
rng = np.random.default_rng(0)
spectra = rng.random((2, 30))
is_second = np.hypot(*np.mgrid[-32:32, -32:32]) < 16
values = spectra[is_second.astype(int)] + rng.normal(scale=0.05, size=(64, 64, 30))
stack = FeatureStack(values=np.abs(values), name="Two materials")
write_stack("materials.zip", stack, precision=16, force=True)

# what the button "Save session…" writes
session = SavedSession(
    stacks=(SavedStack(StackSource("materials.zip"), (64, 64, 30)),),
    references=(PlaceReference((32.0, 32.0), "#e69f00"),),
    rule=Rule.BEST,
    threshold=0.8,
    look=SavedLook("viridis", ColourRange.ALL),
)
write_session_file("materials.ifealid.json", session, force=True)

viewer = napari.Viewer()
explorer = open_session(viewer, "materials.ifealid.json")
print("Compared with", *read_session("materials.ifealid.json").references)
napari.run()
