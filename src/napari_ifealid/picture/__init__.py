"""A picture of a stack that has no image of its own, made of its bands or channels."""

from napari_ifealid.picture.kinds import PictureKind
from napari_ifealid.picture.maker import PictureMaker, stack_picture
from napari_ifealid.picture.possible_kinds import default_kind, possible_kinds

__all__ = ["PictureKind", "PictureMaker", "default_kind", "possible_kinds", "stack_picture"]
