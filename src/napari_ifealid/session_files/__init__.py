"""Sessions as files: what was compared with what, how, and how it looked."""

from napari_ifealid.session_files.content import (
    PlaceReference,
    SavedCursor,
    SavedLook,
    SavedPlacement,
    SavedReference,
    SavedSession,
    SavedStack,
    VectorReference,
)
from napari_ifealid.session_files.reading import (
    SESSION_SUFFIX,
    SessionWarning,
    looks_like_session,
    read_session_file,
)
from napari_ifealid.session_files.stacks import (
    missing_stacks,
    read_session_stack,
    read_session_stacks,
)
from napari_ifealid.session_files.writing import write_session_file

read_session = read_session_file
"""The same, as the package offers it."""

__all__ = [
    "SESSION_SUFFIX",
    "PlaceReference",
    "SavedCursor",
    "SavedLook",
    "SavedPlacement",
    "SavedReference",
    "SavedSession",
    "SavedStack",
    "SessionWarning",
    "VectorReference",
    "looks_like_session",
    "missing_stacks",
    "read_session",
    "read_session_file",
    "read_session_stack",
    "read_session_stacks",
    "write_session_file",
]
